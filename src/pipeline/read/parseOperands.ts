import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { parseArguments, parseCommandArguments, startsArgument } from './parseArguments';
import { parseClosure } from './parseClosures';
import { parseName } from './parseDeclarations';
import { parseIndex, parseParenthesized, parsePrimary } from './parsePrimaries';
import { parseGString, parseString } from './parseStrings';
import type { Argument, Call, Closure, Expression, Unary } from '../syntax';
import { T } from './tokens';
import { genericsEnd } from './typeNames';

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
    } else if (command && !newline && node.kind === 'call' && startsChained(cursor, kind)) {
      // `a b c d` is `a(b).c(d)`.
      node = parseChained(cursor, start, node);
    } else {
      return node;
    }
  }
}

/** In a damaged file a text here is more likely an argument whose comma was lost. */
function startsChained(cursor: Cursor, kind: number): boolean {
  return kind === T.name || (kind === T.string && !cursor.isDamaged);
}

/** The name after `a b`, as in `a b c d`. */
function parseChained(cursor: Cursor, start: number, object: Expression): Expression {
  const name =
    cursor.kind() === T.string ? String(parseString(cursor).value) : parseName(cursor).name;
  const end = cursor.endBefore();
  const access = 'property';
  return { kind: 'property', start, end, object, name, safe: false, spread: false, access };
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
