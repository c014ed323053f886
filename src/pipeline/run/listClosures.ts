import { Unknown } from '../effects';
import { extreme, put, total } from './listMethods';
import type { Apply } from './methods';
import { isNumber, toNumber } from './numerics';
import { Entry, Span, compare, keyOf, setOf, shown, truthOf } from './values';
import type { Dictionary, Key, Lambda, Thing } from './values';

/** The methods of lists whose last argument is a closure; undefined if there is none of that name. */
export async function listClosure(
  list: Thing[],
  name: string,
  args: readonly Thing[],
  lambda: Lambda,
  apply: Apply,
): Promise<Thing | undefined> {
  const items = Array.from(list);
  const call = (item: Thing) => apply(lambda, [item]);
  switch (name) {
    case 'each':
    case 'forEach':
      for (const item of items) await call(item);
      return name === 'each' ? list : null;
    case 'reverseEach':
      for (const item of items.reverse()) await call(item);
      return list;
    case 'eachWithIndex':
      for (const [at, item] of items.entries()) await apply(lambda, [item, at]);
      return list;
    case 'collect': {
      const [into] = args;
      const result: Thing[] = Array.isArray(into) ? into : [];
      for (const item of items) result.push(await call(item));
      return result;
    }
    case 'collectMany': {
      const result: Thing[] = [];
      for (const item of items) {
        const part = await call(item);
        if (Array.isArray(part)) result.push(...part);
      }
      return result;
    }
    case 'collectNested':
      return nested(items, call);
    case 'collectEntries': {
      const result: Dictionary = new Map();
      for (const item of items) addEntry(result, await call(item));
      return result;
    }
    case 'find':
    case 'findAll':
    case 'findIndexOf':
    case 'findLastIndexOf':
    case 'findIndexValues':
    case 'any':
    case 'every':
    case 'count':
    case 'split':
    case 'takeWhile':
    case 'dropWhile':
    case 'removeAll':
    case 'removeIf':
    case 'retainAll':
      return search(list, name, call);
    case 'findResult':
      for (const item of items) {
        const value = await call(item);
        if (value !== null) return value;
      }
      return args[0] ?? null;
    case 'findResults': {
      const results: Thing[] = [];
      for (const item of items) {
        const value = await call(item);
        if (value !== null) results.push(value);
      }
      return results;
    }
    case 'groupBy':
    case 'countBy':
      return grouped(items, name, call);
    case 'inject':
      return inject(
        args.length > 0 ? items : items.slice(1),
        args[0] ?? items[0] ?? null,
        lambda,
        apply,
      );
    case 'sum': {
      const values: Thing[] = [...args];
      for (const item of items) values.push(await call(item));
      return total(values);
    }
    case 'max':
    case 'min':
      return best(items, name, lambda, apply);
    case 'sort':
    case 'toSorted': {
      const sorted = await sortedBy(items, lambda, apply);
      const copies = name === 'toSorted' || args[0] === false || list instanceof Span;
      return Array.isArray(sorted) && !copies ? put(list, sorted) : sorted;
    }
    case 'unique':
    case 'toUnique': {
      const once = await uniqueBy(items, lambda, apply);
      return name === 'unique' && args[0] !== false ? put(list, once) : once;
    }
    case 'step': {
      const [by] = args;
      if (typeof by !== 'number' || by < 1) return undefined;
      for (const [at, item] of items.entries()) if (at % by === 0) await call(item);
      return null;
    }
    case 'times':
      return undefined;
    default:
      return undefined;
  }
}

/** Adds what a closure of `collectEntries` gave: a pair, an entry or a map. */
export function addEntry(map: Dictionary, entry: Thing): void {
  if (entry instanceof Map) for (const [key, value] of entry) map.set(key, value);
  if (entry instanceof Entry) map.set(entry.key, entry.value);
  if (Array.isArray(entry)) map.set(keyOf(entry[0] ?? null), entry[1] ?? null);
}

