import { writeSync } from 'node:fs';

/**
 * Writes all of `bytes`: a single call may write only the part that the disk has room for.
 * @throws the system's error, with `path` added, since a failed write does not name its file.
 */
export function writeWhole(fd: number, bytes: Uint8Array, path: string): void {
  try {
    for (let from = 0; from < bytes.length;)
      from += writeSync(fd, bytes, from, bytes.length - from);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}
