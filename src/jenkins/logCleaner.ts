const ESCAPE = 0x1b;
const CR = 13;
const LF = 10;
const NOTE = Buffer.from('\u001b[8mha:');
const NOTE_END = Buffer.from('\u001b[0m');
const LONGEST_NOTE = 256 * 1024;
const NOTHING = Buffer.alloc(0);

/** Takes a log in pieces of any size and gives it back clean, with little copying. */
export interface LogCleaner {
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
  let heldCr = false;

  function withoutNotes(input: Buffer, last: boolean): Buffer {
    const pieces: Buffer[] = [];
    let from = 0;
    for (let at = input.indexOf(ESCAPE); at >= 0;) {
      const end = endOfNote(input, at);
      if (end === 'unknown' && !last) {
        pieces.push(input.subarray(from, at));
        // A copy, because a slice would keep its whole chunk alive.
        held = Buffer.from(input.subarray(at));
        return Buffer.concat(pieces);
      }
      if (typeof end === 'number') {
        pieces.push(input.subarray(from, at));
        from = end;
      }
      at = input.indexOf(ESCAPE, typeof end === 'number' ? end : at + 1);
    }
    if (from === 0) return input;
    pieces.push(input.subarray(from));
    return Buffer.concat(pieces);
  }

  function withoutCr(input: Buffer, last: boolean): Buffer {
    if (!heldCr && !input.includes(CR)) return input;
    // As Latin-1 each byte is a character, and replacing is several times as fast as copying lines.
    const text = `${heldCr ? '\r' : ''}${input.toString('latin1')}`;
    heldCr = !last && text.endsWith('\r');
    const lines = (heldCr ? text.slice(0, -1) : text).replaceAll('\r\n', '\n');
    return Buffer.from(lines, 'latin1');
  }

  return {
    push(chunk) {
      const input = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      held = NOTHING;
      return withoutCr(withoutNotes(input, false), false);
    },
    end() {
      const input = held;
      held = NOTHING;
      return withoutCr(withoutNotes(input, true), true);
    },
  };
}

/** Where the note that begins at `at` ends; false if it is none; unknown if more bytes must tell. */
function endOfNote(input: Buffer, at: number): number | false | 'unknown' {
  const beginning = input.subarray(at, at + NOTE.length);
  if (!beginning.equals(NOTE.subarray(0, beginning.length))) return false;
  if (beginning.length < NOTE.length) return 'unknown';
  const newline = input.indexOf(LF, at);
  const line = input.subarray(at, newline < 0 ? undefined : newline);
  const end = line.indexOf(NOTE_END, NOTE.length);
  if (end >= 0) return at + end + NOTE_END.length;
  return newline < 0 && line.length < LONGEST_NOTE ? 'unknown' : false;
}
