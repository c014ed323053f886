import { Unknown } from './effects';
import { nameOf } from './globals';
import { javaPattern, numbers } from './methods';
import {
  Lambda,
  Thrown,
  UnknownText,
  compare,
  equal,
  negated,
  shown,
  textOf,
  truthOf,
} from './values';
import type { Thing } from './values';

/** A binary operator on two values; undefined if there is no telling what it gives. */
export function calculate(operator: string, left: Thing, right: Thing): Thing | undefined {
  switch (operator) {
    case '==':
    case '===':
      return equal(left, right);
    case '!=':
    case '!==':
      return negated(equal(left, right));
    case 'in':
      return isIn(left, right);
    default:
  }
  if (operator === '<<' && Array.isArray(left)) {
    left.push(right);
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
      return ordered(operator, compare(left, right));
    case '=~':
    case '==~':
      return matches(operator, left, right);
    default:
  }
  if (typeof left === 'number' && typeof right === 'number')
    return arithmetic(operator, left, right);
  return combine(operator, left, right);
}

/** `from..to`. */
export function range(from: Thing, to: Thing, exclusive: boolean): Thing {
  if (from instanceof Unknown) return from;
  if (to instanceof Unknown) return to;
  if (typeof from === 'number' && typeof to === 'number') {
    if (exclusive && from === to) return [];
    return numbers(from, exclusive ? to - Math.sign(to - from) : to);
  }
  if (typeof from === 'string' && typeof to === 'string') {
    return numbers(from.charCodeAt(0), to.charCodeAt(0)).map((c) => String.fromCharCode(c));
  }
  return new Unknown('a range', 0);
}

/** `value as type`. */
export function cast(value: Thing, type: string): Thing {
  if (value instanceof Unknown) return value;
  switch (type) {
    case 'String':
      return value === null ? null : textOf(value);
    case 'int':
    case 'Integer':
    case 'long':
    case 'Long': {
      const number = typeof value === 'string' ? Number(value) : value;
      return typeof number === 'number' ? Math.trunc(number) : value;
    }
    case 'boolean':
    case 'Boolean':
      return truthOf(value);
    case 'Set':
      return Array.isArray(value) ? [...new Set(value)] : value;
    default:
      return value;
  }
}

/** `value instanceof type`; undefined if there is no telling. */
export function isInstance(value: Thing, type: string): Thing | undefined {
  if (value instanceof Unknown) return value;
  switch (type.replace(/^java\.\w+\./, '').replace(/<.*/, '')) {
    case 'String':
    case 'GString':
    case 'CharSequence':
      return typeof value === 'string';
    case 'Map':
    case 'LinkedHashMap':
    case 'HashMap':
      return value instanceof Map;
    case 'List':
    case 'Collection':
    case 'ArrayList':
      return Array.isArray(value);
    case 'Integer':
    case 'Number':
      return typeof value === 'number';
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Closure':
      return value instanceof Lambda;
    default:
      return value instanceof Thrown ? nameOf(value.type) === nameOf(type) : undefined;
  }
}

function isIn(left: Thing, right: Thing): Thing | undefined {
  if (right instanceof Unknown) return right;
  if (right instanceof Map) return right.has(shown(left));
  if (!Array.isArray(right)) return right === null ? false : undefined;
  const answers = right.map((item) => equal(left, item));
  if (answers.includes(true)) return true;
  return answers.find((answer) => answer instanceof Unknown) ?? false;
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

/** `=~` gives a matcher, of which pipelines use the truth and `m[0][1]`. */
function matches(operator: string, left: Thing, right: Thing): Thing | undefined {
  const text = textOf(left);
  const source = textOf(right);
  if (text instanceof Unknown || source instanceof Unknown || text.length > 100_000)
    return undefined;
  if (operator === '==~') return javaPattern(`^(?:${source})$`)?.test(text);
  const pattern = javaPattern(source, 'g');
  if (pattern === undefined) return undefined;
  return [...text.matchAll(pattern)].map((match) => {
    const groups = [...match].map((group): Thing => (group as string | undefined) ?? null);
    return groups.length === 1 ? (groups[0] ?? null) : groups;
  });
}

function arithmetic(operator: string, a: number, b: number): Thing | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? undefined : a / b;
    case '%':
      return b === 0 ? undefined : a % b;
    case '**':
      return a ** b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return a << b;
    case '>>':
      return a >> b;
    default:
      return undefined;
  }
}

/** No text that a Jenkinsfile computes is longer. */
const MAX_TEXT = 10_000_000;

function combine(operator: string, left: Thing, right: Thing): Thing | undefined {
  if (Array.isArray(left)) {
    if (operator === '+') return [...left, ...(Array.isArray(right) ? right : [right])];
    const others = Array.isArray(right) ? right : [right];
    if (operator === '-') return left.filter((item) => !others.includes(item));
    return undefined;
  }
  if (left instanceof Map) {
    return operator === '+' && right instanceof Map ? new Map([...left, ...right]) : undefined;
  }
  const a = textOf(left);
  const b = textOf(right);
  if (a instanceof Unknown || b instanceof Unknown) return undefined;
  if (operator === '+' && a.length + b.length <= MAX_TEXT) return a + b;
  if (operator === '-' && typeof left === 'string') return a.replace(b, '');
  if (operator === '*' && typeof left === 'string' && typeof right === 'number') {
    return a.length * right <= MAX_TEXT ? a.repeat(Math.max(0, right)) : undefined;
  }
  return undefined;
}