export async function inject(
  list: readonly Thing[],
  first: Thing,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing> {
  let result = first;
  for (const item of list) result = await apply(lambda, [result, item]);
  return result;
}

/** Sorted by what a closure of one parameter gives, or as one of two parameters compares. */
export async function sortedBy(
  items: readonly Thing[],
  lambda: Lambda,
  apply: Apply,
): Promise<Thing[] | Unknown> {
  if (isComparator(lambda)) return merged(items, lambda, apply);
  const keyed: { key: Thing; item: Thing }[] = [];
  for (const item of items) keyed.push({ key: await apply(lambda, [item]), item });
  const unknown = keyed.find(({ key }) => key instanceof Unknown)?.key;
  if (unknown instanceof Unknown) return unknown;
  return keyed.sort((a, b) => Number(compare(a.key, b.key)) || 0).map(({ item }) => item);
}

/** Groups by what the closure gives, or counts them. */
export async function grouped(
  items: readonly Thing[],
  name: 'groupBy' | 'countBy',
  call: (item: Thing) => Promise<Thing>,
): Promise<Thing> {
  const groups = new Map<Key, Thing[]>();
  for (const item of items) {
    const value = await call(item);
    if (value instanceof Unknown) return value;
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return new Map<Key, Thing>(
    [...groups].map(([key, group]) => [key, name === 'groupBy' ? group : group.length]),
  );
}

export async function best(
  items: readonly Thing[],
  name: 'max' | 'min',
  lambda: Lambda,
  apply: Apply,
): Promise<Thing> {
  const sign = name === 'max' ? 1 : -1;
  if (isComparator(lambda)) {
    let [found = null] = items;
    for (const item of items) {
      const order = await apply(lambda, [item, found]);
      if (isNumber(order) && toNumber(order) * sign > 0) found = item;
    }
    return found;
  }
  const keys: Thing[] = [];
  for (const item of items) keys.push(await apply(lambda, [item]));
  const key = extreme(keys, sign);
  return key instanceof Unknown ? key : (items[keys.indexOf(key)] ?? null);
}

function isComparator(lambda: Lambda): boolean {
  return (lambda.node.parameters?.length ?? 1) === 2;
}

type Search =
  | 'find'
  | 'findAll'
  | 'findIndexOf'
  | 'findLastIndexOf'
  | 'findIndexValues'
  | 'any'
  | 'every'
  | 'count'
  | 'split'
  | 'takeWhile'
  | 'dropWhile'
  | 'removeAll'
  | 'removeIf'
  | 'retainAll';

async function search(
  list: Thing[],
  name: Search,
  call: (item: Thing) => Promise<Thing>,
): Promise<Thing> {
  const items = Array.from(list);
  const hits: number[] = [];
  for (const [at, item] of items.entries()) {
    const answer = truthOf(await call(item));
    if (answer instanceof Unknown) return answer;
    if (!answer && name === 'every') return false;
    if (!answer && name === 'takeWhile') return items.slice(0, at);
    if (!answer && name === 'dropWhile') return items.slice(at);
    if (!answer) continue;
    if (name === 'find') return item;
    if (name === 'findIndexOf') return at;
    if (name === 'any') return true;
    hits.push(at);
  }
  const chosen = items.filter((_, at) => hits.includes(at));
  const others = items.filter((_, at) => !hits.includes(at));
  switch (name) {
    case 'find':
      return null;
    case 'findIndexOf':
      return -1;
    case 'findLastIndexOf':
      return hits.at(-1) ?? -1;
    case 'findIndexValues':
      return hits;
    case 'any':
      return false;
    case 'every':
      return true;
    case 'findAll':
      return chosen.length === items.length && list instanceof Span ? items : chosen;
    case 'takeWhile':
      return items;
    case 'dropWhile':
      return [];
    case 'count':
      return hits.length;
    case 'split':
      return [chosen, others];
    case 'removeAll':
    case 'removeIf':
      put(list, others);
      return hits.length > 0;
    case 'retainAll':
      put(list, chosen);
      return others.length > 0;
  }
}

async function nested(
  items: readonly Thing[],
  call: (item: Thing) => Promise<Thing>,
): Promise<Thing[]> {
  const result: Thing[] = [];
  for (const item of items)
    result.push(Array.isArray(item) ? await nested(item, call) : await call(item));
  return result;
}

async function uniqueBy(items: readonly Thing[], lambda: Lambda, apply: Apply): Promise<Thing[]> {
  const kept: Thing[] = [];
  const seen: Thing[] = [];
  for (const item of items) {
    if (isComparator(lambda)) {
      let isNew = true;
      for (const other of kept) {
        const order = await apply(lambda, [other, item]);
        if (isNumber(order) && toNumber(order) === 0) isNew = false;
      }
      if (isNew) kept.push(item);
      continue;
    }
    const key = await apply(lambda, [item]);
    if (setOf([...seen, key]).length === seen.length) continue;
    seen.push(key);
    kept.push(item);
  }
  return kept;
}

/** A stable sort by a comparing closure, which is asynchronous here. */
async function merged(
  items: readonly Thing[],
  lambda: Lambda,
  apply: Apply,
): Promise<Thing[] | Unknown> {
  if (items.length < 2) return [...items];
  const middle = items.length >> 1;
  const left = await merged(items.slice(0, middle), lambda, apply);
  const right = await merged(items.slice(middle), lambda, apply);
  if (left instanceof Unknown) return left;
  if (right instanceof Unknown) return right;
  const result: Thing[] = [];
  while (left.length > 0 && right.length > 0) {
    const order = await apply(lambda, [left[0] ?? null, right[0] ?? null]);
    if (order instanceof Unknown) return order;
    const number = isNumber(order)
      ? toNumber(order)
      : order === true
        ? 1
        : Number(shown(order)) || 0;
    result.push((number <= 0 ? left : right).shift() ?? null);
  }
  return [...result, ...left, ...right];
}
