import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../base/errors';
import { checkedGitAddress, withoutLogin } from '../base/gitAddress';
import { printable } from '../base/json';
import type { Machine } from '../machines/machine';
import { git, hasCommit, keepsLfs } from '../recipe/git';
import type { Recipe } from '../recipe/recipe';
import { carriedName, carry, nameOf } from './carry';
import { carryLfs, lfsFilters } from './carryLfs';
import { gitOn } from './gitOn';

/**
 * Instead of `submodule init`, which writes into the configuration that all worktrees of a repository share: those of
 * the person, too, and of other reproductions at the same time.
 */
export const allSubmodules = ['-c', 'submodule.active=.'];

export interface FarCheckout {
  readonly machine: Machine;
  /** Its folder on the machine. */
  readonly into: string;
  readonly marks: Readonly<Record<string, string>>;
  /** Tells what has to be fetched over there. */
  readonly say: (line: string) => void;
}

/**
 * Brings the submodules of a checkout on another machine, and theirs, to the commits that it wants: from the
 * person's clone where they are in it; the machine fetches the others itself.
 */
export async function carrySubmodules(
  recipe: Recipe,
  checkout: FarCheckout,
  signal: AbortSignal,
): Promise<void> {
  const { directory } = recipe.repository;
  const words = ['rev-parse', '--git-dir', '--git-common-dir'];
  const dirs = (await git(words, directory, signal)).trim().split('\n');
  const homes = [...new Set(dirs.map((dir) => resolve(directory, dir)))];
  await carryLevel({ name: carriedName(recipe), homes }, checkout, signal);
}

/** A repository with submodules. */
interface Level {
  /** As what it was carried. */
  readonly name: string;
  /** Git directories here in which those of its submodules may be. */
  readonly homes: readonly string[];
}

async function carryLevel(level: Level, checkout: FarCheckout, signal: AbortSignal): Promise<void> {
  const { machine, into, marks, say } = checkout;
  if (!(await machine.files.stat(join(into, '.gitmodules'), signal))) return;
  const run = (args: readonly string[], where = into, more = {}): Promise<string> =>
    gitOn(machine, args, where, signal, { marks: { ...marks, ...more } });
  const wanted = await submodulesIn(into, run);
  const found: Found[] = [];
  for (const submodule of wanted) {
    const { name, commit } = submodule;
    const url = checkedGitAddress(submodule.url).shown;
    const home = await homeOf(submodule, level, signal);
    if (home === undefined) {
      say(
        `the submodule ${name} is not in your clone at ${commit.slice(0, 12)}: ${machine.name} fetches it from ${url}`,
      );
      continue;
    }
    const carried = nameOf(`${level.name}/${name}`);
    const repository = await carry(
      { directory: home, commit, name: carried, remoteUrl: url, refs: 'refs/heads/ci-parity' },
      machine,
      signal,
    );
    const lfs = (await keepsLfs(home, commit, signal)) && (await hasLfs(name, checkout, signal));
    if (lfs) await carryLfs({ directory: home, commit, repository }, machine, say, signal);
    found.push({ submodule, home, name: carried, repository, lfs });
  }
  const from = found.flatMap(({ submodule, repository }) => [
    '-c',
    `submodule.${submodule.name}.url=${repository}`,
  ]);
  // Git trusts no repository on the same machine unless it is told.
  const trust = found.length > 0 ? ['-c', 'protocol.file.allow=always'] : [];
  const settings = [...allSubmodules, ...trust, ...from];
  const update = [...settings, 'submodule', '--quiet', 'update', '--no-recommend-shallow'];
  // Where it is cloned from Git LFS would find nothing: its files come afterwards.
  const later = found.filter(({ lfs }) => lfs).map(({ submodule }) => submodule.path);
  if (later.length > 0) await run([...update, '--', ...later], into, { GIT_LFS_SKIP_SMUDGE: '1' });
  await run(update);
  for (const { path, name, url } of wanted) {
    const inside = join(into, path);
    const own = found.find(({ submodule }) => submodule.name === name);
    // Where its own submodules are relative to, and what a step may ask for.
    if (own) await run(['config', 'remote.origin.url', withoutLogin(url)], inside);
    if (own?.lfs === true) {
      await run(['config', 'lfs.storage', `${own.repository}/lfs`], inside);
      await run([...lfsFilters, 'lfs', 'pull'], inside);
    }
    const below = {
      name: own?.name ?? nameOf(`${level.name}/${name}`),
      homes: own ? [own.home] : [],
    };
    await carryLevel(below, { ...checkout, into: inside }, signal);
  }
}

