import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '../base/childEnvironment';
import { isUserError, UserError } from '../base/errors';
import type { Machine } from '../machines/machine';
import { git } from '../recipe/git';

/** As `git lfs install` sets them, for a git that goes without. */
export const lfsFilters = [
  ...['-c', 'filter.lfs.process=git-lfs filter-process'],
  ...['-c', 'filter.lfs.smudge=git-lfs smudge -- %f'],
  ...['-c', 'filter.lfs.clean=git-lfs clean -- %f'],
  ...['-c', 'filter.lfs.required=true'],
];

export interface LfsCarried {
  /** A repository of this machine, or its git directory. */
  readonly directory: string;
  readonly commit: string;
  /** Where it is kept on the other machine. */
  readonly repository: string;
}

/**
 * Brings what the commit keeps in Git LFS to the repository on another machine, as far as it is in the
 * person's clone and not there yet. What is nowhere, git-lfs fetches over there, or fails.
 */
export async function carryLfs(
  { directory, commit, repository }: LfsCarried,
  machine: Machine,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const here = await storeOf(directory, commit, signal);
  const wanted = here?.paths ?? [];
  const has = wanted.filter((path) => existsSync(join(here?.folder ?? '', path)));
  const missing = wanted.length - has.length;
  if (!here || missing > 0)
    say(
      `${here ? `${missing} files of Git LFS are` : 'what Git LFS keeps is'} not in your clone: ${machine.name} fetches them itself`,
    );
  if (!here || has.length === 0) return;
  const store = `${repository}/lfs/objects`;
  const look = await machine.exec(['sh', '-c', LACKING, 'sh', store], {
    input: has.map((path) => `${path}\n`).join(''),
    signal,
  });
  const known = new Set(has);
  const lacking = look.stdout.split('\n').filter((path) => known.has(path));
  if (lacking.length === 0) return;
  const { code, stderr } = await machine.exec(['sh', '-c', TAKE, 'sh', store], {
    input: () => archive(here.folder, lacking, signal),
    signal,
  });
  if (code === 0) return;
  throw new UserError(`What Git LFS keeps could not be brought to ${machine.name}.`, {
    cause: new Error(stderr.slice(-300)),
    advice: 'Is there room on its disk, and tar?',
  });
}

interface Store {
  readonly folder: string;
  /** What the commit wants of it: `ab/cd/abcd…`. */
  readonly paths: readonly string[];
}

/** Undefined where git-lfs is not here: then it has brought nothing either. */
async function storeOf(
  directory: string,
  commit: string,
  signal: AbortSignal,
): Promise<Store | undefined> {
  try {
    const [listed, told] = await Promise.all([
      git(['lfs', 'ls-files', '--long', commit], directory, signal),
      git(['lfs', 'env'], directory, signal),
    ]);
    const [, folder] = /^LocalMediaDir=(.+)$/m.exec(told) ?? [];
    const ids = [...listed.matchAll(/^([0-9a-f]{64}) /gm)].map(([, id]) => id ?? '');
    const paths = [...new Set(ids)].map((id) => `${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`);
    return folder === undefined ? undefined : { folder, paths };
  } catch (error) {
    if (isUserError(error)) return undefined;
    throw error;
  }
}

const LACKING = `while read -r path; do [ -e "$1/$path" ] || printf '%s\\n' "$path"; done`;

/** Each gets its place only when all have come. */
const TAKE = `umask 022
mkdir -p "$1" && new=$(mktemp -d "$1/../new.XXXXXX") || exit
trap 'rm -rf "$new"' EXIT
tar -xf - -C "$new" || exit
cd "$new" && find . -type f | while read -r file; do
  mkdir -p "$(dirname "$1/$file")" && mv -f "$file" "$1/$file" || exit 1
done`;

async function* archive(
  folder: string,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const child = spawn('tar', ['-cf', '-', '-C', folder, '-T', '-'], {
    env: childEnvironment(),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = once(child, 'close');
  try {
    // It may end before it has read all: then its exit code says so.
    child.stdin.on('error', () => undefined);
    child.stdin.end(paths.map((path) => `${path}\n`).join(''));
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = (await exited) as [number | null];
    signal.throwIfAborted();
    if (code !== 0) throw new UserError('tar could not read what Git LFS keeps.');
  } finally {
    child.kill();
    await exited;
  }
}
