import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../base/errors';
import {
  LoanRefused,
  type Borrowed,
  type Handle,
  type Lender,
  type Marked,
  type Offer,
  type Price,
  type SshAddress,
} from '../lender';
import { endProcessesWith, processesWith } from '../processes';
import { Fields } from './fields';

/** Programs of the person's that borrow and give back: each gets a JSON request, and answers in JSON. */
export interface CommandLender {
  readonly name: string;
  /** Each a program with its arguments; run without a shell. */
  readonly borrow: readonly string[];
  readonly return: readonly string[];
  /** Without it, the end is ours alone: nothing ends by itself. */
  readonly extend?: readonly string[];
  /** Without it, only the ledger knows what is lent. */
  readonly list?: readonly string[];
  /** What `borrow` understands as an offer. */
  readonly offers: readonly Offer[];
  /** Minutes that a program may take. */
  readonly timeoutMinutes: number;
  /** Whether what a recipe needs may be installed on its machines without asking. */
  readonly install?: boolean;
}

/** The most, in bytes, that an answer may be. */
const ANSWER_LIMIT = 1 << 20;

/** How long, in milliseconds, a program may take to end when it is asked to. */
const GRACE = 10_000;

/**
 * The lender that asks commands. README.md, "Lending", has the protocol: keep them the same.
 * @param environment what the programs see.
 */
