import { readFileSync } from 'node:fs';
import { isAbort, UserError } from './base/errors';
import { explainSystemError } from './base/systemErrors';
import { attachMachine, detachMachine } from './cli/attach';
import {
  clean,
  finish,
  list,
  outlineFiles,
  plan,
  reproduce,
  runAgain,
  runs,
  show,
} from './cli/commands';
import { attendWindow } from './cli/attend';
import { borrowMachine } from './cli/borrow';
import { sweepLeases } from './cli/desk';
import { enter } from './cli/enter';
import { explain, failures } from './cli/failures';
import { readArguments, readFlags, UsageError } from './cli/flags';
import { helpOf } from './cli/help';
import { lintFiles } from './cli/lint';
import { sshInto } from './cli/logIn';
import { extendMachine, machines, returnMachines } from './cli/machines';
import { createTerminal, waitForKey } from './cli/terminal';
import type { VerdictKind } from './reproduce/journal';

/** The program's exit codes. */
export const EXIT = {
  done: 0,
  notReproduced: 1,
  usage: 2,
  couldNotRun: 3,
  cancelled: 130,
} as const;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv);
  const [command, ...operands] = positionals;
  using terminal = createTerminal(values.json ?? false);
  if (values.version) {
    terminal.page(version(), 'stdout');
    return EXIT.done;
  }
  if (values.help || command === undefined || command === 'help') {
    const topic = command === 'help' ? operands[0] : command;
    const wanted = values.help === true || command === 'help';
    terminal.page(helpOf(topic), wanted ? 'stdout' : 'stderr');
    return wanted ? EXIT.done : EXIT.usage;
  }
  const flags = readFlags(values);
  const one = (): string => {
    const [operand, ...more] = operands;
    if (operand === undefined || more.length > 0)
      throw new UsageError(`${command} wants exactly one argument.`, {
        advice: `See: ci-parity help ${command}`,
      });
    return operand;
  };
  if (command === 'reproduce' || command === 'run' || command === 'clean')
    await sweepLeases(terminal);
  switch (command) {
    case 'runs':
      return await quiet(runs(one(), flags, terminal));
    case 'failures':
      if (operands.length > 1) throw new UsageError('failures wants at most one address.');
      return await quiet(failures(operands[0], flags, terminal));
    case 'explain':
      return await quiet(explain(one(), terminal));
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
      return await enter(id, machine, terminal);
    }
    case 'machines':
      if (operands.length > 0) throw new UsageError('machines wants no arguments.');
      return await quiet(machines(terminal));
    case 'borrow':
      if (operands.length > 1) throw new UsageError('borrow wants at most one offer.');
      return await quiet(borrowMachine(operands[0], flags, terminal));
    case 'return':
      await returnMachines(operands, flags, terminal);
      // Afterwards: a sweep before it might give back what is named.
      await sweepLeases(terminal);
      return EXIT.done;
    case 'extend':
      await extendMachine(one(), flags, terminal);
      await sweepLeases(terminal);
      return EXIT.done;
    case 'ssh': {
      const [id, ...command] = operands;
      if (id === undefined)
        throw new UsageError('ssh wants the id or the name of a borrowed machine.');
      return await sshInto(id, command, terminal);
    }
    case 'attend':
      return await quiet(attendWindow(terminal));
    case 'attach':
      return await quiet(attachMachine(operands, flags, terminal));
    case 'detach':
      return await quiet(detachMachine(one(), terminal));
    case 'clean':
      return (await clean(flags, terminal)) ? EXIT.done : EXIT.couldNotRun;
    case 'outline':
      if (operands.length === 0) throw new UsageError('outline wants at least one file.');
      return await quiet(outlineFiles(operands, terminal));
    case 'lint':
      if (operands.length === 0) throw new UsageError('lint wants at least one file.');
      return lintFiles(operands, terminal) ? EXIT.done : EXIT.notReproduced;
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

function version(): string {
  // Beside dist/ in the package as well as in the repository.
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return manifest.version;
}

function report(thrown: unknown): number {
  if (isAbort(thrown)) return EXIT.cancelled;
  const error = explainSystemError(thrown);
  using terminal = createTerminal(false);
  if (!(error instanceof UserError)) {
    terminal.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    terminal.error('This is a defect of CI Parity.');
    return EXIT.couldNotRun;
  }
  // Its words may be of a server or a file, and must not look like lines of ours.
  terminal.error(error.message.replaceAll('\n', '\u240a'));
  if (error.advice !== undefined) terminal.error(error.advice);
  return error instanceof UsageError ? EXIT.usage : EXIT.couldNotRun;
}

/**
 * VS Code closes a terminal together with its program, and with it what was to be read. So the
 * editor asks us to stay until a key is pressed: always, or where the way into a shell has `failed`.
 */
async function stay(failed: boolean): Promise<void> {
  const hold = process.env['CI_PARITY_HOLD'];
  if (hold === undefined || !process.stdin.isTTY) return;
  if (hold === 'always' || failed) await waitForKey();
  // The person has seen how it ended; VS Code would report the exit code as a mishap of its own.
  process.exitCode = 0;
}

/** The exit code of ssh where it does not come to a shell. */
const SSH_FAILED = 255;

void main(process.argv.slice(2))
  .catch((error: unknown) => ({ failed: report(error) }))
  .then(async (end) => {
    const code = typeof end === 'number' ? end : end.failed;
    process.exitCode = code;
    await stay(code === SSH_FAILED || typeof end !== 'number');
    // Someone who interrupts waits neither for a silent host nor for a program that does not end.
    if (code === EXIT.cancelled) process.exit();
  });
