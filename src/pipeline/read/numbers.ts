/** A number as Groovy reads it. */
export interface GroovyNumber {
  readonly type: 'Integer' | 'Long' | 'BigInteger' | 'Float' | 'Double' | 'BigDecimal';
  /** The nearest there is in JavaScript; NaN if the text is no number. */
  readonly value: number;
  /** What its `toString` gives, which is what it comes to in an environment. */
  readonly text: string;
}

/** Reads a number's source: hexadecimal, octal, binary, with separators, a suffix, an exponent. */
export function readNumber(source: string): GroovyNumber {
  const minus = source.startsWith('-') ? '-' : '';
  const bare = source
    .replace(/^[-+]\s*/, '')
    .replaceAll('_', '')
    .toLowerCase();
  const whole = WHOLE.exec(bare);
  if (whole !== null) return wholeNumber(minus, whole[1] ?? '', whole[2]);
  const fraction = FRACTION.exec(bare);
  if (fraction === null) return { type: 'Integer', value: NaN, text: source };
  const digits = minus + (fraction[1] ?? '');
  switch (fraction[2]) {
    case 'f': {
      const value = Math.fround(Number(digits));
      return { type: 'Float', value, text: javaText(value, shortestFloat(value)) };
    }
    case 'd': {
      const value = Number(digits);
      return { type: 'Double', value, text: javaText(value, value.toExponential()) };
    }
    default:
      return { type: 'BigDecimal', value: Number(digits), text: decimalText(digits) };
  }
}

const WHOLE = /^(0x[\da-f]+|0b[01]+|\d+)([lgi]?)$/;
const FRACTION = /^(\d+(?:\.\d+)?(?:e[-+]?\d+)?)([gfd]?)$/;

function wholeNumber(minus: string, digits: string, suffix: string | undefined): GroovyNumber {
  const isOctal = /^0[0-7]+$/.test(digits);
  const size = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  const number = minus === '' ? size : -size;
  const type = wholeType(number, suffix);
  return { type, value: Number(number), text: String(number) };
}

function wholeType(number: bigint, suffix: string | undefined): GroovyNumber['type'] {
  if (suffix === 'g') return 'BigInteger';
  if (suffix === 'l') return 'Long';
  if (suffix === 'i' || BigInt.asIntN(32, number) === number) return 'Integer';
  return BigInt.asIntN(64, number) === number ? 'Long' : 'BigInteger';
}

/** As Java's BigDecimal prints: all of its digits, with an exponent if it was large or very small. */
function decimalText(source: string): string {
  const [, minus = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/.exec(source) ?? [];
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  const scale = fraction.length - Number(power);
  const exponent = digits.length - 1 - scale;
  if (scale < 0 || exponent < -6) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${minus}${digits.charAt(0)}${rest}E${exponent < 0 ? '' : '+'}${exponent}`;
  }
  if (scale === 0) return minus + digits;
  const padded = digits.padStart(scale + 1, '0');
  return `${minus}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function shortestFloat(value: number): string {
  for (let precision = 0; precision < 9; precision++) {
    const text = value.toExponential(precision);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential();
}

/** As Java prints a float or a double, from its shortest digits in the form `1.5e+3`. */
function javaText(value: number, shortest: string): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) {
    const plain = String(Number(shortest));
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  const [digits = '', exponent = ''] = shortest.split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
