import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { codeOf, isUserError } from '../base/errors';
import { fields } from '../base/json';
import { explainSystemError } from '../base/systemErrors';
import { writeWhole } from '../base/writeWhole';
import type { FailedTest } from '../jenkins/run';

/**
 * One line of `events.ndjson`, the append-only record of a reproduction and the only truth about
 * it. Readers skip events whose type they do not know.
 */
export type JournalEvent = { readonly at: string } & (
  | {
      readonly type: 'started';
      /** 1; a later version of this program may have written another. */
      readonly version: number;
      readonly pid: number;
      readonly bornAt: string;
    }
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

/** Reads a journal; a missing file is an empty one. What cannot be read of it is passed over: see `parseJournal`. */
export function readJournal(file: string): JournalEvent[] {
  return parseJournal(journalText(file)).events;
}

/** The text of a journal; empty where there is no such file. */
export function journalText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

export interface ParsedJournal {
  readonly events: JournalEvent[];
  /** The numbers, from 1, of lines that hold no event; a last line without its end is none of them. */
  readonly damaged: readonly number[];
}

/** Reads the lines of a journal. Of events whose type is not known here nothing is expected. */
export function parseJournal(text: string): ParsedJournal {
  const events: JournalEvent[] = [];
  const damaged: number[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const event = eventOf(line);
    if (event) events.push(event);
    // The process was killed while it wrote the last line.
    else if (index < lines.length - 1) damaged.push(index + 1);
  }
  return { events, damaged };
}

function eventOf(line: string): JournalEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const event = fields(value);
  const { type, at } = event;
  if (typeof type !== 'string' || typeof at !== 'string') return undefined;
  const expected = Object.hasOwn(SHAPES, type) ? SHAPES[type as JournalEvent['type']] : {};
  return hasShape(event, expected) ? (value as JournalEvent) : undefined;
}

/** What readers of the journal rely on. */
const SHAPES: Readonly<Record<JournalEvent['type'], Shape>> = {
  started: { version: 'number', pid: 'number', bornAt: 'string' },
  intent: { what: 'string', where: 'string' },
  gone: { what: 'string', where: 'string' },
  finding: { finding: { level: 'string', subject: 'string', message: 'string' } },
  stage: { path: 'strings', state: 'string' },
  step: { step: 'number', stage: 'strings', line: 'number', script: 'string', offset: 'number' },
  exit: { step: 'number', offset: 'number' },
  omitted: { name: 'string', line: 'number', reason: 'string' },
  post: { stage: 'strings' },
  kept: { directory: 'string', machines: 'strings', environment: {} },
  finishing: {},
  cancelling: { why: 'string' },
  verdict: {
    verdict: { kind: 'string', sentence: 'string', details: 'strings', failedTests: 'objects' },
  },
  ended: { left: 'strings' },
};

type Kind = 'string' | 'number' | 'strings' | 'objects' | Shape;
interface Shape {
  readonly [name: string]: Kind;
}

function hasShape(value: unknown, shape: Shape): boolean {
  const members = fields(value);
  return (
    value === members && Object.entries(shape).every(([name, kind]) => isOf(kind, members[name]))
  );
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'strings' || kind === 'objects') {
    const wanted = kind.slice(0, -1);
    return Array.isArray(value) && value.every((one) => typeof one === wanted && one !== null);
  }
  return typeof kind === 'string' ? typeof value === kind : hasShape(value, kind);
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
