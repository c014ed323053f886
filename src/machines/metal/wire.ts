import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { fields, list, printable, text } from '../../base/json';
import { codeOf, messageOf } from '../../base/errors';
import { MetalError, type MetalErrorKind } from './metalError';

/** How a server that speaks the Metal v1 API is reached. */
export interface MetalOptions {
  /** Where it is; Equinix' own, which was switched off on 2026-06-30, unless told. */
  readonly address?: string | undefined;
  /** What `METAL_AUTH_TOKEN` holds; sent as the header `X-Auth-Token`, and to nowhere else. */
  readonly token: string;
  /** Milliseconds after which a request without a whole answer is given up; 30 seconds unless told. */
  readonly timeout?: number | undefined;
  /** Milliseconds before a request is repeated, twice as many before each further time; 1 second unless told. */
  readonly retryDelay?: number | undefined;
}

/** The wire to one server that speaks the Metal v1 API. */
export interface MetalWire {
  /** Without a `/` at its end. */
  readonly address: string;
  /**
   * How many milliseconds the server's clock is ahead of ours, as its last answer told; 0 where that is less
   * than ten seconds, and before the first one.
   */
  readonly clockSkew: number;
  /** Whether an answer has told it. */
  readonly clockTold: boolean;
  /**
   * The parsed answer; undefined where it is empty. Rejects with a MetalError, or with the signal's reason.
   * What may be repeated without harm is, after a 429, a 5xx or a broken connection, three times at most.
   */
  send(message: MetalMessage, signal: AbortSignal): Promise<unknown>;
}

export interface MetalMessage {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The parts of the path below the address; they are encoded here. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Whether sending it twice may do more than sending it once: it is then never repeated. */
  readonly once?: boolean;
}

export const METAL_ADDRESS = 'https://api.equinix.com/metal/v1';

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_TRIES = 4;
const NO_SKEW = 10_000;
const OLD = 60_000;
/** Whoever asks to be left alone for longer is told to the person instead. */
const LONGEST_PAUSE = 120_000;

/** @throws UserError where the address is none, or would send the token in the clear. */
export function openMetalWire(options: MetalOptions): MetalWire {
  const base = baseOf(options.address ?? METAL_ADDRESS);
  const address = base.href.replace(/(?<!\/)\/+$/, '');
  const { token, timeout = 30_000, retryDelay = 1000 } = options;
  let clockSkew = 0;
  let clockTold = false;

  async function send(message: MetalMessage, signal: AbortSignal): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      const told = await exchange(message, signal);
      if (!(told instanceof MetalError)) return told.value;
      const failure = told;
      const again = message.once !== true && tries < MOST_TRIES && isPassing(failure);
      const pause = failure.retryAfter ?? retryDelay * 2 ** (tries - 1);
      if (!again || pause > LONGEST_PAUSE) throw failure;
      await wait(pause, undefined, { signal });
    }
  }

  /** What is answered, or why that is nothing; rejects with the signal's reason only. */
  async function exchange(message: MetalMessage, signal: AbortSignal): Promise<Told | MetalError> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const sent = Date.now();
    try {
      const answer = await ask(urlOf(address, message), message, { token, signal: limit });
      const date = Date.parse(answer.headers.date ?? '');
      // The header tells whole seconds, and took a moment to come.
      const ahead = date - Date.now();
      // What was under way while a laptop slept, or while somebody set its clock, tells an old time.
      if (!Number.isNaN(ahead) && Math.abs(Date.now() - sent) < OLD) {
        clockSkew = Math.abs(ahead) < NO_SKEW ? 0 : ahead;
        clockTold = true;
      }
      return answer.status >= 200 && answer.status < 300
        ? understood(answer)
        : refusal(answer, message);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MetalError) return error;
      return unreachable(error, limit.aborted);
    }
  }

  return {
    address,
    get clockSkew() {
      return clockSkew;
    },
    get clockTold() {
      return clockTold;
    },
    send,
  };

  function understood({ body }: Answer): Told | MetalError {
    try {
      return { value: body.trim() === '' ? undefined : (JSON.parse(body) as unknown) };
    } catch (cause) {
      return new MetalError('unreadable', `${address} answered with something that is no JSON.`, {
        cause,
        undecided: true,
        advice: 'Does the address lead to an API, and not to a page for people?',
      });
    }
  }

  function refusal({ status, headers, body }: Answer, { method, path }: MetalMessage): MetalError {
    const kind = kindOf(status);
    const said = saidIn(body, token) || `status ${status}`;
    const advice =
      kind === 'redirect'
        ? 'It leads elsewhere, where the token is not sent.'
        : 'Give one that is valid in METAL_AUTH_TOKEN.';
    return new MetalError(
      kind,
      status === 401
        ? `${address} does not know this token.`
        : `${address} refused ${method} /${path[0] ?? ''}: ${said}`,
      {
        status,
        said,
        retryAfter: retryAfterOf(headers, Date.now() + clockSkew),
        undecided: status >= 500,
        ...((kind === 'redirect' || status === 401) && { advice }),
      },
    );
  }

  function unreachable(cause: unknown, silent: boolean): MetalError {
    const code = codeOf(cause);
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
      return new MetalError(
        'unreachable',
        // Whoever asks several lenders tells no more of each than this.
        `The certificate of ${address} is not trusted here: ${printable(messageOf(cause))}. If it is the right one, name a file with its authority in NODE_EXTRA_CA_CERTS.`,
        { cause },
      );
    return new MetalError(
      'unreachable',
      silent
        ? `${address} did not answer within ${Math.ceil(timeout / 1000)} seconds.`
        : `${address} cannot be reached: ${printable(code || messageOf(cause))}.`,
      {
        cause,
        // A connection that was refused, or a name that nobody knows, brought nothing there.
        undecided: silent || !/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|E(NET|HOST)UNREACH)$/.test(code),
        ...(address === METAL_ADDRESS && {
          advice:
            'Equinix Metal was switched off on 2026-06-30. Name a server that speaks its API, or borrow from a pool or by a command.',
        }),
      },
    );
  }
}

