import { fork } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from '../../base/childEnvironment';
import { UserError } from '../../base/errors';
import type { ConsoleFindings } from '../../jenkins/consoleLog';
import type { Clues } from '../../jenkins/failure';
import type { ConnectOptions } from '../../jenkins/http';
import type { Elsewhere } from '../../jenkins/largeLogs';
import type { RecordedSh } from '../../jenkins/recordedCommands';
import type { Run, Stage } from '../../jenkins/run';
import type { KnownLines } from './lineIndex';
import type { Extent } from './logReading';
import { unpacked } from './packedError';
import type { FoundProblem } from './problems';
import type { OnServer, Order, Part, PlainOptions, Word } from './reader';
import type { Query, SearchOptions } from './search';

/** Reads logs of one server in processes of their own. */
export interface LogsElsewhere extends Elsewhere {
  /** Reads a log into a file that is there, from its beginning, until the log ends. */
  spool(
    of: { readonly run: Run; readonly stage?: Stage | undefined; readonly path: string },
    hear: Hearing,
    signal: AbortSignal,
  ): Promise<Extent | undefined>;
}

export interface Hearing {
  /** More is in the file. */
  part(part: Part): void;
  /** The connection was lost; it is tried again. */
  waits(error: Error): void;
}

/** Reads files that hold clean logs in processes of their own. Resolves with undefined where that could not even begin. */
export interface FilesElsewhere {
  clues(path: string, stages: readonly Stage[], signal: AbortSignal): Promise<Clues | undefined>;
  /** `lines` are those of the file. */
  search(
    path: string,
    lines: KnownLines,
    query: Query,
    options: SearchOptions,
  ): Promise<boolean | undefined>;
  problems(
    path: string,
    options: Pick<SearchOptions, 'part' | 'showing' | 'signal'>,
  ): Promise<readonly FoundProblem[] | undefined>;
}

export function readFilesElsewhere(program: string): FilesElsewhere {
  return {
    clues: async (path, stages, signal) =>
      (await carryOut(program, { kind: 'clues', of: { path }, stages }, signal)) as Clues,
    search: async (path, lines, query, { part, showing, signal, progress }) =>
      (await carryOut(
        program,
        { kind: 'search', path, lines, query, part, showing },
        signal,
        (word) => {
          if (word.kind === 'hits') progress(word.hits, word.searched);
        },
      )) as boolean,
    problems: async (path, { part, showing, signal }) =>
      (await carryOut(
        program,
        { kind: 'problems', path, part, showing },
        signal,
      )) as readonly FoundProblem[],
  };
}

/**
 * `program` is `dist/reader.js`. What it must know it is told over its channel, since others can see a
 * process's arguments and environment.
 */
export function readElsewhere(program: string, options: ConnectOptions): LogsElsewhere {
  const server = plain(options);
  const ended = (url: string): OnServer => ({ server, run: { url, building: false } });
  return {
    findings: async (url, signal) =>
      (await carryOut(program, { kind: 'findings', of: ended(url) }, signal)) as ConsoleFindings,
    commands: async (url, signal) =>
      (await carryOut(program, { kind: 'commands', of: ended(url) }, signal)) as RecordedSh[],
    clues: async (url, stages, signal) =>
      (await carryOut(program, { kind: 'clues', of: ended(url), stages }, signal)) as Clues,
    spool: async ({ run, stage, path }, hear, signal) =>
      (await carryOut(
        program,
        { kind: 'spool', of: { server, run, stage }, path },
        signal,
        (word) => {
          if (word.kind === 'part') hear.part(word.part);
          else if (word.kind === 'waiting') hear.waits(unpacked(word.error));
        },
      )) as Extent,
  };
}

function plain({ route, ...options }: ConnectOptions): PlainOptions {
  if (typeof route !== 'object') return { ...options, route: 'straight' };
  return { ...options, route: { ...route, url: route.url.href } };
}

/** Resolves when the process has ended: with its answer, or with undefined if it could not even begin. */
async function carryOut(
  program: string,
  order: Order,
  signal: AbortSignal,
  hear?: (word: Word) => void,
): Promise<unknown> {
  signal.throwIfAborted();
  const child = fork(program, [], {
    env: { ...childEnvironment(), ELECTRON_RUN_AS_NODE: '1' },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const heard = new Map<Word['kind'], Word>();
  child.on('message', (message) => {
    const word = message as Word;
    heard.set(word.kind, word);
    if (!signal.aborted) hear?.(word);
  });
  const cancel = (): void => void child.kill();
  signal.addEventListener('abort', cancel, { once: true });
  // Its last words may come after its end.
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  child.on('error', () => undefined);
  let how: (number | string | null)[];
  try {
    // That nobody hears it, its end tells.
    child.send(order, () => undefined);
    [how] = (await gone) as [typeof how, unknown];
  } catch (error) {
    // Where the system has no room for it, it never was.
    if (child.pid === undefined) return undefined;
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    child.kill();
  }
  signal.throwIfAborted();
  const end = heard.get('done') ?? heard.get('failed');
  if (end?.kind === 'done') return end.answer;
  if (!heard.has('begun')) return undefined;
  if (end?.kind === 'failed') throw unpacked(end.error);
  const [code, killed] = how;
  throw new UserError(`The process that was reading the log has ended (${killed ?? code ?? ''}).`, {
    advice: 'Try again; the system may have run out of memory.',
  });
}
