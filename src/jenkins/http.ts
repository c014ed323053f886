import type * as http from 'node:http';
import { createSlots } from '../base/slots';
import { isJenkinsError, JenkinsError, ownError } from './jenkinsError';
import { text as textOf } from './json';
import { baseUrl } from './url';
import type { TlsOptions } from './wire/certificates';
import { createSkew } from './wire/clockSkew';
import { beginningOf, bodyOf, discard, readAll } from './wire/exchange';
import { keepAnswers, type Whole } from './wire/keptAnswers';
import { createPause } from './wire/pause';
import { createSender, type Message } from './wire/sender';
import { crumbRefused, sessionOf, wantsCrumb } from './wire/session';
import type { Route } from './wire/way';

export interface ConnectOptions {
  /** The address of the server, with its path prefix if it has one. */
  readonly base: string;
  /** With `token`, else the requests are anonymous. */
  readonly user?: string | undefined;
  readonly token?: string | undefined;
  /** Whom we trust, and who we are, where the server speaks TLS. */
  readonly tls?: TlsOptions | undefined;
  /** How requests come to the server; straight unless told. */
  readonly route?: Route | undefined;
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
 * The wire to one server. It never talks to another, and follows a redirect only below its base. At
 * most four requests are under way at once, in the order in which they were made; while the server has
 * asked to be left alone, all are refused as `busy` without asking it.
 */
export interface Wire extends Disposable {
  readonly base: string;
  readonly signedIn: boolean;
  /**
   * How many milliseconds the server's clock is ahead of ours, as its last answer told; 0 where that
   * is less than a minute. What it is "now" there: `Date.now() + clockSkew`.
   */
  readonly clockSkew: number;
  /** The version of Jenkins, as its last answer told. */
  readonly version: string | undefined;
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
   * Posts a body, with a crumb where the server wants one; never twice, whatever happens to the
   * connection. An answer that is a failure is not thrown, since its headers may say what is missing. A
   * web page is one: Jenkins answers with data, with nothing, or with the way to a page.
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
  /** The session that it is asked in; without it, in none. */
  readonly cookie?: string;
  /** Milliseconds without a byte before the answer is given up. */
  readonly idleTimeout?: number;
  /** Whether a web page is no answer: one for signing in comes with the status of success. */
  readonly noPage?: true;
}

export interface Posted {
  readonly body: string | Buffer;
  readonly headers: http.OutgoingHttpHeaders;
}

const MEGABYTE = 1024 * 1024;
const JSON_BOUND = 32 * MEGABYTE;
const TEXT_BOUND = 4 * MEGABYTE;
const KEPT = 16 * MEGABYTE;
const CRUMB_BOUND = 64 * 1024;
/** More than that is not lost in the buffers of a connection. */
const LONG = 64 * 1024;
const AT_ONCE = 4;
const MOST_HOPS = 5;

export function openWire(options: ConnectOptions): Wire {
  const base = baseUrl(options.base);
  const { user, token, tls = {}, route = 'straight', idleTimeout: patience = 30_000 } = options;
  const signedIn = user !== undefined && token !== undefined;
  const places = createSlots(AT_ONCE);
  const pause = createPause(base);
  const skew = createSkew();
  const kept = keepAnswers(KEPT);
  const sender = createSender(base, { tls, route });
  const ours: http.OutgoingHttpHeaders = {
    'user-agent': options.userAgent ?? 'ci-parity',
    ...(signedIn && {
      authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`,
    }),
  };
  let version: string | undefined;
  let session: Readonly<Record<string, string>> | undefined;

  async function get(url: string, signal: AbortSignal, wish: Wish = {}): Promise<Answer> {
    const { accept, cookie, idleTimeout, noPage = false } = wish;
    const headers = {
      ...(accept !== undefined && { accept }),
      ...(cookie !== undefined && { cookie }),
    };
    const release = await places(signal);
    try {
      const answer = await ask(url, signal, headers, idleTimeout);
      const failure = noPage ? await pageInstead(answer, url, signal) : undefined;
      if (failure !== undefined) throw failure;
      return answer;
    } finally {
      release();
    }
  }

  /** The answer, also where it is to be had by a redirect below the base. */
  async function ask(
    url: string,
    signal: AbortSignal,
    headers: http.OutgoingHttpHeaders,
    idle = patience,
  ): Promise<Answer> {
    let at = url;
    for (let hops = 0; hops < MOST_HOPS; hops++) {
      const answer = await exchange({ url: at, headers, idle }, signal);
      const unchanged = answer.status === 304 && 'if-none-match' in headers;
      if (unchanged || isGood(answer)) return answer;
      const { explainRedirect } = await import('./wire/explain');
      const next = explainRedirect(answer, { url: at, base });
      if (next === undefined) throw (await judge(answer, at, signal)).failure;
      answer.discard();
      at = next;
    }
    throw new JenkinsError('redirect', `${base} sends whoever asks it around in a circle.`, {
      advice:
        'A proxy in front of it may have a mistake in its settings. Does the address work in a browser?',
    });
  }

  /** What is wrong with an answer, with the beginning of its page; its body is let go. */
  async function judge(answer: Answer, url: string, signal: AbortSignal) {
    const page = mayExplain(answer) ? await beginningOf(answer, signal) : '';
    answer.discard();
    const { explainAnswer } = await import('./wire/explain');
    const failure = ownError(explainAnswer({ ...answer, page }, { url, base, signedIn }));
    pause.note(failure);
    return { failure, page };
  }

  /** The failure that an answer with the status of success is because it is a web page; its body is let go. */
  async function pageInstead(answer: Answer, url: string, signal: AbortSignal) {
    if (!isPage(answer.headers)) return undefined;
    const body = await beginningOf(answer, signal);
    answer.discard();
    return explained({ headers: answer.headers, body }, url);
  }

  async function explained(whole: Whole, url: string, cause?: unknown): Promise<JenkinsError> {
    const { explainBody } = await import('./wire/explain');
    return ownError(explainBody(whole, { url, base, signedIn }, cause));
  }

  async function exchange(message: Message, signal: AbortSignal): Promise<Answer> {
    if (!message.url.startsWith(base)) throw new Error(`${message.url} does not lie below ${base}`);
    signal.throwIfAborted();
    pause.throwIfPaused();
    const headers = { ...ours, ...message.headers };
    const response = await sender.send({ ...message, headers }, signal);
    skew.note(response.headers);
    version = textOf(response.headers['x-jenkins']) ?? version;
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: bodyOf(response, base, message.idle, signal),
      discard: () => discard(response),
    };
  }

  /** What `understand` makes of the whole answer, or throws; perhaps of one that was kept. */
  async function read<T>(
    url: string,
    signal: AbortSignal,
    { bound, understand }: { bound: number; understand: (whole: Whole) => T | Promise<T> },
  ): Promise<T> {
    const release = await places(signal);
    try {
      const unchanged = kept.unchanged(url);
      if (unchanged !== undefined) return await understand(unchanged);
      const answer = await ask(url, signal, kept.condition(url));
      const confirmed = answer.status === 304 ? kept.confirmed(url) : undefined;
      if (confirmed !== undefined) {
        answer.discard();
        return await understand(confirmed);
      }
      const { headers } = answer;
      const most = isPage(headers) ? Math.min(bound, TEXT_BOUND) : bound;
      const whole = { headers, body: await readAll(answer, base, most) };
      const understood = await understand(whole);
      kept.keep(url, whole);
      return understood;
    } finally {
      release();
    }
  }

  function text(url: string, signal: AbortSignal, bound = TEXT_BOUND): Promise<string> {
    return read(url, signal, { bound, understand: ({ body }) => body });
  }

  function json(url: string, signal: AbortSignal, bound = JSON_BOUND): Promise<unknown> {
    const understand = async (whole: Whole): Promise<unknown> => {
      let wrong: unknown;
      try {
        if (!isPage(whole.headers)) return JSON.parse(whole.body) as unknown;
      } catch (cause) {
        wrong = cause;
      }
      throw await explained(whole, url, wrong);
    };
    return read(url, signal, { bound, understand });
  }

  async function post(
    url: string,
    { body, headers }: Posted,
    signal: AbortSignal,
  ): Promise<Answer & { readonly failure: JenkinsError | undefined }> {
    const release = await places(signal);
    try {
      // A server that refuses need not read a long body first, and then breaks off the connection.
      if (body.length > LONG) session = await sessionIfAny(signal);
      for (let attempt = 1; ; attempt++) {
        const sent = { url, headers: { ...session, ...headers }, body, idle: patience };
        const answer = await exchange(sent, signal);
        if (isGood(answer)) return { ...answer, failure: await pageInstead(answer, url, signal) };
        const { failure, page } = await judge(answer, url, signal);
        if (!wantsCrumb(page)) return { ...answer, failure };
        // There was none, or its session is over.
        session = attempt === 1 ? await newSession(signal) : undefined;
        if (attempt === 2) return { ...answer, failure: crumbRefused(base) };
        if (session === undefined) return { ...answer, failure };
      }
    } finally {
      release();
    }
  }

  async function newSession(signal: AbortSignal): Promise<typeof session> {
    const answer = await ask(`${base}crumbIssuer/api/json`, signal, {});
    return sessionOf(answer.headers, await readAll(answer, base, CRUMB_BOUND));
  }

  /** Undefined where crumbs are switched off. */
  async function sessionIfAny(signal: AbortSignal): Promise<typeof session> {
    try {
      return await newSession(signal);
    } catch (error) {
      if (isJenkinsError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  return {
    base,
    signedIn,
    get clockSkew() {
      return skew.milliseconds();
    },
    get version() {
      return version;
    },
    get,
    json,
    text,
    post,
    [Symbol.dispose]: () => sender[Symbol.dispose](),
  };
}

function isGood({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Whether it is a web page that may say more than its status. */
function mayExplain({ status, headers }: Answer): boolean {
  return isPage(headers) && [400, 401, 403].includes(status);
}

function isPage(headers: http.IncomingHttpHeaders): boolean {
  return headers['content-type']?.includes('html') === true;
}