/** One that is in the person's clone. */
interface Found {
  readonly submodule: Submodule;
  readonly home: string;
  /** As what it was carried. */
  readonly name: string;
  readonly repository: string;
  /** Whether it keeps files in Git LFS, which the machine has. */
  readonly lfs: boolean;
}

interface Submodule {
  readonly name: string;
  readonly path: string;
  readonly commit: string;
  readonly url: string;
}

/** Those that the commit has, and that have an address. */
async function submodulesIn(
  into: string,
  run: (args: readonly string[]) => Promise<string>,
): Promise<Submodule[]> {
  const all = ['config', '--null', '--file', '.gitmodules', '--get-regexp'];
  const told = await run([...all, String.raw`^submodule\..*\.(path|url)$`]);
  const [named, urls] = [settings(told, 'path'), settings(told, 'url')];
  if (named.size === 0) return [];
  const entries = await run(['ls-tree', '-z', 'HEAD', '--', ...named.values()]);
  const commits = new Map(
    entries.split('\0').flatMap((entry): [string, string][] => {
      const [, sha, path] = /^160000 commit ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
      return sha === undefined || path === undefined ? [] : [[path, sha]];
    }),
  );
  // Where it has no remote, git takes it for its own.
  const base = (await run(['config', '--default', into, '--get', 'remote.origin.url'])).trimEnd();
  return [...named].flatMap(([name, path]): Submodule[] => {
    const [commit, url] = [commits.get(path), urls.get(name)];
    if (commit === undefined || url === undefined) return [];
    // In `-c submodule.NAME.url=…` it would end the key.
    if (name.includes('='))
      throw new UserError(
        `Submodules with "=" in their names, as ${printable(name)}, cannot be carried.`,
      );
    return [{ name, path, commit, url: addressFrom(base, url) }];
  });
}

/** An address that may be relative to that of its repository, as git takes it. */
export function addressFrom(base: string, url: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  const [, ups = '', rest = ''] = /^((?:\.\.?\/)*)(.*?)\/?$/.exec(url) ?? [];
  let [above, joint] = [base.replace(/\/$/, ''), '/'];
  for (const up of ups.split('/'))
    if (up === '..') {
      const end = above.includes('/') ? above.lastIndexOf('/') : above.lastIndexOf(':');
      if (end >= 0) [above, joint] = [above.slice(0, end), above.charAt(end)];
    }
  return `${above}${joint}${rest}`;
}

/** Of `submodule.NAME.KEY\nVALUE NUL`: values by names. */
function settings(text: string, key: string): Map<string, string> {
  return new Map(
    text.split('\0').flatMap((entry): [string, string][] => {
      const [, name, word, value] = /^submodule\.(.+)\.(\w+)\n(.*)$/s.exec(entry) ?? [];
      return name === undefined || value === undefined || word !== key ? [] : [[name, value]];
    }),
  );
}

/** Jenkins brings what a submodule keeps there only where an agent has it, too. */
async function hasLfs(
  submodule: string,
  { machine, say }: FarCheckout,
  signal: AbortSignal,
): Promise<boolean> {
  const { code } = await machine.exec(['git', 'lfs', 'version'], { signal });
  if (code !== 0)
    say(
      `git-lfs is not on ${machine.name}: of what the submodule ${submodule} keeps there, it has the names only`,
    );
  return code === 0;
}

/** The git directory here that has the submodule's commit. */
async function homeOf(
  { name, commit }: Submodule,
  { homes }: Level,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Such a name would lead elsewhere, or be cut at its first sign of equality.
  if (/(^|\/)\.\.(\/|$)|=/.test(name)) return undefined;
  for (const home of homes) {
    const own = join(home, 'modules', name);
    if (existsSync(join(own, 'HEAD')) && (await hasCommit(own, commit, signal))) return own;
  }
  return undefined;
}
