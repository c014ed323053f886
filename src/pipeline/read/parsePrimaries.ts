import type { Cursor } from './cursor';
import { readNumber } from './numbers';
import { parseArgument, parseArguments, takeComma } from './parseArguments';
import { parseMembers } from './parseClasses';
import { parseClosure } from './parseClosures';
import { parseName } from './parseDeclarations';
import { isBinaryOperator, parseExpression, parseUnary } from './parseExpressions';
import { parseGString, parseString } from './parseStrings';
import type {
  Argument,
  Expression,
  Index,
  ListLiteral,
  Literal,
  MapEntry,
  MapLiteral,
  Name,
  Opaque,
  Statement,
} from '../syntax';
import { T, kindsOf } from './tokens';
import { genericsEnd, skipAnnotation, typeEnd } from './typeNames';

/** A name, a constant, a list, a closure, `new`, or what is in parentheses. */
export function parsePrimary(cursor: Cursor): Expression {
  const start = cursor.startOf();
  const kind = cursor.kind();
  switch (kind) {
    case T.name:
    case T.kThis:
    case T.kSuper:
    case T.kPrimitive:
      return parseName(cursor);
    case T.string:
      return parseString(cursor);
    case T.gStart:
      return parseGString(cursor);
    case T.number:
      return parseNumber(cursor);
    case T.kTrue:
    case T.kFalse:
    case T.kNull:
      cursor.at++;
      return {
        kind: 'literal',
        start,
        end: cursor.endBefore(),
        value: kind === T.kNull ? null : kind === T.kTrue,
      };
    case T.parenOpen:
      return parseCast(cursor) ?? parseParenthesized(cursor);
    case T.squareOpen:
      return parseListOrMap(cursor);
    case T.curlyOpen:
      return parseClosure(cursor);
    case T.kNew:
      return parseNew(cursor, start);
    case T.at:
      // An annotation in an annotation.
      if (skipAnnotation(cursor)) return { kind: 'opaque', start, end: cursor.endBefore() };
      return parseMissing(cursor);
    default:
      return parseMissing(cursor);
  }
}

/** No expression begins here. */
function parseMissing(cursor: Cursor): Opaque {
  // What can end or join expressions is left to whoever looks for it.
  const kind = cursor.kind();
  if (cursor.atRestEnd() || kind === T.colon || cursor.newlineBefore() || isBinaryOperator(kind)) {
    return cursor.missing('Something is missing here.');
  }
  return cursor.unreadable();
}

/** What may follow `(Type)` as the value that is cast; after others it is an operand itself. */
const CAST_OPERANDS = kindsOf(
  T.name,
  T.string,
  T.gStart,
  T.number,
  T.parenOpen,
  T.squareOpen,
  T.kNew,
  T.kThis,
  T.kSuper,
  T.kNull,
  T.kTrue,
  T.kFalse,
  T.curlyOpen,
  T.not,
  T.tilde,
);

/** `(Type) value`; undefined if the parenthesis is none. */
function parseCast(cursor: Cursor): Expression | undefined {
  const start = cursor.startOf();
  const close = cursor.partner();
  if (typeEnd(cursor, cursor.at + 1) !== close) return undefined;
  const primitive = cursor.kind(1) === T.kPrimitive;
  const next = cursor.kindAt(close + 1);
  // `(a)()` is a call. `(a)(b)` and `(a)[0]` are casts in Groovy, too.
  if (next === T.parenOpen && cursor.partner(close + 1) === close + 2) return undefined;
  const operand = CAST_OPERANDS[next] === 1 || (primitive && next === T.minus);
  if (!operand || cursor.newlineAt(close + 1)) return undefined;
  const type = cursor.text.slice(cursor.startOf(cursor.at + 1), cursor.tokens.end[close - 1]);
  cursor.at = close + 1;
  if (!cursor.descend()) return cursor.tooDeep();
  const value = parseUnary(cursor, false);
  cursor.ascend();
  return { kind: 'cast', start, end: cursor.endBefore(), test: false, type, value };
}

