import type { Cursor } from './cursor';
import { parsePostfix } from './parseOperands';
import type { Expression, Unary } from '../syntax';
import { T } from './tokens';
import { typeEnd } from './typeNames';

/** `command` says whether arguments may follow a name without parentheses. */
export function parseExpression(cursor: Cursor, command: boolean): Expression {
  if (!cursor.descend()) return cursor.tooDeep();
  const expression = parseAssignment(cursor, command);
  cursor.ascend();
  return expression;
}

/** An operand with the operators before it. */
export function parseUnary(cursor: Cursor, command: boolean): Expression {
  const start = cursor.startOf();
  const operator = UNARY.get(cursor.kind());
  if (operator === undefined) return parsePostfix(cursor, command);
  if (!cursor.descend()) return cursor.tooDeep();
  cursor.at++;
  const operand = parseUnary(cursor, command);
  cursor.ascend();
  return signed(start, operator, operand, cursor.endBefore());
}

/** Whether such a token stands between two operands. */
export function isBinaryOperator(kind: number): boolean {
  return STRENGTH[kind] !== 0;
}

function parseAssignment(cursor: Cursor, command: boolean): Expression {
  const start = cursor.startOf();
  const target = parseTernary(cursor, command);
  const kind = cursor.kind();
  if (kind !== T.assign && kind !== T.assignOp) return target;
  const operator = kind === T.assign ? undefined : cursor.textOf().slice(0, -1);
  if (!isAssignable(target)) {
    cursor.blame(target.start, target.end, 'Nothing can be assigned to this.');
  }
  cursor.at++;
  const value = parseExpression(cursor, true);
  return { kind: 'assignment', start, end: cursor.endBefore(), operator, target, value };
}

function isAssignable({ kind }: Expression): boolean {
  switch (kind) {
    case 'name':
    case 'property':
    case 'index':
    case 'list':
    // It has been blamed already.
    case 'opaque':
      return true;
    default:
      return false;
  }
}

function parseTernary(cursor: Cursor, command: boolean): Expression {
  const start = cursor.startOf();
  const test = parseBinary(cursor, 1, command);
  if (cursor.kind() === T.elvis) {
    cursor.at++;
    const otherwise = parseExpression(cursor, false);
    return { kind: 'ternary', start, end: cursor.endBefore(), test, then: undefined, otherwise };
  }
  if (cursor.kind() !== T.question) return test;
  cursor.at++;
  const then = parseExpression(cursor, false);
  if (!cursor.take(T.colon)) cursor.missing("A ':' is missing here.");
  const otherwise = parseExpression(cursor, false);
  return { kind: 'ternary', start, end: cursor.endBefore(), test, then, otherwise };
}

const POWER = 12;

/** How strongly binary operators bind; what is not here is none. Relations are handled apart. */
const STRENGTH = new Uint8Array(256);
for (const [strength, kinds] of [
  [1, [T.or]],
  [2, [T.and]],
  [3, [T.bitOr]],
  [4, [T.bitXor]],
  [5, [T.bitAnd]],
  [6, [T.find, T.match]],
  [7, [T.equal, T.notEqual, T.identical, T.notIdentical, T.compare]],
  [8, [T.less, T.lessEqual, T.greater, T.greaterEqual, T.kIn, T.kInstanceof, T.kAs]],
  [9, [T.shiftLeft, T.shiftRight, T.shiftRightUnsigned, T.range, T.rangeExclusive]],
  [10, [T.plus, T.minus]],
  [11, [T.star, T.slash, T.percent]],
  [POWER, [T.power]],
] as const) {
  for (const kind of kinds) STRENGTH[kind] = strength;
}

/** A sign before the first factor of a product holds for its whole power: `-2 ** 2` is -4. */
function parseSigned(cursor: Cursor, operator: Unary['operator']): Expression {
  const start = cursor.startOf();
  if (!cursor.descend()) return cursor.tooDeep();
  cursor.at++;
  const operand = parseBinary(cursor, POWER, false);
  cursor.ascend();
  return signed(start, operator, operand, cursor.endBefore());
}

function signed(
  start: number,
  operator: Unary['operator'],
  operand: Expression,
  end: number,
): Expression {
  if (operand.kind === 'literal' && typeof operand.value === 'number') {
    if (operator === '-') return { kind: 'literal', start, end, value: -operand.value };
    if (operator === '+') return operand;
  }
  return { kind: 'unary', start, end, operator, operand, postfix: false };
}

function parseBinary(cursor: Cursor, weakest: number, command: boolean): Expression {
  const start = cursor.startOf();
  const sign = weakest < POWER ? SIGNS.get(cursor.kind()) : undefined;
  let left = sign === undefined ? parseUnary(cursor, command) : parseSigned(cursor, sign);
  for (;;) {
    const kind = cursor.kind();
    const strength = STRENGTH[kind] ?? 0;
    if (strength < weakest || strength === 0 || cursor.newlineBefore()) return left;
    const operator = cursor.textOf();
    cursor.at++;
    if (kind === T.kAs || kind === T.kInstanceof) {
      left = parseTypeAfter(cursor, start, left, kind === T.kInstanceof);
    } else {
      const right = parseBinary(cursor, strength + 1, false);
      const end = cursor.endBefore();
      left =
        kind === T.range || kind === T.rangeExclusive
          ? {
              kind: 'range',
              start,
              end,
              from: left,
              to: right,
              exclusive: kind === T.rangeExclusive,
            }
          : { kind: 'binary', start, end, operator, left, right };
    }
  }
}

function parseTypeAfter(
  cursor: Cursor,
  start: number,
  value: Expression,
  test: boolean,
): Expression {
  const from = cursor.startOf();
  const end = typeEnd(cursor, cursor.at);
  if (end > 0) cursor.at = end;
  const type = end > 0 ? cursor.text.slice(from, cursor.endBefore()) : '';
  return { kind: 'cast', start, end: cursor.endBefore(), test, type, value };
}

const SIGNS = new Map<number, Unary['operator']>([
  [T.minus, '-'],
  [T.plus, '+'],
]);

const UNARY = new Map<number, Unary['operator']>([
  [T.not, '!'],
  [T.minus, '-'],
  [T.plus, '+'],
  [T.tilde, '~'],
  [T.increment, '++'],
  [T.decrement, '--'],
]);
