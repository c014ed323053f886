import { Unknown } from '../effects';
import type { Apply, Result } from './methods';
import {
  Big,
  Decimal,
  Double,
  Long,
  calculateNumbers,
  exact,
  isNumber,
  negative,
  compareNumbers,
  rounded,
  toNumber,
  truncated,
  whole,
} from './numerics';
import type { AnyNumber } from './numerics';
import { Lambda } from './values';
import type { Thing } from './values';

const OPERATORS: Readonly<Record<string, string>> = {
  plus: '+',
  minus: '-',
  multiply: '*',
  div: '/',
  mod: '%',
  power: '**',
  and: '&',
  or: '|',
  xor: '^',
  leftShift: '<<',
  rightShift: '>>',
};

/** The methods of numbers, by Groovy's and Java's names. */
export function numberMethod(
  value: AnyNumber,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Result {
  const [first] = args;
  if (first instanceof Unknown) return first;
  const operator = OPERATORS[name];
  if (operator !== undefined && first !== undefined && isNumber(first)) {
    return calculateNumbers(operator, value, first);
  }
  switch (name) {
    case 'toInteger':
    case 'intValue':
      return Number(BigInt.asIntN(32, truncated(value)));
    case 'toLong':
    case 'longValue':
      return new Long(truncated(value));
    case 'toBigInteger':
      return new Big(truncated(value));
    case 'toDouble':
    case 'doubleValue':
    case 'toFloat':
    case 'floatValue':
      return new Double(toNumber(value));
    case 'toBigDecimal':
      return exact(value);
    case 'abs':
      return compareNumbers(value, 0) < 0 ? negative(value) : value;
    case 'negate':
    case 'unaryMinus':
      return negative(value);
    case 'next':
      return calculateNumbers('+', value, 1);
    case 'previous':
      return calculateNumbers('-', value, 1);
    case 'intdiv': {
      if (first === undefined || !isNumber(first) || toNumber(first) === 0) return undefined;
      const quotient = truncated(value) / truncated(first);
      return value instanceof Long || first instanceof Long ? new Long(quotient) : whole(quotient);
    }
    case 'round': {
      const digits = typeof first === 'number' ? first : 0;
      if (value instanceof Decimal) {
        const short = rounded(value, digits);
        return first === undefined ? new Decimal(short.unscaled, 0) : short;
      }
      if (!(value instanceof Double)) return value;
      if (first === undefined) return new Long(BigInt(Math.round(value.value)));
      return new Double(Math.round(value.value * 10 ** digits) / 10 ** digits);
    }
    case 'setScale':
      return typeof first === 'number' ? rounded(exact(value), first) : undefined;
    case 'isNaN':
      return value instanceof Double ? Number.isNaN(value.value) : undefined;
    case 'hashCode':
      return typeof value === 'number' ? value : undefined;
    case 'times':
      return first instanceof Lambda ? times(toNumber(value), first, apply) : undefined;
    case 'upto':
    case 'downto':
    case 'step':
      return counted(toNumber(value), name, args, apply);
    default:
      return undefined;
  }
}

async function times(count: number, lambda: Lambda, apply: Apply): Promise<Thing> {
  for (let at = 0; at < count; at++) await apply(lambda, [at]);
  return null;
}

async function counted(
  from: number,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Promise<Thing | undefined> {
  const [first, second] = args;
  const lambda = args.at(-1);
  if (!(lambda instanceof Lambda) || first === undefined || !isNumber(first)) return undefined;
  const to = toNumber(first);
  const given = name === 'step' && second !== undefined && isNumber(second) ? toNumber(second) : 0;
  const step = name === 'upto' ? 1 : name === 'downto' ? -1 : given;
  if (step === 0) return undefined;
  // `step` leaves out its end, the others go up to it.
  const inside = (at: number) =>
    step > 0 ? (name === 'step' ? at < to : at <= to) : name === 'step' ? at > to : at >= to;
  for (let at = from; inside(at); at += step) await apply(lambda, [at]);
  return null;
}
