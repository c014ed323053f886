import * as http from 'node:http';
import * as https from 'node:https';
import { UserError } from '../base/errors';
import { baseUrl, parseUrl } from './url';

/** What went wrong between us and a Jenkins server. */
export type JenkinsErrorKind =
  | 'unauthorized' // the user or token is wrong
  | 'sign-in' // anonymous, and not allowed
  | 'forbidden' // signed in, and not allowed
  | 'not-found'
  | 'server-error'
  | 'redirect'
  | 'not-jenkins'
  | 'malformed' // HTML or broken JSON where JSON was due
  | 'truncated'
  | 'too-large'
  | 'timeout'
  | 'refused'
  | 'dns'
  | 'tls'
  | 'network';

export class JenkinsError extends UserError {
  override readonly name = 'JenkinsError';
  readonly kind: JenkinsErrorKind;

  constructor(
    kind: JenkinsErrorKind,
    message: string,
    options: { cause?: unknown; advice?: string } = {},
  ) {
    super(message, options);
    this.kind = kind;
  }
}

export interface ConnectOptions {
  /** The address of the server, with its path prefix if it has one. */
  readonly base: string;
  /** With `token`, else the requests are anonymous. */
  readonly user?: string | undefined;
  readonly token?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Milliseconds without a byte before a request is given up; 30 seconds unless told. */
  readonly idleTimeout?: number | undefined;
  /** Milliseconds between two looks at a growing log; 1 second unless told. */
  readonly pollInterval?: number | undefined;
}

/** A successful answer whose body has not been read yet: read it to its end, or `discard` it. */
export interface Answer {
  readonly headers: http.IncomingHttpHeaders;
  /** Rejects with a JenkinsError when it breaks off or falls silent; ending the loop early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
  discard(): void;
}

/** The wire to one server. It never talks to another, and never follows a redirect. */
export interface Wire extends Disposable {
  readonly base: string;
  readonly signedIn: boolean;
  /** Rejects with a JenkinsError, or with the signal's reason. `url` must lie below `base`. */
  get(url: string, signal: AbortSignal): Promise<Answer>;
  /** Reads a JSON answer of at most `bound` bytes. */
  json(url: string, signal: AbortSignal, bound?: number): Promise<unknown>;
  /** Reads an answer of at most `bound` bytes as text. */
  text(url: string, signal: AbortSignal, bound?: number): Promise<string>;
  /** Posts a body. An answer that is a failure is not thrown, since its body may say what is missing. */
  post(
    url: string,
    posted: Posted,
    signal: AbortSignal,
  ): Promise<Answer & { readonly failure: JenkinsError | undefined }>;
}

export interface Posted {
  readonly body: string;
  readonly headers: http.OutgoingHttpHeaders;
}

const MEGABYTE = 1024 * 1024;
const JSON_BOUND = 32 * MEGABYTE;
const TEXT_BOUND = 4 * MEGABYTE;

export function openWire(options: ConnectOptions): Wire {
  const base = baseUrl(options.base);
  const secure = base.startsWith('https:');
  const protocol = secure ? https : http;
  const agent = new protocol.Agent({ keepAlive: true, maxSockets: 8 });
  const signedIn = options.user !== undefined && options.token !== undefined;
  const idle = options.idleTimeout ?? 30_000;
  const headers: http.OutgoingHttpHeaders = {
    'user-agent': options.userAgent ?? 'ci-parity',
    ...(options.user !== undefined &&
      options.token !== undefined && {
        authorization: `Basic ${Buffer.from(`${options.user}:${options.token}`).toString('base64')}`,
      }),
  };

  async function get(url: string, signal: AbortSignal): Promise<Answer> {
    const response = await respond(url, signal);
    const failure = failureOf(response, { url, base, signedIn });
    if (failure !== undefined) {
      response.destroy();
      throw failure;
    }
    return toRead(response, signal);
  }

  function toRead(response: http.IncomingMessage, signal: AbortSignal): Answer {
    return {
      headers: response.headers,
      body: bodyOf(response, base, idle, signal),
      discard: () => response.destroy(),
    };
  }

  async function respond(
    url: string,
    signal: AbortSignal,
    posted?: Posted,
  ): Promise<http.IncomingMessage> {
    if (!url.startsWith(base)) throw new Error(`${url} does not lie below ${base}`);
    signal.throwIfAborted();
    for (let attempt = 1; ; attempt++) {
      const request = protocol.request(url, {
        agent,
        method: posted === undefined ? 'GET' : 'POST',
        headers: { ...headers, ...posted?.headers },
      });
      try {
        return await firstByte(request, base, idle, signal, posted?.body);
      } catch (error) {
        signal.throwIfAborted();
        // A kept connection may have been closed by the server just as we wrote to it.
        if (attempt === 1 && request.reusedSocket && codeOf(error) === 'ECONNRESET') continue;
        throw networkFailure(error, base);
      }
    }
  }

  async function text(url: string, signal: AbortSignal, bound = TEXT_BOUND): Promise<string> {
    return readAll(await get(url, signal), base, bound);
  }

  async function json(url: string, signal: AbortSignal, bound = JSON_BOUND): Promise<unknown> {
    const answer = await get(url, signal);
    if (answer.headers['content-type']?.includes('html') === true) {
      answer.discard();
      throw htmlFailure(answer, base);
    }
    return parseJson(await readAll(answer, base, bound), base);
  }

  async function post(
    url: string,
    posted: Posted,
    signal: AbortSignal,
  ): Promise<Answer & { readonly failure: JenkinsError | undefined }> {
    const response = await respond(url, signal, posted);
    const failure = failureOf(response, { url, base, signedIn });
    return { ...toRead(response, signal), failure };
  }

  return { base, signedIn, get, json, text, post, [Symbol.dispose]: () => agent.destroy() };
}

function parseJson(body: string, base: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new JenkinsError('malformed', `${base} answered with JSON that cannot be read.`, {
      cause,
      advice: 'Something between here and Jenkins may have cut the answer short. Try again.',
    });
  }
}

