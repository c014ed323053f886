import { Unknown } from '../effects';
import { format } from './formats';
import { extreme } from './listMethods';
import {
  Decimal,
  Double,
  Long,
  compareNumbers,
  decimalOf,
  isNumber,
  negative,
  toNumber,
  truncated,
  whole,
} from './numerics';
import { cast } from './operators';
import { Pattern, Raised, compare, joined, setOf, shown, textOf, valueOf } from './values';
import type { Dictionary, Thing } from './values';

/** A constant of one of Java's classes; undefined if it is not known. */
export function staticProperty(type: string, name: string): Thing | undefined {
  switch (`${last(type)}.${name}`) {
    case 'Integer.MAX_VALUE':
      return 2 ** 31 - 1;
    case 'Integer.MIN_VALUE':
      return -(2 ** 31);
    case 'Long.MAX_VALUE':
      return new Long(2n ** 63n - 1n);
    case 'Long.MIN_VALUE':
      return new Long(-(2n ** 63n));
    case 'Math.PI':
      return new Double(Math.PI);
    case 'Math.E':
      return new Double(Math.E);
    case 'Boolean.TRUE':
      return true;
    case 'Boolean.FALSE':
      return false;
    case 'BigDecimal.ZERO':
      return new Decimal(0n, 0);
    case 'BigDecimal.ONE':
      return new Decimal(1n, 0);
    case 'File.separator':
      return '/';
    default:
      return name === 'simpleName' ? last(type) : name === 'name' ? type : undefined;
  }
}

/** A static method of one of Java's or Groovy's classes; undefined if it is not known. */
export function callStatic(type: string, name: string, args: readonly Thing[]): Thing | undefined {
  const unknown = args.find((arg) => arg instanceof Unknown);
  const [first = null, second = null] = args;
  switch (last(type)) {
    case 'Math':
    case 'StrictMath':
      return unknown ?? math(name, first, second);
    case 'Integer':
    case 'Long':
    case 'BigInteger':
      return unknown ?? integer(last(type), name, first, second);
    case 'Double':
    case 'Float':
    case 'BigDecimal':
      return unknown ?? fraction(last(type), name, first);
    case 'Boolean':
      return name === 'parseBoolean' || name === 'valueOf' || name === 'toBoolean'
        ? (unknown ?? shown(first).toLowerCase() === 'true')
        : undefined;
    case 'String':
      return text(name, args);
    case 'Arrays':
      return name === 'asList' ? [...(Array.isArray(first) ? first : args)] : undefined;
    case 'Collections':
      return collections(name, first);
    case 'Objects':
      return name === 'equals' ? compare(first, second) === 0 : undefined;
    case 'JsonOutput':
      if (name === 'toJson') return json(first);
      return name === 'prettyPrint' ? prettyJson(first) : undefined;
    case 'Pattern':
      if (name === 'quote') return unknown ?? `\\Q${shown(first)}\\E`;
      return name === 'compile' ? (unknown ?? new Pattern(shown(first))) : undefined;
    case 'URLEncoder':
      return name === 'encode' ? (unknown ?? urlEncoded(shown(first))) : undefined;
    case 'URLDecoder':
      return name === 'decode'
        ? (unknown ?? decodeURIComponent(shown(first).replaceAll('+', ' ')))
        : undefined;
    case 'Matcher':
      return name === 'quoteReplacement'
        ? (unknown ?? shown(first).replaceAll(/[\\$]/g, '\\$&'))
        : undefined;
    default:
      return undefined;
  }
}

/** What `JsonSlurper.parseText` and `readJSON text:` give; throws what Jenkins would where it is no JSON. */
export function parseJson(source: Thing): Thing {
  const given = textOf(source);
  if (given instanceof Unknown) return given;
  try {
    return fromJson(JSON.parse(given));
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    throw new Raised('groovy.json.JsonException', `This is no JSON: ${message}`);
  }
}

/** A value as JSON; Unknown if a part of it is. */
export function json(value: Thing): Thing {
  const unknown = unknownIn(value);
  return unknown ?? JSON.stringify(valueOf(value), asJson);
}

function prettyJson(value: Thing): Thing {
  const given = textOf(value);
  if (given instanceof Unknown) return given;
  return JSON.stringify(JSON.parse(given), undefined, 4);
}

