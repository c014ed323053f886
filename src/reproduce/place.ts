import { stateDirectory } from '../base/stateDirectory';
import { UserError } from '../base/errors';
import { readLedger } from '../machines/leases/ledger';
import type { SshAddress } from '../machines/lender';
import { openLocalMachine } from '../machines/local';
import type { Machine } from '../machines/machine';
import type { OtherMachine } from '../recipe/recipe';
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

/**
 * Opens the machine that a recipe names, or this one; `here` is what this one gives a step.
 * @throws UserError when it cannot be reached.
 */
export function openPlace(
  on: OtherMachine | undefined,
  files: Files,
  here: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Place> {
  if (on) return Promise.reject(new UserError(`${placeName(on)} cannot be reached yet.`));
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const machine = openLocalMachine(temporaryOf(files.workspace));
  const dispose = () => machine[Symbol.asyncDispose]();
  const { workspace } = files;
  return Promise.resolve({ machine, base: here, workspace, [Symbol.asyncDispose]: dispose });
}

/** What is meant by a name: a machine that is lent to us, or a host that OpenSSH can reach. */
export function otherMachine(name: string, root: string = stateDirectory()): OtherMachine {
  if (name.startsWith('-') || !/^[\w.@:[\]%-]+$/.test(name))
    throw new UserError(`"${name}" is neither a borrowed machine nor the name of a host.`, {
      advice: 'See: ci-parity machines',
    });
  return readLedger(root).leases.some(({ id }) => id === name) ? { lease: name } : { host: name };
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

/** For people. */
export function placeName(on: OtherMachine | undefined): string {
  if (!on) return 'this machine';
  return 'host' in on ? on.host : on.lease;
}
