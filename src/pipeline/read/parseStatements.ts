import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { parseClass, parseImport, startsTrait } from './parseClasses';
import {
  parseAnnotation,
  parseDeclaration,
  parseQualifiedName,
  startsDeclaration,
} from './parseDeclarations';
import { parseExpression } from './parseExpressions';
import { arrowOf } from './parseClosures';
import { parseParenthesized } from './parsePrimaries';
import type { Block, Expression, Opaque, Statement, Switch, Try } from '../syntax';
import { T, kindsOf } from './tokens';
import { skipModifiers, skipType, typeEnd } from './typeNames';

/** The statements of a whole file. */
export function parseFile(cursor: Cursor): Statement[] {
  const statements: Statement[] = [];
  while (cursor.kind() !== T.end) parseStatementsInto(cursor, statements, T.end);
  return statements;
}

/** Reads statements up to the bracket `close`, and takes that. */
export function parseStatementsUntil(cursor: Cursor, close: number): Statement[] {
  const statements: Statement[] = [];
  const closer = cursor.kindAt(close);
  while (cursor.at < close) {
    parseStatementsInto(cursor, statements, closer);
    if (cursor.at < close) statements.push(cursor.unreadable());
  }
  cursor.at = close + 1;
  return statements;
}

export function parseBlock(cursor: Cursor): Block {
  const start = cursor.startOf();
  if (cursor.kind() !== T.curlyOpen) {
    cursor.missing("A '{' is missing here.");
    return { kind: 'block', start, end: start, body: [] };
  }
  const close = cursor.partner();
  cursor.at++;
  const body = parseStatementsUntil(cursor, close);
  return { kind: 'block', start, end: cursor.endBefore(), body };
}

/** Reads statements up to a token of the kind `closer`, which it leaves. */
function parseStatementsInto(cursor: Cursor, statements: Statement[], closer: number): void {
  for (;;) {
    const kind = cursor.kind();
    if (kind === closer || kind === T.end) return;
    if (kind === T.semicolon) {
      cursor.at++;
      continue;
    }
    const before = cursor.at;
    statements.push(parseStatement(cursor));
    if (cursor.at === before) {
      statements.push(cursor.unreadable());
    } else if (!atStatementEnd(cursor, closer)) {
      // Two statements on a line without `;`: read the rest as the next one, but say so.
      cursor.unexpected();
    }
  }
}

function atStatementEnd(cursor: Cursor, closer: number): boolean {
  const kind = cursor.kind();
  return (
    kind === closer ||
    kind === T.end ||
    kind === T.semicolon ||
    cursor.newlineBefore() ||
    cursor.kindAt(cursor.at - 1) === T.curlyClose
  );
}

export function parseStatement(cursor: Cursor): Statement {
  if (!cursor.descend()) return cursor.tooDeep();
  const statement = parseAnyStatement(cursor);
  cursor.ascend();
  return statement;
}

