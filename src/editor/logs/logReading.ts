import { rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isUserError, type UserError } from '../../base/errors';
import { mayPass } from '../../jenkins/jenkinsError';
import type { LogChunk, LogPosition } from '../../jenkins/log';
import type { LogText } from './logText';

/** All of a log, or what there was room for. */
export type Extent = 'whole' | 'cut';

/** Where the reading of a log is. */
export type ReadingState =
  | { readonly kind: 'reading' }
  /** The connection was lost; it is tried again. */
  | { readonly kind: 'waiting'; readonly error: UserError }
  /** It has been read. */
  | { readonly kind: 'complete'; readonly extent: Extent }
  /** What is there is all that can be had. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** `waits` is told when the connection was lost, and is tried again later. */
export type ReadInto<T> = (
  log: LogText,
  signal: AbortSignal,
  waits: (error: UserError) => void,
) => Promise<T>;

/** What the reading of a log is made from. */
export interface LogSource {
  /** Reads into `log` from where it ends, until the log ends or there is no more room. */
  readonly read: ReadInto<Extent>;
  /** Whether the log still grows, as far as is known. */
  readonly growing: boolean;
}

/** A log that is being read into a file. */
export class LogReading implements AsyncDisposable {
  readonly log: LogText;
  readonly growing: boolean;
  /** Settles when there is something to show, or a growing log has nothing yet. Rejects when nothing can be had. */
  readonly begun: Promise<void>;
  /** Settles when all is there, and rejects when it can not be had. */
  readonly complete: Promise<void>;
  readonly #reading = new AbortController();
  readonly #listeners: (() => void)[] = [];
  readonly #file: string | undefined;
  #state: ReadingState = { kind: 'reading' };

  /** `file` is deleted with it. */
  constructor(log: LogText, source: LogSource, file?: string) {
    this.log = log;
    this.#file = file;
    this.growing = source.growing;
    const first = new Promise<void>((done) => {
      log.watch(() => {
        done();
        this.#become({ kind: 'reading' });
      });
    });
    const waits = (error: UserError): void => this.#become({ kind: 'waiting', error });
    this.complete = source.read(log, this.#reading.signal, waits).then(
      (extent) => this.#become({ kind: 'complete', extent }),
      (error: unknown) => {
        this.#become({ kind: 'failed', error });
        throw error;
      },
    );
    this.begun = Promise.race([first, this.complete, wait(FIRST_BYTES, undefined, { ref: false })]);
    // Nobody may be waiting; the state tells it, too.
    this.complete.catch(() => undefined);
    this.begun.catch(() => undefined);
  }

  get state(): ReadingState {
    return this.#state;
  }

  /** Has `listener` called whenever there is more of it, or its state is another. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reading.abort();
    await this.complete.catch(() => undefined);
    await this.log[Symbol.asyncDispose]();
    if (this.#file !== undefined) await rm(this.#file, { force: true });
  }

  #become(state: ReadingState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Milliseconds after which an empty document is shown of a log that does not begin. */
const FIRST_BYTES = 2000;
/** More of one log is not kept, and no more than leaves this much of the disk free; in bytes. */
const MOST = 32 * 2 ** 30;
const LEAVE_FREE = 2 ** 30;
/** Bytes between two looks at the disk. */
const LOOK = 256 * 2 ** 20;
/** Milliseconds before a lost connection is tried again; twice as long each time. */
const PATIENCE = 1000;
const LONGEST_PATIENCE = 30_000;

export type AskLog = (
  start: LogPosition | undefined,
  signal: AbortSignal,
) => AsyncIterable<LogChunk>;

/** Reads a log over what is there of it, in another process. */
export interface LargeSource {
  /** In bytes. */
  readonly bound: number;
  /** Resolves with undefined where that could not even begin. */
  readonly read: ReadInto<Extent | undefined>;
}

/**
 * A run's log, asked for once and kept in a file: its lines can then be counted, searched and gone to
 * in any order. Asking for parts of it would not do: Jenkins tells places in bytes of its own file,
 * with notes that nobody sees and other line ends, and a whole log it only sends from the beginning.
 * Where there is more than the bound, it is begun anew elsewhere.
 */
export function runSource(
  growing: boolean,
  path: string,
  log: AskLog,
  large?: LargeSource,
): LogSource {
  return {
    growing,
    async read(into, signal, waits) {
      const here = { path, growing, log, start: undefined, bound: large?.bound ?? Infinity };
      const read = await readHere(into, here, signal, waits);
      if (typeof read === 'string') return read;
      const extent = await large?.read(into, signal, waits);
      if (extent !== undefined) return extent;
      const rest = await readHere(into, { ...here, start: read, bound: Infinity }, signal, waits);
      return typeof rest === 'string' ? rest : 'cut';
    },
  };
}

interface Here {
  readonly path: string;
  readonly growing: boolean;
  readonly log: AskLog;
  readonly start: LogPosition | undefined;
  readonly bound: number;
}

/** Resolves with where to go on when there is more than the bound. */
async function readHere(
  into: LogText,
  { path, growing, log, bound, ...from }: Here,
  signal: AbortSignal,
  waits: (error: UserError) => void,
): Promise<Extent | LogPosition> {
  let { start } = from;
  let patience = PATIENCE;
  let looked = 0;
  for (;;) {
    try {
      for await (const { bytes, next } of log(start, signal)) {
        await into.append(bytes);
        start = next;
        patience = PATIENCE;
        if (into.size > bound) return next;
        if (into.size - looked > LOOK) {
          looked = into.size;
          const note = await noRoom(into.size, path);
          if (note === undefined) continue;
          await into.append(Buffer.from(`\n… CI Parity reads no further: ${note} …\n`));
          return 'cut';
        }
      }
      return 'whole';
    } catch (error) {
      if (!isUserError(error) || start === undefined || !mayPass(error)) throw error;
      // Of a log that has ended all would be sent again, and again.
      if (!growing && patience > 4 * PATIENCE) throw error;
      waits(error);
      await wait(patience, undefined, { signal });
      patience = Math.min(2 * patience, LONGEST_PATIENCE);
    }
  }
}

/** The output of a reproduction, which is in a file already; `ended` tells whether it still grows. */
export function fileSource(growing: boolean, ended: () => boolean, pulse = 1000): LogSource {
  return {
    growing,
    async read(into, signal) {
      for (;;) {
        const last = ended();
        await into.catchUp(signal);
        if (last) return 'whole';
        await wait(pulse, undefined, { signal });
      }
    },
  };
}

async function noRoom(size: number, path: string): Promise<string | undefined> {
  if (size > MOST) return 'it is too long';
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize < LEAVE_FREE ? 'the disk is nearly full' : undefined;
}
