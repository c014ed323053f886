import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { childEnvironment } from '../base/childEnvironment';
import { messageOf, UserError } from '../base/errors';
import { sameRepository } from '../base/gitAddress';
import { causeLine } from '../base/systemErrors';
import { bornAt } from '../machines/processes';

/**
 * Keeps git from running what a foreign commit may bring where the person's configuration names a
 * path in the tree, and from reaching into submodules that nobody asked for. Hooks of the person's
 * repository are for the person's own work.
 */
export const safeguards = [
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'submodule.recurse=false'],
  ...['-c', 'fetch.recurseSubmodules=false'],
];

/**
 * Runs git in `directory` and resolves with what it printed (64 MiB at most). It never asks on a
 * terminal: whoever runs inside an editor has none. With `encoding` latin1 each byte is a character.
 * @throws UserError with git's own message when it fails or is not there.
 */
export function git(
  args: readonly string[],
  directory: string,
  signal: AbortSignal,
  options: { env?: NodeJS.ProcessEnv; input?: string; encoding?: 'utf8' | 'latin1' } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = {
      ...childEnvironment(),
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      // Inherited from a hook or an editor's own git, these would point at another repository.
      GIT_DIR: undefined,
      GIT_WORK_TREE: undefined,
      GIT_INDEX_FILE: undefined,
      ...options.env,
    };
    const child = execFile(
      'git',
      [...safeguards, ...args],
      { cwd: directory, env, signal, maxBuffer: 64 << 20, encoding: options.encoding ?? 'utf8' },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else if (signal.aborted) reject(signal.reason as Error);
        else reject(explain(error, args, directory, stderr));
      },
    );
    // It may end before it has read all: then its exit code says so.
    child.stdin?.on('error', () => undefined);
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

export interface Remote {
  readonly name: string;
  readonly url: string;
}

export async function remotes(directory: string, signal: AbortSignal): Promise<Remote[]> {
  const lines = await git(['remote', '-v'], directory, signal);
  return lines.split('\n').flatMap((line) => {
    const [, name, url] = /^(\S+)\t(.+) \(fetch\)$/.exec(line) ?? [];
    return name !== undefined && url !== undefined ? [{ name, url }] : [];
  });
}

/** Undefined on a detached HEAD. */
export async function currentBranch(
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await git(['branch', '--show-current'], directory, signal)).trim() || undefined;
}

/** The top folder of the repository that `directory` lies in. */
export async function topLevel(directory: string, signal: AbortSignal): Promise<string> {
  return (await git(['rev-parse', '--show-toplevel'], directory, signal)).trimEnd();
}

/** @throws UserError in a repository without commits, with what to do. */
export async function headCommit(directory: string, signal: AbortSignal): Promise<string> {
  try {
    return (await git(['rev-parse', '--verify', 'HEAD^{commit}'], directory, signal)).trim();
  } catch (cause) {
    signal.throwIfAborted();
    const branch = await currentBranch(directory, signal);
    // What HEAD names may also be missing or damaged.
    if (branch === undefined || (await namesObject('HEAD', directory, signal))) throw cause;
    throw new UserError(`The branch ${branch} of ${directory} has no commit yet.`, {
      cause,
      advice: 'Commit something, or check out a branch that has a commit: a commit is what is run.',
    });
  }
}

/** Whether `name` leads to an object's id, be the object there or not. */
async function namesObject(name: string, directory: string, signal: AbortSignal): Promise<boolean> {
  try {
    await git(['rev-parse', '--verify', '--quiet', name], directory, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError) return false;
    throw error;
  }
}

export async function hasCommit(
  directory: string,
  sha: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await git(['cat-file', '-e', `${sha}^{commit}`], directory, signal);
    return true;
  } catch (error) {
    if (error instanceof UserError && existsSync(directory)) return false;
    throw error;
  }
}

/**
 * Makes sure that the commit's objects are there, fetching them if they are not. No branch, tag or
 * FETCH_HEAD of the person's changes: the commit is held by a ref below `refs/ci-parity/`, so that
 * a garbage collection does not take it while this process needs it. `releaseCommit` deletes that ref.
 * @throws UserError when no remote has it.
 */
export async function ensureCommit(
  directory: string,
  sha: string,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (await hasCommit(directory, sha, signal)) {
    await hold(directory, sha, signal);
    return;
  }
  const known = await remotes(directory, signal);
  const matching = known.filter((remote) => wanted.some((url) => sameRepository(url, remote.url)));
  const fetched = `${ownRefs()}/fetched`;
  const attempts: string[] = [];
  for (const source of [...new Set([...matching, ...known].map((remote) => remote.name))]) {
    // Most servers give a commit by its name; others only what their refs hold.
    for (const refspec of [`${sha}:${heldBy(sha)}`, `+refs/*:${fetched}/*`]) {
      try {
        const fetch = ['fetch', '--no-tags', '--no-write-fetch-head', '--quiet', source, refspec];
        await git(fetch, directory, signal);
        if (await hasCommit(directory, sha, signal)) {
          await hold(directory, sha, signal);
          return;
        }
      } catch (error) {
        signal.throwIfAborted();
        attempts.push(`${source}: ${messageOf(error)}`);
      } finally {
        await deleteRefs(directory, (name) => name.startsWith(`${fetched}/`));
      }
    }
  }
  throw new UserError(
    `The run's commit ${sha.slice(0, 12)} is neither in ${directory} nor at its remotes.`,
    {
      advice: [
        `It may have been force-pushed away. Fetch it yourself, then try again.`,
        ...attempts,
      ].join('\n'),
    },
  );
}