function parseAnyStatement(cursor: Cursor): Statement {
  const start = cursor.startOf();
  switch (cursor.kind()) {
    case T.at:
      return parseAnnotation(cursor, start);
    case T.kImport:
    case T.kPackage:
      return parseImport(cursor, start);
    case T.kModifier:
      return cursor.kind(1) === T.parenOpen && cursor.textOf() === 'synchronized'
        ? parseSynchronized(cursor, start)
        : parseDeclaration(cursor, start);
    case T.curlyOpen:
      return startsBlock(cursor) ? parseBlock(cursor) : parseExpression(cursor, true);
    case T.kDef:
      return parseDeclaration(cursor, start);
    case T.kPrimitive:
      // `int` may be a name as well: `"${double}"`.
      return startsName(cursor, typeEnd(cursor, cursor.at))
        ? parseDeclaration(cursor, start)
        : parseExpression(cursor, true);
    case T.kClass:
    case T.kInterface:
    case T.kEnum:
      return parseClass(cursor, start, []);
    case T.kIf:
      return parseIf(cursor, start);
    case T.kFor:
      return parseFor(cursor, start);
    case T.kWhile: {
      cursor.at++;
      const test = parseCondition(cursor);
      const body = parseBranch(cursor);
      return { kind: 'while', label: undefined, start, end: cursor.endBefore(), test, body };
    }
    case T.kSwitch:
      return parseSwitch(cursor, start);
    case T.kTry:
      return parseTry(cursor, start);
    case T.kReturn: {
      cursor.at++;
      const value = cursor.atLineEnd() ? undefined : parseExpression(cursor, true);
      return { kind: 'return', start, end: cursor.endBefore(), value };
    }
    case T.kThrow: {
      cursor.at++;
      const value = parseExpression(cursor, true);
      return { kind: 'throw', start, end: cursor.endBefore(), value };
    }
    case T.kAssert: {
      cursor.at++;
      const test = parseExpression(cursor, false);
      const message =
        cursor.take(T.colon) || cursor.take(T.comma) ? parseExpression(cursor, false) : undefined;
      return { kind: 'assert', start, end: cursor.endBefore(), test, message };
    }
    case T.kBreak:
    case T.kContinue: {
      const kind = cursor.kind() === T.kBreak ? 'break' : 'continue';
      cursor.at++;
      let label: string | undefined;
      if (cursor.kind() === T.name && !cursor.newlineBefore()) {
        label = cursor.textOf();
        cursor.at++;
      }
      return { kind, label, start, end: cursor.endBefore() };
    }
    case T.name:
      if (cursor.kind(1) === T.colon && !cursor.newlineBefore(1)) {
        return parseLabelled(cursor);
      }
      if (startsTrait(cursor)) return parseClass(cursor, start, []);
      return startsDeclaration(cursor) || startsAnnotated(cursor)
        ? parseDeclaration(cursor, start)
        : parseExpression(cursor, true);
    default:
      return parseExpression(cursor, true);
  }
}

/** Braces where a statement begins are a block, unless they have parameters or are called. */
function startsBlock(cursor: Cursor): boolean {
  const close = cursor.partner();
  const next = cursor.kindAt(close + 1);
  const isCalled =
    next === T.dot || next === T.safeDot || (next === T.parenOpen && !cursor.newlineAt(close + 1));
  return !isCalled && arrowOf(cursor, close) < 0;
}

function startsName(cursor: Cursor, token: number): boolean {
  const kind = cursor.kindAt(token);
  return isWord(kind) || kind === T.string;
}

const ENDS_NAME = kindsOf(T.end, T.semicolon, T.curlyClose);

/** `@Field x = 1` declares x, and `@NonCPS f() { }` a function. */
function startsAnnotated(cursor: Cursor): boolean {
  if (cursor.annotated !== cursor.at) return false;
  if (cursor.kind(1) === T.parenOpen)
    return cursor.kindAt(cursor.partner(cursor.at + 1) + 1) === T.curlyOpen;
  return cursor.kind(1) === T.assign || cursor.newlineBefore(1) || ENDS_NAME[cursor.kind(1)] === 1;
}

/** Only of a loop the label is of use. */
function parseLabelled(cursor: Cursor): Statement {
  const label = cursor.textOf();
  cursor.at += 2;
  const statement = parseStatement(cursor);
  switch (statement.kind) {
    case 'for':
    case 'forIn':
    case 'while':
      return { ...statement, label };
    default:
      return statement;
  }
}

function parseSynchronized(cursor: Cursor, start: number): Block {
  cursor.at++;
  const lock = parseParenthesized(cursor);
  const { end, body } = parseBlock(cursor);
  return { kind: 'block', start, end, body, lock };
}

/** The body of an `if` or a loop. */
function parseBranch(cursor: Cursor): Statement {
  if (cursor.kind() === T.curlyOpen) return parseBlock(cursor);
  if (cursor.kind() === T.semicolon) {
    const start = cursor.startOf();
    cursor.at++;
    return { kind: 'block', start, end: cursor.endBefore(), body: [] };
  }
  return parseStatement(cursor);
}

function parseCondition(cursor: Cursor): Expression {
  if (cursor.kind() === T.parenOpen) return parseParenthesized(cursor);
  return cursor.missing("A '(' is missing here.");
}

function parseIf(cursor: Cursor, start: number): Statement {
  cursor.at++;
  const test = parseCondition(cursor);
  const then = parseBranch(cursor);
  let otherwise: Statement | undefined;
  if (cursor.kind() === T.semicolon && cursor.kind(1) === T.kElse) cursor.at++;
  if (cursor.take(T.kElse)) otherwise = parseBranch(cursor);
  return { kind: 'if', start, end: cursor.endBefore(), test, then, otherwise };
}

