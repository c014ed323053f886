/**
 * Groovy's numbers beside the plain `Integer`, which is a JavaScript number here. Decimals are
 * exact, and wholes overflow as Java's do.
 */
export abstract class Numeric {
  readonly opaque = 'number';

  /** As effects see it; a decimal may lose digits. */
  abstract toNumber(): number;

  /** As Groovy prints it. */
  abstract toString(): string;
}

/** A `Long`. */
export class Long extends Numeric {
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    this.value = BigInt.asIntN(64, value);
  }

  toNumber(): number {
    return Number(this.value);
  }

  override toString(): string {
    return String(this.value);
  }
}

/** A `BigInteger`. */
export class Big extends Numeric {
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    this.value = value;
  }

  toNumber(): number {
    return Number(this.value);
  }

  override toString(): string {
    return String(this.value);
  }
}

/** A `BigDecimal`: `unscaled` divided by ten to the power of `scale`. */
export class Decimal extends Numeric {
  readonly unscaled: bigint;
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    super();
    this.unscaled = unscaled;
    this.scale = scale;
  }

  toNumber(): number {
    return Number(this.toString());
  }

  override toString(): string {
    const digits = String(this.unscaled < 0n ? -this.unscaled : this.unscaled);
    const sign = this.unscaled < 0n ? '-' : '';
    const exponent = digits.length - 1 - this.scale;
    if (this.scale < 0 || exponent < -6) {
      const point = digits.length > 1 ? `${digits.charAt(0)}.${digits.slice(1)}` : digits;
      return `${sign}${point}E${exponent >= 0 ? '+' : ''}${exponent}`;
    }
    if (this.scale === 0) return sign + digits;
    const padded = digits.padStart(this.scale + 1, '0');
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
  }
}

/** A `Double` or `Float`. */
export class Double extends Numeric {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  toNumber(): number {
    return this.value;
  }

  override toString(): string {
    const { value } = this;
    if (!Number.isFinite(value)) return String(value);
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e7 || size < 1e-3)) {
      const [digits = '', exponent = ''] = value.toExponential().split('e');
      const whole = digits.includes('.') ? digits : `${digits}.0`;
      return `${whole}E${exponent.replace('+', '')}`;
    }
    return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value);
  }
}

export type AnyNumber = number | Numeric;

export function isNumber(thing: unknown): thing is AnyNumber {
  return typeof thing === 'number' || thing instanceof Numeric;
}

export function toNumber(value: AnyNumber): number {
  return typeof value === 'number' ? value : value.toNumber();
}

/** A whole number as the smallest of Integer, Long and BigInteger that holds it. */
export function whole(value: bigint): AnyNumber {
  if (value >= -(2n ** 31n) && value < 2n ** 31n) return Number(value);
  return value >= -(2n ** 63n) && value < 2n ** 63n ? new Long(value) : new Big(value);
}

/** A number by how it is spelled in a Groovy text; undefined if that is none. */
export function numberOf(spelling: string): AnyNumber | undefined {
  const text = spelling.replaceAll('_', '').toLowerCase();
  const parts =
    /^([+-]?)(0x[\da-f]+|0b[01]+|0[0-7]+|\d+)([ilg]?)$/.exec(text) ??
    /^([+-]?)((?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)([gdf]?)$/.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', digits = '', suffix = ''] = parts;
  if (/[.e]/.test(digits) && !digits.startsWith('0x')) {
    if (suffix === 'd' || suffix === 'f') return new Double(Number(sign + digits));
    return decimalOf(sign + digits);
  }
  if (suffix === 'd' || suffix === 'f') return new Double(Number(sign + digits));
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = sign === '-' ? -BigInt(octal) : BigInt(octal);
  if (suffix === 'l') return new Long(value);
  if (suffix === 'g') return new Big(value);
  return whole(value);
}

/** A `BigDecimal` by its digits; undefined if they are none. */
export function decimalOf(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, sign = '', before = '', after = '', exponent = '0'] = match;
  if (before + after === '' || Math.abs(Number(exponent)) > 1000) return undefined;
  const unscaled = BigInt(before + after);
  return new Decimal(sign === '-' ? -unscaled : unscaled, after.length - Number(exponent));
}

