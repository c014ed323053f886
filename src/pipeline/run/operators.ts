import { Unknown } from '../effects';
import { isCase } from './methods';
import { sumOf, without } from './listMethods';
import { calculateNumbers, isNumber, toNumber, truncated, whole } from './numerics';
import { Big, Decimal, Double, Long, decimalOf, exact } from './numerics';
import type { AnyNumber } from './numerics';
import { Matcher, fits, found, replaced, sourceOf } from './patterns';
import { MAX_TEXT } from './textMethods';
import {
  Lambda,
  Pattern,
  Raised,
  Span,
  Thrown,
  Unique,
  UnknownText,
  addTo,
  compare,
  equal,
  negated,
  setOf,
  shown,
  textOf,
  truthOf,
  withCharacters,
} from './values';
import type { Key, Thing } from './values';

/** A binary operator on two values; undefined if there is no telling what it gives. */
export function calculate(operator: string, left: Thing, right: Thing): Thing | undefined {
  switch (operator) {
    case '==':
    case '===':
      return operator === '===' ? left === right : equal(left, right);
    case '!=':
    case '!==':
      return negated(equal(left, right));
    case 'in':
      return right === null ? left === null : isCase(right, left);
    case '!in': {
      const answer = right === null ? left === null : isCase(right, left);
      return answer === undefined ? undefined : negated(answer);
    }
    default:
  }
  if (operator === '<<' && Array.isArray(left)) {
    addTo(left, right);
    return left;
  }
  if (left instanceof Unknown) return left;
  if (right instanceof Unknown) {
    return operator === '+' && typeof left === 'string' ? new UnknownText(right, left) : right;
  }
  switch (operator) {
    case '<=>':
      return compare(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(operator, comparison(left, right));
    case '=~':
    case '==~':
      return matches(operator, left, right);
    default:
  }
  if (isNumber(left) && isNumber(right)) {
    if ((operator === '/' || operator === '%') && isZero(left, right)) {
      throw new Raised('java.lang.ArithmeticException', 'Division by zero');
    }
    return calculateNumbers(operator, left, right);
  }
  return combine(operator, left, right);
}

/** `from..to`. */
export function range(from: Thing, to: Thing, exclusive: boolean): Thing {
  if (from instanceof Unknown) return from;
  if (to instanceof Unknown) return to;
  const span = new Span();
  span.from = from;
  span.to = to;
  span.exclusive = exclusive;
  if (isNumber(from) && isNumber(to)) {
    for (const item of between(toNumber(from), toNumber(to), exclusive)) span.push(item);
    return span;
  }
  if (typeof from === 'string' && typeof to === 'string' && from.length === 1) {
    const codes = between(from.charCodeAt(0), to.charCodeAt(0), exclusive);
    for (const code of codes) span.push(String.fromCharCode(code));
    return span;
  }
  return new Unknown('a range', 0);
}

/** The numbers from one to the other; a range is bounded. */
function between(from: number, to: number, exclusive: boolean): number[] {
  if (exclusive && from === to) return [];
  const step = from <= to ? 1 : -1;
  const count = Math.min(Math.abs(to - from) + (exclusive ? 0 : 1), 100_000);
  return Array.from({ length: count }, (_, at) => from + at * step);
}

/** `value as type`, and what a variable of that type holds. */
export function cast(value: Thing, type: string): Thing {
  if (value instanceof Unknown) return value;
  switch (plainType(type)) {
    case 'String':
    case 'GString':
    case 'CharSequence':
      return value === null ? null : textOf(value);
    case 'int':
    case 'Integer':
    case 'short':
    case 'byte': {
      const number = numberIn(value);
      return number === undefined ? value : Number(BigInt.asIntN(32, truncated(number)));
    }
    case 'long':
    case 'Long': {
      const number = numberIn(value);
      return number === undefined ? value : new Long(truncated(number));
    }
    case 'BigInteger': {
      const number = numberIn(value);
      return number === undefined ? value : new Big(truncated(number));
    }
    case 'double':
    case 'Double':
    case 'float':
    case 'Float': {
      const number = numberIn(value);
      return number === undefined ? value : new Double(toNumber(number));
    }
    case 'BigDecimal': {
      const number = numberIn(value);
      return number === undefined ? value : exact(number);
    }
    case 'boolean':
    case 'Boolean':
      return truthOf(value);
    case 'Set':
    case 'LinkedHashSet':
    case 'HashSet':
      return Array.isArray(value) ? setOf(value) : value;
    case 'List':
    case 'ArrayList':
    case 'Object[]':
    case 'String[]':
      return Array.isArray(value) ? Array.from(value) : value;
    default:
      return value;
  }
}

/** `value instanceof type`; undefined if there is no telling. */
export function isInstance(value: Thing, type: string): Thing | undefined {
  if (value instanceof Unknown) return value;
  if (value === null) return false;
  const known = TYPES[plainType(type)];
  if (known !== undefined) return known.includes(kindOf(value));
  return value instanceof Thrown ? value.isA(type) : undefined;
}

/** The Java class of a value, as `getClass().name` gives it. */
export function typeName(value: Thing): string | undefined {
  if (value instanceof Thrown) return value.type;
  return NAMES[kindOf(value)];
}

const NAMES: Readonly<Record<string, string>> = {
  text: 'java.lang.String',
  integer: 'java.lang.Integer',
  Long: 'java.lang.Long',
  Big: 'java.math.BigInteger',
  Decimal: 'java.math.BigDecimal',
  Double: 'java.lang.Double',
  boolean: 'java.lang.Boolean',
  list: 'java.util.ArrayList',
  set: 'java.util.LinkedHashSet',
  map: 'java.util.LinkedHashMap',
  range: 'groovy.lang.IntRange',
  Pattern: 'java.util.regex.Pattern',
  Matcher: 'java.util.regex.Matcher',
};

const TYPES: Readonly<Record<string, readonly string[]>> = {
  String: ['text'],
  GString: [],
  CharSequence: ['text'],
  Map: ['map'],
  LinkedHashMap: ['map'],
  HashMap: ['map'],
  List: ['list', 'range'],
  ArrayList: ['list'],
  Collection: ['list', 'set', 'range'],
  Iterable: ['list', 'set', 'range'],
  Set: ['set'],
  Range: ['range'],
  IntRange: ['range'],
  Integer: ['integer'],
  int: ['integer'],
  Long: ['Long'],
  long: ['Long'],
  BigInteger: ['Big'],
  BigDecimal: ['Decimal'],
  Double: ['Double'],
  double: ['Double'],
  Number: ['integer', 'Long', 'Big', 'Decimal', 'Double'],
  Boolean: ['boolean'],
  boolean: ['boolean'],
  Closure: ['Lambda'],
  Pattern: ['Pattern'],
  Matcher: ['Matcher'],
};

function kindOf(value: Thing): string {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'integer';
  if (typeof value === 'boolean') return 'boolean';
  if (value === null) return 'null';
  if (value instanceof Span) return 'range';
  if (Array.isArray(value)) return value instanceof Unique ? 'set' : 'list';
  if (value instanceof Map) return 'map';
  if (value instanceof Long) return 'Long';
  if (value instanceof Big) return 'Big';
  if (value instanceof Decimal) return 'Decimal';
  if (value instanceof Double) return 'Double';
  if (value instanceof Lambda) return 'Lambda';
  if (value instanceof Pattern) return 'Pattern';
  return value instanceof Matcher ? 'Matcher' : '';
}

/** `Map<String, List>` is a Map, `java.util.List` a List. */
export function plainType(type: string): string {
  const plain = type.replace(/<.*/s, '').trim();
  return plain.slice(plain.lastIndexOf('.') + 1);
}

/** A number, a character, or null: what a cast to a number takes; a text is parsed by nobody. */
function numberIn(value: Thing): AnyNumber | undefined {
  if (isNumber(value)) return value;
  if (typeof value !== 'string') return undefined;
  // `'42' as int` is parsed, with decimals where there is a point.
  const text = value.trim();
  if (/^[+-]?\d+$/.test(text)) return whole(BigInt(text.replace('+', '')));
  const decimal = decimalOf(text);
  if (decimal === undefined) {
    throw new Raised('java.lang.NumberFormatException', `For input string: "${value}"`);
  }
  return decimal;
}

function isZero(left: AnyNumber, right: AnyNumber): boolean {
  return !(left instanceof Double) && !(right instanceof Double) && toNumber(right) === 0;
}

/** As `<` compares: a text and a number do not. */
function comparison(one: Thing, other: Thing): number | Unknown {
  const [left, right] = withCharacters(one, other);
  const isMixed =
    (typeof left === 'string' && isNumber(right)) || (isNumber(left) && typeof right === 'string');
  if (isMixed) {
    throw new Raised(
      'java.lang.ClassCastException',
      `Cannot compare ${typeName(left) ?? ''} with value '${String(left)}' and ${typeName(right) ?? ''} with value '${String(right)}'`,
    );
  }
  return compare(left, right);
}

function ordered(operator: '<' | '<=' | '>' | '>=', order: number | Unknown): Thing {
  if (order instanceof Unknown) return order;
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function matches(operator: string, left: Thing, right: Thing): Thing | undefined {
  const text = textOf(left);
  const source = sourceOf(right);
  if (text instanceof Unknown || source instanceof Unknown) return undefined;
  if (operator === '==~') return left === null ? false : fits(text, source);
  const all = found(text, source);
  return all && new Matcher(text, source, all);
}

function combine(operator: string, left: Thing, right: Thing): Thing | undefined {
  if (Array.isArray(left)) {
    if (operator === '+') return sumOf(left, right);
    if (operator === '-') {
      const rest = without(left, right);
      return left instanceof Unique ? setOf(rest) : rest;
    }
    if (operator === '*' && typeof right === 'number' && left.length * right <= 100_000) {
      return Array.from({ length: Math.max(0, right) }, () => Array.from(left)).flat();
    }
    return undefined;
  }
  if (left instanceof Map) {
    if (!(right instanceof Map)) return undefined;
    if (operator === '+') return new Map<Key, Thing>([...left, ...right]);
    if (operator === '<<') {
      for (const [key, value] of right) left.set(key, value);
      return left;
    }
    return operator === '-'
      ? new Map([...left].filter(([key, value]) => !right.has(key) || right.get(key) !== value))
      : undefined;
  }
  if (isNumber(left) && right === null) {
    throw new Raised('groovy.lang.GroovyRuntimeException', 'Ambiguous method overloading');
  }
  if (left === null && typeof right !== 'string') {
    throw new Raised(
      'java.lang.NullPointerException',
      `Cannot execute null${operator}${shown(right)}`,
    );
  }
  const a = textOf(left);
  const b = textOf(right);
  if (a instanceof Unknown || b instanceof Unknown) return undefined;
  const isText = typeof left === 'string' || typeof right === 'string';
  if ((operator === '+' || operator === '<<') && isText && a.length + b.length <= MAX_TEXT) {
    return a + b;
  }
  if (operator === '-' && typeof left === 'string') {
    return right instanceof Pattern ? replaced(a, right.source, '', false) : a.replace(b, () => '');
  }
  if (operator === '*' && typeof left === 'string' && isNumber(right)) {
    const count = toNumber(right);
    return a.length * count <= MAX_TEXT ? a.repeat(Math.max(0, count)) : undefined;
  }
  return undefined;
}
