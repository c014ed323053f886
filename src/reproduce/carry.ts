import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { codeOf, UserError } from '../base/errors';
import type { Machine } from '../machines/machine';
import { git } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import { gitFailure } from './gitOn';

/**
 * Brings the recipe's commit to another machine, into a bare repository that stays there: the second
 * time only what it lacks is sent. Resolves with that repository's path.
 */
export async function carryCommit(
  recipe: Recipe,
  machine: Machine,
  signal: AbortSignal,
): Promise<string> {
  const { directory, remoteUrl = '' } = recipe.repository;
  const name = carriedName(recipe);
  return carry({ directory, commit: recipe.commit, name, remoteUrl, refs: REFS }, machine, signal);
}

const REFS = 'refs/ci-parity';

/** What is carried, and under which name it is kept over there. */
export interface Carried {
  /** A repository of this machine, or its git directory. */
  readonly directory: string;
  readonly commit: string;
  readonly name: string;
  /** Addresses of submodules may be relative to it; empty where it is not known. */
  readonly remoteUrl: string;
  /** Below which refs it is held there. */
  readonly refs: string;
}

/** Resolves with the path of the repository on the machine that has the commit then, with all that hangs on it. */
export async function carry(
  { directory, commit, name, remoteUrl, refs }: Carried,
  machine: Machine,
  signal: AbortSignal,
): Promise<string> {
  const call = async (
    what: string,
    script: string,
    words: readonly string[],
    // Also what needs none may be run again, and so on the connection itself, which is quicker.
    input: () => AsyncIterable<Buffer> = () => Readable.from([]),
  ): Promise<string> => {
    const command = ['sh', '-c', script, 'sh', ...words];
    const done = await machine.exec(command, { signal, input });
    if (done.code !== 0) throw gitFailure(machine, what, done);
    return done.stdout;
  };
  const shallow = await shallowOf(directory, signal);
  const told = await call('init', LOOK, [cutName(name, shallow), remoteUrl, refs, commit]);
  const [repository = '', state = '', ...there] = told.split('\n');
  if (state === 'there') return repository;
  const known = await commitsOf(directory, there, signal);
  await call('index-pack', TAKE, [repository, refs, commit, shallow.join('\n')], () =>
    packOf(directory, commit, known, signal),
  );
  return repository;
}

/** Where `carryCommit` brings it. */
export async function carriedTo(
  recipe: Recipe,
  machine: Machine,
  signal: AbortSignal,
): Promise<string> {
  const { directory } = recipe.repository;
  const shallow = existsSync(directory) ? await shallowOf(directory, signal) : [];
  const { stdout } = await machine.exec(['sh', '-c', 'cd && pwd'], { signal });
  return `${stdout.trimEnd()}/.cache/ci-parity/repositories/${cutName(carriedName(recipe), shallow)}.git`;
}

/** What is cut off somewhere is kept apart: elsewhere, its commits would be taken for whole. */
function cutName(name: string, shallow: readonly string[]): string {
  return shallow.length === 0 ? name : nameOf([name, ...shallow].join(' '));
}

export function carriedName({ repository }: Recipe): string {
  return nameOf(repository.remoteUrl ?? repository.directory);
}

export function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Says where it is, whether it has the commit, and what it has. */
const LOOK = `cd && repository=$PWD/.cache/ci-parity/repositories/$1.git || exit
printf '%s\\n' "$repository"
[ -e "$repository/HEAD" ] || git init --quiet --bare "$repository" || exit
cd "$repository" || exit
[ -z "$2" ] || [ "$(git config remote.origin.url)" = "$2" ] || git config remote.origin.url "$2" || exit
if git rev-parse --quiet --verify "$3/$4" > /dev/null; then echo there; exit 0; fi
echo
exec git for-each-ref --format='%(objectname)' "$3/"`;

/** A pack ends with its own checksum: one that is cut short is refused. */
const TAKE = `cd "$1" || exit
git index-pack --stdin --fix-thin > /dev/null || exit
[ -z "$4" ] || printf '%s\\n' "$4" > shallow || exit
exec git update-ref "$2/$3" "$3"`;

/** The commits at which the history of a shallow clone is cut off, in order. */
async function shallowOf(directory: string, signal: AbortSignal): Promise<string[]> {
  const file = (await git(['rev-parse', '--git-path', 'shallow'], directory, signal)).trim();
  try {
    const text = await readFile(resolve(directory, file), 'utf8');
    return text
      .split('\n')
      .filter((line) => /^[0-9a-f]{40,64}$/.test(line))
      .sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Those that are commits here. */
async function commitsOf(
  directory: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = names.filter((name) => /^[0-9a-f]{40,64}$/.test(name));
  if (wanted.length === 0) return [];
  const input = `${wanted.join('\n')}\n`;
  const told = await git(['cat-file', '--batch-check'], directory, signal, { input });
  return told.split('\n').flatMap((line) => /^(\S+) commit /.exec(line)?.[1] ?? []);
}

/** The commit with all that it needs, without what hangs on the commits that are `known` over there. */
async function* packOf(
  directory: string,
  commit: string,
  known: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const args = ['pack-objects', '--revs', '--thin', '--delta-base-offset', '--quiet', '--stdout'];
  const env = { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined };
  const child = spawn('git', args, { cwd: directory, env, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'close');
  try {
    // It may end before it has read all: then its exit code says so.
    child.stdin.on('error', () => undefined);
    child.stdin.end([commit, ...known.map((sha) => `^${sha}`), ''].join('\n'));
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = (await exited) as [number | null];
    signal.throwIfAborted();
    if (code !== 0) throw new UserError(`git could not pack ${commit.slice(0, 12)}.`);
  } finally {
    child.kill();
    await exited;
  }
}
