import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '../base/errors';
import type { Machine } from '../machines/machine';
import { withoutLogin } from '../base/gitAddress';
import { git } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import { gitFailure } from './gitOn';
import { REPOSITORIES, USE } from './keptRepositories';
import { packOf, TAKE_PACK } from './packs';

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
  const shallow = await shallowOf(directory, signal);
  const words = [cutName(name, shallow), withoutLogin(remoteUrl), refs, commit, shallow.join('\n')];
  // On the connection itself, since all of it may be run again: that is quicker, and what is sent may be large.
  const done = await machine.exec(['sh', '-c', TAKE, 'sh', ...words], {
    signal,
    input: (head) => answer(head, directory, commit, signal),
  });
  const [repository = '', state] = done.stdout.split('\n', 2);
  if (done.code !== 0) throw gitFailure(machine, state === 'lacking' ? 'index-pack' : 'init', done);
  return repository;
}

/** What is sent to a machine that has said what it has. */
async function* answer(
  head: Promise<string>,
  directory: string,
  commit: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const [, state, ...there] = (await head).split('\n');
  if (state !== 'lacking') return;
  const known = await commitsOf(directory, there, signal);
  yield* packOf(directory, commit, known, signal);
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
  return `${stdout.trimEnd()}/${REPOSITORIES}/${cutName(carriedName(recipe), shallow)}.git`;
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

/** Says where it is, whether it has the commit, and what it has, up to an empty line; and takes what it lacks. */
const TAKE = `cd && repository=$PWD/${REPOSITORIES}/$1.git address=$2 format= || exit
[ \${#4} -eq 40 ] || format=--object-format=sha256
printf '%s\\n' "$repository"
${USE}
cd "$repository" || exit
[ -z "$2" ] || [ "$(git config remote.origin.url)" = "$2" ] || git config remote.origin.url "$2" || exit
if git rev-parse --quiet --verify "$3/$4" > /dev/null; then printf 'there\\n\\n'; exit 0; fi
echo lacking
git for-each-ref --format='%(objectname)' "$3/" || exit
echo
${TAKE_PACK}
[ -z "$5" ] || printf '%s\\n' "$5" > shallow || exit
git update-ref "$3/$4" "$4"`;

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
