import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, realpath, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../base/errors';
import type { Machine } from '../machines/machine';
import { blobAt, git, headCommit, keepsLfs, releaseAbandoned, releaseCommit } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import { carriedTo, carryCommit } from './carry';
import { carryLfs, lfsFilters } from './carryLfs';
import { allSubmodules, carrySubmodules } from './carrySubmodules';
import { gitOn } from './gitOn';

export interface CheckoutOptions {
  /** In the environment of the processes that take long, so that they are found if this one is killed. */
  readonly marks: Readonly<Record<string, string>>;
  /** Tells what another machine has to fetch by itself. */
  readonly say: (line: string) => void;
}

/**
 * Checks the recipe's commit out into `into` on the machine, with submodules and LFS files when the
 * repository uses them, and lays the person's uncommitted changes over it if the recipe asks for it.
 * It becomes a detached git worktree: of the person's clone, or of a repository on another machine to
 * which the commit is carried.
 * Nothing in the person's own tree, index or branches is touched.
 * The commit must be there: see `ensureCommit`.
 * @throws UserError when the changes do not fit on it, or git-lfs is missing.
 */
export async function checkout(
  recipe: Recipe,
  machine: Machine,
  into: string,
  { marks, say }: CheckoutOptions,
  signal: AbortSignal,
): Promise<void> {
  const { directory } = recipe.repository;
  // Read before the checkout: the changes are those of the moment in which it was asked for.
  const changes = recipe.withChanges ? await uncommittedChanges(directory, signal) : undefined;
  const usesLfs = await keepsLfs(directory, recipe.commit, signal);
  const [there, repository] = await Promise.all([
    machine.files.list(into, signal),
    recipe.on ? carryCommit(recipe, machine, signal) : directory,
  ]);
  // Where the changes meet others, git merges them by the files that they were made on.
  if (recipe.on && changes && changes.on !== recipe.commit)
    await carryCommit({ ...recipe, commit: changes.on }, machine, signal);
  if (usesLfs) await needLfs(machine, repository, signal);
  if (usesLfs && recipe.on) {
    const { commit } = recipe;
    await carryLfs({ directory, commit, repository }, machine, say, signal);
  }
  const run = (args: readonly string[], where: string): Promise<string> =>
    gitOn(machine, [...(usesLfs ? lfsFilters : []), ...args], where, signal, { marks });
  // `--force` also where an emptied folder is still noted as a worktree.
  const add = ['worktree', 'add', '--force', '--detach', '--quiet'];
  if (there.length === 0) await run([...add, into, recipe.commit], repository);
  else {
    // As Jenkins does it: what lies there stays, unless the commit has a file of that name.
    const beside = besideOf(into);
    await run([...add, '--no-checkout', beside, recipe.commit], repository);
    await machine.exec(['mv', join(beside, '.git'), join(into, '.git')], { signal });
    await machine.files.remove(beside, signal);
    await run(['worktree', 'repair', into], repository);
    await run(['checkout', '--quiet', '--force', '--detach', recipe.commit], into);
  }
  if (await blobAt(directory, recipe.commit, '.gitmodules', signal)) {
    if (recipe.on) await carrySubmodules(recipe, { machine, into, marks, say }, signal);
    else await run([...allSubmodules, 'submodule', '--quiet', 'update', '--recursive'], into);
  }
  if (changes) await applyChanges(changes, machine, into, signal);
}

/** Where a worktree is made for a folder that is not empty, before it is moved into it. */
export function besideOf(into: string): string {
  return `${into}@git`;
}

/**
 * Removes a checkout, whatever is in it, and its registration as a worktree. It may be half made or half gone, its
 * repository may have been moved, and the recipe may be lost.
 * @throws UserError when it lies outside the folders of the workspace `within`, or something is mounted in it.
 */
export async function removeCheckout(
  recipe: Recipe | undefined,
  machine: Machine,
  from: string,
  within: string,
  signal: AbortSignal,
): Promise<void> {
  const repositories = new Set([await registeredIn(from, machine, signal)]);
  if (recipe?.on) repositories.add(await carriedTo(recipe, machine, signal));
  else if (recipe) repositories.add(recipe.repository.directory);
  // Not by git, which would also remove what is mounted in it.
  await machine.files.remove(from, signal, { within });
  for (const repository of repositories)
    if (repository !== undefined) await unregister(from, repository, machine, signal);
}

