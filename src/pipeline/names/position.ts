import { lex } from '../read/lexer';
import { FLAG, QUOTE_LENGTH, QUOTE_SHIFT, T, kindsOf } from '../read/tokens';
import type { Tokens } from '../read/tokens';
import type { Place } from '../syntax';

/** A file's tokens as they were written, for what the tree does not keep: where names stand, comments. */
export interface Lexed {
  readonly text: string;
  readonly tokens: Tokens;
}

export function lexed(text: string): Lexed {
  return { text, tokens: lex(text) };
}

/** What a place between two characters is in. */
export type Lexical =
  | { readonly kind: 'code' }
  | { readonly kind: 'comment' }
  /** `$name` in a string, or the place after the `$`. */
  | { readonly kind: 'dollar'; readonly name: Place }
  /** A string's text; `quote` as in `QUOTE`. */
  | { readonly kind: 'string'; readonly quote: number };

export function lexicalAt({ text, tokens }: Lexed, offset: number): Lexical {
  const at = tokenBefore(tokens, offset);
  const kind = tokens.kind[at] ?? T.end;
  const start = tokens.start[at] ?? 0;
  const end = tokens.end[at] ?? 0;
  const quote = (tokens.flags[at] ?? 0) >> QUOTE_SHIFT;
  switch (kind) {
    case T.string:
      return offset < end || !isClosed(text, start, end, quote) ? { kind: 'string', quote } : CODE;
    case T.gStart:
      return { kind: 'string', quote };
    case T.gText:
      if (offset <= end) return { kind: 'string', quote };
      break;
    case T.gName:
      if (offset <= end) return { kind: 'dollar', name: { start, end } };
      return { kind: 'string', quote: quoteAround(tokens, at) };
    case T.gClose:
      if (offset >= end) return { kind: 'string', quote: quoteAround(tokens, at) };
      break;
    case T.gEnd:
      if (offset < end) return { kind: 'string', quote: quoteAround(tokens, at) };
      break;
    default:
      break;
  }
  return isComment(text, end, offset) ? { kind: 'comment' } : CODE;
}

/** A call whose arguments a place is among, as far as it is written. */
export interface OpenCall {
  readonly name: string;
  /** Where its name stands. */
  readonly place: Place;
  /** What its object is, as written: `docker` of `docker.image(`. */
  readonly object: string | undefined;
  /** How many commas are before the place. */
  readonly active: number;
  /** The names of arguments that it has already, before and after the place. */
  readonly keys: readonly string[];
  /** The name of the argument that the place is in the value of. */
  readonly key: string | undefined;
  /** False for `sh script: '…'`. */
  readonly parentheses: boolean;
}

/** The calls that a place is among the arguments of, from the innermost, up to the block around. */
export function openCalls(lex: Lexed, offset: number): OpenCall[] {
  const { tokens } = lex;
  const calls: OpenCall[] = [];
  let depth = 0;
  let active = 0;
  let keys: string[] = [];
  let key: string | undefined;
  const last = tokenBefore(tokens, offset);
  // A line end ends a call without parentheses, unless it comes after a comma.
  const ended =
    tokens.kind[last] !== T.comma && lex.text.slice(tokens.end[last] ?? 0, offset).includes('\n');
  for (let at = last; at >= 0; at--) {
    const kind = tokens.kind[at] ?? T.end;
    if (CLOSERS[kind] === 1) {
      // The end of a string that the place is in, or right behind the place, is not before it.
      if ((tokens.end[at] ?? 0) <= offset) depth++;
    } else if (OPENERS[kind] === 1) {
      if (depth > 0) {
        depth--;
        continue;
      }
      if (kind === T.curlyOpen || kind === T.gOpen) return calls;
      if (kind === T.parenOpen) {
        const call = calledAt(lex, at - 1);
        if (call) {
          const all = [...keys, ...keysAfter(lex, offset)];
          calls.push({ ...call, active, keys: all, key, parentheses: true });
        }
      }
      if (kind === T.gStart) continue;
      active = 0;
      keys = [];
      key = undefined;
    } else if (depth === 0) {
      if (kind === T.comma) active++;
      else if (kind === T.colon && NAMES[tokens.kind[at - 1] ?? T.end] === 1) {
        const name = nameAt(lex, at - 1);
        if (active === 0) key ??= name;
        keys.push(name);
      } else if (startsCommand(tokens, at) && startsArguments(lex, at, offset)) {
        const call = calledAt(lex, at);
        if (call && !ended) calls.push({ ...call, active, keys, key, parentheses: false });
        return calls;
      }
    }
    if (depth === 0 && ((tokens.flags[at] ?? 0) & FLAG.newline) !== 0) {
      const before = tokens.kind[at - 1] ?? T.end;
      if (before !== T.comma && OPENERS[before] === 0 && !insideBrackets(tokens, at)) return calls;
    }
  }
  return calls;
}

