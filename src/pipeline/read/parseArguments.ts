import { isWord } from './cursor';
import type { Cursor } from './cursor';
import { parseExpression } from './parseExpressions';
import { parseString } from './parseStrings';
import type { Argument } from '../syntax';
import { T, kindsOf } from './tokens';

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

export function startsArgument(cursor: Cursor, kind: number): boolean {
  // `default: x` is a named argument.
  return ARGUMENT_STARTS[kind] === 1 || (isWord(kind) && cursor.kind(1) === T.colon);
}

export function parseCommandArguments(cursor: Cursor): Argument[] {
  const args: Argument[] = [];
  do {
    args.push(parseArgument(cursor));
  } while (cursor.take(T.comma));
  return args;
}

/** The comma after what was read from `before` on, unless it is the last before `close`. */
export function takeComma(cursor: Cursor, close: number, before: number, closer: ')' | ']'): void {
  if (cursor.take(T.comma)) {
    // Groovy minds no comma too many.
    if (cursor.at > before + 1) while (cursor.take(T.comma));
    return;
  }
  if (cursor.at >= close) return;
  if (cursor.at === before) cursor.unreadable();
  else cursor.blame(cursor.startOf(), cursor.startOf(), `A ',' or '${closer}' is missing here.`);
}

export function parseArgument(cursor: Cursor): Argument {
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