/** Also of the machine itself, where nothing is there any more: `git worktree prune` would prune the person's too. */
async function unregister(
  worktree: string,
  repository: string,
  machine: Machine,
  signal: AbortSignal,
): Promise<void> {
  try {
    const words = ['worktree', 'remove', '--force', '--force', worktree];
    await gitOn(machine, words, repository, signal);
  } catch (error) {
    signal.throwIfAborted();
    // It may never have been registered, or the repository itself is gone: the folder is all there was.
    if (!(error instanceof UserError)) throw error;
  }
}

/** The git directory that a worktree says it belongs to; undefined where it does not say so. */
async function registeredIn(
  worktree: string,
  machine: Machine,
  signal: AbortSignal,
): Promise<string | undefined> {
  const note = join(worktree, '.git');
  if ((await machine.files.stat(note, signal))?.kind !== 'file') return undefined;
  const text = (await machine.files.read(note, 16 << 10, signal)).toString();
  return /^gitdir: (\/.+)\/worktrees\/[^/\n]+\n?$/.exec(text)?.[1];
}

/**
 * Removes what dead processes left in a clone of the person: refs that held commits, and registrations of worktrees
 * below the folder `workspaces` that are gone. `isLive` tells of a workspace's name whether somebody works there.
 */
export async function tidyClone(
  clone: string,
  workspaces: string,
  isLive: (name: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  await releaseAbandoned(clone);
  const listed = await git(['worktree', 'list', '--porcelain'], clone, signal);
  // Git writes paths without links.
  const above = existsSync(workspaces) ? await realpath(workspaces) : workspaces;
  for (const line of listed.split('\n')) {
    const path = /^worktree (.+)$/.exec(line)?.[1] ?? '';
    const [name] = relative(above, path).split('/');
    if (name === undefined || name === '..' || existsSync(path) || isLive(name)) continue;
    await git(['worktree', 'remove', '--force', '--force', path], clone, signal);
  }
}

/** Lets go of the recipe's commit, and of those that processes held which have died since. */
export async function releaseCheckout({ repository, commit }: Recipe): Promise<void> {
  try {
    await releaseCommit(repository.directory, commit);
    await releaseAbandoned(repository.directory);
  } catch (error) {
    // Without its repository there is nothing that could be held.
    if (!(error instanceof UserError)) throw error;
  }
}

interface Changes {
  /** The commit that they were made on: HEAD. */
  readonly on: string;
  readonly patch: Buffer;
}

/**
 * What differs from HEAD, untracked files too; undefined where nothing does. It is computed in an index of our own,
 * by git's plumbing: what the person has set for reading diffs would make a patch that does not apply.
 */
async function uncommittedChanges(
  directory: string,
  signal: AbortSignal,
): Promise<Changes | undefined> {
  const scratch = await mkdtemp(join(tmpdir(), 'ci-parity-index-'));
  try {
    const on = await headCommit(directory, signal);
    const index = join(scratch, 'index');
    const told = (await git(['rev-parse', '--git-path', 'index'], directory, signal)).trimEnd();
    const own = resolve(directory, told);
    await copyFile(own, index);
    // What changed in the second in which it was written git reads again: as of the copy it would not.
    const { atime, mtime } = await stat(own);
    await utimes(index, atime, mtime);
    const env = { GIT_INDEX_FILE: index };
    await git(['add', '--all'], directory, signal, { env });
    const words = ['diff-index', '--cached', '--patch', '--binary', '--full-index', ...plain, on];
    // Not all text is UTF-8.
    const patch = await git(words, directory, signal, { env, encoding: 'latin1' });
    return patch === '' ? undefined : { on, patch: Buffer.from(patch, 'latin1') };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const plain = [
  ...['--no-ext-diff', '--no-textconv', '--no-color', '--submodule=short'],
  ...['--src-prefix=a/', '--dst-prefix=b/'],
];

async function applyChanges(
  { patch }: Changes,
  machine: Machine,
  into: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const words = ['apply', '--3way', '--whitespace=nowarn'];
    await gitOn(machine, words, into, signal, { input: patch });
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError("Your uncommitted changes do not fit on the run's commit.", {
      cause,
      advice: 'Reproduce without them, or bring them onto that commit first.',
    });
  }
}

async function needLfs(machine: Machine, directory: string, signal: AbortSignal): Promise<void> {
  try {
    await gitOn(machine, ['lfs', 'version'], directory, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new UserError(
      `The repository keeps files in Git LFS, and git-lfs is not on ${machine.name}.`,
      {
        cause,
        advice: 'Install git-lfs, then reproduce again.',
      },
    );
  }
}
