import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { isUserError } from '../base/errors';
import { explainSystemError } from '../base/systemErrors';
import { writeWhole } from '../base/writeWhole';
import type { FailedTest } from '../jenkins/run';

/**
 * One line of `events.ndjson`, the append-only record of a reproduction and the only truth about
 * it. Readers skip events whose type they do not know.
 */
export type JournalEvent = { readonly at: string } & (
  | { readonly type: 'started'; readonly version: 1; readonly pid: number; readonly bornAt: string }
  /** Something that could leak is about to be made; `gone` strikes it off. */
  | { readonly type: 'intent'; readonly what: MadeThing; readonly where: string }
  | { readonly type: 'gone'; readonly what: MadeThing; readonly where: string }
  | { readonly type: 'finding'; readonly finding: Finding }
  | {
      readonly type: 'stage';
      readonly path: readonly string[];
      readonly state: StageProgress;
      readonly line?: number;
      readonly why?: string;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly stage: readonly string[];
      /** The parallel branches around; absent where there are none. */
      readonly branches?: readonly string[];
      readonly line: number;
      readonly script: string;
      readonly post: boolean;
      readonly offset: number;
    }
  | {
      readonly type: 'exit';
      readonly step: number;
      readonly code: number | undefined;
      readonly signal?: string;
      readonly offset: number;
    }
  | {
      readonly type: 'omitted';
      readonly name: string;
      readonly line: number;
      readonly reason: string;
    }
  | { readonly type: 'post'; readonly stage: readonly string[] }
  /** The machine stays and `post` waits for `finish`. */
  | ({ readonly type: 'kept' } & Kept)
  | { readonly type: 'finishing' }
  | { readonly type: 'cancelling'; readonly why: string }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  /** Nothing is left but what `left` names. */
  | { readonly type: 'ended'; readonly left: readonly string[] }
);

/** What is needed to enter a kept machine. */
export interface Kept {
  /** Where Vagrant made it, or the workspace. */
  readonly directory: string;
  /** As the Vagrantfile names them. */
  readonly machines: readonly string[];
  /** What the steps had beside the machine's own environment, without credentials: the Vagrantfile is evaluated with it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** `machine`: a workspace with what Vagrant made in it. `secrets`: a folder with secret files or an agent's socket. */
export type MadeThing = 'worktree' | 'machine' | 'container' | 'image' | 'secrets';

export type StageProgress = 'running' | 'passed' | 'failed' | 'unstable' | 'aborted' | 'skipped';

/** What preflight found; `stop` means that it is no use to begin. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'stop';
  /** What was looked at: `vagrant`, `memory`, `disk` … */
  readonly subject: string;
  readonly message: string;
  readonly advice?: string;
}

export type VerdictKind =
  | 'reproduced'
  | 'another failure'
  | 'passed here'
  | 'could not run'
  | 'cancelled'
  /** Without a run to compare with there are only these two. */
  | 'passed'
  | 'failed';

export interface Verdict {
  readonly kind: VerdictKind;
  /** A sentence: `reproduced: Build failed as in #42, same test`. */
  readonly sentence: string;
  /** Further lines: what differs, advice. */
  readonly details: readonly string[];
  readonly failedTests: readonly FailedTest[];
}

/** `Omit` over each member of the union. */
type Unstamped<E> = E extends unknown ? Omit<E, 'at'> : never;
export type NewEvent = Unstamped<JournalEvent>;

export interface Journal extends Disposable {
  /** Written before it returns: an event that was promised is on its way to the disk. */
  append(event: NewEvent): void;
}

/** Opens the journal at `file` for appending; the caller disposes it. `onEvent` hears of each event once it is written. */
export function openJournal(file: string, onEvent?: (event: JournalEvent) => void): Journal {
  const fd = openSync(file, 'a', 0o600);
  // After a kill in mid-write the last line may lack its end; the next event starts a new one.
  const { size } = fstatSync(fd);
  let torn = size > 0 && lastByte(file, size) !== 0x0a;
  return {
    append: (event) => {
      const stamped = { at: new Date().toISOString(), ...event };
      const line = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(stamped)}\n`);
      // Where the disk has no room for all of it, a part may be there.
      torn = true;
      writeWhole(fd, line, file);
      torn = false;
      onEvent?.(stamped);
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

/** Whether the event could be written; false when the disk is full or read-only. */
export function appendIfPossible(journal: Journal, event: NewEvent): boolean {
  try {
    journal.append(event);
    return true;
  } catch (error) {
    if (!isUserError(explainSystemError(error))) throw error;
    return false;
  }
}

/**
 * For cleaning up, which a full or read-only disk must not prevent: an event that cannot be written is left out. A
 * missing `gone` only makes the next cleaning look for the thing again.
 */
export function tolerantJournal(journal: Journal): Journal {
  return {
    append: (event) => void appendIfPossible(journal, event),
    [Symbol.dispose]: () => journal[Symbol.dispose](),
  };
}

/** Reads a journal; a missing file is an empty one, and a torn line is passed over. */
export function readJournal(file: string): JournalEvent[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const events: JournalEvent[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      events.push(JSON.parse(line) as JournalEvent);
    } catch {
      // The owner was killed while it wrote this line.
    }
  }
  return events;
}

function lastByte(file: string, size: number): number {
  const fd = openSync(file, 'r');
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, size - 1);
    return byte[0] ?? 0;
  } finally {
    closeSync(fd);
  }
}
