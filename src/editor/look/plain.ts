/**
 * Makes a server's words safe for the places where VS Code reads markup without being asked:
 * `$(icon)` in labels, `[text](command:…)` in notifications. A word joiner, which is not seen,
 * keeps both from being read; control and direction characters become spaces. At most 300
 * characters are left.
 */
export function plain(text: string): string {
  const line = text.replace(UNSEEN, ' ').trim();
  const short = line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
  return short.replace(/([$\]])(?=\()/g, '$1\u2060');
}

const LONGEST = 300;

/** Control characters, and those that turn the direction of the text around them. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
