import { setTimeout as wait } from 'node:timers/promises';
import type { Wire } from './http';
import { createLogCleaner } from './logCleaner';
import type { Run } from './run';

/** Where to go on reading a log. Plain data that can be kept in a file; of no other use. */
export interface LogPosition {
  /** Offset in the server's own file, in bytes. */
  readonly start: number;
  /** Clean bytes after `start` that have been handed over already. */
  readonly skip: number;
}

export interface LogChunk {
  /** Never empty; without the CR of CRLF and without Jenkins' console notes. */
  readonly bytes: Buffer;
  /** Where to go on after this chunk. */
  readonly next: LogPosition;
}

/**
 * A run's log: all of it if the run has ended, else followed until it ends. Rejects with a
 * JenkinsError; reading can then be taken up again at the last chunk's `next`.
 */
export async function* readLog(
  wire: Wire,
  run: Pick<Run, 'url' | 'building'>,
  options: { start: LogPosition | undefined; pollInterval: number; signal: AbortSignal },
): AsyncGenerator<LogChunk> {
  const from = options.start ?? { start: 0, skip: 0 };
  if (run.building || from.start > 0) {
    yield* follow(wire, run.url, from, options.pollInterval, options.signal);
    return;
  }
  // consoleText is the whole log in one request, already without notes and doubled line ends.
  const { body } = await wire.get(`${run.url}consoleText`, options.signal, {
    noPage: true,
  });
  for await (const { bytes, seen } of fresh(cleaned(body), from.skip, undefined)) {
    yield { bytes, next: { start: 0, skip: seen } };
  }
}

/**
 * Asks for part after part. Up to 2.508 Jenkins says with X-Text-Size where the next part begins.
 * From 2.509 it says the length of the whole log, although the part may end before it, at the last
 * newline or after 10,000 lines; then the next part's beginning is computed from what came.
 */
async function* follow(
  wire: Wire,
  runUrl: string,
  from: LogPosition,
  pollInterval: number,
  signal: AbortSignal,
): AsyncGenerator<LogChunk> {
  let { start, skip } = from;
  let seam: Seam | undefined;
  for (;;) {
    const { headers, body } = await wire.get(
      `${runUrl}logText/progressiveText?start=${start}`,
      signal,
      { noPage: true },
    );
    const more = headers['x-more-data'] === 'true';
    const size = Number(headers['x-text-size'] ?? NaN);
    const trusted = Number.isSafeInteger(size) && !cutsParts(headers['x-jenkins']);
    const part = createTally();
    let grown = false;
    const raw = trusted ? body : part.watch(body);
    for await (const { bytes, seen } of fresh(cleaned(raw), skip, seam)) {
      grown = true;
      yield { bytes, next: { start, skip: seen } };
    }
    if (trusted) {
      if (!more) return;
      start = size;
      skip = 0;
    } else {
      const complete = start + part.least() >= size;
      const behind = grown && start + part.most() < size;
      if (!more && (complete || !grown)) return;
      if (grown) {
        ({ start, seam } = part.next(start));
        skip = 0;
      }
      if (behind || !more) continue;
    }
    await wait(pollInterval, undefined, { signal });
  }
}

/** From 2.509, notes are sent raw and parts are cut while X-Text-Size is the whole length. */
function cutsParts(version: string | readonly string[] | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(String(version ?? '')) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 509);
}

/** What the next part of a log is known to begin with. */
interface Seam {
  /** The clean text of the last lines that came. */
  readonly text: Buffer;
  /** In how many bytes of the next part that text must be found. */
  readonly within: number;
}

interface Tally {
  watch(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
  /** How many bytes of the server's file this part can be, at least and at most. */
  least(): number;
  most(): number;
  /** Where to ask for the next part, given where this one began. */
  next(start: number): { start: number; seam: Seam };
}

const SEAM_LENGTH = 4096;
const CR = 13;
const LF = 10;
const REPLACEMENT = Buffer.from('\ufffd');

/**
 * Measures a part. Jenkins sends LF as CRLF, but CRLF as it is, and a byte that is no UTF-8 as
 * three; so its length in the file is only known within limits. The next part is therefore asked
 * for early enough to lose nothing, and is joined where it repeats the last lines of this one.
 */
function createTally(): Tally {
  let bytes = 0;
  let doubtful = 0;
  let tail: Buffer = Buffer.alloc(0);

  return {
    async *watch(body) {
      for await (const chunk of body) {
        bytes += chunk.length;
        doubtful += doubtIn(chunk);
        if (tail.at(-1) === CR && chunk[0] === LF) doubtful++;
        tail = Buffer.concat([tail, chunk.subarray(-SEAM_LENGTH)]).subarray(-SEAM_LENGTH);
        yield chunk;
      }
    },
    least: () => bytes - doubtful,
    most: () => bytes,
    next(start) {
      // Whole lines only, because notes do not span them.
      const lines = tail.subarray(bytes > tail.length ? tail.indexOf(LF) + 1 : 0);
      // Where these lines begin, if all doubtful bytes of this part were Jenkins' own; else earlier.
      const again = start + (bytes - doubtful) - (lines.length - doubtIn(lines));
      const cleaner = createLogCleaner();
      const text = Buffer.concat([cleaner.push(lines), cleaner.end()]);
      return { start: again, seam: { text, within: doubtful + 2 * SEAM_LENGTH } };
    },
  };
}

/** How many bytes Jenkins may have added. */
function doubtIn(chunk: Buffer): number {
  let added = 0;
  // Looking for single bytes is several times as fast as for two.
  for (let at = chunk.indexOf(CR); at >= 0; at = chunk.indexOf(CR, at + 1)) {
    if (chunk[at + 1] === LF) added++;
  }
  for (let at = chunk.indexOf(REPLACEMENT); at >= 0; at = chunk.indexOf(REPLACEMENT, at + 3)) {
    added += 2;
  }
  return added;
}

/** Without notes and the CR of CRLF. */
export async function* cleaned(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const cleaner = createLogCleaner();
  for await (const chunk of body) yield cleaner.push(chunk);
  yield cleaner.end();
}

/** Leaves out what was handed over before: `skip` bytes, or all up to the end of the seam. */
async function* fresh(
  part: AsyncGenerator<Buffer>,
  skip: number,
  seam: Seam | undefined,
): AsyncGenerator<{ bytes: Buffer; seen: number }> {
  let seen = 0;
  let known = skip;
  for await (const chunk of seam === undefined ? part : withHead(part, seam.within)) {
    if (seam !== undefined && seen === 0) {
      const at = chunk.indexOf(seam.text);
      known = at < 0 ? 0 : at + seam.text.length;
    }
    const bytes = chunk.subarray(Math.max(0, known - seen));
    seen += chunk.length;
    if (bytes.length > 0) yield { bytes, seen };
  }
}

/** The same bytes, of which the first `size` come in one piece. */
async function* withHead(part: AsyncGenerator<Buffer>, size: number): AsyncGenerator<Buffer> {
  const head: Buffer[] = [];
  let missing = size;
  for await (const chunk of part) {
    if (missing <= 0) {
      yield chunk;
      continue;
    }
    head.push(chunk);
    missing -= chunk.length;
    if (missing <= 0) yield Buffer.concat(head);
  }
  if (missing > 0) yield Buffer.concat(head);
}
