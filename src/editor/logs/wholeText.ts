import type { ReadClues } from '../../jenkins/client';
import type { FilesElsewhere, LogsElsewhere } from './elsewhere';
import type { LogText } from './logText';
import { problemsIn, type FoundProblem } from './problems';
import { search, type Query, type SearchOptions } from './search';

/** What to do with large logs. */
export interface Large {
  /** Bytes of a clean log beyond which it is read in another process. */
  readonly bound: number;
  /** The program for it, `dist/reader.js`. */
  readonly program: string;
  elsewhere(runUrl: string): Promise<LogsElsewhere>;
}

/** Reads all of a log that is in a file: here where it is short, else in another process. */
export interface WholeText {
  readonly clues: ReadClues;
  /** See `search`. */
  search(query: Query, options: SearchOptions): Promise<boolean>;
  problems(
    options: Pick<SearchOptions, 'part' | 'showing' | 'signal'>,
  ): Promise<readonly FoundProblem[]>;
}

export function wholeText(log: LogText, path: string, large: Large | undefined): WholeText {
  async function elsewhere<T>(ask: (files: FilesElsewhere) => Promise<T>): Promise<T | undefined> {
    if (large === undefined || log.size <= large.bound) return undefined;
    const { readFilesElsewhere } = await import('./elsewhere');
    return ask(readFilesElsewhere(large.program));
  }

  return {
    async clues(stages, signal) {
      const told = await elsewhere((files) => files.clues(path, stages, signal));
      if (told) return told;
      const { readClues } = await import('../../jenkins/failure');
      return readClues(log.pieces(0, log.size, { signal }), stages);
    },
    search: async (query, options) =>
      (await elsewhere((files) => files.search(path, log.index.known(), query, options))) ??
      search(log, query, options),
    problems: async (options) =>
      (await elsewhere((files) => files.problems(path, options))) ?? problemsIn(log, options),
  };
}
