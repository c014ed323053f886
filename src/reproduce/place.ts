import { abortedAfter } from '../base/abort';
import { awaiting } from '../base/awaited';
import { Cleanups } from '../base/cleanups';
import { stateDirectory } from '../base/stateDirectory';
import { UserError } from '../base/errors';
import { awaitedMachine } from '../machines/awaitedMachine';
import { working } from '../machines/leases/borrow';
import { leaseNamed, leasesCalled, readLedger } from '../machines/leases/ledger';
import type { SshAddress } from '../machines/lender';
import { LENT } from '../machines/lenders/poolClean';
import { openLocalMachine } from '../machines/local';
import type { Machine } from '../machines/machine';
import type { SshQuestions } from '../machines/ssh/surroundings';
import type { OtherMachine, Recipe } from '../recipe/recipe';
import { temporaryOf } from './steps/bench';
import type { Files } from './store';

/** Where a reproduction is carried out. Whoever opened it disposes it. */
export interface Place extends AsyncDisposable {
  readonly machine: Machine;
  /** The environment that the machine itself gives a step. */
  readonly base: Readonly<Record<string, string>>;
  /** Where the first agent works. */
  readonly workspace: string;
}

/** What the opening of a machine wants of this one, and of whoever sits here. */
export interface Ways {
  /** What this machine gives a step. */
  readonly base: Readonly<Record<string, string>>;
  /** Asked where a host is new, or a key is locked; without it the answer is no. */
  readonly ask?: SshQuestions | undefined;
  readonly say: (line: string) => void;
  /** Ends everything at once; the signal of the opening unless given. The machine is abandoned `LEAVING` after it. */
  readonly kill?: AbortSignal;
}

/** Milliseconds to end what runs on another machine and to remove secrets there, once everything is to end at once. */
export const LEAVING = 3000;

/**
 * Opens the machine that a recipe names, or this one. Nothing is made there yet.
 * @throws UserError when it cannot be reached.
 */
export async function openPlace(
  recipe: Recipe,
  files: Files,
  ways: Ways,
  signal: AbortSignal,
): Promise<Place> {
  signal.throwIfAborted();
  if (recipe.on) return await openOther(recipe, recipe.on, files, ways, signal);
  const machine = openLocalMachine(temporaryOf(files.workspace));
  return {
    machine: awaitedMachine(machine, false),
    base: ways.base,
    workspace: files.workspace,
    [Symbol.asyncDispose]: async () => machine[Symbol.asyncDispose](),
  };
}

