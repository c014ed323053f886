import type { Cursor } from './cursor';
import { parseClosure } from './parseClosures';
import { unescape } from './strings';
import { isExpression } from '../syntax';
import type { Expression, GString, Literal } from '../syntax';
import { FLAG, QUOTE_LENGTH, QUOTE_SHIFT, T } from './tokens';

export function parseString(cursor: Cursor): Literal {
  const token = cursor.at;
  const flags = cursor.tokens.flags[token] ?? 0;
  const quote = flags >> QUOTE_SHIFT;
  const width = QUOTE_LENGTH[quote] ?? 1;
  const start = cursor.startOf();
  const end = cursor.tokens.end[token] ?? start;
  cursor.at++;
  // A string that lost its closing quote ends without one.
  const close = cursor.text.slice(Math.max(start + width, end - width), end);
  const whole = close === CLOSING[quote];
  const raw = cursor.text.slice(start + width, whole ? end - width : end);
  const value = (flags & FLAG.escaped) === 0 ? raw : unescape(raw, quote);
  return { kind: 'literal', start, end, value };
}

export function parseGString(cursor: Cursor): GString {
  const start = cursor.startOf();
  const close = cursor.partner();
  const quote = (cursor.tokens.flags[cursor.at] ?? 0) >> QUOTE_SHIFT;
  const parts: (string | Expression)[] = [];
  const inner = { start: cursor.tokens.end[cursor.at] ?? start, end: cursor.startOf(close) };
  cursor.at++;
  while (cursor.at < close) {
    const flags = cursor.tokens.flags[cursor.at] ?? 0;
    switch (cursor.kind()) {
      case T.gText: {
        const raw = cursor.textOf();
        parts.push((flags & FLAG.escaped) === 0 ? raw : unescape(raw, quote));
        cursor.at++;
        break;
      }
      case T.gName:
        parts.push(parseDottedName(cursor));
        break;
      case T.gOpen:
        parts.push(parseInterpolation(cursor));
        break;
      default:
        parts.push(cursor.unreadable());
    }
  }
  cursor.at = close + 1;
  return { kind: 'gstring', start, end: cursor.endBefore(), parts, inner };
}

/** How each kind of string, by its quote, is closed. */
const CLOSING: readonly string[] = ['', "'", '"', "'''", '"""', '/', '/$'];

/** `a.b.c` of `$a.b.c`. */
function parseDottedName(cursor: Cursor): Expression {
  const start = cursor.startOf();
  const [first = '', ...rest] = cursor.textOf().split('.');
  let end = start + first.length;
  let node: Expression = { kind: 'name', start, end, name: first };
  for (const name of rest) {
    end += name.length + 1;
    node = {
      kind: 'property',
      start,
      end,
      object: node,
      name,
      safe: false,
      spread: false,
      access: 'property',
    };
  }
  cursor.at++;
  return node;
}

/** Most of them hold an expression; what is more is a closure that is called for the text. */
function parseInterpolation(cursor: Cursor): Expression {
  const closure = parseClosure(cursor);
  const { start, end, parameters, body } = closure;
  if (parameters !== undefined) return closure;
  const [only] = body;
  if (only === undefined) return { kind: 'literal', start, end, value: null };
  if (body.length === 1 && isExpression(only)) return only;
  const called = { object: closure, name: undefined, safe: false, spread: false, args: [] };
  return { kind: 'call', start, end, ...called };
}
