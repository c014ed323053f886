/** Control characters, line separators and marks of direction; a tab does no harm. */
const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * A text from anywhere as one line that controls neither a terminal nor the text around it: such
 * characters are shown, as `␛` or as `\u202e`.
 */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    // Unicode has pictures of the older ones.
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : escapeOf(character);
  });
}

/** JSON on one line that is harmless in a terminal, too. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, escapeOf);
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
