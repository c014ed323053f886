import type { RubyToken } from './ruby';

/** A default or a size that is longer is shown cut off. */
const LONGEST = 80;

export function signAt(tokens: readonly RubyToken[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === 'sign' ? token.text : undefined;
}

/** `:key =>` or `'key' =>` */
export function isRocket(tokens: readonly RubyToken[], at: number, key: string): boolean {
  return constantOf(tokens[at]) === key && signAt(tokens, at + 1) === '=>';
}

export function wordTextAt(tokens: readonly RubyToken[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === 'word' ? token.text : undefined;
}

/** The constant text at `at`, '' where there is none. */
export function textAt(tokens: readonly RubyToken[], at: number): string {
  return constantOf(tokens[at]) ?? '';
}

/** What a string without interpolation says. */
export function constantOf(token: RubyToken | undefined): string | undefined {
  if (token?.kind !== 'text' || token.list) return undefined;
  const texts = token.parts.filter((part) => typeof part === 'string');
  return texts.length === token.parts.length ? texts.join('') : undefined;
}

export function beginsStatement(previous: RubyToken | undefined): boolean {
  if (previous === undefined || previous.kind === 'newline') return true;
  if (previous.kind === 'sign') return /^(=|;|\(|\{|\||->|\|\|=|=>|,)$/.test(previous.text);
  return previous.kind === 'word' && /^(then|else|do|and|or|not|return)$/.test(previous.text);
}

/**
 * The expression from `at` on: to the end of the line, a `,`, a bracket that it did not open, or
 * one of `ends`. A constant is told by its value, anything else as it is written.
 */
export function valueAfter(
  tokens: readonly RubyToken[],
  at: number,
  text: string,
  ends: ReadonlySet<string> = new Set(),
): { readonly text: string; readonly end: number } | undefined {
  const from = signAt(tokens, at) === ',' ? at + 1 : at;
  let depth = 0;
  let last = from - 1;
  // Nobody writes a default of more words than this; what follows is not looked at.
  for (let next = from; next < from + 60; next++) {
    const token = tokens[next];
    if (token === undefined || token.kind === 'newline') break;
    if (token.kind === 'sign') {
      if (depth === 0 && (token.text === ',' || token.text === ';' || ends.has(token.text))) break;
      if (/^[([{]$/.test(token.text)) depth++;
      if (/^[)\]}]$/.test(token.text) && depth-- === 0) break;
    }
    if (token.kind === 'word' && depth === 0 && /^(if|unless|do|then|end)$/.test(token.text)) break;
    last = next;
  }
  const [first, final] = [tokens[from], tokens[last]];
  if (first === undefined || final === undefined || last < from) return undefined;
  const constant = last === from ? constantOf(first) : undefined;
  const written = constant ?? text.slice(first.start, final.end).replace(/\s+/g, ' ');
  const shown = written.length > LONGEST ? `${written.slice(0, LONGEST - 1)}…` : written;
  return { text: shown, end: final.end };
}

/** The words of the list whose `each` gives its items the name `item`, a few lines above `at`. */
export function listBefore(tokens: readonly RubyToken[], at: number, item: string): string[] {
  for (let back = at; back > Math.max(0, at - 200); back--) {
    if (wordTextAt(tokens, back) !== item || signAt(tokens, back - 1) !== '|') continue;
    // LIST . each do | item
    const list = tokens[back - 5];
    if (list?.kind === 'text' && list.list && typeof list.parts[0] === 'string')
      return list.parts[0].split(/\s+/).filter((word) => word !== '');
    if (signAt(tokens, back - 5) !== ']') return [];
    const items: string[] = [];
    for (let next = back - 6; next > 0 && signAt(tokens, next) !== '['; next--) {
      const constant = constantOf(tokens[next]);
      if (constant !== undefined) items.unshift(constant);
    }
    return items;
  }
  return [];
}
