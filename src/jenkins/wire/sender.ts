import type * as http from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { codeOf } from '../../base/errors';
import { JenkinsError, ownError } from '../jenkinsError';
import {
  certificateReader,
  connectionOptions,
  doubtOf,
  isFingerprintOf,
  toLookAt,
  Untrusted,
  type Certificate,
  type TlsOptions,
} from './certificates';
import { firstByte } from './exchange';
import type { Trouble } from './explain';
import { ProxyTrouble } from './proxies';
import { wayTo, type Route } from './way';

/** Sends requests to one server, and says in plain words why it cannot. */
export interface Sender extends Disposable {
  /** Resolves when the head of the answer has come, whatever it says. */
  send(message: Message, signal: AbortSignal): Promise<http.IncomingMessage>;
}

export interface Message {
  readonly url: string;
  readonly headers: http.OutgoingHttpHeaders;
  /** Milliseconds without an answer before it is given up. */
  readonly idle: number;
  /** What is posted; without it, it is only asked. */
  readonly body?: string | Buffer | undefined;
}

export function createSender(
  base: string,
  { tls, route }: { tls: TlsOptions; route: Route },
): Sender {
  const secure = base.startsWith('https:');
  const way = wayTo(base, route);
  const connection = secure ? connectionOptions(tls) : {};
  const readCertificate = certificateReader();
  const { fingerprint } = tls;
  let checked = !secure;

  async function send(message: Message, signal: AbortSignal): Promise<http.IncomingMessage> {
    try {
      if (!checked) createSecureContext(connection);
      checked = true;
    } catch (cause) {
      throw await explained({ at: 'our files', cause });
    }
    const { url, headers, idle, body } = message;
    const method = body === undefined ? 'GET' : 'POST';
    // What must not be sent twice does not go over a connection that the server may just be closing.
    const fresh = body !== undefined;
    for (let attempt = 1; ; attempt++) {
      const request = way.request(url, { method, headers, fresh, tls: connection });
      try {
        const answered = firstByte(request, base, idle, signal);
        whenTrusted(request, () => write(body, request));
        const response = await answered;
        if (!secure || 'encrypted' in response.socket) return response;
        // Somebody on the way has answered in the place of a server that we have not come to.
        response.destroy();
        throw new ProxyTrouble({ status: response.statusCode ?? 0 });
      } catch (error) {
        signal.throwIfAborted();
        const again = attempt === 1 && !fresh && request.reusedSocket;
        if (again && codeOf(error) === 'ECONNRESET') continue;
        if (error instanceof JenkinsError) throw error;
        throw await explained(await troubleOf(error, signal));
      }
    }
  }

  /** A certificate that is trusted by its fingerprint is the only one that is. */
  function whenTrusted(request: http.ClientRequest, then: () => void): void {
    if (!secure || fingerprint === undefined) {
      then();
      return;
    }
    readCertificate(request, (certificate) => {
      if (certificate && isFingerprintOf(fingerprint, certificate)) then();
      else request.destroy(new Untrusted(certificate && { certificate, doubt: 'changed' }));
    });
  }

  async function troubleOf(cause: unknown, signal: AbortSignal): Promise<Trouble> {
    if (cause instanceof ProxyTrouble)
      return { at: 'proxy', status: cause.status, cause: cause.cause };
    if (cause instanceof Untrusted)
      return { at: 'certificate', shown: cause.shown, trusted: fingerprint };
    const doubt = doubtOf(codeOf(cause));
    const certificate = doubt && (await look(signal));
    return doubt === undefined || certificate === undefined
      ? { at: 'connection', cause }
      : { at: 'certificate', shown: { certificate, doubt } };
  }

  async function explained(trouble: Trouble): Promise<JenkinsError> {
    const { explainTrouble } = await import('./explain');
    return ownError(explainTrouble(trouble, base, way.proxy));
  }

  /** Connects once more, and only looks at the certificate: Node does not tell which one it refused. */
  async function look(signal: AbortSignal): Promise<Certificate | undefined> {
    const request = way.request(base, {
      method: 'GET',
      headers: {},
      fresh: true,
      tls: { ...connection, ...toLookAt() },
    });
    const done = new AbortController();
    const seen = new Promise<Certificate | undefined>((resolve) => {
      readCertificate(request, resolve);
      request.once('error', () => resolve(undefined));
    });
    try {
      const late = wait(LOOK, undefined, { signal: AbortSignal.any([signal, done.signal]) });
      return await Promise.race([seen, late]);
    } finally {
      done.abort();
      request.destroy();
    }
  }

  return { send, [Symbol.dispose]: () => way[Symbol.dispose]() };
}

/** Writes a long body piece by piece, so that it can be seen that it is on its way. */
function write(body: string | Buffer | undefined, request: http.ClientRequest): void {
  if (body === undefined || body.length <= PIECE) request.end(body);
  else Readable.from(piecesOf(typeof body === 'string' ? Buffer.from(body) : body)).pipe(request);
}

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
}

const PIECE = 64 * 1024;

/** Milliseconds for a look at a certificate that was shown a moment ago. */
const LOOK = 10_000;
