import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isAbort, messageOf, UserError } from './base/errors';
import {
  clean,
  enter,
  finish,
  list,
  outlineFiles,
  plan,
  reproduce,
  runAgain,
  runs,
  show,
} from './cli/commands';
import { helpOf } from './cli/help';
import { createTerminal, type Terminal } from './cli/terminal';
import type { VerdictKind } from './reproduce/journal';
import type { Keep, Selection } from './recipe/recipe';

/** What all commands understand; each uses some of it. */
const options = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  select: { type: 'string', default: 'failure' },
  'with-changes': { type: 'boolean', default: false },
  keep: { type: 'string', default: 'never' },
  env: { type: 'string', multiple: true, default: [] as string[] },
  param: { type: 'string', multiple: true, default: [] as string[] },
  timeout: { type: 'string' },
  repository: { type: 'string', default: '.' },
  limit: { type: 'string', default: '15' },
} as const;

export interface Flags {
  readonly json: boolean;
  readonly select: Selection;
  readonly withChanges: boolean;
  readonly keep: Keep;
  readonly overrides: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number | undefined;
  readonly repository: string;
  readonly limit: number;
}

/** The program's exit codes. */
export const EXIT = {
  done: 0,
  notReproduced: 1,
  usage: 2,
  couldNotRun: 3,
  cancelled: 130,
} as const;

class UsageError extends UserError {
  override readonly name = 'UsageError';
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv);
  const [command, ...operands] = positionals;
  if (values.version) {
    process.stdout.write(`${version()}\n`);
    return EXIT.done;
  }
  if (values.help || command === undefined || command === 'help') {
    const topic = command === 'help' ? operands[0] : command;
    (values.help || command === 'help' ? process.stdout : process.stderr).write(helpOf(topic));
    return values.help || command === 'help' ? EXIT.done : EXIT.usage;
  }
  const flags = readFlags(values);
  using terminal = createTerminal(flags.json);
  const one = (): string => {
    const [operand, ...more] = operands;
    if (operand === undefined || more.length > 0)
      throw new UsageError(`${command} wants exactly one argument.`, {
        advice: `See: ci-parity help ${command}`,
      });
    return operand;
  };
  switch (command) {
    case 'runs':
      return await quiet(runs(one(), flags, terminal));
    case 'plan':
      return await quiet(plan(one(), flags, terminal));
    case 'reproduce':
      return exitCodeOf(await reproduce(one(), flags, terminal));
    case 'run':
      return exitCodeOf(await runAgain(one(), terminal));
    case 'list':
      return await quiet(list(terminal));
    case 'show':
      return await quiet(show(one(), terminal));
    case 'finish':
      return await quiet(finish(one(), terminal));
    case 'enter': {
      const [id, machine] = operands;
      if (id === undefined || operands.length > 2)
        throw new UsageError('enter wants an id, and at most the name of a machine.');
      return await quiet(enter(id, machine, terminal));
    }
    case 'clean':
      return (await clean(terminal)) ? EXIT.done : EXIT.couldNotRun;
    case 'outline':
      if (operands.length === 0) throw new UsageError('outline wants at least one file.');
      return await quiet(outlineFiles(operands, terminal));
    default:
      throw new UsageError(`There is no command "${command}".`, { advice: 'See: ci-parity help' });
  }
}

async function quiet(work: Promise<void>): Promise<number> {
  await work;
  return EXIT.done;
}

/** Undefined: nothing was run, only shown. */
function exitCodeOf(verdict: VerdictKind | undefined): number {
  switch (verdict) {
    case undefined:
    case 'reproduced':
    case 'passed':
      return EXIT.done;
    case 'another failure':
    case 'passed here':
    case 'failed':
      return EXIT.notReproduced;
    case 'could not run':
      return EXIT.couldNotRun;
    case 'cancelled':
      return EXIT.cancelled;
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause, advice: 'See: ci-parity help' });
  }
}

function readFlags(values: ReturnType<typeof readArguments>['values']): Flags {
  return {
    json: values.json ?? false,
    select: selectionOf(values.select),
    withChanges: values['with-changes'],
    keep: keepOf(values.keep),
    overrides: assignments('--env', values.env),
    parameters: assignments('--param', values.param),
    timeout: values.timeout === undefined ? undefined : duration(values.timeout),
    repository: values.repository,
    limit: wholeNumber('--limit', values.limit),
  };
}

function selectionOf(text: string): Selection {
  if (text === 'failure' || text === 'all') return { kind: text };
  const [, name] = /^stage[ =](.+)$/.exec(text) ?? [];
  if (name === undefined)
    throw new UsageError(`--select ${text} is not understood.`, {
      advice: 'It takes: failure, all, or "stage NAME".',
    });
  return { kind: 'stage', name };
}

function keepOf(text: string): Keep {
  if (text === 'never' || text === 'on-failure' || text === 'always') return text;
  throw new UsageError(`--keep ${text} is not understood.`, {
    advice: 'It takes: never, on-failure or always.',
  });
}

function assignments(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new UsageError(`${option} ${text} is not of the form NAME=VALUE.`);
      return [name, value];
    }),
  );
}

/** `90`, `90s`, `30m`, `2h`: in seconds. */
function duration(text: string): number {
  const [, number, unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
  if (!(seconds > 0)) throw new UsageError(`--timeout ${text} is not a time like 90s, 30m or 2h.`);
  return seconds;
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`${option} ${text} is not a number from 1 up.`);
  return number;
}

function version(): string {
  // Beside dist/ in the package as well as in the repository.
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return manifest.version;
}

function report(error: unknown, terminal: Pick<Terminal, 'error'>): number {
  if (isAbort(error)) return EXIT.cancelled;
  if (!(error instanceof UserError)) {
    terminal.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    terminal.error('This is a defect of CI Parity.');
    return EXIT.couldNotRun;
  }
  terminal.error(error.message);
  if (error.advice !== undefined) terminal.error(error.advice);
  return error instanceof UsageError ? EXIT.usage : EXIT.couldNotRun;
}

/**
 * VS Code closes a terminal together with its program, and with it what was to be read. So the
 * editor asks us to stay until a key is pressed.
 */
async function stay(): Promise<void> {
  const { stdin, stderr } = process;
  if (process.env['CI_PARITY_HOLD'] !== '1' || !stdin.isTTY) return;
  stderr.write('\nPress any key to close this terminal.');
  // It may have been paused, and let go of, by whoever listened for Enter.
  stdin.setRawMode(true).ref().resume();
  await once(stdin, 'data');
  stdin.setRawMode(false).pause();
  // The person has seen how it ended; VS Code would report the exit code as a mishap of its own.
  process.exitCode = 0;
}

main(process.argv.slice(2))
  .then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.exitCode = report(error, {
        error: (line) => process.stderr.write(`ci-parity: ${line}\n`),
      });
    },
  )
  .then(stay, stay);
