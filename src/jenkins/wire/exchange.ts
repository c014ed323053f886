import type * as http from 'node:http';
import { JenkinsError } from '../jenkinsError';

const MEGABYTE = 1024 * 1024;
/** How much may have come before its reader wants it. */
const AHEAD = 256 * 1024;
const BEGINNING = 64 * 1024;

/**
 * Waits for the answer to a request, which may be ended only later. Rejects when nothing has gone or
 * come for `idle` milliseconds, or when the signal aborts.
 */
export function firstByte(
  request: http.ClientRequest,
  base: string,
  idle: number,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(silence(base, idle)), idle);
    const cancel = (): void => void request.destroy(new Error('cancelled'));
    // A part of a long body has gone.
    const went = (): void => void timer.refresh();
    const settle = (): void => {
      clearTimeout(timer);
      request.off('drain', went).off('finish', went);
      signal.removeEventListener('abort', cancel);
    };
    signal.addEventListener('abort', cancel);
    request.on('drain', went).on('finish', went);
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
  });
}

/** The beginning of an answer as text, to see what it is about; what cannot be read is left out. */
export async function beginningOf(
  answer: { readonly body: AsyncIterable<Buffer> },
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > BEGINNING) break;
    }
  } catch {
    signal.throwIfAborted();
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What has come, as it came: the stream's own iterator would copy it together first. */
export async function* bodyOf(
  response: http.IncomingMessage,
  base: string,
  idle: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let come: Buffer[] = [];
  let size = 0;
  let over = response.destroyed;
  // Set while we wait for the server; a slow reader is not to be blamed on it.
  let wake: (() => void) | undefined;
  const timer = setTimeout(() => {
    if (wake !== undefined) response.destroy(silence(base, idle));
    else timer.refresh();
  }, idle);
  const cancel = (): void => void response.destroy();
  signal.addEventListener('abort', cancel);
  response.on('data', (piece: Buffer) => {
    come.push(piece);
    size += piece.length;
    if (size > AHEAD) response.pause();
    wake?.();
  });
  const finish = (): void => {
    over = true;
    wake?.();
  };
  response.once('end', finish).once('close', finish);
  try {
    while (!over || come.length > 0) {
      if (come.length === 0) {
        timer.refresh();
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
      signal.throwIfAborted();
      const pieces = come;
      come = [];
      size = 0;
      for (const piece of pieces) {
        yield piece;
        signal.throwIfAborted();
      }
      if (response.isPaused()) response.resume();
    }
    if (response.errored !== null) throw response.errored;
    if (!response.complete) throw new Error('it was closed');
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

/** Lets go of an answer. The rest of a short one is read, so that its connection can be kept. */
export function discard(response: http.IncomingMessage): void {
  const { statusCode, headers } = response;
  const length = statusCode === 304 ? 0 : Number(headers['content-length'] ?? Infinity);
  if (length <= BEGINNING) response.resume();
  else response.destroy();
}

/** Reads an answer of at most `bound` bytes as text. */
export async function readAll(
  answer: { readonly headers: http.IncomingHttpHeaders; readonly body: AsyncIterable<Buffer> },
  base: string,
  bound: number,
): Promise<string> {
  return (await readBytes(answer, base, bound)).toString('utf8');
}

/** Reads an answer of at most `bound` bytes. */
export async function readBytes(
  answer: { readonly headers: http.IncomingHttpHeaders; readonly body: AsyncIterable<Buffer> },
  base: string,
  bound: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const announced = Number(answer.headers['content-length'] ?? 0);
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (Math.max(size, announced) > bound) {
      throw new JenkinsError(
        'too-large',
        `${base} answered with more than ${sizeOf(bound)} where far less was due.`,
        { advice: 'Check that the address is that of a Jenkins server.' },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function silence(base: string, idle: number): JenkinsError {
  return new JenkinsError(
    'timeout',
    `Cannot reach ${base}: no answer for ${Math.ceil(idle / 1000)} seconds.`,
    {
      advice: 'Try again; if it stays like this, check the network or VPN.',
    },
  );
}

function sizeOf(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.round(bytes / 1024)} KB` : `${Math.round(bytes / MEGABYTE)} MB`;
}
