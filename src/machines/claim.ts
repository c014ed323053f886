import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf } from '../base/errors';
import { bornAt, isAlive } from './processes';

/** Makes a file that says that it is ours. False when a living process has it. Whoever has it removes it. */
export function claimFile(path: string): boolean {
  // It appears with its content: one that is read half written would pass for a dead process's.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const me = `${process.pid} ${bornAt(process.pid) ?? ''}`;
    writeFileSync(draft, me, { flag: 'wx', mode: 0o600 });
    for (let attempt = 0; attempt < 2; attempt++) {
      if (linked(draft, path)) return true;
      if (!removeDead(path, `${draft}-dead`)) return false;
    }
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Whether the claim is gone now. Two may find the same dead one: what is taken away is looked at again. */
function removeDead(path: string, aside: string): boolean {
  if (isHeld(path)) return false;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  const mistaken = isHeld(aside);
  if (mistaken) linked(aside, path);
  rmSync(aside, { force: true });
  return !mistaken;
}

/** Whether a living process has the claim. */
function isHeld(path: string): boolean {
  return holderOf(path) !== undefined;
}

/** The number of the living process that has the claim; undefined where none has it. */
export function holderOf(path: string): number | undefined {
  try {
    const [pid = '', ...born] = readFileSync(path, 'utf8').split(' ');
    return isAlive(Number(pid), born.join(' ')) ? Number(pid) : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