function asJson(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

function unknownIn(value: Thing): Unknown | undefined {
  if (value instanceof Unknown) return value;
  const items = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
  for (const item of items) {
    const unknown = unknownIn(item);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

function fromJson(value: unknown): Thing {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return whole(BigInt(value));
    return decimalOf(String(value)) ?? new Double(value);
  }
  if (Array.isArray(value)) return value.map(fromJson);
  const map: Dictionary = new Map();
  for (const [key, item] of Object.entries(value as object)) map.set(key, fromJson(item));
  return map;
}

function math(name: string, a: Thing, b: Thing): Thing | undefined {
  if (!isNumber(a)) return undefined;
  switch (name) {
    case 'max':
    case 'min':
      return extreme([a, b], name === 'max' ? 1 : -1);
    case 'abs':
      return compareNumbers(a, 0) < 0 ? negative(a) : a;
    case 'round':
      return a instanceof Double || a instanceof Decimal
        ? new Long(BigInt(Math.round(toNumber(a))))
        : a;
    case 'floor':
      return new Double(Math.floor(toNumber(a)));
    case 'ceil':
      return new Double(Math.ceil(toNumber(a)));
    case 'sqrt':
      return new Double(Math.sqrt(toNumber(a)));
    case 'pow':
      return isNumber(b) ? new Double(toNumber(a) ** toNumber(b)) : undefined;
    case 'log':
      return new Double(Math.log(toNumber(a)));
    case 'log10':
      return new Double(Math.log10(toNumber(a)));
    case 'signum':
      return new Double(Math.sign(toNumber(a)));
    default:
      return undefined;
  }
}

function integer(type: string, name: string, a: Thing, b: Thing): Thing | undefined {
  switch (name) {
    case 'parseInt':
    case 'parseLong':
    case 'valueOf': {
      if (isNumber(a)) return type === 'Long' ? new Long(truncated(a)) : a;
      const digits = shown(a);
      const radix = typeof b === 'number' ? b : 10;
      if (radix === 10 ? !/^[+-]?\d+$/.test(digits) : Number.isNaN(parseInt(digits, radix))) {
        throw new Raised('java.lang.NumberFormatException', `For input string: "${digits}"`);
      }
      const value =
        radix === 10 ? BigInt(digits.replace('+', '')) : BigInt(parseInt(digits, radix));
      return type === 'Long' ? new Long(value) : whole(value);
    }
    case 'toString':
      if (!isNumber(a)) return undefined;
      return truncated(a).toString(typeof b === 'number' ? b : 10);
    case 'toHexString':
      return typeof a === 'number' ? (a >>> 0).toString(16) : undefined;
    case 'toBinaryString':
      return typeof a === 'number' ? (a >>> 0).toString(2) : undefined;
    case 'compare':
      return compare(a, b);
    case 'max':
    case 'min':
      return extreme([a, b], name === 'max' ? 1 : -1);
    default:
      return undefined;
  }
}

function fraction(type: string, name: string, a: Thing): Thing | undefined {
  if (name !== 'parseDouble' && name !== 'parseFloat' && name !== 'valueOf') return undefined;
  return cast(a, type);
}

function text(name: string, args: readonly Thing[]): Thing | undefined {
  const [first = null, second = null] = args;
  switch (name) {
    case 'format': {
      const pattern = textOf(first);
      if (pattern instanceof Unknown) return pattern;
      const only = args.length === 2 && Array.isArray(second) ? second : args.slice(1);
      return format(pattern, only);
    }
    case 'valueOf':
      return textOf(first);
    case 'join':
      return joined((Array.isArray(second) ? second : args.slice(1)).map(textOf), shown(first));
    default:
      return undefined;
  }
}

function collections(name: string, first: Thing): Thing | undefined {
  switch (name) {
    case 'emptyList':
      return [];
    case 'emptyMap':
      return new Map();
    case 'emptySet':
      return setOf([]);
    case 'singletonList':
      return [first];
    case 'unmodifiableList':
    case 'unmodifiableMap':
      return first;
    case 'max':
    case 'min':
      return Array.isArray(first) ? extreme(first, name === 'max' ? 1 : -1) : undefined;
    default:
      return undefined;
  }
}

function urlEncoded(given: string): string {
  return encodeURIComponent(given)
    .replaceAll(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function last(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
