const BACKSLASH = 0x5c;
const DOLLAR = 0x24;

export const NAME_START = 1;
export const DIGIT = 2;
export const BLANK = 4;
/** What an ASCII character can be. */
export const CLASS = new Uint8Array(128);
for (let c = 97; c <= 122; c++) CLASS[c] = NAME_START;
for (let c = 65; c <= 90; c++) CLASS[c] = NAME_START;
for (let c = 48; c <= 57; c++) CLASS[c] = DIGIT;
CLASS[0x24] = CLASS[0x5f] = NAME_START;
CLASS[0x20] = CLASS[0x09] = CLASS[0x0c] = CLASS[0x0d] = CLASS[0] = BLANK;

export function isNameStart(c: number): boolean {
  return c < 128 ? CLASS[c] === NAME_START : !isSpecialBlank(c);
}

export function isNamePart(c: number): boolean {
  return c < 128 ? ((CLASS[c] ?? 0) & (NAME_START | DIGIT)) !== 0 : !isSpecialBlank(c);
}

/** No-break spaces, byte order marks and typographic blanks that were pasted in. */
export function isSpecialBlank(c: number): boolean {
  return c === 0xa0 || c === 0xfeff || (c >= 0x2000 && c <= 0x200b) || c === 0x2028 || c === 0x3000;
}

export function nameEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isNamePart(text.charCodeAt(end))) end++;
  return end;
}

/** The end of the `\u0041` that begins at `from`, or `from`. */
export function escapeEnd(text: string, from: number): number {
  if (text.charCodeAt(from) !== BACKSLASH) return from;
  UNICODE.lastIndex = from;
  return UNICODE.test(text) ? UNICODE.lastIndex : from;
}

/** The end of `a.b.c` in `$a.b.c`, where `$` is no part of a name. */
export function dottedEnd(text: string, from: number): number {
  let end = from;
  for (;;) {
    while (
      end < text.length &&
      isNamePart(text.charCodeAt(end)) &&
      text.charCodeAt(end) !== DOLLAR
    ) {
      end++;
    }
    const next = text.charCodeAt(end + 1);
    if (text.charCodeAt(end) !== 0x2e || !isNameStart(next) || next === DOLLAR) return end;
    end++;
  }
}

export function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

const UNICODE = /\\u+[\da-fA-F]{4}/y;
