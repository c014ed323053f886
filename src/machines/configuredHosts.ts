import { readdirSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { codeOf, UserError } from '../base/errors';

/** As deep as `ssh` follows files that include each other (readconf.c, `READCONF_MAX_DEPTH`). */
const DEEPEST = 16;
const MOST = 1000;

/**
 * The names that an OpenSSH configuration gives to hosts, in its order: those of `Host` lines that are no
 * patterns, also in files that it includes. What is below a `Match` is looked into too, since `ssh` alone
 * decides which lines hold. None where there is no such file.
 * @param file the person's own unless told.
 * @throws UserError where a file cannot be read.
 */
export function configuredHosts(file: string = join(home(), '.ssh', 'config')): string[] {
  const found = new Set<string>();
  read(file, join(home(), '.ssh'), found, 0);
  return [...found].slice(0, MOST);
}

/** Whether a name is meant by patterns as `Host` has them: `*` and `?`; one with `!` before it takes out. */
export function isMeant(name: string, patterns: readonly string[]): boolean {
  const matches = (pattern: string): boolean =>
    new RegExp(
      `^${pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      'i',
    ).test(name);
  const outs = patterns.filter((pattern) => pattern.startsWith('!'));
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern)) &&
    !outs.some((pattern) => matches(pattern.slice(1)))
  );
}

function read(file: string, folder: string, found: Set<string>, depth: number): void {
  if (depth > DEEPEST)
    throw new UserError(`The OpenSSH configuration includes files too deeply: ${file}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return;
    throw new UserError(`${file} cannot be read.`, { cause });
  }
  for (const line of text.split(/\r?\n/)) {
    const [before = '', keyword = ''] = /^\s*([A-Za-z]+)/.exec(line) ?? [];
    const rest = line.slice(before.length).replace(/^\s*=?/, '');
    switch (keyword.toLowerCase()) {
      case 'host':
        for (const name of words(rest)) if (!/[*?!]/.test(name)) found.add(name);
        break;
      case 'include':
        for (const path of words(rest)) {
          const whole = path.replace(/^~(?=\/)/, home());
          const place = isAbsolute(whole) ? whole : join(folder, whole);
          for (const one of matchingFiles(place)) read(one, folder, found, depth + 1);
        }
    }
  }
}

/** Words by blanks, in quotes or not, up to a comment. */
function words(text: string): string[] {
  const found: string[] = [];
  for (const [, quoted, plain] of text.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    if (plain?.startsWith('#') === true) break;
    found.push(quoted ?? plain ?? '');
  }
  return found.filter((word) => word !== '');
}

/** As glob(7) has it, for `*` and `?`; in the order of names. */
function matchingFiles(path: string): string[] {
  if (!/[*?]/.test(path)) return [path];
  const folders = /[*?]/.test(dirname(path)) ? matchingFiles(dirname(path)) : [dirname(path)];
  const name = basename(path);
  return folders.flatMap((folder) => {
    try {
      return readdirSync(folder)
        .filter((one) => (name.startsWith('.') || !one.startsWith('.')) && isMeant(one, [name]))
        .sort()
        .map((one) => join(folder, one));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error))) return [];
      throw error;
    }
  });
}

/** As for `ssh`, that of the system's list of users. */
function home(): string {
  return userInfo().homedir || homedir();
}
