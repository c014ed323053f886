/** Longer lines than this, in bytes, are broken: what holds them back must stay small. */
const LONGEST_LINE = 64 << 10;

const NEWLINE = 0x0a;

/** How a branch is named before its lines; undefined outside of all branches. */
export function branchLabel(branches: readonly string[]): string | undefined {
  return branches.length === 0 ? undefined : branches.join(' / ');
}

/** Puts `prefix` before each line. The lines must be whole. */
export function prefixLines(lines: Buffer, prefix: string): Buffer {
  const before = Buffer.from(prefix);
  const parts: Buffer[] = [];
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf(NEWLINE, from) + 1 || lines.length;
    parts.push(before, lines.subarray(from, end));
    from = end;
  }
  return Buffer.concat(parts);
}

/** Lets whole lines through only: those of branches that run side by side must not mix. */
export function createLineHolder() {
  let held: Buffer[] = [];
  let size = 0;
  const take = (last: Buffer): Buffer => {
    const all = Buffer.concat([...held, last]);
    held = [];
    size = 0;
    return all;
  };
  return {
    push: (chunk: Buffer): Buffer => {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      const whole = end === 0 ? Buffer.alloc(0) : take(chunk.subarray(0, end));
      const rest = chunk.subarray(end);
      if (rest.length > 0) {
        held.push(Buffer.from(rest));
        size += rest.length;
      }
      if (size <= LONGEST_LINE) return whole;
      return Buffer.concat([whole, take(Buffer.from('\n'))]);
    },
    /** The last line, ended if it was not. */
    flush: (): Buffer => (size === 0 ? Buffer.alloc(0) : take(Buffer.from('\n'))),
  };
}
