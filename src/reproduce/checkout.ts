import { copyFile, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../base/errors';
import type { Machine } from '../machines/machine';
import { blobAt, git, releaseCommit } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import { noHooks } from './gitOn';

const lfs = [
  '-c',
  'filter.lfs.process=git-lfs filter-process',
  '-c',
  'filter.lfs.smudge=git-lfs smudge -- %f',
  '-c',
  'filter.lfs.clean=git-lfs clean -- %f',
  '-c',
  'filter.lfs.required=true',
];

/**
 * Checks the recipe's commit out into `into` on the machine, with submodules and LFS files when the
 * repository uses them, and lays the person's uncommitted changes over it if the recipe asks for it.
 * On this machine it becomes a detached git worktree; to another one the commit is carried.
 * Nothing in the person's own tree, index or branches is touched.
 * `env` marks the processes that take long, so that they are found if this one is killed.
 * The commit must be there: see `ensureCommit`.
 * @throws UserError when the changes do not fit on it, or git-lfs is missing.
 */
export async function checkout(
  recipe: Recipe,
  machine: Machine,
  into: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  if (recipe.on) throw new UserError(`The source cannot be brought to ${machine.name} yet.`);
  const { directory } = recipe.repository;
  // Read before the checkout: the changes are those of the moment in which it was asked for.
  const changes = recipe.withChanges ? await uncommittedChanges(directory, signal) : '';
  const attributes = await blobAt(directory, recipe.commit, '.gitattributes', signal);
  const usesLfs = attributes?.text.includes('filter=lfs') ?? false;
  if (usesLfs) await needLfs(directory, signal);
  const run = (args: readonly string[], where: string): Promise<string> =>
    git([...noHooks, ...(usesLfs ? lfs : []), ...args], where, signal, { env });
  // `--force` also where an emptied folder is still noted as a worktree.
  const add = ['worktree', 'add', '--force', '--detach', '--quiet'];
  if (await isEmpty(into)) await run([...add, into, recipe.commit], directory);
  else {
    // As Jenkins does it: what lies there stays, unless the commit has a file of that name.
    const beside = besideOf(into);
    await run([...add, '--no-checkout', beside, recipe.commit], directory);
    await rename(join(beside, '.git'), join(into, '.git'));
    await rm(beside, { recursive: true, force: true });
    await run(['worktree', 'repair', into], directory);
    await run(['checkout', '--quiet', '--force', '--detach', recipe.commit], into);
  }
  if (await blobAt(directory, recipe.commit, '.gitmodules', signal))
    await updateSubmodules(directory, into, env, signal);
  if (changes !== '') await applyChanges(changes, into, signal);
}

/** Where a worktree is made for a folder that is not empty, before it is moved into it. */
export function besideOf(into: string): string {
  return `${into}@git`;
}

/** Takes a checkout away, whatever is in it. It may be half made or half gone. */
export async function removeCheckout(
  recipe: Recipe,
  machine: Machine,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  if (recipe.on) return machine.files.remove(from, signal);
  const { directory } = recipe.repository;
  const remove = async (): Promise<boolean> => {
    try {
      await git(['worktree', 'remove', '--force', '--force', from], directory, signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      return false;
    }
  };
  const done = await remove();
  await rm(from, { recursive: true, force: true });
  // One that was emptied is no worktree to git, until its folder is gone too. It may also never
  // have been registered, or the repository itself is gone: the folder is all there was.
  if (!done) await remove();
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/** Lets go of the commit that `checkout` fetched. */
export async function releaseCheckout(recipe: Recipe, signal: AbortSignal): Promise<void> {
  try {
    await releaseCommit(recipe.repository.directory, recipe.commit, signal);
  } catch (error) {
    signal.throwIfAborted();
    // Without its repository there is nothing that could be held.
    if (!(error instanceof UserError)) throw error;
  }
}

/** What differs from HEAD, untracked files too, as a patch. It is computed in an index of our own. */
async function uncommittedChanges(directory: string, signal: AbortSignal): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'ci-parity-index-'));
  try {
    const index = join(scratch, 'index');
    const own = (await git(['rev-parse', '--git-path', 'index'], directory, signal)).trim();
    await copyFile(join(directory, own), index).catch(() => copyFile(own, index));
    const env = { GIT_INDEX_FILE: index };
    await git(['add', '--all'], directory, signal, { env });
    return await git(['diff', '--cached', '--binary', '--no-ext-diff', 'HEAD'], directory, signal, {
      env,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function applyChanges(patch: string, into: string, signal: AbortSignal): Promise<void> {
  try {
    await git(['apply', '--3way', '--whitespace=nowarn'], into, signal, { input: patch });
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError("Your uncommitted changes do not fit on the run's commit.", {
      cause,
      advice: 'Reproduce without them, or bring them onto that commit first.',
    });
  }
}

async function needLfs(directory: string, signal: AbortSignal): Promise<void> {
  try {
    await git(['lfs', 'version'], directory, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError('The repository keeps files in Git LFS, and git-lfs is not there.', {
      cause,
      advice: 'Install git-lfs, then reproduce again.',
    });
  }
}

/** `submodule update --init` writes into the configuration that all worktrees share; what it added is taken out again. */
async function updateSubmodules(
  directory: string,
  into: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const before = await submoduleSettings(directory, signal);
  try {
    await git(
      [...noHooks, 'submodule', 'update', '--init', '--recursive', '--quiet'],
      into,
      signal,
      { env },
    );
  } finally {
    const after = await submoduleSettings(directory, signal);
    for (const key of after)
      if (!before.has(key)) await git(['config', '--local', '--unset-all', key], directory, signal);
  }
}

async function submoduleSettings(directory: string, signal: AbortSignal): Promise<Set<string>> {
  const names = await git(['config', '--local', '--name-only', '--list'], directory, signal);
  return new Set(names.split('\n').filter((name) => name.startsWith('submodule.')));
}
