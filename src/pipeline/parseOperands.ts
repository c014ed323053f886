import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { readNumber } from './numbers';
import { parseMembers } from './parseClasses';
import { parseName, parseParameters } from './parseDeclarations';
import { isBinaryOperator, parseExpression, parseUnary } from './parseExpressions';
import { parseStatementsUntil } from './parseStatements';
import { parseGString, parseString } from './parseStrings';
import type {
  Argument,
  Call,
  Closure,
  Expression,
  Index,
  ListLiteral,
  Literal,
  MapEntry,
  MapLiteral,
  Name,
  Opaque,
  Parameter,
  Statement,
  Unary,
} from './syntax';
import { T, kindsOf } from './tokens';
import { genericsEnd, skipAnnotation, typeEnd } from './typeNames';

/** Of constants only a text has items. */
function isIndexable(node: Expression): boolean {
  return node.kind !== 'literal' || typeof node.value === 'string';
}

/** A primary with what is attached to it: properties, calls, indices, closures, arguments. */
export function parsePostfix(cursor: Cursor, command: boolean): Expression {
  const start = cursor.startOf();
  const afterParenthesis = cursor.kind() === T.parenOpen ? cursor.partner() + 1 : -1;
  let node = parsePrimary(cursor);
  for (;;) {
    const kind = cursor.kind();
    const newline = cursor.newlineBefore();
    if (kind === T.dot || kind === T.safeDot || kind === T.spreadDot || kind === T.pointer) {
      node = parseMember(cursor, start, node, kind);
    } else if (kind === T.parenOpen && !newline && cursor.at === afterParenthesis) {
      node = callOf(start, node, parseArguments(cursor), cursor.endBefore());
    } else if (kind === T.parenOpen && !newline && isCallable(cursor, node)) {
      node = call(start, node, parseArguments(cursor), cursor.endBefore());
    } else if (kind === T.curlyOpen && (command || !newline) && isCallable(cursor, node)) {
      // A closure after a call belongs to it; where a statement begins even on the next line.
      const isValue = cursor.at === afterParenthesis && node.kind !== 'call';
      const closure = parseClosure(cursor);
      node = isValue
        ? callOf(start, node, [argument(closure)], closure.end)
        : withArgument(start, node, closure);
    } else if (kind === T.squareOpen && !newline && isIndexable(node)) {
      node = parseIndex(cursor, start, node);
    } else if ((kind === T.increment || kind === T.decrement) && !newline) {
      cursor.at++;
      const operator: Unary['operator'] = kind === T.increment ? '++' : '--';
      node = {
        kind: 'unary',
        start,
        end: cursor.endBefore(),
        operator,
        operand: node,
        postfix: true,
      };
    } else if (command && !newline && isCommand(cursor, node) && startsArgument(cursor, kind)) {
      node = call(start, node, parseCommandArguments(cursor), cursor.endBefore());
    } else if (command && !newline && kind === T.name && node.kind === 'call') {
      // `a b c d` is `a(b).c(d)`.
      node = parseChained(cursor, start, node);
    } else {
      return node;
    }
  }
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

export function parseArguments(cursor: Cursor): Argument[] {
  const close = cursor.partner();
  const args: Argument[] = [];
  cursor.at++;
  while (cursor.at < close) {
    const before = cursor.at;
    args.push(parseArgument(cursor));
    takeComma(cursor, close, before, ')');
  }
  cursor.at = close + 1;
  return args;
}

/** A closure, or the expression of a `${…}`. */
export function parseClosure(cursor: Cursor): Closure {
  const start = cursor.startOf();
  const close = cursor.partner();
  const arrow = arrowOf(cursor, close);
  cursor.at++;
  let parameters: Parameter[] | undefined;
  if (arrow > 0) {
    parameters = parseParameters(cursor, arrow);
    cursor.at = arrow + 1;
  }
  let body: Statement[];
  if (cursor.descend()) {
    body = parseStatementsUntil(cursor, close);
    cursor.ascend();
  } else {
    body = [cursor.tooDeep()];
    cursor.at = close + 1;
  }
  return { kind: 'closure', start, end: cursor.endBefore(), parameters, body };
}

/** What the parameters of a closure never hold, outside of brackets. */
const NOT_IN_PARAMETERS = kindsOf(
  T.semicolon,
  T.kAssert,
  T.kCase,
  T.kClass,
  T.kFor,
  T.kIf,
  T.kImport,
  T.kReturn,
  T.kSwitch,
  T.kThrow,
  T.kTry,
  T.kWhile,
);

/** The `->` after the parameters of the closure that begins here, or -1. */
export function arrowOf(cursor: Cursor, close: number): number {
  const { kind, match } = cursor.tokens;
  let before: number = T.comma;
  for (let at = cursor.at + 1; at < close; at++) {
    const k = kind[at] ?? T.end;
    if (k === T.arrow) return at;
    if (NOT_IN_PARAMETERS[k] === 1) return -1;
    // A line ends only beside a comma.
    if (before !== T.comma && k !== T.comma && cursor.newlineAt(at)) return -1;
    before = k;
    at = Math.max(at, match[at] ?? at);
  }
  return -1;
}

/** The name after `a b`, as in `a b c d`. */
function parseChained(cursor: Cursor, start: number, object: Expression): Expression {
  const name = cursor.textOf();
  cursor.at++;
  const end = cursor.endBefore();
  const access = 'property';
  return { kind: 'property', start, end, object, name, safe: false, spread: false, access };
}

/** What may follow the name of a command as its first argument. */
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
  T.kSuper,
  T.kPrimitive,
  T.not,
  T.tilde,
);

