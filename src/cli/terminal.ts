import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { childEnvironment } from '../base/childEnvironment';
import { visible, visibleJson } from '../base/visible';
import { prefixLines } from '../reproduce/branchOutput';
import type { Screen } from '../reproduce/effects';

/**
 * The terminal, or whatever standard output and standard error are instead of one. It is the only
 * printer: what it is given becomes one line without control characters, except the output of steps.
 */
export interface Terminal extends Screen, Disposable {
  readonly json: boolean;
  /** A line of a result for people; with `--json` it goes to standard error. */
  print(line: string): void;
  /** A result for programs; without `--json` nothing. */
  emit(value: unknown): void;
  /** A problem; further lines are indented. */
  error(text: string): void;
  /** Our own text of several lines, such as help. */
  page(text: string, where: 'stdout' | 'stderr'): void;
  /** Whether somebody can be asked. */
  readonly asks: boolean;
  /** Reads a line; what is `hidden` is not shown while it is typed. Undefined where nobody can be asked, or says nothing (Ctrl-D). */
  ask(question: string, hidden: boolean, signal: AbortSignal): Promise<string | undefined>;
  /** Tells of each SIGINT, SIGTERM and of the terminal's closing. */
  onInterrupt(listener: (why: string) => void): Disposable;
  /** Tells when Enter is pressed. */
  onEnter(listener: () => void): Disposable;
}

export function createTerminal(json: boolean): Terminal {
  const people = json ? process.stderr : process.stdout;
  // Once a terminal is closed, writing to it fails; the work goes on to its orderly end.
  const ignore = (): void => undefined;
  process.stdout.on('error', ignore);
  process.stderr.on('error', ignore);
  const colours = people.isTTY && process.env['NO_COLOR'] === undefined;
  const style = (format: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(format, text, { validateStream: false }) : text;
  const known: string[] = [];
  /** Resolves when what was written has been taken; all writers wait for the same. */
  let draining: Promise<void> | undefined;
  /** Each branch has its own colour, in the order in which they come. */
  const prefixOf = (branch: string): string => {
    if (!known.includes(branch)) known.push(branch);
    const colour = BRANCH_COLOURS[known.indexOf(branch) % BRANCH_COLOURS.length] ?? 'cyan';
    return style(colour, `[${visible(branch)}]`) + ' ';
  };
  return {
    json,
    asks: process.stdin.isTTY,
    print: (line) => void people.write(`${visible(line)}\n`),
    emit: (value) => {
      if (json) process.stdout.write(`${visibleJson(value)}\n`);
    },
    error: (text) => {
      const [first = '', ...more] = text.split('\n').map(visible);
      process.stderr.write(`${style('red', 'ci-parity:')} ${first}\n`);
      for (const line of more) process.stderr.write(`  ${line}\n`);
    },
    page: (text, where) => {
      for (const line of text.trimEnd().split('\n')) process[where].write(`${visible(line)}\n`);
    },
    say: (line) =>
      void people.write(`${style(['bold', 'cyan'], '▸')} ${style('bold', visible(line))}\n`),
    output: (chunk, branch, continued) => {
      const text = branch === undefined ? chunk : prefixLines(chunk, prefixOf(branch), continued);
      if (people.write(text) || people.destroyed) return undefined;
      // A reader that is gone never drains.
      draining ??= new Promise<void>((resolve) => {
        const done = (): void => {
          for (const event of ['drain', 'close', 'error']) people.off(event, done);
          draining = undefined;
          resolve();
        };
        for (const event of ['drain', 'close', 'error']) people.once(event, done);
      });
      return draining;
    },
    ask: (question, hidden, signal) => askPerson(visible(question), hidden, signal),
    onInterrupt: (listener) => {
      const why = {
        SIGINT: 'interrupted',
        SIGTERM: 'asked to end',
        SIGHUP: 'the terminal was closed',
      } as const;
      const listeners = Object.entries(why).map(([name, words]) => {
        const heard = (): void => listener(words);
        process.on(name, heard);
        return () => process.off(name, heard);
      });
      return { [Symbol.dispose]: () => listeners.forEach((forget) => forget()) };
    },
    onEnter: (listener) => {
      if (!process.stdin.isTTY) return { [Symbol.dispose]: ignore };
      process.stdin.on('data', listener);
      process.stdin.unref();
      return {
        [Symbol.dispose]: () => {
          process.stdin.off('data', listener);
          process.stdin.pause();
        },
      };
    },
    [Symbol.dispose]: () => {
      process.stdout.off('error', ignore);
      process.stderr.off('error', ignore);
    },
  };
}

const BRANCH_COLOURS = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'red'] as const;

/** Waits until a key is pressed. */
export async function waitForKey(): Promise<void> {
  const { stdin, stderr } = process;
  stderr.write('\nPress any key to close this terminal.');
  // It may have been paused, and let go of, by whoever listened for Enter.
  stdin.setRawMode(true).ref().resume();
  await once(stdin, 'data');
  stdin.setRawMode(false).pause();
}

async function askPerson(
  question: string,
  hidden: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      reader.once('close', () => resolve(undefined));
      reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      reader.question(question, { signal }, resolve);
      // readline echoes what is typed through this method; it has no setting to be quiet.
      if (hidden) Object.assign(reader, { _writeToOutput: () => undefined });
    });
  } finally {
    reader.close();
    if (hidden) process.stderr.write('\n');
  }
}

/**
 * What an agent's environment would be: this one's, without what belongs to us or to the editor
 * that started us.
 */
export function stepEnvironment(): Record<string, string> {
  const editors = /^(VSCODE_|ELECTRON_|TERM_PROGRAM)/;
  return Object.fromEntries(
    Object.entries(childEnvironment()).filter(([name]) => !editors.test(name)),
  );
}
