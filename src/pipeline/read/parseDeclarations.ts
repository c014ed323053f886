import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { parseExpression } from './parseExpressions';
import { parseClass, parseDefault, parseTypes, startsClass } from './parseClasses';
import { parseArguments } from './parseArguments';
import { parseBlock } from './parseStatements';
import { parseString } from './parseStrings';
import type {
  Declaration,
  FunctionDeclaration,
  Name,
  Opaque,
  Parameter,
  Statement,
} from '../syntax';
import { FLAG, T, kindsOf } from './tokens';
import {
  genericsEnd,
  skipAnnotation,
  skipModifiers,
  skipType,
  startsUpperCase,
  typeEnd,
} from './typeNames';

/** Whether a type and a name begin here: `String x`, `Map<String, List> y = …`, `Foo bar() {`. */
export function startsDeclaration(cursor: Cursor): boolean {
  const after = typeEnd(cursor, cursor.at);
  if (after < 0 || cursor.kindAt(after) !== T.name) return false;
  if (cursor.newlineAt(after)) return false;
  if (!startsUpperCase(cursor, lastNameOf(cursor, after))) return false;
  const next = cursor.kindAt(after + 1);
  if (next === T.parenOpen) {
    const body = cursor.kindAt((cursor.tokens.match[after + 1] ?? 0) + 1);
    return body === T.curlyOpen || body === T.kThrows;
  }
  return cursor.newlineAt(after + 1) || AFTER_DECLARED[next] === 1;
}

/** What `def`, a modifier or a type begins: variables, a function, or a class. */
export function parseDeclaration(cursor: Cursor, start: number): Statement {
  const modifiers = parseModifiers(cursor);
  if (startsClass(cursor)) return parseClass(cursor, start, modifiers);
  if (cursor.kind() === T.at && cursor.kind(1) === T.kInterface) {
    cursor.at++;
    return parseClass(cursor, start, modifiers, 'annotation');
  }
  if (cursor.kind() === T.less) {
    const end = genericsEnd(cursor, cursor.at);
    if (end > 0) cursor.at = end;
  }
  const type = parseType(cursor);
  if (cursor.kind() === T.parenOpen) return parseSeveralNames(cursor, start, modifiers);
  const isFunction = cursor.kind(1) === T.parenOpen && !cursor.newlineBefore(1);
  if (isFunction && (isWord(cursor.kind()) || cursor.kind() === T.string))
    return parseFunction(cursor, start, modifiers, type);
  if (!isWord(cursor.kind())) return unreadableDeclaration(cursor, start);
  return parseDeclaredNames(cursor, start, modifiers, type);
}

export function parseFunction(
  cursor: Cursor,
  start: number,
  modifiers: readonly string[],
  returns: string | undefined,
): FunctionDeclaration {
  const name = cursor.kind() === T.string ? String(parseString(cursor).value) : cursor.textOf();
  if (isWord(cursor.kind())) cursor.at++;
  const isConstructor = returns === undefined && name !== '' && name === cursor.className;
  const close = cursor.partner();
  cursor.at++;
  const parameters = parseParameters(cursor, close);
  cursor.at = close + 1;
  if (cursor.take(T.kThrows)) parseTypes(cursor);
  const outer = cursor.className;
  cursor.className = '';
  const body = cursor.kind() === T.curlyOpen ? parseBlock(cursor).body : parseDefault(cursor);
  cursor.className = outer;
  const end = cursor.endBefore();
  return {
    kind: 'function',
    start,
    end,
    name,
    modifiers,
    returns,
    parameters,
    body,
    isConstructor,
  };
}

export function parseAnnotation(cursor: Cursor, start: number): Statement {
  cursor.at++;
  if (cursor.kind() === T.kInterface) return parseClass(cursor, start, [], 'annotation');
  const name = parseQualifiedName(cursor);
  const args =
    cursor.kind() === T.parenOpen && !cursor.newlineBefore() ? parseArguments(cursor) : [];
  const end = cursor.endBefore();
  // `@Library('x') _` annotates a name that means nothing.
  const isAlone = cursor.kind() === T.name && !cursor.newlineBefore() && cursor.textOf() === '_';
  if (isAlone) cursor.at++;
  else if (!cursor.newlineBefore() && !cursor.atRestEnd()) {
    // What is annotated follows on the same line, as a statement of its own.
    cursor.tokens.flags[cursor.at] = (cursor.tokens.flags[cursor.at] ?? 0) | FLAG.newline;
  }
  if (!isAlone) cursor.annotated = cursor.at;
  return { kind: 'annotation', start, end, name, args };
}

