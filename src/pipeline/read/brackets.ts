import { FLAG, T, TokenList, kindsOf } from './tokens';
import type { Tokens } from './tokens';

/** Tokens in which every bracket has its partner. */
export interface Balanced extends Tokens {
  /** For each bracket the index of its partner. */
  readonly match: Int32Array;
}

/**
 * Pairs the brackets. In a damaged file (one is missing or one too many) the indentation decides:
 * what is missing is put in where the indentation says the block ends, what is too many is left
 * out. So a lost brace costs the block it belonged to, and not what comes after.
 */
export function balance(text: string, tokens: Tokens): Balanced {
  let paired = tokens;
  let match = pair(tokens);
  if (match === undefined) {
    paired = repair(text, tokens);
    match = pair(paired) ?? new Int32Array(paired.length);
  }
  flatten(paired);
  return { ...paired, match };
}

const CLOSER = new Uint8Array(256);
CLOSER[T.parenOpen] = T.parenClose;
CLOSER[T.squareOpen] = T.squareClose;
CLOSER[T.curlyOpen] = T.curlyClose;
CLOSER[T.gStart] = T.gEnd;
CLOSER[T.gOpen] = T.gClose;

const CLOSERS = kindsOf(T.curlyClose, T.parenClose, T.squareClose, T.gEnd, T.gClose);

function isCloser(kind: number): boolean {
  return CLOSERS[kind] === 1;
}

/** The partner of every bracket, or undefined if one lacks its own. */
function pair(tokens: Tokens): Int32Array | undefined {
  const { kind, length } = tokens;
  const match = new Int32Array(length);
  const stack: number[] = [];
  for (let i = 0; i < length; i++) {
    const k = kind[i] ?? 0;
    if (CLOSER[k] !== 0) {
      stack.push(i);
    } else if (isCloser(k)) {
      const open = stack.pop();
      if (open === undefined || CLOSER[kind[open] ?? 0] !== k) return undefined;
      match[open] = i;
      match[i] = open;
    }
  }
  return stack.length === 0 ? match : undefined;
}

/** Takes the line ends out of parentheses and square brackets, where they mean nothing. */
function flatten({ kind, flags, length }: Tokens): void {
  const outer: boolean[] = [];
  let flat = false;
  for (let i = 0; i < length; i++) {
    const k = kind[i] ?? 0;
    if (flat) flags[i] = (flags[i] ?? 0) & ~FLAG.newline;
    if (CLOSER[k] !== 0) {
      outer.push(flat);
      flat = k === T.parenOpen || k === T.squareOpen;
    } else if (isCloser(k)) {
      flat = outer.pop() ?? false;
    }
  }
}

interface Open {
  readonly kind: number;
  readonly token: number;
  /** The column of the first token of its line. */
  readonly column: number;
}

function repair(text: string, tokens: Tokens): Tokens {
  const { kind, start, end, flags, length } = tokens;
  const columns = columnsOf(text, tokens);
  const indented = isIndented(tokens, columns);
  // At worst every bracket gets a partner.
  const out = new TokenList(length * 2 + 2, [...tokens.damage]);
  const stack: Open[] = [];
  let column = 0;
  let lineStart = 0;

  const closeTop = (at: number, blame: boolean): void => {
    const open = stack.pop();
    if (open === undefined) return;
    out.push(CLOSER[open.kind] ?? T.curlyClose, at, at, 0);
    if (blame) {
      out.blame(start[open.token] ?? 0, end[open.token] ?? 0, 'This bracket is not closed.');
    }
  };

  for (let i = 0; i < length; i++) {
    const k = kind[i] ?? 0;
    const leading = i === 0 || ((flags[i] ?? 0) & FLAG.newline) !== 0;
    const before = i > 0 ? (end[i - 1] ?? 0) : 0;
    if (leading) {
      column = columns[i] ?? 0;
      lineStart = i;
    }
    if (k === T.end) {
      while (stack.length > 0) closeTop(before, true);
    } else if (leading && indented && !isCloser(k)) {
      // A line that starts no deeper than the line of the bracket around it is not inside of it.
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        if (isStrong(top.kind) || column > top.column) break;
        if (k === T.curlyOpen && top.kind !== T.curlyOpen) break;
        if (top.kind !== T.curlyOpen && !mayEndAfter(kind[i - 1] ?? 0)) break;
        closeTop(before, true);
      }
    }
    if (isCloser(k)) {
      if (!close(k, leading, before)) {
        out.blame(start[i] ?? 0, end[i] ?? 0, 'Nothing is open that this bracket closes.');
        continue;
      }
    } else if (CLOSER[k] !== 0) {
      stack.push({ kind: k, token: i, column: columns[lineStart] ?? 0 });
    }
    out.push(k, start[i] ?? 0, end[i] ?? 0, flags[i] ?? 0);
  }
  return out.tokens();

  /** Takes the partner of the closer `k` off the stack; false if there is none. */
  function close(k: number, leading: boolean, before: number): boolean {
    if (k === T.gClose || k === T.gEnd) {
      // The lexer has paired these; what is open inside of them ends with them.
      while (stack.length > 0 && CLOSER[stack.at(-1)?.kind ?? 0] !== k) closeTop(before, true);
      stack.pop();
      return true;
    }
    if (leading && indented && k === T.curlyClose) {
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        if (isStrong(top.kind)) return false;
        if (top.kind === T.curlyOpen && top.column <= column) break;
        closeTop(before, true);
      }
      const top = stack.at(-1);
      if (top?.column !== column) return false;
      stack.pop();
      return true;
    }
    let at = stack.length - 1;
    while (at >= 0 && CLOSER[stack[at]?.kind ?? 0] !== k) {
      const open = stack[at];
      // A parenthesis does not reach beyond the braces around it.
      if (open === undefined || isStrong(open.kind)) return false;
      if (open.kind === T.curlyOpen && k !== T.curlyClose) return false;
      at--;
    }
    if (at < 0) return false;
    while (stack.length - 1 > at) closeTop(before, true);
    stack.pop();
    return true;
  }
}

/** Whether the lexer has paired this bracket by itself. */
function isStrong(kind: number): boolean {
  return kind === T.gStart || kind === T.gOpen;
}

/** Whether an argument list can end after this token: not after a comma or an operator. */
function mayEndAfter(kind: number): boolean {
  return kind === T.name || kind === T.number || kind === T.string || isCloser(kind);
}

/** The column of every token that is the first one on its line. */
function columnsOf(text: string, tokens: Tokens): Int32Array {
  const columns = new Int32Array(tokens.length);
  for (let i = 0; i < tokens.length; i++) {
    if (i > 0 && ((tokens.flags[i] ?? 0) & FLAG.newline) === 0) continue;
    const start = tokens.start[i] ?? 0;
    let column = 0;
    for (let at = start - 1; at >= 0 && text.charCodeAt(at) !== 0x0a; at--) {
      column += text.charCodeAt(at) === 0x09 ? 4 : 1;
    }
    columns[i] = column;
  }
  return columns;
}

/** Whether the lines after an opening brace are mostly indented more than its own line. */
function isIndented(tokens: Tokens, columns: Int32Array): boolean {
  let deeper = 0;
  let all = 0;
  let line = 0;
  for (let i = 1; i < tokens.length; i++) {
    if (((tokens.flags[i] ?? 0) & FLAG.newline) === 0) continue;
    if (tokens.kind[i - 1] === T.curlyOpen && tokens.kind[i] !== T.curlyClose) {
      all++;
      if ((columns[i] ?? 0) > (columns[line] ?? 0)) deeper++;
    }
    line = i;
  }
  return deeper >= all * 0.8;
}
