import { stateDirectory } from '../base/stateDirectory';
import { UserError } from '../base/errors';
import { folderOf } from '../machines/leases/ledger';
import { ownKnownHosts } from '../machines/ssh/configuration';
import { sshWords } from '../machines/openSsh';
import { shellLine } from '../machines/quote';
import { vagrant } from '../machines/vagrant';
import type { OtherMachine } from '../recipe/recipe';
import type { Kept } from '../reproduce/journal';
import { addressOf } from '../reproduce/place';
import { readReproduction } from '../reproduce/store';
import { handOver } from './logIn';
import { stepEnvironment, type Terminal } from './terminal';

/** A shell in a kept machine, or in the workspace where there is none. Resolves with its exit code. */
export async function enter(
  id: string,
  machine: string | undefined,
  terminal: Terminal,
): Promise<number> {
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
  if (recipe.on) return await handOver(await wordsOfFar(recipe.on, status, name), terminal);
  return await handOver([command, ...args], terminal, {
    cwd: status.directory,
    env: { ...stepEnvironment(), ...status.environment },
  });
}

async function wordsOfFar(
  on: OtherMachine,
  kept: Kept,
  name: string | undefined,
): Promise<string[]> {
  const address = addressOf(on);
  if (!address) throw new UserError('The machine was given back: nothing is left there.');
  const folder = 'lease' in on ? folderOf(stateDirectory(), on.lease) : stateDirectory();
  const [command = 'ssh', ...words] = await sshWords(
    address,
    folder,
    ownKnownHosts(stateDirectory()),
  );
  return [command, '-t', ...words, entrance(kept, name)];
}

/** A line for the far shell. What it holds of the steps' environment are no credentials. */
export function entrance({ directory, environment }: Kept, name: string | undefined): string {
  const variables = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const { command, args } = vagrant.ssh(name ?? '');
  const program = name === undefined ? '"${SHELL:-sh}"' : shellLine([command, ...args]);
  return `cd ${shellLine([directory])} && exec ${shellLine(['env', ...variables])} ${program}`;
}
