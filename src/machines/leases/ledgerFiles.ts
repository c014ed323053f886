import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, UserError } from '../../base/errors';

/** An entry of a ledger: the file `<id>.json` in the ledger's folder. */
export interface Entry {
  readonly version: 1;
  /** 12 letters and digits. */
  readonly id: string;
}

export function isEntryId(text: string): boolean {
  return /^[a-z0-9]{12}$/.test(text);
}

/** All entries of a ledger, and the ids of those that cannot be understood, which lack what each `has`. */
export function readEntries<T extends Entry>(
  folder: string,
  has: keyof T & string,
): { entries: T[]; damaged: string[] } {
  const entries: T[] = [];
  const damaged: string[] = [];
  for (const name of namesIn(folder)) {
    const id = name.slice(0, -5);
    if (!name.endsWith('.json') || !isEntryId(id)) continue;
    const entry = readEntry<T>(folder, id, has);
    if (entry === 'damaged') damaged.push(id);
    else if (entry) entries.push(entry);
  }
  return { entries, damaged };
}

/** Undefined where there is none. */
export function readEntry<T extends Entry>(
  folder: string,
  id: string,
  has: keyof T & string,
): T | 'damaged' | undefined {
  let text: string;
  try {
    text = readFileSync(entryFile(folder, id), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const entry = JSON.parse(text) as Partial<T>;
    return entry.version === 1 && entry.id === id && entry[has] !== undefined
      ? (entry as T)
      : 'damaged';
  } catch {
    return 'damaged';
  }
}

export function entryFile(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}

/** What lies in a folder; nothing where there is none. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Replaces a file as a whole: whoever reads it sees the old or the new. */
export function replaceFile(path: string, content: unknown): void {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(fd, JSON.stringify(content, null, 2) + '\n');
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw unwritable(error, path);
  }
}

/** Nothing can be written down there for the moment, and a person can do something about it. */
export class UnwritableLedger extends UserError {
  override readonly name = 'UnwritableLedger';
}

/** In words, where there is no room for a file, or no leave to write it. */
export function unwritable(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (!/^(ENOSPC|EDQUOT|EROFS|EACCES|EPERM)$/.test(code)) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const folder = dirname(path);
  const words = full ? `There is no room in ${folder}.` : `${folder} cannot be written to.`;
  return new UnwritableLedger(words, {
    cause: error,
    advice: 'What is made is written down there first, so that it is not forgotten.',
  });
}
