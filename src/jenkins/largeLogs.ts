import { createSlots } from '../base/slots';
import type { ConsoleFindings } from './consoleLog';
import type { Clues } from './failure';
import type { RecordedSh } from './recordedCommands';
import type { Stage } from './run';

/**
 * Bytes of a clean log beyond which it is read elsewhere, where somebody does that. To read so much makes
 * a process grow by some 10 MB, and 32 MB by 50; to start another takes a few tenths of a second.
 */
export const LARGE = 8 << 20;

/**
 * Reads logs where it takes neither memory nor time of this process. Resolves with undefined where
 * that could not even begin, because only this process knows the way to the server.
 */
export interface Elsewhere {
  findings(runUrl: string, signal: AbortSignal): Promise<ConsoleFindings | undefined>;
  commands(runUrl: string, signal: AbortSignal): Promise<RecordedSh[] | undefined>;
  clues(runUrl: string, stages: readonly Stage[], signal: AbortSignal): Promise<Clues | undefined>;
}

/** What to do with large logs. */
export interface LargeLogs {
  readonly bound: number;
  elsewhere(): Promise<Elsewhere>;
}

export interface WholeLog<T> {
  /** The log from its beginning. */
  readonly log: () => AsyncIterable<Buffer>;
  readonly read: (log: AsyncIterable<Buffer>) => Promise<T>;
  readonly ask: (elsewhere: Elsewhere) => Promise<T | undefined>;
}

/**
 * Reads something off whole logs. How long one is, most servers do not tell before its end: so one is
 * read here up to the bound, and begun anew elsewhere when there is more of it; one at a time.
 */
export function wholeLogReader(large: LargeLogs | undefined) {
  const place = createSlots(1);

  return async <T>({ log, read, ask }: WholeLog<T>, signal: AbortSignal): Promise<T> => {
    if (large === undefined) return read(log());
    let size = 0;
    async function* beginning(bound: number): AsyncGenerator<Buffer> {
      for await (const bytes of log()) {
        size += bytes.length;
        if (size > bound) return;
        yield bytes;
      }
    }
    const answer = await read(beginning(large.bound));
    if (size <= large.bound) return answer;
    const release = await place(signal);
    try {
      const told = await ask(await large.elsewhere());
      if (told !== undefined) return told;
    } finally {
      release();
    }
    return read(log());
  };
}