function startsArgument(cursor: Cursor, kind: number): boolean {
  // `default: x` is a named argument.
  return ARGUMENT_STARTS[kind] === 1 || (isWord(kind) && cursor.kind(1) === T.colon);
}

function parseCommandArguments(cursor: Cursor): Argument[] {
  const args: Argument[] = [];
  do {
    args.push(parseArgument(cursor));
  } while (cursor.take(T.comma));
  return args;
}

/** The comma after what was read from `before` on, unless it is the last before `close`. */
function takeComma(cursor: Cursor, close: number, before: number, closer: ')' | ']'): void {
  if (cursor.take(T.comma)) {
    // Groovy minds no comma too many.
    if (cursor.at > before + 1) while (cursor.take(T.comma));
    return;
  }
  if (cursor.at >= close) return;
  if (cursor.at === before) cursor.unreadable();
  else cursor.blame(cursor.startOf(), cursor.startOf(), `A ',' or '${closer}' is missing here.`);
}

function parseArgument(cursor: Cursor): Argument {
  const next = cursor.kind(1);
  if (next === T.colon && (isWord(cursor.kind()) || cursor.kind() === T.string)) {
    const name = cursor.kind() === T.string ? String(parseString(cursor).value) : cursor.textOf();
    if (isWord(cursor.kind())) cursor.at++;
    cursor.at++;
    return { name, value: parseExpression(cursor, false), spread: false };
  }
  if (cursor.kind() === T.star) {
    cursor.at++;
    cursor.take(T.colon);
    return { name: undefined, value: parseExpression(cursor, false), spread: true };
  }
  const value = parseExpression(cursor, false);
  if (cursor.take(T.colon))
    return { name: value, value: parseExpression(cursor, false), spread: false };
  return { name: undefined, value, spread: false };
}

function parseMember(
  cursor: Cursor,
  start: number,
  object: Expression,
  operator: number,
): Expression {
  cursor.at++;
  const isField = cursor.take(T.at);
  const access = isField ? 'field' : operator === T.pointer ? 'method' : 'property';
  const safe = operator === T.safeDot;
  const spread = operator === T.spreadDot;
  // `Collections.<String>emptyList()`
  if (cursor.kind() === T.less) cursor.at = Math.max(cursor.at, genericsEnd(cursor, cursor.at));
  let name: string | Expression;
  if (isWord(cursor.kind())) {
    name = cursor.textOf();
    cursor.at++;
  } else if (cursor.kind() === T.string) {
    name = String(parseString(cursor).value);
  } else if (cursor.kind() === T.gStart) {
    name = parseGString(cursor);
  } else if (cursor.kind() === T.parenOpen) {
    name = parseParenthesized(cursor);
  } else {
    // `foo.` is being typed.
    cursor.missing("A name is missing after '.'.");
    name = '';
  }
  const end = cursor.endBefore();
  return { kind: 'property', start, end, object, name, safe, spread, access };
}

function parseIndex(cursor: Cursor, start: number, object: Expression): Index {
  const inner = parseListOrMap(cursor);
  // `println [a: 1]` is an index, too.
  const items = inner.kind === 'list' ? inner.items : [inner];
  return { kind: 'index', start, end: cursor.endBefore(), object, items };
}

function parsePrimary(cursor: Cursor): Expression {
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

function isCallable(cursor: Cursor, node: Expression): boolean {
  return (
    // `a 'x' { }` calls x, but more likely a parenthesis was lost in a damaged file.
    (isText(node) && !cursor.isDamaged) ||
    node.kind === 'name' ||
    node.kind === 'property' ||
    node.kind === 'call' ||
    node.kind === 'closure' ||
    node.kind === 'index'
  );
}

function isCommand(cursor: Cursor, node: Expression): boolean {
  return (
    node.kind === 'name' ||
    node.kind === 'property' ||
    node.kind === 'index' ||
    // `'a b' c` calls `a b`.
    (isText(node) && !cursor.isDamaged)
  );
}

function isText(node: Expression): boolean {
  return node.kind === 'gstring' || (node.kind === 'literal' && typeof node.value === 'string');
}

// Every node of a kind is made in one place and one shape, which is what makes reading fast.
function call(start: number, callee: Expression, args: readonly Argument[], end: number): Call {
  if (callee.kind === 'name') {
    const { name } = callee;
    return { kind: 'call', start, end, object: undefined, name, safe: false, spread: false, args };
  }
  if (callee.kind === 'property' && callee.access !== 'method') {
    const { object, name, safe, spread } = callee;
    return { kind: 'call', start, end, object, name, safe, spread, args };
  }
  if (callee.kind === 'gstring' || callee.kind === 'literal') {
    // `"name"(…)` is a call by that name.
    const name = callee.kind === 'gstring' ? callee : String(callee.value);
    return { kind: 'call', start, end, object: undefined, name, safe: false, spread: false, args };
  }
  return callOf(start, callee, args, end);
}

/** The call of a value: `(a)()`. */
function callOf(start: number, object: Expression, args: readonly Argument[], end: number): Call {
  const name = undefined;
  return { kind: 'call', start, end, object, name, safe: false, spread: false, args };
}

/** Appends a closure to a call, or makes a call of what is none yet. */
function withArgument(start: number, node: Expression, closure: Closure): Call {
  const arg = argument(closure);
  if (node.kind !== 'call') return call(start, node, [arg], closure.end);
  const { object, name, safe, spread } = node;
  // The call without this argument is nowhere else, so that its list can be lent: `a { } { } …`.
  const args = node.args as Argument[];
  args.push(arg);
  return { kind: 'call', start, end: closure.end, object, name, safe, spread, args };
}

function argument(value: Expression): Argument {
  return { name: undefined, value, spread: false };
}
