import * as http from 'node:http';
import * as https from 'node:https';
import { createSlots } from '../base/slots';
import { JenkinsError } from './jenkinsError';
import { baseUrl } from './url';
import { failureOf, htmlFailure } from './wire/answerFailures';
import { createSkew } from './wire/clockSkew';
import { bodyOf, firstByte, readAll } from './wire/exchange';
import { keepAnswers } from './wire/keptAnswers';
import { codeOf, networkFailure } from './wire/networkFailures';
import { createPause } from './wire/pause';

export { JenkinsError, type JenkinsErrorKind } from './jenkinsError';

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
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Rejects with a JenkinsError when it breaks off or falls silent; ending the loop early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
  discard(): void;
}

/**
 * The wire to one server. It never talks to another, and never follows a redirect. At most four
 * requests are under way at once, in the order in which they were made; while the server has asked to
 * be left alone, all are refused as `busy` without asking it.
 */
export interface Wire extends Disposable {
  readonly base: string;
  readonly signedIn: boolean;
  /**
   * How many milliseconds the server's clock is ahead of ours, as its last answer told; 0 where that
   * is less than a minute. What it is "now" there: `Date.now() + clockSkew`.
   */
  readonly clockSkew: number;
  /**
   * Rejects with a JenkinsError, or with the signal's reason. `url` must lie below `base`. It counts as
   * under way until its headers have come: a body that is read slowly, such as that of a long log or of
   * events that the server sends as they happen, keeps nobody waiting.
   */
  get(url: string, signal: AbortSignal, wish?: Wish): Promise<Answer>;
  /** Reads a JSON answer of at most `bound` bytes. */
  json(url: string, signal: AbortSignal, bound?: number): Promise<unknown>;
  /** Reads an answer of at most `bound` bytes as text. */
  text(url: string, signal: AbortSignal, bound?: number): Promise<string>;
  /**
   * Posts a body; never twice, whatever happens to the connection. An answer that is a failure is not
   * thrown, since its body may say what is missing.
   */
  post(
    url: string,
    posted: Posted,
    signal: AbortSignal,
  ): Promise<Answer & { readonly failure: JenkinsError | undefined }>;
}

export interface Wish {
  /** The media type that is wanted. */
  readonly accept?: string;
  /** Milliseconds without a byte before the answer is given up. */
  readonly idleTimeout?: number;
}

export interface Posted {
  readonly body: string;
  readonly headers: http.OutgoingHttpHeaders;
}

const MEGABYTE = 1024 * 1024;
const JSON_BOUND = 32 * MEGABYTE;
const TEXT_BOUND = 4 * MEGABYTE;
const KEPT = 16 * MEGABYTE;
const AT_ONCE = 4;

export function openWire(options: ConnectOptions): Wire {
  const base = baseUrl(options.base);
  const protocol = base.startsWith('https:') ? https : http;
  const agent = new protocol.Agent({ keepAlive: true, maxFreeSockets: AT_ONCE });
  const signedIn = options.user !== undefined && options.token !== undefined;
  const patience = options.idleTimeout ?? 30_000;
  const places = createSlots(AT_ONCE);
  const pause = createPause(base);
  const skew = createSkew();
  const kept = keepAnswers(KEPT);
  const headers: http.OutgoingHttpHeaders = {
    'user-agent': options.userAgent ?? 'ci-parity',
    ...(options.user !== undefined &&
      options.token !== undefined && {
        authorization: `Basic ${Buffer.from(`${options.user}:${options.token}`).toString('base64')}`,
      }),
  };

  async function get(url: string, signal: AbortSignal, wish: Wish = {}): Promise<Answer> {
    const { accept, idleTimeout = patience } = wish;
    const release = await places(signal);
    try {
      return await ask(url, signal, accept === undefined ? {} : { accept }, idleTimeout);
    } finally {
      release();
    }
  }

  async function ask(
    url: string,
    signal: AbortSignal,
    asked: http.OutgoingHttpHeaders,
    idle = patience,
  ): Promise<Answer> {
    const response = await respond(url, { headers: asked, idle }, signal);
    const known = response.statusCode === 304 && 'if-none-match' in asked;
    const failure = known ? undefined : failureOf(response, { url, base, signedIn });
    if (failure !== undefined) {
      response.destroy();
      pause.note(failure);
      throw failure;
    }
    return toRead(response, idle, signal);
  }

  function toRead(response: http.IncomingMessage, idle: number, signal: AbortSignal): Answer {
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: bodyOf(response, base, idle, signal),
      discard: () => response.destroy(),
    };
  }

  async function respond(
    url: string,
    asked: { headers: http.OutgoingHttpHeaders; idle: number; body?: string },
    signal: AbortSignal,
  ): Promise<http.IncomingMessage> {
    if (!url.startsWith(base)) throw new Error(`${url} does not lie below ${base}`);
    signal.throwIfAborted();
    pause.throwIfPaused();
    const { body, idle } = asked;
    for (let attempt = 1; ; attempt++) {
      const request = protocol.request(url, {
        // What must not be sent twice does not go over a connection that the server may just be closing.
        agent: body === undefined ? agent : false,
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...headers, ...asked.headers },
      });
      try {
        const response = await firstByte(request, base, idle, signal, body);
        skew.note(response.headers);
        return response;
      } catch (error) {
        signal.throwIfAborted();
        // A kept connection may have been closed by the server just as we wrote to it.
        if (attempt === 1 && request.reusedSocket && codeOf(error) === 'ECONNRESET') continue;
        throw networkFailure(error, base);
      }
    }
  }

  /** The whole answer. What it gives may be an answer that was kept. */
  async function read(
    url: string,
    signal: AbortSignal,
    bound: number,
    wrong: (answer: Answer) => JenkinsError | undefined,
  ): Promise<string> {
    const release = await places(signal);
    try {
      const unchanged = kept.unchanged(url);
      if (unchanged !== undefined) return unchanged;
      const answer = await ask(url, signal, kept.condition(url));
      const confirmed = answer.status === 304 ? kept.confirmed(url) : undefined;
      if (confirmed !== undefined) {
        answer.discard();
        return confirmed;
      }
      const failure = wrong(answer);
      if (failure !== undefined) {
        answer.discard();
        throw failure;
      }
      const body = await readAll(answer, base, bound);
      kept.keep(url, answer.headers, body);
      return body;
    } finally {
      release();
    }
  }

  function text(url: string, signal: AbortSignal, bound = TEXT_BOUND): Promise<string> {
    return read(url, signal, bound, () => undefined);
  }

  async function json(url: string, signal: AbortSignal, bound = JSON_BOUND): Promise<unknown> {
    const body = await read(url, signal, bound, (answer) =>
      answer.headers['content-type']?.includes('html') === true
        ? htmlFailure(answer, base)
        : undefined,
    );
    return parseJson(body, base);
  }

  async function post(
    url: string,
    posted: Posted,
    signal: AbortSignal,
  ): Promise<Answer & { readonly failure: JenkinsError | undefined }> {
    const release = await places(signal);
    try {
      const response = await respond(url, { ...posted, idle: patience }, signal);
      const failure = failureOf(response, { url, base, signedIn });
      pause.note(failure);
      return { ...toRead(response, patience, signal), failure };
    } finally {
      release();
    }
  }

  return {
    base,
    signedIn,
    get clockSkew() {
      return skew.milliseconds();
    },
    get,
    json,
    text,
    post,
    [Symbol.dispose]: () => agent.destroy(),
  };
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