function parseFor(cursor: Cursor, start: number): Statement {
  cursor.at++;
  const close = cursor.kind() === T.parenOpen ? cursor.partner() : -1;
  if (close < 0) return cursor.unreadable();
  cursor.at++;
  const items = parseForInHead(cursor, close);
  if (items !== undefined) {
    cursor.at = close + 1;
    const body = parseBranch(cursor);
    return { kind: 'forIn', label: undefined, start, end: cursor.endBefore(), ...items, body };
  }
  const initial: Statement[] = [];
  const update: Expression[] = [];
  if (cursor.kind() !== T.semicolon) initial.push(parseStatement(cursor));
  while (cursor.take(T.comma)) initial.push(parseStatement(cursor));
  cursor.take(T.semicolon);
  const test =
    cursor.kind() === T.semicolon || cursor.at >= close
      ? undefined
      : parseExpression(cursor, false);
  cursor.take(T.semicolon);
  while (cursor.at < close) {
    const before = cursor.at;
    update.push(parseExpression(cursor, false));
    if (!cursor.take(T.comma) && cursor.at === before) cursor.skip();
  }
  cursor.at = close + 1;
  const body = parseBranch(cursor);
  return {
    kind: 'for',
    label: undefined,
    start,
    end: cursor.endBefore(),
    initial,
    test,
    update,
    body,
  };
}

/** `String name in items`; undefined, and nothing taken, if it is a `for` with semicolons. */
function parseForInHead(
  cursor: Cursor,
  close: number,
): { name: string; items: Expression } | undefined {
  const back = cursor.at;
  skipModifiers(cursor);
  skipType(cursor);
  const separator = cursor.kind(1);
  if (
    cursor.kind() !== T.name ||
    (separator !== T.kIn && separator !== T.colon) ||
    cursor.at >= close
  ) {
    cursor.at = back;
    return undefined;
  }
  const name = cursor.textOf();
  cursor.at += 2;
  return { name, items: parseExpression(cursor, false) };
}

function parseSwitch(cursor: Cursor, start: number): Switch | Opaque {
  cursor.at++;
  const subject = parseCondition(cursor);
  if (cursor.kind() !== T.curlyOpen) return { kind: 'opaque', start, end: cursor.endBefore() };
  const close = cursor.partner();
  cursor.at++;
  const cases: { test: Expression | undefined; body: Statement[] }[] = [];
  while (cursor.at < close) {
    if (cursor.kind() === T.kCase || cursor.kind() === T.kDefault) {
      const isCase = cursor.kind() === T.kCase;
      cursor.at++;
      const test = isCase ? parseExpression(cursor, false) : undefined;
      cursor.take(T.colon);
      const body: Statement[] = [];
      while (cursor.at < close && cursor.kind() !== T.kCase && cursor.kind() !== T.kDefault) {
        if (cursor.take(T.semicolon)) continue;
        const before = cursor.at;
        body.push(parseStatement(cursor));
        if (cursor.at === before) body.push(cursor.unreadable());
      }
      cases.push({ test, body });
    } else {
      cursor.unreadable();
    }
  }
  cursor.at = close + 1;
  return { kind: 'switch', start, end: cursor.endBefore(), subject, cases };
}

function parseTry(cursor: Cursor, start: number): Try {
  cursor.at++;
  const body = parseBlock(cursor);
  const catches: { types: string[]; name: string; body: Block }[] = [];
  while (cursor.kind() === T.kCatch) {
    cursor.at++;
    const types: string[] = [];
    let name = 'e';
    if (cursor.kind() === T.parenOpen) {
      const close = cursor.partner();
      cursor.at++;
      skipModifiers(cursor);
      while (cursor.at < close) {
        const word = parseQualifiedName(cursor);
        if (word === '') cursor.at++;
        else if (cursor.at >= close) name = word;
        else types.push(word);
      }
      cursor.at = close + 1;
    }
    catches.push({ types, name, body: parseBlock(cursor) });
  }
  const last = cursor.take(T.kFinally) ? parseBlock(cursor) : undefined;
  return { kind: 'try', start, end: cursor.endBefore(), body, catches, finally: last };
}
