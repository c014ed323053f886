import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { parseArguments } from './parseArguments';
import {
  parseAnnotation,
  parseDeclaration,
  parseFunction,
  parseQualifiedName,
} from './parseDeclarations';
import { parseExpression } from './parseExpressions';
import { parseBlock, parseStatement } from './parseStatements';
import type { ClassDeclaration, EnumConstant, Opaque, Statement } from '../syntax';
import { T } from './tokens';
import { genericsEnd, typeEnd } from './typeNames';

/** Whether `class`, `interface`, `enum`, or a trait's declaration begins here. */
export function startsClass(cursor: Cursor): boolean {
  const kind = cursor.kind();
  return kind === T.kClass || kind === T.kInterface || kind === T.kEnum || startsTrait(cursor);
}

/** `trait` is a keyword only before its name and what then follows. */
export function startsTrait(cursor: Cursor): boolean {
  if (cursor.kind() !== T.name || cursor.kind(1) !== T.name || cursor.newlineBefore(1))
    return false;
  const next = cursor.kind(2);
  const mayFollow =
    next === T.curlyOpen || next === T.less || next === T.kExtends || next === T.kImplements;
  return mayFollow && cursor.textOf() === 'trait';
}

/** At the keyword; what `@interface` declares has `annotation` as its form. */
export function parseClass(
  cursor: Cursor,
  start: number,
  modifiers: readonly string[],
  form = formOf(cursor),
): ClassDeclaration | Opaque {
  cursor.at++;
  const name = cursor.kind() === T.name ? cursor.textOf() : '';
  if (name !== '') cursor.at++;
  if (cursor.kind() === T.less) cursor.at = Math.max(genericsEnd(cursor, cursor.at), cursor.at);
  let superclass: string | undefined;
  let interfaces: readonly string[] = [];
  while (cursor.kind() !== T.curlyOpen && !cursor.atRestEnd()) {
    const isExtends = cursor.take(T.kExtends);
    if (isExtends || cursor.take(T.kImplements)) {
      const types = parseTypes(cursor);
      if (isExtends && form !== 'interface') superclass = types[0];
      else interfaces = types;
    } else {
      cursor.unreadable();
    }
  }
  if (cursor.kind() !== T.curlyOpen) {
    cursor.missing("A '{' is missing here.");
    return { kind: 'opaque', start, end: cursor.endBefore() };
  }
  const { constants, body } = parseMembers(cursor, name, form === 'enum');
  const end = cursor.endBefore();
  return {
    kind: 'class',
    start,
    end,
    form,
    name,
    modifiers,
    superclass,
    interfaces,
    constants,
    body,
  };
}

/** The members of a class between its braces, which it takes. */
export function parseMembers(
  cursor: Cursor,
  name: string,
  isEnum: boolean,
): { constants: EnumConstant[]; body: Statement[] } {
  const close = cursor.partner();
  const body: Statement[] = [];
  if (!cursor.descend()) {
    cursor.at++;
    body.push(cursor.tooDeep());
    cursor.at = close + 1;
    return { constants: [], body };
  }
  const outer = cursor.className;
  cursor.className = name;
  cursor.at++;
  const constants = isEnum ? parseConstants(cursor, close) : [];
  while (cursor.at < close) {
    if (cursor.take(T.semicolon)) continue;
    const before = cursor.at;
    body.push(parseMember(cursor));
    if (cursor.at === before) body.push(cursor.unreadable());
  }
  cursor.at = close + 1;
  cursor.className = outer;
  cursor.ascend();
  return { constants, body };
}

function formOf(cursor: Cursor): ClassDeclaration['form'] {
  switch (cursor.kind()) {
    case T.kInterface:
      return 'interface';
    case T.kEnum:
      return 'enum';
    case T.kClass:
      return 'class';
    default:
      return 'trait';
  }
}

/** `A, b.C<D>`. */
export function parseTypes(cursor: Cursor): string[] {
  const types: string[] = [];
  do {
    const end = typeEnd(cursor, cursor.at);
    if (end < 0) break;
    types.push(cursor.text.slice(cursor.startOf(), cursor.tokens.end[end - 1]));
    cursor.at = end;
  } while (cursor.take(T.comma));
  return types;
}

/** `A, B(1), C { … }` up to what is no constant. */
function parseConstants(cursor: Cursor, close: number): EnumConstant[] {
  const constants: EnumConstant[] = [];
  while (cursor.at < close) {
    while (cursor.kind() === T.at) parseAnnotation(cursor, cursor.startOf());
    if (cursor.kind() !== T.name || !isConstantEnd(cursor.kind(1), cursor.newlineBefore(1))) break;
    const start = cursor.startOf();
    const name = cursor.textOf();
    cursor.at++;
    const args = cursor.kind() === T.parenOpen ? parseArguments(cursor) : [];
    const body = cursor.kind() === T.curlyOpen ? parseMembers(cursor, '', false).body : undefined;
    constants.push({ start, end: cursor.endBefore(), name, args, body });
    if (!cursor.take(T.comma)) break;
  }
  return constants;
}

function isConstantEnd(kind: number, newline: boolean): boolean {
  return (
    newline ||
    kind === T.comma ||
    kind === T.semicolon ||
    kind === T.parenOpen ||
    kind === T.curlyOpen ||
    kind === T.curlyClose
  );
}

function parseMember(cursor: Cursor): Statement {
  const start = cursor.startOf();
  switch (cursor.kind()) {
    case T.curlyOpen:
      return parseBlock(cursor);
    case T.kModifier:
      if (cursor.kind(1) !== T.curlyOpen) break;
      cursor.at++;
      return { ...parseBlock(cursor), start };
    case T.less:
      return parseDeclaration(cursor, start);
    case T.name: {
      if (startsTrait(cursor)) break;
      if (cursor.kind(1) === T.parenOpen && cursor.textOf() === cursor.className)
        return parseFunction(cursor, start, [], undefined);
      // Without a body, too: `String name()` of an interface.
      const after = typeEnd(cursor, cursor.at);
      const kind = cursor.kindAt(after);
      const isName = isWord(kind) || kind === T.string;
      const isMethod = after > 0 && isName && !cursor.newlineAt(after);
      if (isMethod && cursor.kindAt(after + 1) === T.parenOpen)
        return parseDeclaration(cursor, start);
      break;
    }
    default:
  }
  return parseStatement(cursor);
}

/** What `@interface` gives for a method after `default`. */
export function parseDefault(cursor: Cursor): Statement[] {
  return cursor.take(T.kDefault) ? [parseExpression(cursor, false)] : [];
}

/** `import a.b.C as D`, `import static a.B.*`, `package a.b`. */
export function parseImport(cursor: Cursor, start: number): Statement {
  const form = cursor.kind() === T.kPackage ? 'package' : 'import';
  cursor.at++;
  const isStatic = cursor.take(T.kModifier);
  const name = parseQualifiedName(cursor);
  let all = false;
  // The lexer reads `.*` as a spread where a name may follow.
  if (cursor.kind() === T.dot && cursor.kind(1) === T.star) {
    cursor.at += 2;
    all = true;
  }
  let alias: string | undefined;
  if (cursor.take(T.kAs) && cursor.kind() === T.name) {
    alias = cursor.textOf();
    cursor.at++;
  }
  if (name === '') cursor.missing('A name is missing here.');
  while (!cursor.atLineEnd()) cursor.unreadable();
  return { kind: 'import', start, end: cursor.endBefore(), form, name, isStatic, all, alias };
}