function parseNew(cursor: Cursor, start: number): Expression {
  cursor.at++;
  const from = cursor.startOf();
  const { kind } = cursor.tokens;
  let type = '';
  if (cursor.kind() === T.name || cursor.kind() === T.kPrimitive) {
    cursor.at++;
    while (cursor.kind() === T.dot && cursor.kind(1) === T.name) cursor.at += 2;
    const generics = cursor.kind() === T.less ? genericsEnd(cursor, cursor.at) : -1;
    type = cursor.text.slice(from, cursor.endBefore());
    if (generics > 0) cursor.at = generics;
    else if (cursor.kind() === T.less && kind[cursor.at + 1] === T.greater) cursor.at += 2;
  }
  let args: readonly Argument[] = [];
  let body: readonly Statement[] | undefined;
  // Also on the next line.
  if (cursor.kind() === T.parenOpen) {
    args = parseArguments(cursor);
    if (cursor.kind() === T.curlyOpen && !cursor.newlineBefore())
      body = parseMembers(cursor, '', false).body;
  } else if (cursor.kind() === T.squareOpen) {
    const lengths: Argument[] = [];
    while (cursor.kind() === T.squareOpen && !cursor.newlineBefore()) {
      const { items } = parseIndex(cursor, start, NOTHING);
      for (const value of items) lengths.push({ name: undefined, value, spread: false });
      type += '[]';
    }
    args = lengths;
  }
  return { kind: 'new', start, end: cursor.endBefore(), type, args, body };
}

const NOTHING: Opaque = { kind: 'opaque', start: 0, end: 0 };

function parseListOrMap(cursor: Cursor): ListLiteral | MapLiteral {
  const start = cursor.startOf();
  const close = cursor.partner();
  if (cursor.kind(1) === T.colon && close === cursor.at + 2) {
    cursor.at = close + 1;
    return { kind: 'map', start, end: cursor.endBefore(), entries: [] };
  }
  cursor.at++;
  const items: Expression[] = [];
  const entries: MapEntry[] = [];
  while (cursor.at < close) {
    const before = cursor.at;
    const from = cursor.startOf();
    const isMapSpread = cursor.kind() === T.star && cursor.kind(1) === T.colon;
    const { name, value, spread } = parseArgument(cursor);
    if (isMapSpread) {
      entries.push({ key: literal(from, from + 1, '*'), value, spread });
    } else if (spread) {
      const end = cursor.endBefore();
      items.push({
        kind: 'unary',
        start: from,
        end,
        operator: '*',
        operand: value,
        postfix: false,
      });
    } else if (name === undefined) items.push(value);
    else {
      const key = typeof name === 'string' ? literal(from, from + name.length, name) : name;
      entries.push({ key, value, spread: false });
    }
    takeComma(cursor, close, before, ']');
  }
  cursor.at = close + 1;
  const end = cursor.endBefore();
  return entries.length > 0
    ? { kind: 'map', start, end, entries }
    : { kind: 'list', start, end, items };
}

function literal(start: number, end: number, value: string): Literal {
  return { kind: 'literal', start, end, value };
}

function parseNumber(cursor: Cursor): Literal {
  const start = cursor.startOf();
  const source = cursor.textOf();
  cursor.at++;
  const { value } = readNumber(source);
  return { kind: 'literal', start, end: cursor.endBefore(), value };
}

export function parseParenthesized(cursor: Cursor): Expression {
  const start = cursor.startOf();
  const close = cursor.partner();
  cursor.at++;
  let inner = cursor.at < close ? parseExpression(cursor, false) : undefined;
  if (inner?.kind === 'name' && cursor.kind() === T.comma) {
    inner = parseTargets(cursor, start, close, inner);
  }
  if (cursor.at < close) inner = parseRest(cursor, start, close, inner);
  cursor.at = close + 1;
  return inner ?? { kind: 'opaque', start, end: cursor.endBefore() };
}

/** What should not be in a parenthesis, but may hold stages if its other bracket was lost. */
function parseRest(
  cursor: Cursor,
  start: number,
  close: number,
  first: Expression | undefined,
): Opaque {
  const inside: Statement[] = first === undefined ? [] : [first];
  cursor.unexpected();
  while (cursor.at < close) {
    const before = cursor.at;
    if (cursor.kind() === T.curlyOpen) inside.push(parseClosure(cursor));
    else if (!cursor.atRestEnd() && cursor.kind() !== T.colon)
      inside.push(parseExpression(cursor, false));
    if (cursor.at === before) cursor.skip();
  }
  return { kind: 'opaque', start, end: cursor.tokens.end[close] ?? start, inside };
}

/** `(a, b) = list`: what is assigned to is a list of names. */
function parseTargets(cursor: Cursor, start: number, close: number, first: Name): ListLiteral {
  const items: Expression[] = [first];
  const isAssigned = cursor.kindAt(close + 1) === T.assign;
  while (isAssigned && cursor.take(T.comma) && cursor.kind() === T.name)
    items.push(parseName(cursor));
  return { kind: 'list', start, end: cursor.tokens.end[close] ?? start, items };
}

export function parseIndex(cursor: Cursor, start: number, object: Expression): Index {
  const inner = parseListOrMap(cursor);
  // `println [a: 1]` is an index, too.
  const items = inner.kind === 'list' ? inner.items : [inner];
  return { kind: 'index', start, end: cursor.endBefore(), object, items };
}
