import type { Cursor } from './cursor';
import { parseParameters } from './parseDeclarations';
import { parseStatementsUntil } from './parseStatements';
import type { Closure, Parameter, Statement } from '../syntax';
import { T, kindsOf } from './tokens';

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
