import { Unknown } from '../effects';
import { listClosure } from './listClosures';
import type { Apply, Result } from './methods';
import { calculateNumbers, isNumber } from './numerics';
import {
  Lambda,
  Raised,
  Span,
  Unique,
  addTo,
  compare,
  equal,
  every,
  joined,
  negated,
  setOf,
  shown,
  textOf,
  truthOf,
} from './values';
import type { Key, Thing } from './values';
import { cut } from './textMethods';

/** The methods of lists, ranges, sets and arrays, by Groovy's and Java's names. */
export function listMethod(
  list: Thing[],
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Result {
  const [first, second] = args;
  const last = args.at(-1);
  if (last instanceof Lambda) return listClosure(list, name, args.slice(0, -1), last, apply);
  const n = typeof first === 'number' ? first : 0;
  switch (name) {
    case 'size':
    case 'length':
      return list.length;
    case 'isEmpty':
      return list.length === 0;
    case 'join':
      return joined(list.map(textOf), first === undefined ? '' : shown(first));
    case 'contains':
    case 'containsAll':
      return name === 'containsAll' && Array.isArray(first)
        ? every(first.map((item) => contains(list, item)))
        : contains(list, first ?? null);
    case 'add':
      if (second === undefined) return addTo(list, first ?? null);
      list.splice(n, 0, second);
      return null;
    case 'push':
      return addTo(list, first ?? null);
    case 'leftShift':
      addTo(list, first ?? null);
      return list;
    case 'addAll': {
      // What it holds from now on is not known.
      if (first instanceof Unknown) list.push(first);
      const items = Array.isArray(first) ? first : Array.isArray(second) ? second : [];
      const before = list.length;
      if (Array.isArray(first)) for (const item of [...items]) addTo(list, item);
      else list.splice(n, 0, ...items);
      return list.length > before;
    }
    case 'plus':
      return sumOf(list, first ?? null);
    case 'minus':
      return without(list, first ?? null);
    case 'multiply':
      return list.length * n > 100_000 ? undefined : Array.from({ length: n }, () => list).flat();
    case 'remove':
    case 'removeAt': {
      if (typeof first !== 'number' || (name === 'remove' && list instanceof Unique))
        return removed(list, first ?? null);
      if (n < 0 || n >= list.length) throw outOfBounds(n, list.length);
      return list.splice(n, 1)[0] ?? null;
    }
    case 'removeElement':
      return removed(list, first ?? null);
    case 'removeAll':
    case 'retainAll': {
      if (!Array.isArray(first)) return undefined;
      const before = list.length;
      const kept = list.filter((item) => contains(first, item) === (name === 'retainAll'));
      list.splice(0, before, ...kept);
      return kept.length < before;
    }
    case 'pop':
    case 'removeLast':
      if (list.length === 0) throw noSuchElement('Cannot pop() an empty List');
      return list.pop() ?? null;
    case 'clear':
      list.length = 0;
      return null;
    case 'first':
    case 'head':
      if (list.length === 0)
        throw noSuchElement(`Cannot access ${name}() element from an empty List`);
      return list[0] ?? null;
    case 'last':
      if (list.length === 0) throw noSuchElement('Cannot access last() element from an empty List');
      return list.at(-1) ?? null;
    case 'tail':
      return list.slice(1);
    case 'init':
      return list.slice(0, -1);
    case 'get':
      if (n < 0 || n >= list.length) throw outOfBounds(n, list.length);
      return list[n] ?? null;
    case 'getAt':
      return first === undefined ? undefined : itemAt(list, first);
    case 'set':
    case 'putAt': {
      const old = list[n] ?? null;
      setItem(list, n, second ?? null);
      return old;
    }
    case 'indexOf':
      return list.findIndex((item) => equal(item, first ?? null) === true);
    case 'lastIndexOf':
      return list.findLastIndex((item) => equal(item, first ?? null) === true);
    case 'getIndices':
      return spanTo(list.length - 1);
    case 'subList':
      return list.slice(n, typeof second === 'number' ? second : undefined);
    case 'take':
      return list.slice(0, Math.max(0, n));
    case 'drop':
      return list.slice(Math.max(0, n));
    case 'takeRight':
      return n <= 0 ? [] : list.slice(-n);
    case 'dropRight':
      return n <= 0 ? [...list] : list.slice(0, -n);
    case 'reverse':
      return first === true ? list.reverse() : [...list].reverse();
    case 'sort': {
      const sorted = [...list].sort((a, b) => Number(compare(a, b)) || 0);
      return first === false || list instanceof Span ? sorted : put(list, sorted);
    }
    case 'toSorted':
      return [...list].sort((a, b) => Number(compare(a, b)) || 0);
    case 'unique': {
      const once = [...setOf(list)];
      return first === false ? once : put(list, once);
    }
    case 'toUnique':
      return [...setOf(list)];
    case 'toSet':
      return setOf(list);
    case 'toList':
    case 'asList':
    case 'asImmutable':
    case 'asUnmodifiable':
    case 'collect':
    case 'clone':
    case 'iterator':
    case 'toArray':
      return [...list];
    case 'asSynchronized':
      return list;
    case 'flatten':
      return flattened(list);
    case 'sum':
      return total(first === undefined ? list : [first, ...list]);
    case 'max':
      return extreme(list, 1);
    case 'min':
      return extreme(list, -1);
    case 'count':
      return list.filter((item) => equal(item, first ?? null) === true).length;
    case 'intersect':
      return Array.isArray(first)
        ? list.filter((item) => contains(first, item) === true)
        : undefined;
    case 'disjoint':
      return Array.isArray(first)
        ? !list.some((item) => contains(first, item) === true)
        : undefined;
    case 'findAll':
    case 'every':
    case 'find':
      return byTruth(list, name);
    case 'encodeBase64':
      return Buffer.from(list.map(Number)).toString('base64');
    case 'collate':
      return collated(list, n, typeof second === 'number' ? second : n, last !== false);
    case 'transpose':
      return transposed(list);
    case 'combinations':
      return combined(list);
    case 'withIndex':
      return list.map((item, place): Thing => [item, n + place]);
    case 'indexed':
      return new Map<Key, Thing>(list.map((item, place) => [n + place, item]));
    case 'swap':
      if (typeof second === 'number') {
        [list[n], list[second]] = [list[second] ?? null, list[n] ?? null];
      }
      return list;
    case 'any':
      return list.some((item) => truthOf(item) === true);
    case 'step':
      return n === 0 ? undefined : list.filter((_, place) => place % Math.abs(n) === 0);
    case 'getFrom':
      return list instanceof Span ? list.from : undefined;
    case 'getTo':
      return list instanceof Span ? list.to : undefined;
    case 'toListString':
      return textOf(list);
    default:
      return undefined;
  }
}

/** What a set does otherwise than a list. */
export function setMethod(set: Unique, name: string, args: readonly Thing[]): Thing | undefined {
  const [first] = args;
  switch (name) {
    case 'plus':
      return setOf([...set, ...(Array.isArray(first) ? first : [first ?? null])]);
    case 'minus':
      return setOf(without(set, first ?? null));
    case 'intersect':
      return Array.isArray(first)
        ? setOf(set.filter((item) => contains(first, item) === true))
        : undefined;
    case 'toSet':
    case 'clone':
      return setOf(set);
    default:
      return undefined;
  }
}

/** `list[key]`: a place, a range, or a list of places; what is beyond the end is null. */
export function itemAt(list: readonly Thing[], key: Thing): Thing | undefined {
  if (key instanceof Span) {
    const places = cut(key, list.length);
    if (places === undefined) return undefined;
    const { from, to, reverse } = places;
    if (from < 0 || to >= list.length) throw outOfBounds(to, list.length);
    const part = list.slice(from, to + 1);
    return Array.from(reverse ? part.reverse() : part);
  }
  if (Array.isArray(key)) return key.map((one) => itemAt(list, one) ?? null);
  if (typeof key !== 'number') return undefined;
  if (key < -list.length) {
    throw new Raised(
      'java.lang.ArrayIndexOutOfBoundsException',
      `Negative array index [${key}] too large for array size ${list.length}`,
    );
  }
  return list.at(key) ?? null;
}

/** `list[at] = value`; what lies between is null. */
export function setItem(list: Thing[], at: number, value: Thing): void {
  const place = at < 0 ? at + list.length : at;
  if (place < 0 || place > 100_000) return;
  while (list.length < place) list.push(null);
  list[place] = value;
}

/** `list + other`. */
export function sumOf(list: readonly Thing[], other: Thing): Thing[] {
  const items: readonly Thing[] = Array.isArray(other) ? other : [other];
  return list instanceof Unique ? setOf([...list, ...items]) : [...list, ...items];
}

/** `list - other`. */
export function without(list: readonly Thing[], items: Thing): Thing[] {
  const others: readonly Thing[] = Array.isArray(items) ? items : [items];
  return list.filter((item) => contains(others, item) !== true);
}

export function contains(list: readonly Thing[], item: Thing): boolean | Unknown {
  return negated(every(list.map((other) => negated(equal(item, other)))));
}

/** The sum of numbers, of texts, or of lists; undefined if they do not add. */
export function total(items: readonly Thing[]): Thing | undefined {
  let [sum = null] = items;
  for (const item of items.slice(1)) {
    if (sum instanceof Unknown) return sum;
    if (item instanceof Unknown) return item;
    const next: Thing | undefined =
      isNumber(sum) && isNumber(item)
        ? calculateNumbers('+', sum, item)
        : Array.isArray(sum)
          ? sumOf(sum, item)
          : joined([textOf(sum), textOf(item)], '');
    if (next === undefined) return undefined;
    sum = next;
  }
  return sum;
}

/** The largest, or with -1 the smallest. */
export function extreme(list: readonly Thing[], sign: 1 | -1): Thing {
  let best = list[0] ?? null;
  for (const item of list) {
    const order = compare(item, best);
    if (order instanceof Unknown) return order;
    if (order * sign > 0) best = item;
  }
  return best;
}

/** Puts other items into the same list. */
export function put(list: Thing[], items: readonly Thing[]): Thing[] {
  list.splice(0, list.length, ...items);
  return list;
}

/** `findAll()` and its like without a closure go by Groovy's truth. */
function byTruth(list: readonly Thing[], name: 'findAll' | 'every' | 'find'): Thing {
  const hits = list.filter((item) => truthOf(item) === true);
  if (name === 'findAll') return hits;
  return name === 'find' ? (hits[0] ?? null) : hits.length === list.length;
}

function removed(list: Thing[], item: Thing): boolean {
  const place = list.findIndex((other) => equal(item, other) === true);
  if (place >= 0) list.splice(place, 1);
  return place >= 0;
}

function flattened(list: readonly Thing[]): Thing[] {
  return Array.from(list).flatMap((item) => (Array.isArray(item) ? flattened(item) : [item]));
}

function collated(list: readonly Thing[], size: number, step: number, rest: boolean): Thing[] {
  const parts: Thing[] = [];
  if (size <= 0 || step <= 0) return [[...list]];
  for (let at = 0; at < list.length; at += step) {
    const part = list.slice(at, at + size);
    if (part.length === size || rest) parts.push(part);
  }
  return parts;
}

function transposed(list: readonly Thing[]): Thing[] | undefined {
  const rows = list.filter((row) => Array.isArray(row));
  if (rows.length < list.length) return undefined;
  const width = Math.min(...rows.map((row) => row.length));
  if (!Number.isFinite(width)) return [];
  return Array.from({ length: width }, (_, at) => rows.map((row) => row[at] ?? null));
}

/** All ways of taking one of each, the first varying fastest. */
function combined(list: readonly Thing[]): Thing[] | undefined {
  let all: Thing[][] = [[]];
  for (const each of list) {
    const choices = Array.isArray(each) ? each : [each];
    all = choices.flatMap((choice) => all.map((begun) => [...begun, choice]));
    if (all.length > 10_000) return undefined;
  }
  return all;
}

function spanTo(to: number): Thing {
  const span = new Span();
  for (let at = 0; at <= to; at++) span.push(at);
  span.from = 0;
  span.to = to;
  return span;
}

function outOfBounds(at: number, length: number): Raised {
  return new Raised('java.lang.IndexOutOfBoundsException', `Index: ${at}, Size: ${length}`);
}

function noSuchElement(message: string): Raised {
  return new Raised('java.util.NoSuchElementException', message);
}
