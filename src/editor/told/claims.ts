import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDirectory } from '../../base/stateDirectory';

/** Milliseconds after which nobody can come to tell the same once more. */
const KEPT = 30 * 24 * 3_600_000;

/**
 * Whether it is ours to tell of something: true for one window of all that ask, now or later. The
 * state directory remembers it by an empty file.
 */
export function claim(key: string, root: string = stateDirectory()): boolean {
  const directory = join(root, 'told');
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    forgetOld(directory);
    writeFileSync(join(directory, name), '', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    // Where nothing can be written, twice is better than not at all.
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
}

function forgetOld(directory: string): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    // Another window may be forgetting it as well.
    const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && Date.now() - made > KEPT) rmSync(file, { force: true });
  }
}