export function commandLender(
  commands: CommandLender,
  environment: Readonly<Record<string, string>>,
): Lender {
  const ask = async (
    verb: 'borrow' | 'extend' | 'return' | 'list',
    request: object,
    progress: (words: string) => void,
    signal: AbortSignal,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Fields & { done(): void }> => {
    const command = commands[verb] ?? [];
    const what = `"${verb}" of ${commands.name}`;
    const minutes = AbortSignal.timeout(commands.timeoutMinutes * 60_000);
    const text = JSON.stringify({ version: 1, do: verb, ...request });
    const answer = await run(command, text, {
      what,
      environment: { ...environment, ...more },
      progress,
      signal: AbortSignal.any([signal, minutes]),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      if (minutes.aborted)
        throw new UserError(`${what} took longer than ${commands.timeoutMinutes} minutes.`, {
          advice: 'See "timeoutMinutes" in lenders.json.',
        });
      throw error;
    });
    return understood(answer, what);
  };
  return {
    name: commands.name,
    offers: () => Promise.resolve([...commands.offers]),
    borrow: async (wish, { id, owner, until, folder, progress }, signal) => {
      const { offer, memory, system, maxPrice } = wish;
      const wanted = { offer, memory, system, maxPrice };
      const request = { lease: id, owner, ...endOf(until), folder, ...wanted };
      const answer = await ask('borrow', request, progress, signal, { [BORROWING]: id });
      const refused = answer.text('refused');
      const borrowed = refused === undefined ? borrowedOf(answer, commands.name) : undefined;
      answer.done();
      if (!borrowed) throw new LoanRefused(`${commands.name} refused: ${refused ?? ''}`);
      return { ...borrowed, mayInstall: commands.install ?? true };
    },
    extend: async ({ id, handle }, until, signal) => {
      if (!commands.extend) return;
      const request = { lease: id, handle, ...endOf(until) };
      (await ask('extend', request, quiet, signal)).done();
    },
    giveBack: async ({ id, handle }, signal) => {
      const answer = await ask('return', { lease: id, handle }, quiet, signal);
      const gone = answer.flag('gone');
      answer.done();
      if (gone !== true)
        throw new UserError(`"return" of ${commands.name} did not say that it is gone.`);
      return false;
    },
    stop: async (lease, signal) => {
      const cookie = `${BORROWING}=${lease}`;
      if (processesWith(cookie, NONE).length === 0) return false;
      const left = await endProcessesWith(cookie, NONE, GRACE, signal);
      if (left.length > 0)
        throw new UserError(`"borrow" of ${commands.name} does not end: ${left.join(', ')}`);
      return true;
    },
    list: async (signal) => {
      if (!commands.list) return undefined;
      const problems: string[] = [];
      const answer = await ask('list', {}, quiet, signal);
      if (!answer.has('machines')) problems.push('machines is missing');
      const machines = answer.list('machines', (one, path) => markedOf(one, path, problems)) ?? [];
      answer.done();
      refuse(problems, `"list" of ${commands.name}`);
      return machines;
    },
  };
}

/** The variable by which a program that borrows is found, with all that it has started, also when its owner is dead. */
const BORROWING = 'CI_PARITY_BORROWING';

/** No process is spared. */
const NONE = /(?!)/;

const quiet = (): void => undefined;

/** Both, since a program's clock may differ from ours. */
function endOf(until: number): { until: string; seconds: number } {
  const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
  return { until: new Date(until).toISOString(), seconds };
}

/** The answer's fields; `done` refuses it where something in it was not understood. */
function understood(answer: string, what: string): Fields & { done(): void } {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch (cause) {
    throw new UserError(`The answer of ${what} is no JSON: ${shown(answer)}`, { cause });
  }
  const problems: string[] = [];
  const fields = new Fields(value, '', problems);
  return Object.assign(fields, { done: () => refuse(problems, what) });
}

function refuse(problems: readonly string[], what: string): void {
  if (problems.length > 0)
    throw new UserError(
      `The answer of ${what} is not understood: ${problems.slice(0, 5).join('; ')}.`,
    );
}

function borrowedOf(answer: Fields, lender: string): Borrowed | undefined {
  const ssh = answer.object('ssh');
  if (!ssh) {
    answer.needed('ssh');
    return undefined;
  }
  return {
    handle: answer.record('handle') ?? {},
    ssh: sshOf(ssh),
    price: priceOf(answer.object('price')),
    title: answer.text('title') ?? lender,
  };
}

/** What can be given to `ssh` as a host. */
export const HOST_NAME = /^[A-Za-z0-9_[][\w.:%[\]-]{0,254}$/;

/** An address as settings and answers give it: nothing in it can be taken for an option or a shell's word. */
export function sshOf(fields: Fields): SshAddress {
  const host = fields.needed('host', HOST_NAME, 'the name of a host');
  const port = fields.number('port', 1, 65_535);
  const user = fields.text('user', /^[A-Za-z_][\w.-]{0,63}$/, 'the name of a user');
  const keyFile = fields.text('keyFile', /^(~?\/)[^\p{Cc}]*$/u, 'the absolute path of a file');
  const key = /^(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+=*( .*)?$/;
  const hostKeys = fields.texts('hostKeys', key, 'a public key such as "ssh-ed25519 AAAA…"');
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(keyFile === undefined ? {} : { keyFile: fromHome(keyFile) }),
    ...(hostKeys === undefined ? {} : { hostKeys }),
  };
}

/** No shell is there to do it. */
export function fromHome(word: string): string {
  return word.startsWith('~/') ? join(homedir(), word.slice(2)) : word;
}

export function priceOf(fields: Fields | undefined): Price | undefined {
  if (!fields) return undefined;
  const amount = fields.number('amount', 0, 100_000);
  const currency = fields.needed('currency', /^[A-Z]{3}$/, 'a currency such as "USD"');
  if (amount === undefined) fields.needed('amount');
  return { amount: amount ?? 0, currency };
}

function markedOf(value: unknown, path: string, problems: string[]): Marked {
  const fields = new Fields(value, path, problems);
  const lease = fields.needed('lease');
  const seconds = fields.number('seconds', -1e9, 1e9);
  const handle: Handle = fields.record('handle') ?? {};
  return {
    lease,
    owner: fields.needed('owner'),
    handle,
    title: fields.text('title') ?? lease,
    until: seconds === undefined ? undefined : Date.now() + seconds * 1000,
  };
}

interface Running {
  readonly what: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly progress: (words: string) => void;
  readonly signal: AbortSignal;
}

/** Resolves with what the program wrote to standard output; rejects unless it ended with exit code 0. */
async function run(
  [program = '', ...args]: readonly string[],
  input: string,
  { what, environment, progress, signal }: Running,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: what it started ends with it, and Ctrl-C in the terminal reaches only us.
    detached: true,
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  // That it could not be started is told by `exited`.
  const closed = once(child, 'close').catch(() => undefined);
  const answer = { text: '', tooLong: false };
  let rest = '';
  let last = '';
  const said = (line: string): void => {
    const words = shown(line);
    if (words === '') return;
    last = words;
    progress(words);
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    answer.tooLong ||= answer.text.length + chunk.length > ANSWER_LIMIT;
    if (answer.tooLong) end('SIGKILL');
    else answer.text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = (lines.pop() ?? '').slice(-2000);
    lines.forEach(said);
  });
  // It may end without reading: its exit code says what the matter was.
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${input}\n`);
  const end = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group has ended.
    }
  };
  const over = new AbortController();
  const stop = async (): Promise<void> => {
    end('SIGTERM');
    await delay(GRACE, undefined, { signal: over.signal }).catch(() => undefined);
    end('SIGKILL');
  };
  const stopped = (): void => void stop();
  signal.addEventListener('abort', stopped, { once: true });
  try {
    const [code, name] = await exited;
    // What it left in the background may hold the pipes open for ever.
    await Promise.race([closed, delay(1000, undefined, { signal: over.signal })]);
    signal.throwIfAborted();
    said(rest);
    if (answer.tooLong) throw new UserError(`The answer of ${what} is longer than 1 MiB.`);
    if (code !== 0)
      throw new UserError(
        `${what} ended with ${code === null ? (name ?? 'a signal') : `exit code ${code}`}${last === '' ? '' : `: ${last}`}`,
      );
    return answer.text;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new LoanRefused(`${what} could not be started: ${program}`, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', stopped);
    over.abort();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Words of a program for people: one line, printable, not too long. */
function shown(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 500);
}
