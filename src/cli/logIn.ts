import { execa } from 'execa';
import { constants } from 'node:os';
import { childEnvironment } from '../base/childEnvironment';
import { codeOf, UserError } from '../base/errors';
import { stateDirectory } from '../base/stateDirectory';
import { folderOf, leaseNamed } from '../machines/leases/ledger';
import { ownKnownHosts } from '../machines/ssh/configuration';
import { sshWords } from '../machines/openSsh';
import { stateWords } from './machineText';
import type { Terminal } from './terminal';

/** The system's `ssh`, with the lease's key, and the host's key pinned. Resolves with its exit code. */
export async function sshInto(
  name: string,
  command: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const root = stateDirectory();
  const { id, state, title } = leaseNamed(root, name);
  if (state.kind !== 'lent' && state.kind !== 'ready')
    throw new UserError(`${title} is ${stateWords(state)}: nobody can log in.`);
  const words = await sshWords(state.ssh, folderOf(root, id), ownKnownHosts(root));
  return await handOver([...words, ...command], terminal);
}

/**
 * Lets a program have the terminal, with what is typed and the size of its window. Resolves with its exit
 * code; as a shell has it, 128 and the signal's number where one ended it.
 * @throws UserError where it cannot be started.
 */
export async function handOver(
  [program = '', ...words]: readonly string[],
  terminal: Terminal,
  surroundings: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<number> {
  const { cwd, env } = surroundings;
  // An interrupt is meant for what runs in there.
  const listening = terminal.onInterrupt(() => undefined);
  try {
    const { exitCode, signal, cause } = await execa(program, words, {
      stdio: 'inherit',
      reject: false,
      ...(cwd !== undefined && { cwd }),
      env: env ?? childEnvironment(),
      extendEnv: false,
    });
    if (exitCode !== undefined) return exitCode;
    if (signal !== undefined) return 128 + constants.signals[signal];
    const advice = codeOf(cause) === 'ENOENT' ? `Is ${program} installed?` : undefined;
    throw new UserError(`${program} could not be started.`, { cause, advice });
  } finally {
    listening[Symbol.dispose]();
  }
}
