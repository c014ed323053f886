import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { JenkinsError } from '../jenkinsError';
import { decodeName, parseUrl } from '../url';

/** A proxy to go through. */
export interface Proxy {
  /** `http:` or `https:`, with user and password if the address has them. */
  readonly url: URL;
  /** What to send as Proxy-Authorization instead of the address's user and password. */
  readonly authorization?: string | undefined;
  /** Whether the certificate of an `https:` proxy is left unchecked. */
  readonly unchecked?: boolean;
}

/**
 * The proxy that an environment names for a server: HTTPS_PROXY or HTTP_PROXY, else ALL_PROXY, unless
 * NO_PROXY names the server; in lower case too. HTTP_PROXY in upper case is not believed where a CGI
 * request could have set it.
 * @throws JenkinsError where it is none that we can use.
 */
export function proxyOfEnvironment(
  base: string,
  environment: Readonly<Record<string, string | undefined>>,
): Proxy | undefined {
  const { protocol } = new URL(base);
  const told = (name: string): string | undefined =>
    [environment[name.toLowerCase()], environment[name]].find((value) => value !== undefined);
  if (goesAround(base, (told('NO_PROXY') ?? '').split(','))) return undefined;
  const address =
    protocol === 'https:'
      ? told('HTTPS_PROXY')
      : environment['REQUEST_METHOD'] === undefined
        ? told('HTTP_PROXY')
        : environment['http_proxy'];
  const proxy = address ?? told('ALL_PROXY') ?? '';
  return proxy === '' ? undefined : proxyAt(proxy);
}

/** @throws JenkinsError where it is none that we can use. */
export function proxyAt(address: string): Proxy {
  const url = parseUrl(address.includes('://') ? address : `http://${address}`);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url };
  throw new JenkinsError(
    'proxy',
    `The proxy ${url === undefined ? 'that is named' : nameOf({ url })} is none that can be used here.`,
    { advice: 'HTTP proxies can: http://proxy.example.org:3128' },
  );
}

/**
 * Whether a server is to be reached without a proxy: this machine always, and what the list names as
 * hosts with all below them, with a port or without; `*` names all.
 */
export function goesAround(base: string, list: readonly string[]): boolean {
  const { hostname, port, protocol } = new URL(base);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (host === 'localhost' || host === '::1' || /^127\./.test(host)) return true;
  const usual = protocol === 'https:' ? '443' : '80';
  return list.some((entry) => {
    const text = entry.trim().toLowerCase();
    if (text === '*') return true;
    const only = /(?<=:)(?<!\d)\d+$/.exec(text)?.[0];
    const name = text
      .slice(0, only === undefined ? undefined : -only.length - 1)
      .replace(/^\*?\.?/, '');
    if (name === '' || (only !== undefined && only !== (port === '' ? usual : port))) return false;
    return host === name || host.endsWith(`.${name}`);
  });
}

/** Where a proxy is, without user and password. */
export function nameOf({ url }: Pick<Proxy, 'url'>): string {
  return `${url.protocol}//${url.host}`;
}

/** That a proxy did not let us through, with the status that it answered; else that it could not be reached. */
export class ProxyTrouble extends Error {
  readonly status: number | undefined;

  constructor({ status, cause }: { status?: number; cause?: unknown }) {
    super('the proxy', { cause });
    this.status = status;
  }
}

/** Connections to a secure server through a proxy that only passes their bytes on. */
export function tunnelAgent(proxy: Proxy, options: https.AgentOptions): https.Agent {
  const agent = new https.Agent(options);
  return Object.assign(agent, {
    createConnection(
      at: tls.ConnectionOptions,
      connected: (error: Error | null, socket?: Socket) => void,
    ): void {
      openTunnel(proxy, at).then(
        (socket) => connected(null, tls.connect({ ...at, socket })),
        connected,
      );
    },
  });
}

function openTunnel(
  proxy: Proxy,
  { host = '', port = 443 }: tls.ConnectionOptions,
): Promise<Socket> {
  const to = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const request = throughProxy(proxy, {
      method: 'CONNECT',
      path: to,
      headers: { host: to },
      agent: new (proxy.url.protocol === 'https:' ? https : http).Agent(),
      timeout: 30_000,
    });
    request.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new ProxyTrouble({ status: statusCode }));
    });
    request.once('timeout', () => request.destroy(new Error('timeout')));
    request.once('error', (cause) => reject(new ProxyTrouble({ cause })));
    request.end();
  });
}

/**
 * A request to a proxy. Not made by `http.request`, in whose place VS Code has put one that would send
 * it through the proxies that it knows.
 */
export function throughProxy(proxy: Proxy, options: http.RequestOptions): http.ClientRequest {
  const { url, unchecked = false } = proxy;
  const { authorization = basic(url) } = proxy;
  return new http.ClientRequest({
    ...options,
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
    ...(unchecked && { rejectUnauthorized: false }),
    headers: {
      ...(options.headers as http.OutgoingHttpHeaders),
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
  });
}

function basic({ username, password }: URL): string | undefined {
  if (username === '') return undefined;
  const login = `${decodeName(username)}:${decodeName(password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}