/** Negative, zero or positive, whatever kinds of numbers they are. */
export function compareNumbers(a: AnyNumber, b: AnyNumber): number {
  if (a instanceof Double || b instanceof Double) return Math.sign(toNumber(a) - toNumber(b));
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  const [left, right] = aligned(exact(a), exact(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `-value`. */
export function negative(value: AnyNumber): AnyNumber {
  if (typeof value === 'number') return (0 - value) | 0;
  if (value instanceof Long) return new Long(-value.value);
  if (value instanceof Big) return new Big(-value.value);
  if (value instanceof Decimal) return new Decimal(-value.unscaled, value.scale);
  return value instanceof Double ? new Double(-value.value) : value;
}

/** An operator on two numbers; undefined if Groovy has none, or it would throw. */
export function calculateNumbers(
  operator: string,
  a: AnyNumber,
  b: AnyNumber,
): AnyNumber | undefined {
  if (operator === '**') return power(a, b);
  if (a instanceof Double || b instanceof Double) {
    return doubles(operator, toNumber(a), toNumber(b));
  }
  if (operator === '/' || a instanceof Decimal || b instanceof Decimal) {
    return decimals(operator, exact(a), exact(b));
  }
  if (operator === '<<' || operator === '>>' || operator === '>>>') return shifted(operator, a, b);
  const value = wholes(operator, integerOf(a), integerOf(b));
  if (value === undefined) return undefined;
  if (a instanceof Big || b instanceof Big) return new Big(value);
  if (a instanceof Long || b instanceof Long) return new Long(value);
  return Number(BigInt.asIntN(32, value));
}

/** The value as a `BigDecimal` of `scale` digits, halves rounded away from zero. */
export function rounded(value: Decimal, scale: number): Decimal {
  if (value.scale <= scale)
    return new Decimal(value.unscaled * 10n ** BigInt(scale - value.scale), scale);
  const divisor = 10n ** BigInt(value.scale - scale);
  return new Decimal(divideHalfUp(value.unscaled, divisor), scale);
}

/** Towards zero, as Java's casts. */
export function truncated(value: AnyNumber): bigint {
  if (value instanceof Decimal) {
    const power = 10n ** BigInt(Math.abs(value.scale));
    return value.scale >= 0 ? value.unscaled / power : value.unscaled * power;
  }
  if (value instanceof Double)
    return Number.isFinite(value.value) ? BigInt(Math.trunc(value.value)) : 0n;
  return integerOf(value);
}

/** Any number but a double, as a decimal. */
export function exact(value: AnyNumber): Decimal {
  if (value instanceof Decimal) return value;
  if (value instanceof Double) return decimalOf(String(value.value)) ?? new Decimal(0n, 0);
  return new Decimal(integerOf(value), 0);
}

function integerOf(value: AnyNumber): bigint {
  if (typeof value === 'number') return BigInt(Math.trunc(value));
  return value instanceof Long || value instanceof Big ? value.value : truncated(value);
}

function wholes(operator: string, a: bigint, b: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '%':
      return b === 0n ? undefined : a % b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    default:
      return undefined;
  }
}

function shifted(operator: '<<' | '>>' | '>>>', a: AnyNumber, b: AnyNumber): AnyNumber | undefined {
  const by = toNumber(b);
  if (typeof a === 'number') {
    return operator === '<<' ? a << by : operator === '>>' ? a >> by : (a >>> by) | 0;
  }
  if (!(a instanceof Long) || operator === '>>>') return undefined;
  return new Long(operator === '<<' ? a.value << BigInt(by & 63) : a.value >> BigInt(by & 63));
}

function doubles(operator: string, a: number, b: number): Double | undefined {
  switch (operator) {
    case '+':
      return new Double(a + b);
    case '-':
      return new Double(a - b);
    case '*':
      return new Double(a * b);
    case '/':
      return new Double(a / b);
    case '%':
      return new Double(a % b);
    default:
      return undefined;
  }
}

function decimals(operator: string, a: Decimal, b: Decimal): Decimal | undefined {
  switch (operator) {
    case '+':
    case '-': {
      const [left, right] = aligned(a, b);
      const scale = Math.max(a.scale, b.scale);
      return new Decimal(operator === '+' ? left + right : left - right, scale);
    }
    case '*':
      return new Decimal(a.unscaled * b.unscaled, a.scale + b.scale);
    case '/':
      return b.unscaled === 0n ? undefined : divided(a, b);
    default:
      return undefined;
  }
}

/**
 * Groovy divides exactly where it can, with the difference of the scales if that is enough. What
 * does not end gets ten digits more than the longer operand has, and no more than its scale, or ten.
 */
function divided(a: Decimal, b: Decimal): Decimal {
  const preferred = a.scale - b.scale;
  const common = gcd(a.unscaled, b.unscaled);
  let rest = b.unscaled / common;
  if (rest < 0n) rest = -rest;
  let twos = 0;
  let fives = 0;
  for (; rest % 2n === 0n; rest /= 2n) twos++;
  for (; rest % 5n === 0n; rest /= 5n) fives++;
  if (rest === 1n) {
    const more = Math.max(twos, fives);
    return new Decimal((a.unscaled * 10n ** BigInt(more)) / b.unscaled, preferred + more);
  }
  const precision = Math.max(digitsOf(a.unscaled), digitsOf(b.unscaled)) + 10;
  const limit = Math.max(a.scale, b.scale, 10);
  // As many digits as the precision asks for: the quotient has one of two lengths.
  let scale = precision - (digitsOf(a.unscaled) - digitsOf(b.unscaled)) + preferred;
  let quotient = quotientAt(a, b, scale);
  while (digitsOf(quotient) > precision) quotient = quotientAt(a, b, --scale);
  const result = new Decimal(quotient, scale);
  return scale > limit ? rounded(result, limit) : result;
}

function quotientAt(a: Decimal, b: Decimal, scale: number): bigint {
  const by = scale - (a.scale - b.scale);
  return by >= 0
    ? divideHalfUp(a.unscaled * 10n ** BigInt(by), b.unscaled)
    : divideHalfUp(a.unscaled, b.unscaled * 10n ** BigInt(-by));
}

function divideHalfUp(a: bigint, b: bigint): bigint {
  const sign = a < 0n !== b < 0n ? -1n : 1n;
  const [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  return sign * ((x * 2n + y) / (y * 2n));
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}

function digitsOf(value: bigint): number {
  return String(value < 0n ? -value : value).length;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint] {
  const scale = Math.max(a.scale, b.scale);
  return [a.unscaled * 10n ** BigInt(scale - a.scale), b.unscaled * 10n ** BigInt(scale - b.scale)];
}

/** No power is larger than this many digits. */
const MAX_DIGITS = 2000;

function power(a: AnyNumber, b: AnyNumber): AnyNumber | undefined {
  const exponent = toNumber(b);
  if (a instanceof Double || !Number.isInteger(exponent) || exponent < 0) {
    return new Double(toNumber(a) ** exponent);
  }
  const base = exact(a);
  if (digitsOf(base.unscaled) * exponent > MAX_DIGITS) return undefined;
  const unscaled = base.unscaled ** BigInt(exponent);
  return a instanceof Decimal ? new Decimal(unscaled, base.scale * exponent) : whole(unscaled);
}
