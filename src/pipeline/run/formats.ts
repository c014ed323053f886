import { Unknown } from '../effects';
import { Decimal, Double, exact, isNumber, rounded, toNumber, truncated } from './numerics';
import { shown, textOf, truthOf } from './values';
import type { Thing } from './values';

/** `String.format`; undefined where it would throw, or has what is not known here. */
export function format(pattern: string, args: readonly Thing[]): string | Unknown | undefined {
  let next = 0;
  let failure: Unknown | 'none' | undefined;
  const text = pattern.replaceAll(
    /%(?:(\d+)\$)?([-#+ 0,(]*)([1-9]\d*)?(?:\.(\d+))?([a-zA-Z%])/g,
    (
      _whole,
      position: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      conversion: string,
    ) => {
      if (conversion === 'n') return '\n';
      const arg = conversion === '%' ? null : args[position ? Number(position) - 1 : next++];
      const one =
        arg === undefined ? undefined : converted(arg, conversion, flags, precision, width);
      if (typeof one !== 'string') {
        failure ??= one ?? 'none';
        return '';
      }
      const size = Math.min(Number(width ?? 0), 10_000);
      return flags.includes('-') ? one.padEnd(size) : one.padStart(size);
    },
  );
  return failure === undefined ? text : failure === 'none' ? undefined : failure;
}

function converted(
  arg: Thing,
  conversion: string,
  flags: string,
  precision: string | undefined,
  width: string | undefined,
): string | Unknown | undefined {
  if (arg instanceof Unknown) return arg;
  switch (conversion) {
    case '%':
      return '%';
    case 's':
    case 'S': {
      const text = textOf(arg);
      if (text instanceof Unknown) return text;
      const cut = precision === undefined ? text : text.slice(0, Number(precision));
      return conversion === 'S' ? cut.toUpperCase() : cut;
    }
    case 'b':
      return String(truthOf(arg) !== false && arg !== null);
    case 'c':
      return typeof arg === 'number' ? String.fromCharCode(arg) : shown(arg).charAt(0);
    case 'd':
      if (!isNumber(arg) || arg instanceof Decimal || arg instanceof Double) return undefined;
      return signed(String(truncated(arg)), flags, width);
    case 'x':
    case 'X':
    case 'o': {
      if (!isNumber(arg)) return undefined;
      const value =
        typeof arg === 'number' ? BigInt(arg >>> 0) : BigInt.asUintN(64, truncated(arg));
      const digits = value.toString(conversion === 'o' ? 8 : 16);
      const text = signed(digits, flags.replaceAll(/[+ ,(]/g, ''), width);
      return conversion === 'X' ? text.toUpperCase() : text;
    }
    case 'f': {
      if (!isNumber(arg) || typeof arg === 'number') return undefined;
      return signed(String(rounded(exact(arg), Number(precision ?? 6))), flags, width);
    }
    case 'e': {
      if (!isNumber(arg)) return undefined;
      const text = toNumber(arg).toExponential(Number(precision ?? 6));
      return signed(text.replace(/e([+-])(\d)$/, 'e$10$2'), flags, width);
    }
    default:
      return undefined;
  }
}

/** `1,234,567` of `1234567`. */
function grouped(digits: string): string {
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 3)
    groups.unshift(digits.slice(Math.max(0, end - 3), end));
  return groups.join(',');
}

/** Sign, grouping and leading zeros. */
function signed(digits: string, flags: string, width: string | undefined): string {
  const minus = digits.startsWith('-');
  let text = minus ? digits.slice(1) : digits;
  if (flags.includes(',')) text = text.replace(/^\d+/, grouped);
  const sign = minus ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  if (flags.includes('0'))
    text = text.padStart(Math.min(Number(width ?? 0), 1000) - sign.length, '0');
  return minus && flags.includes('(') ? `(${text})` : sign + text;
}
