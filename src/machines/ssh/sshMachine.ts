import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { aborted } from '../../base/abort';
import { isUserError, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { SshAddress } from '../lender';
import type { Executed, ExecOptions, Exit, Machine, RunOptions } from '../machine';
import { shellLine } from '../quote';
import { CAPTURE_LIMIT, endWhenAsked } from '../running';
import { call, farFiles } from './farFiles';
import { getFiles } from './farGet';
import { endFarProcesses } from './farProcesses';
import { runFed } from './fedProgram';
import { openLink, type Link } from './link';
import {
  followStep,
  removeSteps,
  signalStep,
  stepFolder,
  SWEEP,
  type Step,
  type StepEnd,
  type StepPlace,
} from './steps';
import { usualPatience, type SshSurroundings } from './surroundings';

/** A machine that is reached by SSH, and what scripts for it alone go by. */
export interface SshMachine extends Machine {
  readonly link: Link;
  /** The home folder of whoever we log in as. */
  readonly home: string;
}

/**
 * Connects to a Linux machine and makes itself at home there: nothing is installed, a POSIX shell and
 * the usual tools are enough. Steps outlive connections; see `steps.ts`.
 * @throws UserError where it cannot be reached, is not to be trusted, does not let us in, or is no Linux.
 */
export async function openSshMachine(
  address: SshAddress,
  surroundings: SshSurroundings,
  signal: AbortSignal,
): Promise<SshMachine> {
  const link = await openLink(address, surroundings, signal);
  try {
    const greeted = await greet(link, surroundings, signal);
    return machineOn(link, greeted, surroundings);
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

interface Greeted {
  readonly home: string;
  readonly place: string;
}

/** Also sweeps what dead owners left. A login that runs something which never ends is not waited for. */
async function greet(
  link: Link,
  { place, patience = usualPatience }: SshSurroundings,
  signal: AbortSignal,
): Promise<Greeted> {
  const script = `place=${place === undefined ? '' : shellLine([place])}\n${GREET}${SWEEP}exit 0`;
  const mute = (): UserError =>
    new UserError(`${link.name} lets us in, but its shell does not answer.`, {
      advice: `What a login runs there, such as \`.bashrc\`, may wait for something, read what is meant for commands, or never end. See whether this comes to its end: ssh ${link.name} true`,
    });
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(mute()), patience.connect);
  const until = AbortSignal.any([signal, silent.signal]);
  const onBegun = (): void => clearTimeout(timer);
  try {
    const { output } = await call(link, script, { signal: until, most: 16_384, onBegun });
    if (output.length === 0) throw mute();
    const [system = '', home = '', where = '', missing = ''] = output.toString().split('\0');
    if (system !== 'Linux')
      throw new UserError(`${link.name} is no Linux machine, but ${printable(system)}.`);
    if (missing.trim() !== '')
      throw new UserError(
        `${link.name} lacks programs that are needed:${printable(` ${missing}`)}`,
      );
    return { home, place: where };
  } finally {
    clearTimeout(timer);
  }
}

const GREET = `
home=$(cd && pwd) || exit 1
case $place in
/*) ;;
'') place=\${XDG_CACHE_HOME:-$home/.cache}/ci-parity/steps ;;
*) place=$home/$place ;;
esac
missing=
for p in setsid head tail find xargs stat readlink; do
  command -v "$p" > /dev/null || missing="$missing $p"
done
printf '%s\\0%s\\0%s\\0%s\\0' "$(uname -s)" "$home" "$place" "$missing"
`;

function machineOn(
  link: Link,
  { home, place }: Greeted,
  surroundings: SshSurroundings,
): SshMachine {
  const where: StepPlace = { link, place };
  const patience = surroundings.patience ?? usualPatience;
  const over = new AbortController();
  const removing = new Set<Promise<void>>();

  const newId = (): string => randomBytes(12).toString('hex');
  const remove = (id: string): void => {
    const work = removeSteps(where, [id], over.signal)
      .catch((error: unknown) => {
        // The next one who comes a day later sweeps it.
        if (!over.signal.aborted && !isUserError(error)) throw error;
      })
      .finally(() => removing.delete(work));
    removing.add(work);
  };
  /** Kills a step that nobody wants any more, and gives up where the machine is away. */
  const kill = async (id: string): Promise<void> => {
    const soon = AbortSignal.any([over.signal, AbortSignal.timeout(patience.connect)]);
    await signalStep(where, id, 'SIGKILL', soon);
  };

  const run = async (script: string, options: RunOptions): Promise<Exit> => {
    if (options.signal.aborted || options.kill.aborted)
      return { ...UNSTARTED, stdout: options.captureStdout ? '' : undefined };
    const id = newId();
    const file = `${stepFolder(where, id)}/script`;
    // A script with a `#!` line is run by it, any other by `sh -xe`: Jenkins' durable-task does so.
    const plain = script.startsWith('#!') ? [file] : ['/bin/sh', '-xe', file];
    const outside =
      options.inside && !options.captureStdout
        ? // What leads into a container keeps the two streams apart, unless they are one in there.
          ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...plain]
        : plain;
    const entry = options.inside?.enter(outside, options);
    const step: Step = {
      id,
      command: entry?.command ?? plain,
      directory: options.directory,
      environment: entry?.environment ?? options.environment,
      files: { script },
      apart: options.captureStdout,
    };
    const ended = new AbortController();
    const abandoned = new AbortController();
    const send = async (name: NodeJS.Signals): Promise<void> => {
      const told =
        !entry || name === 'SIGKILL' ? signalStep(where, id, name, abandoned.signal) : undefined;
      await Promise.all([told, entry?.signal(name)]);
    };
    // Where the machine is away for good, following it rejects, too.
    const ender = endWhenAsked(send, options, ended.signal).catch((error: unknown) => {
      if (!abandoned.signal.aborted && !isUserError(error)) throw error;
    });
    ender.catch(() => undefined);
    // Whoever kills does not wait for a machine that is away.
    const killed = giveUpAfter(options.kill, ended.signal, patience.connect).then((late) => {
      if (late)
        abandoned.abort(
          new UserError(`${link.name} cannot be reached: the step may still run there.`),
        );
    });
    try {
      const end = await followStep(where, step, options.onOutput, abandoned.signal);
      const code = codeOf(end, link.name, options.directory);
      const stdout = options.captureStdout
        ? await captured(id, end.kind, abandoned.signal)
        : undefined;
      return { ...code, stdout };
    } catch (error) {
      // Nobody reads any more: it must not go on unseen.
      if (!abandoned.signal.aborted) await kill(id).catch(() => undefined);
      throw error;
    } finally {
      ended.abort();
      await Promise.all([ender, killed]);
      remove(id);
    }
  };

  const captured = async (
    id: string,
    kind: StepEnd['kind'],
    signal: AbortSignal,
  ): Promise<string> => {
    if (kind === 'unstarted') return '';
    const file = `${stepFolder(where, id)}/stdout`;
    const { output } = await call(link, `head -c ${CAPTURE_LIMIT + 1} < ${shellLine([file])}`, {
      signal,
      most: CAPTURE_LIMIT + 1,
    });
    if (output.length > CAPTURE_LIMIT)
      throw new UserError(`sh(returnStdout: true) gave more than ${CAPTURE_LIMIT >> 20} MiB.`);
    return output.toString();
  };

  const exec = async (command: readonly string[], options: ExecOptions): Promise<Executed> => {
    options.signal.throwIfAborted();
    const { input } = options;
    if (typeof input === 'function') return runFed(link, command, { ...options, input });
    const id = newId();
    const step: Step = {
      id,
      command,
      directory: options.directory,
      environment: options.environment,
      files: input === undefined ? {} : { input },
      ...(input !== undefined && { input: 'input' }),
      apart: true,
    };
    const late = new AbortController();
    const timer =
      options.timeout === undefined
        ? undefined
        : setTimeout(() => {
            late.abort();
            // What comes of it is seen by whoever follows.
            kill(id).catch(() => undefined);
          }, options.timeout);
    let [stdout, stderr] = ['', ''];
    try {
      const end = await followStep(
        where,
        step,
        () => undefined,
        options.signal,
        (out, words) => {
          stdout = out.toString();
          stderr = words.toString();
        },
      );
      const { code } = codeOf(end, link.name, options.directory);
      return { code: late.signal.aborted ? undefined : code, stdout, stderr };
    } catch (error) {
      if (options.signal.aborted) await kill(id).catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
      remove(id);
    }
  };

  return {
    name: link.name,
    link,
    home,
    files: farFiles(link),
    run,
    exec,
    get: (files, directory, into, signal) => getFiles(link, files, directory, into, signal),
    endProcesses: (cookie, grace, signal) => endFarProcesses(link, cookie, grace, signal),
    newLogin: () => link.renew(),
    [Symbol.asyncDispose]: async () => {
      // A machine that is away at the moment keeps what is left for the next sweep.
      const timer = setTimeout(() => over.abort(), patience.connect);
      await Promise.all(removing);
      clearTimeout(timer);
      over.abort();
      await link[Symbol.asyncDispose]();
    },
  };
}

/** How a step ends that was told to before it had begun. */
const UNSTARTED: Omit<Exit, 'stdout'> = { code: undefined, signal: 'SIGINT' };

function codeOf(end: StepEnd, name: string, directory: string | undefined): Omit<Exit, 'stdout'> {
  switch (end.kind) {
    case 'exited':
      return end.signal === undefined
        ? { code: end.code, signal: undefined }
        : { code: undefined, signal: end.signal };
    case 'unstarted':
      return UNSTARTED;
    case 'no folder':
      throw new UserError(
        `The step could not be started: ${directory ?? ''} is no folder on ${name}.`,
      );
    case 'restarted':
      throw new UserError(`${name} was restarted while the step ran.`, {
        advice: 'What the step had done until then is on it; how it would have ended is not known.',
      });
    case 'full':
      throw new UserError(`The disk of ${name} is full: not all that the step wrote was kept.`);
    case 'vanished':
      throw new UserError(`What ${name} keeps of the step was removed while it ran.`);
    case 'unsupervised':
      throw new UserError(
        `What watches the step on ${name} was ended: its exit code is not known.`,
      );
  }
}

/** Resolves with true so many milliseconds after `kill`, unless it is `over` before. */
async function giveUpAfter(
  kill: AbortSignal,
  over: AbortSignal,
  patience: number,
): Promise<boolean> {
  await aborted(AbortSignal.any([kill, over]));
  return delay(patience, true, { signal: over }).catch(() => false);
}
