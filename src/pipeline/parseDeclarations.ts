import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { parseExpression } from './parseExpressions';
import { parseArguments } from './parseOperands';
import { parseBlock } from './parseStatements';
import { parseString } from './parseStrings';
import type {
  Declaration,
  FunctionDeclaration,
  Name,
  Opaque,
  Parameter,
  Statement,
} from './syntax';
import { FLAG, T, kindsOf } from './tokens';
import { genericsEnd, skipModifiers, skipType, startsUpperCase, typeEnd } from './typeNames';

/** Whether a type and a name begin here: `String x`, `Map<String, List> y = …`, `Foo bar() {`. */
export function startsDeclaration(cursor: Cursor): boolean {
  const after = typeEnd(cursor, cursor.at);
  if (after < 0 || cursor.kindAt(after) !== T.name) return false;
  if (cursor.newlineAt(after)) return false;
  if (!startsUpperCase(cursor, lastNameOf(cursor, after))) return false;
  const next = cursor.kindAt(after + 1);
  if (next === T.parenOpen) {
    return cursor.tokens.kind[(cursor.tokens.match[after + 1] ?? 0) + 1] === T.curlyOpen;
  }
  return cursor.newlineAt(after + 1) || AFTER_DECLARED[next] === 1;
}

/** Whether a constructor of the class around begins here. */
export function startsConstructor(cursor: Cursor): boolean {
  if (cursor.className === '' || cursor.kind(1) !== T.parenOpen) return false;
  const after = cursor.partner(cursor.at + 1) + 1;
  return cursor.kindAt(after) === T.curlyOpen && cursor.textOf() === cursor.className;
}

/** What `def`, a modifier or a type begins: variables, a function, or a class. */
export function parseDeclaration(cursor: Cursor, start: number): Statement {
  skipModifiers(cursor);
  if (cursor.kind() === T.kClass || cursor.kind() === T.kEnum || cursor.kind() === T.kInterface) {
    return parseClass(cursor, start);
  }
  if (cursor.kind() === T.less) {
    const end = genericsEnd(cursor, cursor.at);
    if (end > 0) cursor.at = end;
  }
  const type = typeEnd(cursor, cursor.at);
  if (type > 0 && (cursor.kindAt(type) === T.name || cursor.kindAt(type) === T.string)) {
    if (!cursor.newlineAt(type)) cursor.at = type;
  }
  if (cursor.kind() === T.parenOpen) return parseSeveralNames(cursor, start);
  const isFunction = cursor.kind(1) === T.parenOpen && !cursor.newlineBefore(1);
  if (isFunction && (isWord(cursor.kind()) || cursor.kind() === T.string))
    return parseFunction(cursor, start);
  if (!isWord(cursor.kind())) return unreadableDeclaration(cursor, start);
  return parseDeclaredNames(cursor, start);
}

export function parseFunction(cursor: Cursor, start: number): FunctionDeclaration | Opaque {
  const name = cursor.kind() === T.string ? String(parseString(cursor).value) : cursor.textOf();
  if (isWord(cursor.kind())) cursor.at++;
  const close = cursor.partner();
  cursor.at++;
  const parameters = parseParameters(cursor, close);
  cursor.at = close + 1;
  if (cursor.take(T.kThrows))
    while (cursor.kind() === T.name || cursor.kind() === T.comma || cursor.kind() === T.dot)
      cursor.at++;
  const body = cursor.kind() === T.curlyOpen ? parseBlock(cursor).body : [];
  return { kind: 'function', start, end: cursor.endBefore(), name, parameters, body };
}

export function parseClass(cursor: Cursor, start: number): Statement {
  cursor.at++;
  const name = cursor.kind() === T.name ? cursor.textOf() : '';
  const isEnum = cursor.kindAt(cursor.at - 1) === T.kEnum;
  while (cursor.kind() !== T.curlyOpen && !cursor.atRestEnd()) cursor.skip();
  if (cursor.kind() !== T.curlyOpen) return { kind: 'opaque', start, end: cursor.endBefore() };
  if (isEnum) {
    cursor.skip();
    return { kind: 'class', start, end: cursor.endBefore(), name, body: [] };
  }
  const outer = cursor.className;
  cursor.className = name;
  const { body } = parseBlock(cursor);
  cursor.className = outer;
  return { kind: 'class', start, end: cursor.endBefore(), name, body };
}

export function parseAnnotation(cursor: Cursor, start: number): Statement {
  cursor.at++;
  if (cursor.kind() === T.kInterface) return parseClass(cursor, start);
  const name = parseQualifiedName(cursor);
  const args =
    cursor.kind() === T.parenOpen && !cursor.newlineBefore() ? parseArguments(cursor) : [];
  const end = cursor.endBefore();
  // `@Library('x') _` annotates a name that means nothing.
  if (cursor.kind() === T.name && !cursor.newlineBefore() && cursor.textOf() === '_') cursor.at++;
  else if (!cursor.newlineBefore() && !cursor.atRestEnd()) {
    // What is annotated follows on the same line, as a statement of its own.
    cursor.tokens.flags[cursor.at] = (cursor.tokens.flags[cursor.at] ?? 0) | FLAG.newline;
  }
  return { kind: 'annotation', start, end, name, args };
}

/** Parameters up to the token `end`, which it leaves. */
export function parseParameters(cursor: Cursor, end: number): Parameter[] {
  const parameters: Parameter[] = [];
  while (cursor.at < end) {
    while (cursor.kind() === T.at) parseAnnotation(cursor, cursor.startOf());
    skipModifiers(cursor);
    const after = typeEnd(cursor, cursor.at);
    let type: string | undefined;
    if (
      after > 0 &&
      after < end &&
      (cursor.kindAt(after) === T.name || cursor.kindAt(after) === T.ellipsis)
    ) {
      type = cursor.textOf(lastNameOf(cursor, after));
      cursor.at = after;
      cursor.take(T.ellipsis);
    }
    cursor.take(T.ellipsis);
    if (isWord(cursor.kind())) {
      const name = cursor.textOf();
      cursor.at++;
      parameters.push({
        name,
        type,
        initial: cursor.take(T.assign) ? parseExpression(cursor, false) : undefined,
      });
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
function parseDeclaredNames(cursor: Cursor, start: number): Statement {
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
function parseSeveralNames(cursor: Cursor, start: number): Statement {
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
  return { kind: 'declaration', start, end: cursor.endBefore(), names, several: true, value };
}
