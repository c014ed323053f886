import type * as http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf } from '../../base/errors';
import { JenkinsError } from '../jenkinsError';
import {
  certificateReader,
  connectionOptions,
  distrust,
  doubtOf,
  isFingerprintOf,
  toLookAt,
  unusable,
  type Certificate,
  type TlsOptions,
} from './certificates';
import { firstByte } from './exchange';
import { networkFailure } from './networkFailures';
import { refusedByProxy } from './proxies';
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
  readonly body?: string | undefined;
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
  let problem: JenkinsError | undefined | 'not looked for' = 'not looked for';

  async function send(message: Message, signal: AbortSignal): Promise<http.IncomingMessage> {
    if (problem === 'not looked for') problem = secure ? unusable(tls) : undefined;
    if (problem !== undefined) throw problem;
    const { url, headers, idle, body } = message;
    const method = body === undefined ? 'GET' : 'POST';
    // What must not be sent twice does not go over a connection that the server may just be closing.
    const fresh = body !== undefined;
    for (let attempt = 1; ; attempt++) {
      const request = way.request(url, { method, headers, fresh, tls: connection });
      try {
        const answered = firstByte(request, base, idle, signal);
        whenTrusted(request, () => request.end(body));
        const response = await answered;
        if (!secure || 'encrypted' in response.socket) return response;
        // Somebody on the way has answered in the place of a server that we have not come to.
        response.destroy();
        throw refusedByProxy(way.proxy ?? '', response.statusCode ?? 0);
      } catch (error) {
        signal.throwIfAborted();
        const again = attempt === 1 && !fresh && request.reusedSocket;
        if (again && codeOf(error) === 'ECONNRESET') continue;
        throw (await explained(error, signal)) ?? networkFailure(error, base, way.proxy);
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
      if (certificate === undefined) request.destroy(noCertificate(base));
      else if (isFingerprintOf(fingerprint, certificate)) then();
      else request.destroy(distrust(base, { certificate, doubt: 'changed' }, fingerprint));
    });
  }

  async function explained(error: unknown, signal: AbortSignal): Promise<JenkinsError | undefined> {
    const doubt = error instanceof JenkinsError ? undefined : doubtOf(codeOf(error));
    if (doubt === undefined) return undefined;
    const certificate = await look(signal);
    return certificate && distrust(base, { certificate, doubt });
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

/** Milliseconds for a look at a certificate that was shown a moment ago. */
const LOOK = 10_000;

function noCertificate(base: string): JenkinsError {
  return new JenkinsError('tls', `${base} shows no certificate.`, {
    advice: 'Nothing was sent to it. A proxy on the way may have answered in its place.',
  });
}