function firstByte(
  request: http.ClientRequest,
  base: string,
  idle: number,
  signal: AbortSignal,
  body?: string,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(silence(base, idle)), idle);
    const cancel = (): void => void request.destroy(new Error('cancelled'));
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    signal.addEventListener('abort', cancel);
    request.once('response', (response) => {
      settle();
      // Whoever reads is told of errors by the stream itself; nobody may be reading just now.
      response.on('error', () => undefined);
      resolve(response);
    });
    request.on('error', (error) => {
      settle();
      reject(error);
    });
    request.end(body);
  });
}

async function* bodyOf(
  response: http.IncomingMessage,
  base: string,
  idle: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // Only our waiting for the server counts, not the server's waiting for a slow reader.
  let waiting = true;
  const timer = setTimeout(() => {
    if (waiting) response.destroy(silence(base, idle));
    else timer.refresh();
  }, idle);
  const cancel = (): void => void response.destroy();
  signal.addEventListener('abort', cancel);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      waiting = false;
      yield chunk;
      signal.throwIfAborted();
      waiting = true;
      timer.refresh();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof JenkinsError) throw error;
    throw new JenkinsError(
      'truncated',
      `The connection to ${base} broke in the middle of an answer.`,
      { cause: error, advice: 'Try again; a proxy may limit how long or large an answer may be.' },
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
    response.destroy();
  }
}

