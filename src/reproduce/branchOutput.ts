import { closeSync, readSync } from 'node:fs';
import { writeWhole } from '../base/writeWhole';

/** The most bytes of an unfinished line that are kept in memory. */
const MOST_HELD = 64 << 10;

const NEWLINE = 0x0a;

/** How a branch is named before its lines; undefined outside of all branches. */
export function branchLabel(branches: readonly string[]): string | undefined {
  return branches.length === 0 ? undefined : branches.join(' / ');
}

/** Puts `prefix` before each line; not before the first one where that continues a line. */
export function prefixLines(lines: Buffer, prefix: string, continued = false): Buffer {
  const before = Buffer.from(prefix);
  const parts: Buffer[] = [];
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf(NEWLINE, from) + 1 || lines.length;
    if (from > 0 || !continued) parts.push(before);
    parts.push(lines.subarray(from, end));
    from = end;
  }
  return Buffer.concat(parts);
}

/** Where the beginning of a long line waits for its end. */
export interface Spool {
  /** Opens a new empty file for reading and writing, and returns its descriptor. */
  readonly open: () => number;
  /** Names it in errors. */
  readonly name: string;
}

/** Takes the output of one branch; see `createLineHolder`. */
export interface LineHolder {
  push(chunk: Buffer): void | Promise<void>;
  /** Writes the last line, ended if it was not. */
  end(): void | Promise<void>;
}

/**
 * Lets whole lines through only: those of branches that run side by side must not mix. A long line comes as several
 * calls of `write`, one directly after the other; from the second on it is `continued`. Its beginning waits in a file:
 * memory stays small, and no other branch is held up by a line that may never end.
 */
export function createLineHolder(
  write: (bytes: Buffer, continued: boolean) => void | Promise<void>,
  spool: Spool,
): LineHolder {
  let held: Buffer[] = [];
  let size = 0;
  let spooled: { readonly fd: number; bytes: number } | undefined;

  const hold = (rest: Buffer): void => {
    if (rest.length === 0) return;
    // The chunk's memory may be used again.
    held.push(Buffer.from(rest));
    size += rest.length;
    if (size <= MOST_HELD) return;
    spooled ??= { fd: spool.open(), bytes: 0 };
    writeWhole(spooled.fd, Buffer.concat(held), spool.name);
    spooled.bytes += size;
    held = [];
    size = 0;
  };
  const writeSpooled = ({ fd, bytes }: { readonly fd: number; readonly bytes: number }): void => {
    try {
      for (let at = 0; at < bytes;) {
        const piece = Buffer.alloc(Math.min(MOST_HELD, bytes - at));
        const length = readSync(fd, piece, 0, piece.length, at);
        if (length === 0) throw new Error(`${spool.name} was cut off.`);
        // Another branch must not come in between. The promise of the last piece stands for all.
        void write(piece.subarray(0, length), at > 0);
        at += length;
      }
    } finally {
      closeSync(fd);
    }
  };
  const release = (last: Buffer): void | Promise<void> => {
    const rest = Buffer.concat([...held, last]);
    const begun = spooled;
    held = [];
    size = 0;
    spooled = undefined;
    if (begun) writeSpooled(begun);
    return write(rest, begun !== undefined);
  };
  return {
    push: (chunk) => {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      const written = end === 0 ? undefined : release(chunk.subarray(0, end));
      hold(chunk.subarray(end));
      return written;
    },
    end: () => (size === 0 && !spooled ? undefined : release(Buffer.from('\n'))),
  };
}
