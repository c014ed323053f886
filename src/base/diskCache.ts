import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * JSON values by their keys in files that only this user can read. Several programs may use it at
 * once. None of its methods rejects: a cache that cannot be used only makes things slower. Disposing
 * it waits until what was set is on the disk.
 */
export interface DiskCache extends AsyncDisposable {
  /** Undefined where there is none that can be read. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /** Deletes all, and keeps nothing afterwards. */
  end(): Promise<void>;
}

export interface DiskCacheOptions {
  /** The directory of all caches that share a bound. */
  readonly root: string;
  /** What this one is called. */
  readonly name: string;
  /** Raised when the meaning of the values changes; those of another format are not read. */
  readonly format: number;
  /** Bytes that all caches of `root` take at most; what was not used for the longest time goes first. */
  readonly most?: number;
}

const MOST = 128 * 1024 * 1024;
/** A value beyond this many bytes is not worth its place. */
const LARGEST = 4 * 1024 * 1024;
/** Milliseconds after which a use is noted again. */
const USED = 3_600_000;

export function openDiskCache(options: DiskCacheOptions): DiskCache {
  const { root, format, most = MOST } = options;
  const directory = join(root, shortened(options.name));
  /** Bytes that were written since it was last seen to that there are not too many; at first nobody knows. */
  let written = Infinity;
  const writing = new Set<Promise<void>>();
  let ended = false;

  async function get(key: string): Promise<unknown> {
    const path = fileOf(key);
    const text = await quietly(() => readUsed(path));
    if (text === undefined || ended) return undefined;
    const kept = parsed(text);
    if (kept?.format === format && kept.key === key) return kept.value;
    // Damaged, or of another version: nobody will want it again.
    await quietly(() => unlink(path));
    return undefined;
  }

  function set(key: string, value: unknown): Promise<void> {
    const work = write(key, value).finally(() => writing.delete(work));
    writing.add(work);
    return work;
  }

  async function write(key: string, value: unknown): Promise<void> {
    const text = JSON.stringify({ format, key, value } satisfies Kept);
    if (ended || text.length > LARGEST) return;
    const path = fileOf(key);
    // Renamed when it is whole, so that nobody ever reads a part of it.
    const part = `${path}.${randomUUID()}`;
    await quietly(async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(part, text, { mode: 0o600, flag: 'wx' });
      await rename(part, path);
    });
    written += text.length;
    if (written > most / 8) {
      written = 0;
      await quietly(() => sweep(root, most));
    }
  }

  async function end(): Promise<void> {
    ended = true;
    await quietly(() => rm(directory, { recursive: true, force: true }));
  }

  function fileOf(key: string): string {
    return join(directory, `${shortened(key)}.json`);
  }

  return {
    get,
    set,
    end,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(writing);
    },
  };
}

interface Kept {
  readonly format: number;
  /** Guards against files of another name, too. */
  readonly key: string;
  readonly value: unknown;
}

function parsed(text: string): Partial<Kept> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a file and notes in its time that it was used. */
async function readUsed(path: string): Promise<string> {
  await using file = await open(path, 'r+');
  const { size, mtimeMs } = await file.stat();
  if (size > 2 * LARGEST) return '';
  const now = new Date();
  if (now.getTime() - mtimeMs > USED) await file.utimes(now, now);
  return await file.readFile('utf8');
}

/** Deletes what was not used for the longest time, down to three quarters of `most` bytes. */
async function sweep(root: string, most: number): Promise<void> {
  const files: { readonly path: string; readonly size: number; readonly used: number }[] = [];
  let total = 0;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await quietly(() => stat(path));
    if (!found) continue;
    files.push({ path, size: found.size, used: found.mtimeMs });
    total += found.size;
  }
  if (total <= most) return;
  for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
    if (total <= (most * 3) / 4) return;
    await quietly(() => unlink(path));
    total -= size;
  }
}

function shortened(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** Undefined where it cannot be done: there may be no disk, no space, no right, or another program. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