async function hold(directory: string, sha: string, signal: AbortSignal): Promise<void> {
  try {
    await git(['update-ref', heldBy(sha), sha], directory, signal);
  } catch (error) {
    signal.throwIfAborted();
    // In a repository that cannot be written to, no garbage collection takes anything either.
    if (!(error instanceof UserError)) throw error;
  }
}

/** Deletes the ref by which this process holds the commit. It cannot be cancelled: it is part of cancelling. */
export async function releaseCommit(directory: string, sha: string): Promise<void> {
  await deleteRefs(directory, (name) => name === heldBy(sha));
}

/** Deletes the refs by which processes held commits that have died since, and those of older versions. */
export async function releaseAbandoned(directory: string): Promise<void> {
  await deleteRefs(directory, (name) => {
    const [, pid = '', birth = ''] = /^refs\/ci-parity\/(\d+)-([0-9a-f]+)\//.exec(name) ?? [];
    return pid === '' || birthOf(Number(pid)) !== birth;
  });
}

/**
 * The text of `path` at `commit`, following symbolic links inside the repository as a checkout
 * would: `git show` alone gives a link's target as the text.
 * @throws UserError when there is no such file.
 */
export async function showFile(
  directory: string,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<{ path: string; text: string }> {
  let at = posix.normalize(path);
  for (let hops = 0; hops < 10; hops++) {
    const blob = await blobAt(directory, commit, at, signal);
    if (!blob) throw new UserError(`There is no ${at} at commit ${commit.slice(0, 12)}.`);
    if (blob.mode !== '120000') return { path: at, text: blob.text };
    at = posix.normalize(posix.join(posix.dirname(at), blob.text));
    if (at.startsWith('..'))
      throw new UserError(`${path} is a link out of the repository: ${blob.text}`);
  }
  throw new UserError(`${path} is a chain of links without an end.`);
}

/** What lies at `path` itself: of a link (mode 120000) its target. Undefined when there is nothing, or a folder. */
export async function blobAt(
  directory: string,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<{ mode: string; text: string } | undefined> {
  const entry = await git(['ls-tree', commit, '--', path], directory, signal);
  const [, mode, sha] = /^(\d+) blob ([0-9a-f]+)\t/.exec(entry) ?? [];
  if (mode === undefined || sha === undefined) return undefined;
  return { mode, text: await git(['cat-file', 'blob', sha], directory, signal) };
}

/** Whether the commit keeps files in Git LFS: any of its folders may have attributes that say so. */
export async function keepsLfs(
  directory: string,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  const words = ['grep', '--quiet', '--no-recurse-submodules', '-F', '-e', 'filter=lfs', commit];
  try {
    await git([...words, '--', ':(top,glob)**/.gitattributes'], directory, signal);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // Its exit code where it found nothing.
    const { cause } = error as Error;
    if (cause instanceof Error && 'code' in cause && cause.code === 1) return false;
    throw error;
  }
}

const REFS = 'refs/ci-parity';

/** Below which refs this process holds commits. */
function ownRefs(): string {
  return `${REFS}/${process.pid}-${birthOf(process.pid) ?? '0'}`;
}

function heldBy(sha: string): string {
  return `${ownRefs()}/${sha}`;
}

/** `bornAt` in letters that a ref may have; undefined when there is no such process. */
function birthOf(pid: number): string | undefined {
  const born = bornAt(pid);
  return born && createHash('sha256').update(born).digest('hex').slice(0, 12);
}

async function deleteRefs(directory: string, which: (name: string) => boolean): Promise<void> {
  const { signal } = new AbortController();
  const names = await git(['for-each-ref', '--format=%(refname)', REFS], directory, signal);
  const input = names
    .split('\n')
    .filter((name) => name !== '' && which(name))
    .map((name) => `delete ${name}\n`)
    .join('');
  if (input !== '') await git(['update-ref', '--stdin'], directory, signal, { input });
}

function explain(
  error: Error,
  args: readonly string[],
  directory: string,
  stderr: string,
): UserError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return existsSync(directory)
      ? new UserError('git is not there.', { cause: error, advice: 'Install git, then try again.' })
      : new UserError(`The folder ${directory} is not there.`, { cause: error });
  return new UserError(`git ${args[0] ?? ''} failed: ${causeLine(stderr) || error.message}`, {
    cause: error,
  });
}
