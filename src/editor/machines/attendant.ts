import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { messageOf, UserError } from '../../base/errors';
import type { LeaseNews } from '../../machines/leases/attend';
import type { OnClose } from '../../machines/leases/handOver';
import type { Lease } from '../../machines/leases/ledger';
import type {
  Failed,
  FromAttendant,
  PersonQuestion,
  ToAttendant,
  Verb,
  Wishes,
} from '../../machines/leases/talk';

export interface AttendantParts {
  /** The path of the program. */
  readonly cli: string;
  /** What it is told first, and again with `tell`. */
  readonly greeting: () => Promise<Greeting>;
  readonly news: (news: LeaseNews) => void;
  /** Answers what only the person knows; null where they gave no answer. Where it is `quiet` they are not asked. */
  readonly question: (
    asks: PersonQuestion,
    quiet: boolean,
    signal: AbortSignal,
  ) => Promise<string | boolean | null>;
  /** It ended, though nobody wanted that; its leases have no owner now. */
  readonly died: (pid: number) => void;
  readonly log: (line: string) => void;
}

export interface Greeting {
  readonly onClose: OnClose;
  /** By the names of lenders. */
  readonly tokens: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly progress: (words: string) => void;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** Milliseconds after which one that has nothing to do is ended. */
const IDLE = 30_000;

/**
 * This window's `ci-parity attend`, which owns the machines that the window borrows. It is started when
 * it is wanted. It is in a process group of its own, and ends when its standard input is closed: also when the
 * window is killed it lets go of the machines in order.
 */
export class Attendant implements Disposable {
  readonly #parts: AttendantParts;
  readonly #waiting = new Map<number, Waiting>();
  /** What the person is asked at the moment. */
  readonly #questions = new Map<number, AbortController>();
  #child: Promise<ChildProcessWithoutNullStreams> | undefined;
  #pid: number | undefined;
  #last = 0;
  #idle: NodeJS.Timeout | undefined;
  /** Whether it owns no lease. */
  #resting = true;
  #disposed = false;

  constructor(parts: AttendantParts) {
    this.#parts = parts;
  }

  /** Whether a lease belongs to this window. */
  owns({ owner: { process } }: Lease): boolean {
    return process !== undefined && process.pid === this.#pid;
  }

  /** Rejects with a UserError, with the signal's reason where it is cancelled, or where it ends. */
  async ask<V extends Verb>(
    verb: V,
    wish: Wishes[V]['wish'],
    signal: AbortSignal,
    progress: (words: string) => void = () => undefined,
  ): Promise<Wishes[V]['answer']> {
    signal.throwIfAborted();
    this.#wake();
    const child = await this.#running();
    const n = ++this.#last;
    let cancel: (() => void) | undefined;
    try {
      return await new Promise<Wishes[V]['answer']>((resolve, reject) => {
        cancel = () => {
          write(child, { cancel: n });
          // Nobody waits for what it still has to clear away; the ledger shows it.
          reject(signal.reason as Error);
        };
        this.#waiting.set(n, { progress, resolve, reject });
        write(child, { n, do: verb, wish } as ToAttendant);
        if (signal.aborted) cancel();
        else signal.addEventListener('abort', cancel, { once: true });
      });
    } finally {
      if (cancel) signal.removeEventListener('abort', cancel);
    }
  }

  /** Tells it the greeting anew. */
  async tell(): Promise<void> {
    const child = await this.#child;
    if (child) write(child, await this.#parts.greeting());
  }

  /** Ends it soon, unless it is asked something: it owns no lease. */
  rest(): void {
    this.#resting = true;
    this.#restSoon();
  }

  /** It has something to own. */
  stay(): void {
    this.#resting = false;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#wake();
    this.#end();
  }

  #restSoon(): void {
    if (!this.#resting || !this.#child || this.#waiting.size > 0) return;
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined;
      if (this.#waiting.size === 0) this.#end();
    }, IDLE).unref();
  }

  #wake(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }

  #end(): void {
    const child = this.#child;
    this.#child = undefined;
    // One that could not be started has told why to whoever asked.
    child?.then(
      ({ stdin }) => stdin.end(),
      () => undefined,
    );
  }

  /** The one there is, or a new one; what kept it from being started may be mended the next time. */
  #running(): Promise<ChildProcessWithoutNullStreams> {
    if (this.#child) return this.#child;
    const child = this.#start();
    this.#child = child;
    child.catch(() => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  async #start(): Promise<ChildProcessWithoutNullStreams> {
    const greeting = await this.#parts.greeting();
    const child = spawn(process.execPath, [this.#parts.cli, 'attend', '--json'], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: 'pipe',
      detached: true,
      windowsHide: true,
    });
    const { pid } = child;
    this.#pid = pid;
    // What becomes of a line that it does not read any more, its end tells.
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) =>
      this.#hear(child, JSON.parse(line) as FromAttendant),
    );
    createInterface({ input: child.stderr }).on('line', this.#parts.log);
    child.once('error', (cause) => this.#over(child, cause));
    child.once('close', () => this.#over(child, undefined));
    write(child, greeting);
    if (this.#disposed) child.stdin.end();
    return child;
  }

  #hear(child: ChildProcessWithoutNullStreams, line: FromAttendant): void {
    if ('news' in line) {
      this.#parts.news(line.news);
      return;
    }
    if ('question' in line) {
      void this.#answer(child, line);
      return;
    }
    if ('withdrawn' in line) {
      this.#questions.get(line.withdrawn)?.abort();
      return;
    }
    const waiting = this.#waiting.get(line.n);
    if ('progress' in line) {
      waiting?.progress(line.progress);
      return;
    }
    this.#waiting.delete(line.n);
    this.#restSoon();
    if ('answer' in line) waiting?.resolve(line.answer as never);
    else waiting?.reject(errorOf(line.failed));
  }

  async #answer(
    child: ChildProcessWithoutNullStreams,
    { question, asks, quiet }: Extract<FromAttendant, { question: number }>,
  ): Promise<void> {
    const withdrawn = new AbortController();
    this.#questions.set(question, withdrawn);
    let answer: string | boolean | null = null;
    try {
      answer = await this.#parts.question(asks, quiet, withdrawn.signal);
    } catch (error) {
      this.#parts.log(`Could not ask: ${messageOf(error)}`);
    } finally {
      this.#questions.delete(question);
      write(child, { reply: question, answer });
    }
  }

  #over(child: ChildProcessWithoutNullStreams, cause: Error | undefined): void {
    const { pid } = child;
    // One that was ended on purpose is nobody's any more.
    if (pid !== this.#pid || !this.#child) return;
    this.#child = undefined;
    const error = new UserError('The program that asks the lenders has ended.', { cause });
    for (const question of this.#questions.values()) question.abort();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    if (pid !== undefined && !this.#disposed) this.#parts.died(pid);
  }
}

function write(child: ChildProcessWithoutNullStreams, line: ToAttendant): void {
  if (child.stdin.writable) child.stdin.write(`${JSON.stringify(line)}\n`);
}

function errorOf({ message, advice, forPeople, cancelled }: Failed): Error {
  if (cancelled) return new DOMException(message, 'AbortError');
  return forPeople ? new UserError(message, { advice }) : new Error(message);
}