/** The index of the last token that begins before `offset`; -1 if none does. */
export function tokenBefore(tokens: Tokens, offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens.start[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  let at = low - 1;
  // Pieces that were put in for what is missing are empty.
  while (at >= 0 && tokens.kind[at] === T.end) at--;
  return at;
}

/** Where the word `name` stands as a token at or after `from`, before `to`. */
export function findName(
  { text, tokens }: Lexed,
  name: string,
  from: number,
  to: number,
): Place | undefined {
  for (let at = tokenBefore(tokens, from) + 1; at < tokens.length; at++) {
    const start = tokens.start[at] ?? 0;
    if (start >= to) return undefined;
    if (start < from) continue;
    const end = tokens.end[at] ?? 0;
    if (end - start === name.length && text.startsWith(name, start)) return { start, end };
    const quoted = tokens.kind[at] === T.string && insideOf(text, start, end);
    if (quoted && text.slice(quoted.start, quoted.end) === name) return quoted;
  }
  return undefined;
}

/** The stretch between the quotes of a string without interpolation. */
export function insideOf(text: string, start: number, end: number): Place {
  const width =
    text.startsWith("'''", start) || text.startsWith('"""', start)
      ? 3
      : text.startsWith('$/', start)
        ? 2
        : 1;
  const quote = text.slice(start, start + width);
  const closing = quote === '$/' ? '/$' : quote;
  const closed = end - start >= 2 * width && text.startsWith(closing, end - width);
  return { start: Math.min(start + width, end), end: closed ? end - width : end };
}

/** The word around or before a place: letters, digits, `_`. */
export function wordAt(text: string, offset: number): Place {
  let start = offset;
  let end = offset;
  while (start > 0 && isWordPart(text.charCodeAt(start - 1))) start--;
  while (end < text.length && isWordPart(text.charCodeAt(end))) end++;
  return { start, end };
}

const CODE: Lexical = { kind: 'code' };
const NAMES = kindsOf(T.name, T.string);
for (let kind: number = T.kAs; kind <= T.kWhile; kind++) NAMES[kind] = 1;
const OPENERS = kindsOf(T.parenOpen, T.squareOpen, T.curlyOpen, T.gStart, T.gOpen);
const CLOSERS = kindsOf(T.parenClose, T.squareClose, T.curlyClose, T.gEnd, T.gClose);
const ARGUMENT_STARTS = kindsOf(
  T.name,
  T.number,
  T.string,
  T.gStart,
  T.kNew,
  T.kNull,
  T.kTrue,
  T.kFalse,
  T.kThis,
);

function isWordPart(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95 || (c >= 97 && c <= 122);
}

function isClosed(text: string, start: number, end: number, quote: number): boolean {
  const width = QUOTE_LENGTH[quote] ?? 1;
  const inside = insideOf(text, start, end);
  return inside.end === end - width && end - start >= 2 * width;
}

/** The quote of the string that the piece at `token` belongs to. */
function quoteAround({ kind, flags }: Tokens, token: number): number {
  let depth = 0;
  for (let at = token; at >= 0; at--) {
    if (kind[at] === T.gEnd && at !== token) depth++;
    if (kind[at] !== T.gStart) continue;
    if (depth === 0) return (flags[at] ?? 0) >> QUOTE_SHIFT;
    depth--;
  }
  return 0;
}

/** Whether `offset` is in a comment that began after `from`, where the last token ended. */
function isComment(text: string, from: number, offset: number): boolean {
  let at = from;
  while (at < offset) {
    if (text.startsWith('//', at) || (at === 0 && text.startsWith('#!'))) {
      const end = text.indexOf('\n', at);
      if (end < 0 || end >= offset) return offset > at + 1;
      at = end;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      if (end < 0 || end + 2 > offset) return offset > at + 1;
      at = end + 2;
    } else {
      at++;
    }
  }
  return false;
}

function nameAt({ text, tokens }: Lexed, token: number): string {
  const start = tokens.start[token] ?? 0;
  const end = tokens.end[token] ?? 0;
  if (tokens.kind[token] !== T.string) return text.slice(start, end);
  const inside = insideOf(text, start, end);
  return text.slice(inside.start, inside.end);
}

function calledAt(
  lex: Lexed,
  token: number,
): Pick<OpenCall, 'name' | 'place' | 'object'> | undefined {
  const { tokens } = lex;
  const kind = tokens.kind[token] ?? T.end;
  if (kind !== T.name && !(kind >= T.kAs && kind <= T.kWhile)) return undefined;
  const place = { start: tokens.start[token] ?? 0, end: tokens.end[token] ?? 0 };
  const dotted = tokens.kind[token - 1] === T.dot || tokens.kind[token - 1] === T.safeDot;
  const object = dotted ? nameAt(lex, token - 2) : undefined;
  return { name: nameAt(lex, token), place, object };
}

/** Names of arguments after the place, up to the end of the call. */
function keysAfter(lex: Lexed, offset: number): string[] {
  const { tokens } = lex;
  const keys: string[] = [];
  let depth = 0;
  for (let at = tokenBefore(tokens, offset) + 1; at < tokens.length; at++) {
    const kind = tokens.kind[at] ?? T.end;
    if (OPENERS[kind] === 1) depth++;
    else if (CLOSERS[kind] === 1 && --depth < 0) break;
    else if (kind === T.curlyOpen || keys.length > 40) break;
    else if (depth === 0 && kind === T.colon && NAMES[tokens.kind[at - 1] ?? T.end] === 1)
      keys.push(nameAt(lex, at - 1));
  }
  return keys;
}

/** Whether the token is the name of `name argument, …` at the beginning of a statement. */
function startsCommand(tokens: Tokens, at: number): boolean {
  if (tokens.kind[at] !== T.name) return false;
  const before = tokens.kind[at - 1] ?? T.end;
  const begins =
    at === 0 ||
    ((tokens.flags[at] ?? 0) & FLAG.newline) !== 0 ||
    before === T.curlyOpen ||
    before === T.semicolon ||
    before === T.arrow ||
    before === T.assign ||
    before === T.kReturn;
  return begins && before !== T.comma;
}

/** Whether what follows the name, up to the place, can be arguments without parentheses. */
function startsArguments({ text, tokens }: Lexed, name: number, offset: number): boolean {
  const next = name + 1;
  if ((tokens.end[name] ?? 0) >= offset) return false;
  if ((tokens.start[next] ?? text.length) >= offset)
    return /^[ \t]+$/.test(text.slice(tokens.end[name], offset));
  return ARGUMENT_STARTS[tokens.kind[next] ?? T.end] === 1;
}

/** Whether parentheses or square brackets are open before the token, in which line ends mean nothing. */
function insideBrackets({ kind }: Tokens, token: number): boolean {
  let depth = 0;
  for (let at = token - 1; at >= 0; at--) {
    const k = kind[at] ?? T.end;
    if (CLOSERS[k] === 1) depth++;
    else if (OPENERS[k] === 1) {
      if (depth === 0) return k === T.parenOpen || k === T.squareOpen;
      depth--;
    }
  }
  return false;
}
