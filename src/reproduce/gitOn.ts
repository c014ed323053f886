import { UserError } from '../base/errors';
import { causeLine } from '../base/systemErrors';
import type { Executed, ExecOptions, Machine } from '../machines/machine';
import { safeguards } from '../recipe/git';

/** Addresses come from a foreign commit here. */
const noPrograms = ['-c', 'protocol.ext.allow=never'];

export interface GitOptions {
  /** Added to its environment, so that it is found if this program is killed. */
  readonly marks?: Readonly<Record<string, string>>;
  readonly input?: ExecOptions['input'];
}

/**
 * Runs git in a folder of a machine and resolves with what it printed.
 * @throws UserError with git's own message when it fails or is not there.
 */
export async function gitOn(
  machine: Machine,
  args: readonly string[],
  directory: string,
  signal: AbortSignal,
  { marks = {}, input }: GitOptions = {},
): Promise<string> {
  const command = [
    'env',
    // Inherited from a hook or an editor's own git, these would point at another repository.
    ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'].flatMap((name) => ['-u', name]),
    ...Object.entries({ GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', ...marks }).map(
      ([name, value]) => `${name}=${value}`,
    ),
    'git',
    ...safeguards,
    ...noPrograms,
    ...args,
  ];
  const { code, stdout, stderr } = await machine.exec(command, {
    directory,
    signal,
    ...(input !== undefined && { input }),
  });
  if (code === 0) return stdout;
  const subcommand = args.find((word) => /^[a-z]/.test(word) && !word.includes('=')) ?? '';
  throw gitFailure(machine, subcommand, { code, stderr });
}

/** Why git, or a script that calls it, failed on a machine, in its own words. */
export function gitFailure(
  machine: Machine,
  subcommand: string,
  { code, stderr }: Pick<Executed, 'code' | 'stderr'>,
): UserError {
  if (code === 127)
    return new UserError(`There is no git on ${machine.name}.`, {
      advice: 'Install git there, then reproduce again.',
    });
  const cause = causeLine(stderr) || `exit code ${code ?? 'none'}`;
  return new UserError(`git ${subcommand} failed on ${machine.name}: ${cause}`);
}
