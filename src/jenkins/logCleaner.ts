const ESCAPE = 0x1b;
const CR = 13;
const LF = 10;
const NOTE = Buffer.from('\u001b[8mha:');
const NOTE_END = Buffer.from('\u001b[0m');
const LONGEST_NOTE = 256 * 1024;
const NOTHING = Buffer.alloc(0);

/** Takes a log in pieces of any size and gives it back clean, without copying. */
export interface LogCleaner {
  /** The chunk is the cleaner's from then on: it is cleaned where it lies. */
  push(chunk: Buffer): Buffer;
  /** What was held back because it might have become a note or the end of a line. */
  end(): Buffer;
}

/**
 * Removes Jenkins' console notes (`ESC[8mha:…ESC[0m`, serialized objects that its web page turns
 * into links) and the CR of CRLF. A note lies within one line; what only begins like one is text.
 */
export function createLogCleaner(): LogCleaner {
  let held = NOTHING;

  function clean(input: Buffer, last: boolean): Buffer {
    let unfinished = input.length;
    const text = without(input, ESCAPE, (at) => {
      const end = endOfNote(input, at);
      if (end === 'unknown' && !last) unfinished = Math.min(unfinished, at);
      return typeof end === 'number' ? end - at : 0;
    });
    const rest = input.length - unfinished;
    const cr = !last && text.at(-1 - rest) === CR ? 1 : 0;
    const whole = rest + cr === 0 ? text : text.subarray(0, text.length - rest - cr);
    // A copy, because a slice would keep its whole chunk alive.
    held = rest + cr === 0 ? NOTHING : Buffer.from(text.subarray(whole.length));
    return without(whole, CR, (at) => (whole[at + 1] === LF ? 1 : 0));
  }

  return {
    push: (chunk) => clean(held.length === 0 ? chunk : Buffer.concat([held, chunk]), false),
    end: () => clean(held, true),
  };
}

/**
 * Takes the pieces out that begin with `byte` and are as long as `lengthAt` says. Moving together
 * what lies between them is several times as fast as joining it.
 */
function without(bytes: Buffer, byte: number, lengthAt: (at: number) => number): Buffer {
  let size = 0;
  let from = 0;
  for (let at = bytes.indexOf(byte); at >= 0;) {
    const length = lengthAt(at);
    if (length > 0) {
      bytes.copyWithin(size, from, at);
      size += at - from;
      from = at + length;
    }
    at = bytes.indexOf(byte, at + Math.max(1, length));
  }
  if (from === 0) return bytes;
  bytes.copyWithin(size, from);
  return bytes.subarray(0, size + bytes.length - from);
}

/** Where the note that begins at `at` ends; false if it is none; unknown if more bytes must tell. */
function endOfNote(input: Buffer, at: number): number | false | 'unknown' {
  const same = sameBytes(input, at, NOTE);
  if (same < NOTE.length) return at + same === input.length ? 'unknown' : false;
  const newline = input.indexOf(LF, at);
  const end = newline < 0 ? input.length : newline;
  let next = input.indexOf(ESCAPE, at + 1);
  while (next >= 0 && next < end) {
    if (sameBytes(input, next, NOTE_END) === NOTE_END.length) return next + NOTE_END.length;
    next = input.indexOf(ESCAPE, next + 1);
  }
  return newline < 0 && end - at < LONGEST_NOTE ? 'unknown' : false;
}

/** How many bytes of `expected` stand there. */
function sameBytes(input: Buffer, at: number, expected: Buffer): number {
  let same = 0;
  while (same < expected.length && input[at + same] === expected[same]) same++;
  return same;
}
