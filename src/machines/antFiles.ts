import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

export interface AntPatterns {
  /** Separated by commas, as Jenkins' steps take them; all files if empty. */
  readonly includes?: string | undefined;
  readonly excludes?: string | undefined;
  /** Leave out what Ant leaves out unless it is told otherwise: `.git` and the like. */
  readonly defaultExcludes?: boolean;
}

/**
 * The files and symbolic links below `directory` that match, by their relative paths in order.
 * Links are not followed, and no pattern leads out of the folder: `..` matches nothing.
 * A folder that is not there has no files.
 */
export async function antFiles(
  directory: string,
  { includes, excludes, defaultExcludes = false }: AntPatterns,
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = patternsOf(includes ?? '');
  const want = wanted.length === 0 ? [['**']] : wanted;
  const unwanted = [...patternsOf(excludes ?? ''), ...(defaultExcludes ? DEFAULT_EXCLUDES : [])];
  const found: string[] = [];
  let seen = 0;
  const walk = async (path: readonly string[]): Promise<void> => {
    signal.throwIfAborted();
    let entries: Dirent[];
    try {
      entries = await readdir(join(directory, ...path), { withFileTypes: true });
    } catch (error) {
      if (path.length === 0 && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // It went away meanwhile, or cannot be looked into.
      return;
    }
    for (const entry of entries) {
      // An abort can only arrive between two turns of the event loop.
      if (++seen % 100 === 0) await setImmediate();
      signal.throwIfAborted();
      const inner = [...path, entry.name];
      if (entry.isDirectory()) {
        const may = want.some((pattern) => mayHold(pattern, inner));
        if (may && !unwanted.some((pattern) => holdsAll(pattern, inner))) await walk(inner);
      } else if (
        want.some((pattern) => antMatches(pattern, inner)) &&
        !unwanted.some((pattern) => antMatches(pattern, inner))
      )
        found.push(inner.join('/'));
    }
  };
  await walk([]);
  return found.sort();
}

/** Tells of the relative path of a file whether it matches. */
export function antMatcher({
  includes,
  excludes,
  defaultExcludes = false,
}: AntPatterns): (path: string) => boolean {
  const wanted = patternsOf(includes ?? '');
  const want = wanted.length === 0 ? [['**']] : wanted;
  const unwanted = [...patternsOf(excludes ?? ''), ...(defaultExcludes ? DEFAULT_EXCLUDES : [])];
  return (path) => {
    const names = path.split('/');
    return (
      want.some((pattern) => antMatches(pattern, names)) &&
      !unwanted.some((pattern) => antMatches(pattern, names))
    );
  };
}

type Pattern = readonly string[];

function patternsOf(text: string): Pattern[] {
  return text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .map((pattern) => {
      const segments = pattern
        .replaceAll('\\', '/')
        .replace(/^(\.\/)+/, '')
        .split('/');
      // `logs/` is short for all that lies in it.
      return segments.at(-1) === '' ? [...segments.slice(0, -1), '**'] : segments;
    });
}

/** `**` stands for any number of folders, `*` and `?` for characters of one name. */
function antMatches(pattern: Pattern, path: readonly string[]): boolean {
  return matches(pattern, path, '**', nameMatches);
}

/** Whether something in the folder `path` may match. */
function mayHold(pattern: Pattern, path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  const [name, ...below] = path;
  if (first === undefined) return false;
  if (name === undefined || first === '**') return true;
  return nameMatches(first, name) && mayHold(rest, below);
}

/** Whether everything in the folder `path` matches. */
function holdsAll(pattern: Pattern, path: readonly string[]): boolean {
  return pattern.at(-1) === '**' && antMatches(pattern, path);
}

function nameMatches(pattern: string, name: string): boolean {
  if (pattern === name || pattern === '*') return true;
  if (!/[*?]/.test(pattern)) return false;
  return matches(pattern, name, '*', (one, character) => one === '?' || one === character);
}

/**
 * Whether `parts` match `pattern`, in which `many` stands for any number of parts. The first place
 * where the rest fits is as good as any later one, so only the last `many` is ever returned to: the
 * time grows with the product of the two lengths.
 */
function matches(
  pattern: ArrayLike<string>,
  parts: ArrayLike<string>,
  many: string,
  fits: (one: string, part: string) => boolean,
): boolean {
  let at = 0;
  let index = 0;
  /** Where the pattern goes on after the last `many`, and the first part that it may begin with. */
  let back: { readonly at: number; index: number } | undefined;
  while (index < parts.length) {
    const one = pattern[at];
    const part = parts[index] ?? '';
    if (one === many) back = { at: ++at, index };
    else if (one !== undefined && fits(one, part)) {
      at++;
      index++;
    } else if (back) {
      at = back.at;
      index = ++back.index;
    } else return false;
  }
  while (pattern[at] === many) at++;
  return at === pattern.length;
}

/** Ant's own list, from its manual. */
const DEFAULT_EXCLUDES = patternsOf(
  [
    '**/*~ **/#*# **/.#* **/%*% **/._* **/CVS **/CVS/** **/.cvsignore **/SCCS **/SCCS/**',
    '**/vssver.scc **/.svn **/.svn/** **/.DS_Store **/.git **/.git/** **/.gitattributes',
    '**/.gitignore **/.gitmodules **/.hg **/.hg/** **/.hgignore **/.hgsub **/.hgsubstate',
    '**/.hgtags **/.bzr **/.bzr/** **/.bzrignore',
  ]
    .join(' ')
    .replaceAll(' ', ','),
);
