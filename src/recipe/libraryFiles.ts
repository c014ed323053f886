import { UserError } from '../base/errors';
import { git } from './git';

/** The files of a shared library that a pipeline can see, as text. */
export interface LibraryFiles {
  /** By path: `vars/deploy.groovy`, `src/org/x/Y.groovy`, `resources/z.txt`. */
  readonly files: Readonly<Record<string, string>>;
  /** Paths of those that are no text, links, or too large for a recipe. */
  readonly omitted: readonly string[];
}

const MOST_FILES = 2000;
const MOST_BYTES = 5 * 1024 * 1024;

/**
 * Reads a library at a commit, out of the objects alone. `folder` is where it lies in the
 * repository: empty, or ends with `/`. At most 2,000 files and 5 MB are taken, code first.
 * @throws UserError when there is no library at this commit, or its code alone is too large.
 */
export async function libraryFiles(
  repository: string,
  revision: string,
  folder: string,
  signal: AbortSignal,
): Promise<LibraryFiles> {
  const roots = ['vars', 'src', 'resources'].map((root) => `${folder}${root}`);
  const list = ['ls-tree', '-r', '-l', '-z', '--full-tree', revision, '--', ...roots];
  const entries = (await git(list, repository, signal)).split('\0').flatMap((line) => {
    const [, mode = '', id = '', size = '', path = ''] =
      /^(\d+) blob ([0-9a-f]+) +(\d+)\t([^]+)$/.exec(line) ?? [];
    const within = path.slice(folder.length);
    return isSeen(within) ? [{ path: within, mode, id, size: Number(size) }] : [];
  });
  if (!entries.some(({ path }) => isCode(path)))
    throw new UserError(
      `At ${revision.slice(0, 12)} there is neither vars/ nor src/${folder === '' ? '' : ` in ${folder}`}.`,
    );
  entries.sort((a, b) => Number(isCode(b.path)) - Number(isCode(a.path)));
  const wanted: typeof entries = [];
  const omitted: string[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const fits = wanted.length < MOST_FILES && bytes + entry.size <= MOST_BYTES;
    if (!fits && isCode(entry.path)) throw new UserError('The library is too large: over 5 MB.');
    // Jenkins refuses libraries with links.
    if (!fits || entry.mode === '120000') {
      if (omitted.length < MOST_FILES) omitted.push(entry.path);
      continue;
    }
    wanted.push(entry);
    bytes += entry.size;
  }
  const files: Record<string, string> = {};
  const texts = await blobs(
    repository,
    wanted.map(({ id }) => id),
    signal,
  );
  for (const [at, { path }] of wanted.entries()) {
    const text = texts[at];
    if (text === undefined) omitted.push(path);
    else files[path] = text;
  }
  return { files, omitted };
}

/** What the server takes over: tests of the library are no part of it. */
function isSeen(path: string): boolean {
  return isCode(path) || /^vars\/[^/]+\.txt$/.test(path) || path.startsWith('resources/');
}

function isCode(path: string): boolean {
  return (
    /^vars\/[^/]+\.groovy$/.test(path) ||
    (/^src\/.+\.groovy$/.test(path) && !path.startsWith('src/test/'))
  );
}

/** The texts of blobs in their order; undefined for one that is no text in UTF-8. */
async function blobs(
  repository: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  if (ids.length === 0) return [];
  const input = ids.map((id) => `${id}\n`).join('');
  const output = await git(['cat-file', '--batch'], repository, signal, {
    input,
    encoding: 'latin1',
  });
  const texts: (string | undefined)[] = [];
  for (let at = 0; texts.length < ids.length;) {
    const line = output.indexOf('\n', at);
    const size = Number(/ blob (\d+)$/.exec(output.slice(at, line))?.[1] ?? NaN);
    if (line < 0 || Number.isNaN(size))
      throw new UserError('git gave a file that was not asked for.');
    texts.push(textOf(Buffer.from(output.slice(line + 1, line + 1 + size), 'latin1')));
    at = line + 1 + size + 1;
  }
  return texts;
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
