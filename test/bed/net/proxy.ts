/** A forward proxy, as companies have one: whole addresses in the clear, tunnels for what is secure. */
import { once } from 'node:events';
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Certified } from './certificates';

export interface ProxyOptions {
  /** The user and password that it wants, as `user:password`. */
  readonly login?: string;
  /** Hosts that only it knows; all of them are this machine. */
  readonly hosts?: readonly string[];
  /** It speaks TLS itself. */
  readonly tls?: Certified;
  /** Where it listens; 127.0.0.1 unless told. */
  readonly address?: string;
  /** With what it refuses everybody. */
  readonly refuses?: number;
}

export interface ProxyDouble extends AsyncDisposable {
  /** `http://127.0.0.1:3128` */
  readonly url: string;
  readonly port: number;
  /** What it was asked: `GET http://ci.test/…` or `CONNECT ci.test:443`. */
  readonly requests: readonly string[];
}

export async function startProxy(options: ProxyOptions = {}): Promise<ProxyDouble> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const at = (host: string): string =>
    options.hosts?.includes(host) === true ? '127.0.0.1' : host;

  const passOn = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    const status = refusal(request, options);
    if (status !== undefined) {
      response.writeHead(status, challenge(status)).end();
      return;
    }
    const url = new URL(request.url ?? '');
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const onward = forward(
      {
        host: at(url.hostname),
        port: url.port,
        path: url.pathname + url.search,
        method: request.method,
        headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.once('error', () => response.writeHead(502).end());
    request.pipe(onward);
  };
  const server = options.tls ? createSecureServer(options.tls, passOn) : createServer(passOn);
  server.on('connection', (socket: Socket) => keep(socket));
  server.on('connect', (request, socket: Socket) => {
    requests.push(`CONNECT ${request.url}`);
    const status = refusal(request, options);
    if (status !== undefined) {
      const headers = Object.entries(challenge(status)).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      socket.end(`HTTP/1.1 ${status} No\r\n${headers.join('')}\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = keep(connect(Number(port), at(hostname)));
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    socket.once('error', () => onward.destroy());
  });
  server.listen(0, options.address ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  }

  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function refusal(request: IncomingMessage, { login, refuses }: ProxyOptions): number | undefined {
  if (refuses !== undefined) return refuses;
  if (login === undefined) return undefined;
  const wanted = `Basic ${Buffer.from(login).toString('base64')}`;
  return request.headers['proxy-authorization'] === wanted ? undefined : 407;
}

function challenge(status: number): Record<string, string> {
  return status === 407 ? { 'Proxy-Authenticate': 'Basic realm="proxy"' } : {};
}
