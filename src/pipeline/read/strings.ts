import { QUOTE } from './tokens';

/**
 * The value of a string's text without its quotes: escapes are resolved as the kind of string has
 * them, and line ends are `\n`.
 */
export function unescape(raw: string, quote: number): string {
  const text = raw.includes('\r') ? raw.replaceAll(/\r\n?/g, '\n') : raw;
  if (quote === QUOTE.slashy) return decoded(text).replaceAll(/\\(?:\n|(\/))/g, '$1');
  if (quote === QUOTE.dollarSlashy)
    return decoded(text).replaceAll(/\\\n|\$([$/])/g, (_, escaped = '') => String(escaped));
  if (!text.includes('\\')) return text;
  return text.replaceAll(ESCAPE, (whole, escape: string) => {
    const first = escape.charAt(0);
    if (first === '\n') return '';
    if (first === 'u') {
      return escape.length > 1
        ? String.fromCharCode(parseInt(escape.replace(/^u+/, ''), 16))
        : whole;
    }
    if (first >= '0' && first <= '7') return String.fromCharCode(parseInt(escape, 8));
    return SINGLE[first] ?? whole;
  });
}

/** Resolves `\u0041`, which Groovy does before anything else is read. */
export function decoded(text: string): string {
  if (!text.includes('\\u')) return text;
  return text.replaceAll(/(?<!\\)\\u+([\da-fA-F]{4})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
}

const ESCAPE = /\\(u+[\da-fA-F]{4}|[0-3]?[0-7]{1,2}|[^])/g;
const SINGLE: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  '\\': '\\',
  "'": "'",
  '"': '"',
  $: '$',
};
