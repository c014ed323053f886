import { Unknown } from '../effects';
import { addEntry, best, grouped, inject, sortedBy } from './listClosures';
import { contains, extreme, total } from './listMethods';
import type { Apply, Result } from './methods';
import { Entry, Lambda, Raised, compare, keyOf, setOf, textOf, truthOf } from './values';
import type { Dictionary, Key, Thing } from './values';

/** What `withDefault` made: what a key that is not there gets. */
const DEFAULTS = new WeakMap<Dictionary, Lambda>();

/** The methods of maps, by Groovy's and Java's names. */
export function mapMethod(
  map: Dictionary,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Result {
  const [first, second] = args;
  const last = args.at(-1);
  if (last instanceof Lambda && name !== 'put' && name !== 'putAt') {
    return mapClosure(map, name, args.slice(0, -1), last, apply);
  }
  if (first instanceof Unknown) return first;
  const key = keyOf(first ?? null);
  switch (name) {
    case 'size':
      return map.size;
    case 'isEmpty':
      return map.size === 0;
    case 'get':
    case 'getAt':
      if (second !== undefined && !map.has(key)) map.set(key, second);
      return valueAt(map, key, apply);
    case 'getOrDefault':
      return map.has(key) ? (map.get(key) ?? null) : (second ?? null);
    case 'put':
    case 'putAt':
    case 'putIfAbsent': {
      const old = map.get(key) ?? null;
      if (name !== 'putIfAbsent' || old === null) map.set(key, second ?? null);
      return old;
    }
    case 'putAll':
    case 'plus':
    case 'leftShift': {
      const target = name === 'plus' ? new Map(map) : map;
      if (first instanceof Map) for (const [k, v] of first) target.set(k, v);
      else if (first instanceof Entry) target.set(first.key, first.value);
      else return undefined;
      return name === 'putAll' ? null : target;
    }
    case 'minus':
      return first instanceof Map ? minus(map, first) : undefined;
    case 'remove': {
      const old = map.get(key) ?? null;
      map.delete(key);
      return old;
    }
    case 'containsKey':
      return map.has(key);
    case 'containsValue':
      return contains([...map.values()], first ?? null);
    case 'keySet':
      return setOf([...map.keys()]);
    case 'values':
      return [...map.values()];
    case 'entrySet':
      return entries(map);
    case 'iterator':
      return entries(map);
    case 'clear':
      map.clear();
      return null;
    case 'clone':
    case 'asImmutable':
    case 'asUnmodifiable':
      return new Map(map);
    case 'subMap':
      return Array.isArray(first)
        ? new Map<Key, Thing>(
            first.flatMap((k) =>
              map.has(keyOf(k)) ? [[keyOf(k), map.get(keyOf(k)) ?? null]] : [],
            ),
          )
        : undefined;
    case 'sort':
      return new Map([...map].sort(([a], [b]) => Number(compare(a, b)) || 0));
    case 'toMapString':
      return textOf(map);
    case 'intersect':
      return first instanceof Map ? new Map([...map].filter(([k]) => first.has(k))) : undefined;
    default:
      return undefined;
  }
}

/** `map[key]`; a map made by `withDefault` computes what it has not, and keeps it. */
export async function valueAt(map: Dictionary, key: Key, apply: Apply): Promise<Thing> {
  const lambda = map.has(key) ? undefined : DEFAULTS.get(map);
  if (lambda === undefined) return map.get(key) ?? null;
  const value = await apply(lambda, [key]);
  map.set(key, value);
  return value;
}

/** Whether reading a key may compute it. */
export function hasDefault(map: Dictionary): boolean {
  return DEFAULTS.has(map);
}

function minus(map: Dictionary, other: Dictionary): Dictionary {
  return new Map(
    [...map].filter(([k, v]) => !other.has(k) || compare(other.get(k) ?? null, v) !== 0),
  );
}

async function mapClosure(
  map: Dictionary,
  name: string,
  args: readonly Thing[],
  lambda: Lambda,
  apply: Apply,
): Promise<Thing | undefined> {
  const two = (lambda.node.parameters?.length ?? 1) >= 2;
  const call = (item: Thing) =>
    apply(lambda, two && item instanceof Entry ? [item.key, item.value] : [item]);
  const all = entries(map);
  switch (name) {
    case 'each':
      for (const item of all) await call(item);
      return map;
    case 'forEach':
      for (const item of all)
        if (item instanceof Entry) await apply(lambda, [item.key, item.value]);
      return null;
    case 'reverseEach':
      for (const item of [...all].reverse()) await call(item);
      return map;
    case 'eachWithIndex':
      for (const [at, item] of all.entries()) {
        const three = (lambda.node.parameters?.length ?? 1) >= 3;
        await apply(
          lambda,
          three && item instanceof Entry ? [item.key, item.value, at] : [item, at],
        );
      }
      return map;
    case 'collect': {
      const [into] = args;
      const result: Thing[] = Array.isArray(into) ? into : [];
      for (const item of all) result.push(await call(item));
      return result;
    }
    case 'collectMany': {
      const result: Thing[] = [];
      for (const item of all) {
        const part = await call(item);
        if (Array.isArray(part)) result.push(...part);
      }
      return result;
    }
    case 'collectEntries': {
      const result: Dictionary = new Map();
      for (const item of all) addEntry(result, await call(item));
      return result;
    }
    case 'findAll':
    case 'find':
    case 'any':
    case 'every':
    case 'count':
    case 'removeAll':
    case 'retainAll':
      return search(map, all, name, call);
    case 'findResult':
      for (const item of all) {
        const value = await call(item);
        if (value !== null) return value;
      }
      return args[0] ?? null;
    case 'findResults': {
      const results: Thing[] = [];
      for (const item of all) {
        const value = await call(item);
        if (value !== null) results.push(value);
      }
      return results;
    }
    case 'groupBy': {
      const groups = await grouped(all, 'groupBy', call);
      if (!(groups instanceof Map)) return groups;
      return new Map<Key, Thing>([...groups].map(([k, group]) => [k, mapOf(group)]));
    }
    case 'countBy':
      return grouped(all, 'countBy', call);
    case 'inject':
      return args[0] === undefined ? undefined : injected(all, args[0], lambda, apply);
    case 'sum': {
      const values: Thing[] = [...args];
      for (const item of all) values.push(await call(item));
      return total(values);
    }
    case 'max':
    case 'min':
      return two || lambda.node.parameters?.length === 1 || lambda.node.parameters === undefined
        ? best(all, name, lambda, apply)
        : extreme(all, 1);
    case 'sort':
    case 'toSorted': {
      const sorted = await sortedBy(all, lambda, apply);
      return Array.isArray(sorted) ? mapOf(sorted) : sorted;
    }
    case 'withDefault': {
      const copy: Dictionary = new Map(map);
      DEFAULTS.set(copy, lambda);
      return copy;
    }
    case 'computeIfAbsent': {
      const key = keyOf(args[0] ?? null);
      if (!map.has(key)) map.set(key, await apply(lambda, [key]));
      return map.get(key) ?? null;
    }
    case 'get':
      throw new Raised('groovy.lang.MissingMethodException', 'No signature of method: get');
    default:
      return undefined;
  }
}

async function search(
  map: Dictionary,
  all: readonly Thing[],
  name: 'findAll' | 'find' | 'any' | 'every' | 'count' | 'removeAll' | 'retainAll',
  call: (item: Thing) => Promise<Thing>,
): Promise<Thing> {
  const hits: Thing[] = [];
  for (const item of all) {
    const answer = truthOf(await call(item));
    if (answer instanceof Unknown) return answer;
    if (!answer && name === 'every') return false;
    if (!answer) continue;
    if (name === 'find') return item;
    if (name === 'any') return true;
    hits.push(item);
  }
  switch (name) {
    case 'find':
      return null;
    case 'any':
      return false;
    case 'every':
      return true;
    case 'count':
      return hits.length;
    case 'findAll':
      return mapOf(hits);
    case 'removeAll':
    case 'retainAll': {
      const gone = name === 'removeAll' ? hits : all.filter((item) => !hits.includes(item));
      for (const item of gone) if (item instanceof Entry) map.delete(item.key);
      return gone.length > 0;
    }
  }
}

async function injected(
  all: readonly Thing[],
  first: Thing,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing> {
  if ((lambda.node.parameters?.length ?? 1) < 3) return inject(all, first, lambda, apply);
  let result = first;
  for (const item of all) {
    if (item instanceof Entry) result = await apply(lambda, [result, item.key, item.value]);
  }
  return result;
}

function entries(map: Dictionary): Entry[] {
  return [...map.keys()].map((key) => new Entry(key, map));
}

function mapOf(all: Thing): Dictionary {
  const map: Dictionary = new Map();
  for (const item of Array.isArray(all) ? all : []) {
    if (item instanceof Entry) map.set(item.key, item.value);
  }
  return map;
}
