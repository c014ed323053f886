const NEWLINE = 10;
const LONGEST_LINE = 64 * 1024;
/** Node looks for up to so many bytes by the first of them, which is several times as fast. */
const QUICK = 7;

/** Takes bytes as they come, in pieces of any size. */
export interface Sink {
  push(chunk: Buffer): void;
  end(): void;
}

/**
 * Hands over blocks of whole lines, each ending with its newline, without copying more than the
 * lines that chunks cut in two. Of a line longer than 64 KB only the beginning is handed over.
 * `offset` is where a block begins, in bytes from the first one that was pushed.
 */
export function wholeLines(take: (block: Buffer, offset: number) => void): Sink {
  let held: Buffer[] = [];
  let heldSize = 0;
  // Where the line begins of which a part is held.
  let heldAt = 0;
  let pushed = 0;

  function hold(piece: Buffer): void {
    const room = LONGEST_LINE - heldSize;
    if (room <= 0 || piece.length === 0) return;
    // A copy, because a slice would keep its whole chunk alive.
    held.push(Buffer.from(piece.subarray(0, room)));
    heldSize += Math.min(room, piece.length);
  }

  function release(): void {
    held.push(Buffer.of(NEWLINE));
    take(Buffer.concat(held), heldAt);
    held = [];
    heldSize = 0;
  }

  return {
    push(chunk) {
      const offset = pushed;
      pushed += chunk.length;
      let from = 0;
      if (heldSize > 0) {
        const end = chunk.indexOf(NEWLINE);
        hold(end < 0 ? chunk : chunk.subarray(0, end));
        if (end < 0) return;
        release();
        from = end + 1;
      }
      const last = chunk.lastIndexOf(NEWLINE);
      if (last >= from) take(chunk.subarray(from, last + 1), offset + from);
      const rest = Math.max(from, last + 1);
      heldAt = offset + rest;
      hold(chunk.subarray(rest));
    },
    end() {
      if (heldSize > 0) release();
    },
  };
}

/** A line of a block: its bytes are `block.subarray(start, end)`, without the newline. */
export interface Line {
  readonly start: number;
  readonly end: number;
}

/**
 * The lines of a block that contain one of the needles, in order. Searching bytes for rare needles
 * is many times faster than looking at each line.
 */
export function linesWith(block: Buffer, needles: readonly string[]): Line[] {
  const found: Line[] = [];
  for (const needle of needles) {
    const beginning = needle.slice(0, QUICK);
    for (let at = block.indexOf(beginning); at >= 0;) {
      const end = endOfLine(block, at);
      if (block.toString('latin1', at, at + needle.length) !== needle) {
        at = block.indexOf(beginning, at + 1);
        continue;
      }
      found.push({ start: block.lastIndexOf(NEWLINE, at) + 1, end });
      at = block.indexOf(beginning, end);
    }
  }
  if (needles.length === 1) return found;
  found.sort((a, b) => a.start - b.start);
  return found.filter((line, at) => line.start !== found[at - 1]?.start);
}

export function endOfLine(block: Buffer, from: number): number {
  const end = block.indexOf(NEWLINE, from);
  return end < 0 ? block.length : end;
}

/** The beginning of a line as text, without colours and without a timestamp before it. */
export function plainText(block: Buffer, line: Line): string {
  return block
    .toString('utf8', line.start, Math.min(line.end, line.start + 4096))
    .replace(COLOURS, '')
    .replace(TIMESTAMP, '');
}

const COLOURS = /\u001b\[[0-9;?]*[A-Za-z]|\r$/g;
// `[2026-02-01T10:00:00.000Z] ` of Pipeline's timestamps in plain text, `10:00:00 ` and
// `2026-02-01 10:00:00 ` of Timestamper's.
const TIMESTAMP =
  /^(?:\[\d{4}-\d\d-\d\dT[\d:.]+Z\] |(?:\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(?:[.,]\d+)? {1,2})/;