async function openOther(
  { run, jenkinsfile }: Recipe,
  on: OtherMachine,
  { id }: Files,
  { ask = NOBODY, say, kill }: Ways,
  signal: AbortSignal,
): Promise<Place> {
  const address = addressOf(on);
  if (!address) throw new UserError(`The machine ${placeName(on)} was given back.`);
  // Most reproductions need nothing of it.
  const { openSshMachine } = await import('../machines/ssh/sshMachine');
  const { call } = await import('../machines/ssh/farFiles');
  // What was done on a host without a lease stays there when one for it ends.
  const above = 'lease' in on ? LENT : '.cache/ci-parity/workspaces';
  const folder = `${above}/${id}`;
  const name = placeName(on);
  const opening = openSshMachine(
    address,
    // What steps are run by lies beside the workspace: containers see it there, and it goes with it.
    {
      ...{ stateDirectory: stateDirectory(), ask, say, place: `${temporaryOf(folder)}/steps` },
      forsaken: () => forsaken(on),
      abandon: abortedAfter(kill ?? signal, LEAVING),
    },
    signal,
  );
  const machine = await awaiting(`${name} to let us in`, opening);
  const cleanups = new Cleanups();
  cleanups.defer(async () => machine[Symbol.asyncDispose]());
  const dispose = async () => cleanups[Symbol.asyncDispose]();
  try {
    if ('lease' in on) {
      const what = run ? `${run.job} #${run.number}` : jenkinsfile.path;
      const work = await working({ root: stateDirectory() }, on.lease, `Reproducing ${what}`);
      cleanups.defer(async () => work[Symbol.asyncDispose]());
    }
    const asking = call(machine.link, 'env -0', { signal, most: 1 << 20 });
    const { output } = await awaiting(`the environment of ${name} to be read`, asking);
    const base = environmentOf(output.toString());
    const workspace = `${machine.home}/${folder}`;
    // A borrowed one is called as it was asked for, and not by its address.
    const named = awaitedMachine({ ...machine, name }, true);
    return {
      machine: named,
      base,
      workspace,
      [Symbol.asyncDispose]: () => awaiting(`the connection to ${name} to close`, dispose()),
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What `env -0` told on another machine, without what belongs to the connection, or to the shell that was asked. */
export function environmentOf(told: string): Record<string, string> {
  const ours = /^(SSH_(CLIENT|CONNECTION|TTY)|LC_ALL|PWD|OLDPWD|SHLVL|_)$/;
  return Object.fromEntries(
    told.split('\0').flatMap((line): [string, string][] => {
      const [, name = '', value = ''] = /^([^=]+)=([^]*)$/.exec(line) ?? [];
      return name === '' || ours.test(name) ? [] : [[name, value]];
    }),
  );
}

const NOBODY: SshQuestions = {
  hostKey: () => Promise.resolve(false),
  passphrase: () => Promise.resolve(undefined),
};

/**
 * What is meant by a name: a machine that is lent to us, or a host that OpenSSH can reach.
 * @throws UserError where it is neither, or several machines are called so.
 */
export function otherMachine(name: string, root: string = stateDirectory()): OtherMachine {
  if (leasesCalled(root, name).length > 0) return { lease: leaseNamed(root, name).id };
  if (name.startsWith('-') || !/^[\w.@:[\]%-]+$/.test(name))
    throw new UserError(`"${name}" is neither a borrowed machine nor the name of a host.`, {
      advice: 'See: ci-parity machines',
    });
  return { host: name };
}

/**
 * How the machine is reached; undefined where it was borrowed and has been given back.
 * @throws UserError when it is borrowed, and not to be reached at the moment.
 */
export function addressOf(
  on: OtherMachine,
  root: string = stateDirectory(),
): SshAddress | undefined {
  if ('host' in on) return { host: on.host };
  const { leases, damaged } = readLedger(root);
  if (damaged.includes(on.lease))
    throw new UserError(`What was written of the borrowed machine ${on.lease} cannot be read.`, {
      advice: 'See: ci-parity machines',
    });
  const state = leases.find(({ id }) => id === on.lease)?.state;
  switch (state?.kind) {
    case undefined:
      return undefined;
    case 'lent':
    case 'ready':
      return state.ssh;
    case 'asked':
      throw new UserError(`The borrowed machine ${on.lease} is not there yet.`, {
        advice: 'See: ci-parity machines',
      });
    case 'returning':
      throw new UserError(`The borrowed machine ${on.lease} is being given back.`, {
        advice: 'See: ci-parity machines',
      });
  }
}

/** Why a machine that is away need not be waited for: it is not ours any more. */
function forsaken(on: OtherMachine): UserError | undefined {
  if ('host' in on) return undefined;
  const { leases, damaged } = readLedger(stateDirectory());
  const lease = leases.find(({ id }) => id === on.lease);
  if (lease ? lease.state.kind !== 'returning' : damaged.includes(on.lease)) return undefined;
  return new UserError(`The machine ${placeName(on)} was given back while something ran on it.`);
}

/** For people. */
export function placeName(on: OtherMachine | undefined): string {
  if (!on) return 'this machine';
  return 'host' in on ? on.host : on.lease;
}

/** For people who know a borrowed machine by what it is rather than by its id. */
export function placeTitle(on: OtherMachine | undefined): string {
  const lent = on && 'lease' in on ? on.lease : undefined;
  const title = lent && readLedger(stateDirectory()).leases.find(({ id }) => id === lent)?.title;
  return title === undefined ? placeName(on) : `${placeName(on)}, ${title}`;
}