/** Parameters up to the token `end`, which it leaves. */
export function parseParameters(cursor: Cursor, end: number): Parameter[] {
  const parameters: Parameter[] = [];
  while (cursor.at < end) {
    skipModifiers(cursor);
    let type: string | undefined;
    const after = typeEnd(cursor, cursor.at);
    const next = after > 0 && after < end ? cursor.kindAt(after) : T.end;
    if (isWord(next) || next === T.ellipsis) {
      type = cursor.text.slice(cursor.startOf(), cursor.tokens.end[after - 1]);
      cursor.at = after;
    }
    if (cursor.take(T.ellipsis)) type = `${type ?? 'Object'}[]`;
    if (isWord(cursor.kind())) {
      const name = cursor.textOf();
      cursor.at++;
      const initial = cursor.take(T.assign) ? parseExpression(cursor, false) : undefined;
      parameters.push({ name, type, initial });
    }
    if (!cursor.take(T.comma)) break;
  }
  return parameters;
}

/** The token here as a name. */
export function parseName(cursor: Cursor): Name {
  const start = cursor.startOf();
  const name = cursor.textOf();
  cursor.at++;
  return { kind: 'name', start, end: cursor.endBefore(), name };
}

/** `a.b.C`; empty if there is no name. */
export function parseQualifiedName(cursor: Cursor): string {
  if (cursor.kind() !== T.name) return '';
  let name = cursor.textOf();
  cursor.at++;
  while (cursor.kind() === T.dot && isWord(cursor.kind(1))) {
    name += `.${cursor.textOf(cursor.at + 1)}`;
    cursor.at += 2;
  }
  return name;
}

/** What may follow the name of a variable that is declared by its type. */
const AFTER_DECLARED = kindsOf(T.assign, T.semicolon, T.curlyClose, T.comma, T.kIn, T.colon, T.end);

const NO_MODIFIERS: readonly string[] = [];

/** `static final`, `def`, and annotations in between; `def` is not told. */
function parseModifiers(cursor: Cursor): readonly string[] {
  let modifiers = NO_MODIFIERS;
  for (;;) {
    if (cursor.kind() === T.kModifier) modifiers = [...modifiers, cursor.textOf()];
    else if (skipAnnotation(cursor)) continue;
    else if (cursor.kind() !== T.kDef) return modifiers;
    cursor.at++;
  }
}

/** The type of what is declared, if there is one and not only the name. */
function parseType(cursor: Cursor): string | undefined {
  const after = typeEnd(cursor, cursor.at);
  if (after < 0 || cursor.newlineAt(after)) return undefined;
  const next = cursor.kindAt(after);
  if (!isWord(next) && next !== T.string) return undefined;
  const type = cursor.text.slice(cursor.startOf(), cursor.tokens.end[after - 1]);
  cursor.at = after;
  return type;
}

/** The last name of the type that ends before the token `after`, without generics. */
function lastNameOf(cursor: Cursor, after: number): number {
  let token = cursor.at;
  while (token + 2 < after && cursor.kindAt(token + 1) === T.dot) token += 2;
  return token;
}

function unreadableDeclaration(cursor: Cursor, start: number): Opaque {
  cursor.blame(start, cursor.endBefore(), 'A name is missing in this declaration.');
  return { kind: 'opaque', start, end: cursor.endBefore() };
}

/** `x = 1, y, z = 2`: one declaration, or a block of them. */
function parseDeclaredNames(
  cursor: Cursor,
  start: number,
  modifiers: readonly string[],
  type: string | undefined,
): Statement {
  const declarations: Declaration[] = [];
  do {
    const from = declarations.length === 0 ? start : cursor.startOf();
    if (!isWord(cursor.kind())) break;
    const name = parseName(cursor);
    const value = cursor.take(T.assign) ? parseExpression(cursor, true) : undefined;
    declarations.push({
      kind: 'declaration',
      start: from,
      end: cursor.endBefore(),
      modifiers,
      type,
      names: [name],
      several: false,
      value,
    });
  } while (cursor.take(T.comma));
  const [only] = declarations;
  if (only !== undefined && declarations.length === 1) return only;
  return { kind: 'block', start, end: cursor.endBefore(), body: declarations };
}

/** `(a, b) = list`, at the parenthesis. */
function parseSeveralNames(cursor: Cursor, start: number, modifiers: readonly string[]): Statement {
  const close = cursor.partner();
  const names: Name[] = [];
  cursor.at++;
  while (cursor.at < close) {
    skipType(cursor);
    if (cursor.kind() === T.name) names.push(parseName(cursor));
    else cursor.at++;
  }
  cursor.at = close + 1;
  const value = cursor.take(T.assign) ? parseExpression(cursor, true) : undefined;
  const end = cursor.endBefore();
  const type = undefined;
  return { kind: 'declaration', start, end, modifiers, type, names, several: true, value };
}
