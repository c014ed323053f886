import { execa } from 'execa';
import { stateDirectory } from '../base/stateDirectory';
import { UserError } from '../base/errors';
import { folderOf } from '../machines/leases/ledger';
import { sshWords } from '../machines/openSsh';
import { shellLine } from '../machines/quote';
import { vagrant } from '../machines/vagrant';
import type { OtherMachine } from '../recipe/recipe';
import type { Kept } from '../reproduce/journal';
import { addressOf } from '../reproduce/place';
import { readReproduction } from '../reproduce/store';
import { stepEnvironment, type Terminal } from './terminal';

/** A shell in a kept machine, or in the workspace where there is none. Resolves when it has ended. */
export async function enter(
  id: string,
  machine: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const { status, recipe } = readReproduction(id);
  if (status.state !== 'kept')
    throw new UserError(`Nothing is kept of ${id}.`, {
      advice: 'Reproduce with --keep on-failure, and it stays until you say finish.',
    });
  const name = machine ?? status.machines[0];
  if (name !== undefined && !status.machines.includes(name))
    throw new UserError(`${id} has no machine "${name}".`, {
      advice: `It has: ${status.machines.join(', ')}`,
    });
  // A name of the repository's choosing must stay a name, and not become an option.
  if (name?.startsWith('-') === true)
    throw new UserError(`The machine has a name that Vagrant cannot be given: ${name}`);
  const { command, args } =
    name === undefined ? { command: process.env['SHELL'] ?? 'sh', args: [] } : vagrant.ssh(name);
  // An interrupt is meant for what runs in there.
  const listening = terminal.onInterrupt(() => undefined);
  try {
    if (recipe.on) await enterFar(recipe.on, status, name);
    else
      await execa(command, args, {
        cwd: status.directory,
        env: { ...stepEnvironment(), ...status.environment },
        extendEnv: false,
        stdio: 'inherit',
        reject: false,
      });
  } finally {
    listening[Symbol.dispose]();
  }
}

async function enterFar(on: OtherMachine, kept: Kept, name: string | undefined): Promise<void> {
  const address = addressOf(on);
  if (!address) throw new UserError('The machine was given back: nothing is left there.');
  const folder = 'lease' in on ? folderOf(stateDirectory(), on.lease) : stateDirectory();
  const [command = 'ssh', ...words] = await sshWords(address, folder);
  await execa(command, ['-t', ...words, entrance(kept, name)], {
    stdio: 'inherit',
    reject: false,
  });
}

/** A line for the far shell. What it holds of the steps' environment are no credentials. */
export function entrance({ directory, environment }: Kept, name: string | undefined): string {
  const variables = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const { command, args } = vagrant.ssh(name ?? '');
  const program = name === undefined ? '"${SHELL:-sh}"' : shellLine([command, ...args]);
  return `cd ${shellLine([directory])} && exec ${shellLine(['env', ...variables])} ${program}`;
}
