import type { Cursor } from './cursor';
import { T } from './tokens';

/** The token after the type that begins at `token`, or -1 if none does. */
export function typeEnd(cursor: Cursor, token: number): number {
  const { kind, match } = cursor.tokens;
  let at = token;
  if (kind[at] !== T.name && kind[at] !== T.kPrimitive) return -1;
  at++;
  while (kind[at] === T.dot && kind[at + 1] === T.name) at += 2;
  if (kind[at] === T.less) {
    at = genericsEnd(cursor, at);
    if (at < 0) return -1;
  }
  while (kind[at] === T.squareOpen && match[at] === at + 1) at += 2;
  return at;
}

/** The token after the `<…>` that begins at `from`, or -1 if it is a comparison. */
export function genericsEnd(cursor: Cursor, from: number): number {
  const { kind } = cursor.tokens;
  let open = 0;
  for (let at = from; ; at++) {
    switch (kind[at]) {
      case T.less:
        open++;
        break;
      case T.greater:
        open -= 1;
        break;
      case T.shiftRight:
        open -= 2;
        break;
      case T.shiftRightUnsigned:
        open -= 3;
        break;
      case T.name:
      case T.kPrimitive:
      case T.comma:
      case T.dot:
      case T.question:
      case T.kExtends:
      case T.kSuper:
      case T.squareOpen:
      case T.squareClose:
        break;
      default:
        return -1;
    }
    if (open <= 0) return open === 0 ? at + 1 : -1;
  }
}

/** Takes modifiers and the annotations among them. */
export function skipModifiers(cursor: Cursor): void {
  for (;;) {
    if (cursor.kind() === T.kDef || cursor.kind() === T.kModifier) cursor.at++;
    else if (!skipAnnotation(cursor)) return;
  }
}

/** Takes an annotation of which nothing need be known; false if there is none. */
export function skipAnnotation(cursor: Cursor): boolean {
  if (cursor.kind() !== T.at || cursor.kind(1) !== T.name) return false;
  cursor.at += 2;
  while (cursor.kind() === T.dot && cursor.kind(1) === T.name) cursor.at += 2;
  if (cursor.kind() === T.parenOpen) cursor.skip();
  return true;
}

/** Takes the type of a variable, if there is one and not only its name. */
export function skipType(cursor: Cursor): void {
  const type = typeEnd(cursor, cursor.at);
  if (type > 0 && cursor.kindAt(type) === T.name) cursor.at = type;
}

/** Types are told from other names by their first letter. */
export function startsUpperCase(cursor: Cursor, token: number): boolean {
  const c = cursor.text.charCodeAt(cursor.startOf(token));
  return c >= 65 && c <= 90;
}