interface Told {
  readonly value: unknown;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function baseOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '');
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new MetalError('address', 'The address of the Metal API is none that can be asked.', {
      advice: 'It looks like https://metal.example.org/metal/v1.',
    });
  if (url.protocol === 'http:' && !local)
    throw new MetalError('address', `The token would go to ${url.host} in the clear.`, {
      advice: 'Use an address that begins with https.',
    });
  url.search = '';
  url.hash = '';
  return url;
}

function urlOf(address: string, { path, query = {} }: MetalMessage): URL {
  const url = new URL(`${address}/${path.map(segment).join('/')}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** One part of a path, whatever is in it: `..` would lead out of the address. */
function segment(part: string): string {
  return encodeURIComponent(part).replace(/^\.+$/, (dots) => dots.replaceAll('.', '%252E'));
}

/** Each on a connection of its own: one that is kept may just be closing when a device is asked for. */
async function ask(
  url: URL,
  { method, body }: MetalMessage,
  { token, signal }: { token: string; signal: AbortSignal },
): Promise<Answer> {
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      agent: false,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'ci-parity',
        'x-auth-token': token,
        ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
      },
    });
    request.once('response', resolve).once('error', reject).end(sent);
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      throw new MetalError('unreadable', `${url.origin} answered with more than 16 MiB.`, {
        undecided: true,
      });
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** What the API says of an error: `{errors: […]}` or `{error: …}`, as its model Error has it. */
function saidIn(body: string, token: string): string {
  try {
    const { error, errors } = fields(JSON.parse(body));
    const said = [text(error), ...list(errors).map(text)].filter((one) => one !== undefined);
    // Some servers say what they were sent: the token, or the key in a device's user data.
    const open = said
      .join('; ')
      .replaceAll(token, '…')
      .replace(/-----BEGIN [^]*?(-----END [A-Z ]*-----|$)/g, '…');
    return printable(open, 300);
  } catch {
    // A proxy's page, say: its status says enough.
    return '';
  }
}

function kindOf(status: number): MetalErrorKind {
  if (status === 401 || status === 403) return 'forbidden';
  if (status === 404) return 'notFound';
  if (status === 429) return 'busy';
  if (status >= 500) return 'server';
  if (status < 400) return 'redirect';
  return 'refused';
}

function isPassing({ kind }: MetalError): boolean {
  return kind === 'busy' || kind === 'server' || kind === 'unreachable';
}

/** Milliseconds; `Retry-After` in seconds or as a date by the server's clock (RFC 9110, 10.2.3). */
function retryAfterOf(headers: http.IncomingHttpHeaders, now: number): number | undefined {
  const told = headers['retry-after'];
  if (told === undefined) return undefined;
  if (/^\d+$/.test(told)) return Number(told) * 1000;
  const date = Date.parse(told);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