/** Reads an answer of at most `bound` bytes as text. */
export async function readAll(answer: Answer, base: string, bound: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > bound) {
      throw new JenkinsError(
        'too-large',
        `${base} answered with more than ${Math.round(bound / MEGABYTE)} MB where far less was due.`,
        { advice: 'Check that the address is that of a Jenkins server.' },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failureOf(
  response: http.IncomingMessage,
  at: { url: string; base: string; signedIn: boolean },
): JenkinsError | undefined {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return undefined;
  const { base } = at;
  if (status >= 300 && status < 400) return redirectFailure(response.headers.location, base);
  if (status === 401) {
    return new JenkinsError('unauthorized', `${base} refused the user name or the API token.`, {
      advice:
        'Make a new API token in Jenkins (your name, Security, API Token) and connect again. A password works only where Jenkins itself keeps it.',
    });
  }
  if (status === 403) return forbidden(response.headers, at);
  if (status === 404) {
    return new JenkinsError(
      'not-found',
      `${base} has nothing at /${at.url.slice(base.length).split('?')[0] ?? ''}.`,
      {
        advice: at.signedIn
          ? 'It may have been deleted, or your user may not be allowed to see it.'
          : 'It may have been deleted, or only be visible to those who sign in.',
      },
    );
  }
  if (status >= 500) {
    return new JenkinsError('server-error', `${base} has a problem of its own (HTTP ${status}).`, {
      advice:
        'Try again later; Jenkins may be starting, or a proxy in front of it cannot reach it.',
    });
  }
  return new JenkinsError('server-error', `${base} answered with HTTP ${status}.`, {});
}

function redirectFailure(location: string | undefined, base: string): JenkinsError {
  const target = location === undefined ? undefined : parseUrl(location, base);
  if (target !== undefined && /\/(login|securityRealm|oauth2?|saml)\b/i.test(target.pathname)) {
    return new JenkinsError('sign-in', `${base} wants you to sign in.`, {
      advice: 'Connect with your user name and an API token.',
    });
  }
  return new JenkinsError(
    'redirect',
    `${base} points to another address${target === undefined ? '' : `: ${(target.origin + target.pathname).slice(0, 200)}`}.`,
    {
      advice: 'If you trust that address, connect to it instead.',
    },
  );
}

function forbidden(
  headers: http.IncomingHttpHeaders,
  { base, signedIn }: { base: string; signedIn: boolean },
): JenkinsError {
  if (!signedIn) {
    return new JenkinsError('sign-in', `${base} shows nothing to those who have not signed in.`, {
      advice: 'Connect with your user name and an API token.',
    });
  }
  const permission = String(headers['x-required-permission'] ?? '')
    .replace(/[^\w.]/g, '')
    .slice(0, 80);
  return new JenkinsError('forbidden', `${base} does not allow your user to see this.`, {
    advice:
      permission === ''
        ? 'Ask an administrator of the server for read permission.'
        : `Ask an administrator of the server for the permission ${permission}.`,
  });
}

function htmlFailure(answer: Answer, base: string): JenkinsError {
  if (answer.headers['x-jenkins'] === undefined) {
    return new JenkinsError('not-jenkins', `${base} does not answer like Jenkins.`, {
      advice: 'Check the address, with the path prefix that your browser shows on its start page.',
    });
  }
  return new JenkinsError('malformed', `${base} answered with a web page where data was due.`, {
    advice: 'A proxy or a sign-in page may stand in front of Jenkins.',
  });
}

function silence(base: string, idle: number): JenkinsError {
  return new JenkinsError(
    'timeout',
    `${base} said nothing for ${Math.ceil(idle / 1000)} seconds.`,
    {
      advice: 'Try again; if it stays like this, check the network or VPN.',
    },
  );
}

function networkFailure(error: unknown, base: string): JenkinsError {
  if (error instanceof JenkinsError) return error;
  const code = codeOf(error);
  const { hostname } = new URL(base);
  switch (code) {
    case 'ECONNREFUSED':
      return new JenkinsError('refused', `Nothing answers at ${base}.`, {
        cause: error,
        advice: 'Check the address and the port, and whether the server is up.',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new JenkinsError('dns', `No server of the name ${hostname} can be found.`, {
        cause: error,
        advice: 'Check the address, and whether you need a VPN.',
      });
    case 'ECONNRESET':
    case 'EPIPE':
    case 'HPE_INVALID_CONSTANT':
      return new JenkinsError('network', `${base} closed the connection without an answer.`, {
        cause: error,
        advice: 'Check the address; a server that speaks https may have been asked in http.',
      });
    default:
      if (/CERT|TLS|SSL|EPROTO|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
        return new JenkinsError('tls', `No secure connection to ${base} could be made (${code}).`, {
          cause: error,
          advice:
            'If the server has a certificate of your own authority, make it known to the system, or set NODE_EXTRA_CA_CERTS.',
        });
      }
      return new JenkinsError(
        'network',
        `${base} could not be reached${code === '' ? '' : ` (${code})`}.`,
        {
          cause: error,
          advice: 'Check the address and the network.',
        },
      );
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  // Happy Eyeballs reports one error for each address it tried.
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : '';
}
