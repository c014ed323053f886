import { UserError } from '../base/errors';
import { openLocalMachine } from '../machines/local';
import type { Machine } from '../machines/machine';
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
  on: string | undefined,
  files: Files,
  here: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Place> {
  if (on !== undefined) return Promise.reject(new UserError(`${on} cannot be reached yet.`));
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const machine = openLocalMachine(temporaryOf(files.workspace));
  const dispose = () => machine[Symbol.asyncDispose]();
  const { workspace } = files;
  return Promise.resolve({ machine, base: here, workspace, [Symbol.asyncDispose]: dispose });
}

/** For people. */
export function placeName(on: string | undefined): string {
  return on ?? 'this machine';
}
