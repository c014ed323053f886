import { Unknown } from './effects';
import { Lambda, compare, equal, every, joined, negated, shown, textOf, truthOf } from './values';
import type { Thing } from './values';

/** Calls a closure of the Jenkinsfile. */
export type Apply = (lambda: Lambda, args: readonly Thing[]) => Promise<Thing>;

/**
 * The methods of texts, numbers, lists and maps that pipelines use. Undefined if there is none of
 * that name: the caller makes it Unknown.
 */
export function callMethod(
  object: Thing,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Promise<Thing> | Thing | undefined {
  const common = commonMethod(object, name, args);
  if (common !== undefined) return common;
  if (typeof object === 'string') return textMethod(object, name, args, apply);
  if (typeof object === 'number') return numberMethod(object, name, args, apply);
  if (Array.isArray(object)) return listMethod(object, name, args, apply);
  if (object instanceof Map) return mapMethod(object, name, args, apply);
  return undefined;
}

function commonMethod(object: Thing, name: string, args: readonly Thing[]): Thing | undefined {
  switch (name) {
    case 'toString':
      return textOf(object);
    case 'equals':
      return equal(object, args[0] ?? null);
    case 'compareTo':
      return compare(object, args[0] ?? null);
    case 'asBoolean':
    case 'toBoolean':
      return typeof object === 'string' && name === 'toBoolean'
        ? ['true', 'y', '1'].includes(object.trim().toLowerCase())
        : truthOf(object);
    default:
      return undefined;
  }
}

function textMethod(
  text: string,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Promise<Thing> | Thing | undefined {
  const unknown = args.find((arg) => arg instanceof Unknown);
  if (unknown !== undefined) return unknown;
  const [first, second] = args;
  const a = first === undefined || first instanceof Lambda ? '' : shown(first);
  const b = second === undefined ? '' : shown(second);
  switch (name) {
    case 'trim':
      return text.trim();
    case 'strip':
      return text.trim();
    case 'toLowerCase':
      return text.toLowerCase();
    case 'toUpperCase':
      return text.toUpperCase();
    case 'capitalize':
      return text.charAt(0).toUpperCase() + text.slice(1);
    case 'length':
    case 'size':
      return text.length;
    case 'isEmpty':
      return text === '';
    case 'isInteger':
      return /^[+-]?\d+$/.test(text.trim());
    case 'isNumber':
      return text.trim() !== '' && Number.isFinite(Number(text));
    case 'contains':
      return text.includes(a);
    case 'startsWith':
      return text.startsWith(a);
    case 'endsWith':
      return text.endsWith(a);
    case 'equalsIgnoreCase':
      return text.toLowerCase() === a.toLowerCase();
    case 'indexOf':
      return text.indexOf(a);
    case 'lastIndexOf':
      return text.lastIndexOf(a);
    case 'concat':
    case 'plus':
      return text + a;
    case 'minus':
      return text.replace(a, '');
    case 'reverse':
      return text.split('').reverse().join('');
    case 'substring':
    case 'subSequence':
      return text.slice(Number(first), second === undefined ? undefined : Number(second));
    case 'take':
      return text.slice(0, Math.max(0, Number(first)));
    case 'drop':
      return text.slice(Math.max(0, Number(first)));
    case 'charAt':
    case 'getAt':
      return text.at(Number(first)) ?? null;
    case 'multiply':
      return text.repeat(Math.min(Math.max(0, Number(first)), 10_000));
    case 'padLeft':
      return text.padStart(Math.min(Number(first), 10_000), second === undefined ? ' ' : b);
    case 'padRight':
      return text.padEnd(Math.min(Number(first), 10_000), second === undefined ? ' ' : b);
    case 'toInteger':
    case 'toLong':
    case 'toDouble':
    case 'toFloat':
    case 'toBigDecimal':
      return toNumber(text, name);
    case 'split':
      return splitText(text, args.length === 0 ? '\\s+' : a, second);
    case 'tokenize':
      return text.split(oneOf(args.length === 0 ? ' \t\n\r\f' : a)).filter((part) => part !== '');
    case 'readLines':
      return lines(text);
    case 'toList':
      return text.split('');
    case 'eachLine':
      return first instanceof Lambda ? each(lines(text), first, apply) : undefined;
    case 'replace':
      return text.replaceAll(a, b);
    case 'replaceAll':
    case 'replaceFirst': {
      const pattern = javaPattern(a, name === 'replaceAll' ? 'g' : '');
      if (pattern === undefined || second instanceof Lambda) return undefined;
      return text.replace(pattern, javaReplacement(b));
    }
    case 'matches': {
      const pattern = javaPattern(`^(?:${a})$`);
      return pattern?.test(text);
    }
    case 'stripIndent':
      return stripIndent(text);
    case 'stripMargin':
      return text.replaceAll(/^[ \t]*\|/gm, '');
    case 'normalize':
    case 'intern':
      return text;
    default:
      return undefined;
  }
}

function numberMethod(
  value: number,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Promise<Thing> | Thing | undefined {
  const [first] = args;
  switch (name) {
    case 'toInteger':
    case 'intValue':
    case 'toLong':
    case 'longValue':
      return Math.trunc(value);
    case 'toDouble':
    case 'doubleValue':
    case 'toBigDecimal':
      return value;
    case 'abs':
      return Math.abs(value);
    case 'plus':
      return typeof first === 'number' ? value + first : undefined;
    case 'minus':
      return typeof first === 'number' ? value - first : undefined;
    case 'times': {
      if (!(first instanceof Lambda)) return undefined;
      return each(value > 0 ? numbers(0, value - 1) : [], first, apply);
    }
    case 'upto':
      return args[1] instanceof Lambda && typeof first === 'number'
        ? each(numbers(value, first), args[1], apply)
        : undefined;
    default:
      return undefined;
  }
}

function listMethod(
  list: Thing[],
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Promise<Thing> | Thing | undefined {
  const [first, second] = args;
  if (first instanceof Lambda) return listClosure(list, name, first, apply);
  if (second instanceof Lambda && name === 'inject')
    return inject(list, first ?? null, second, apply);
  switch (name) {
    case 'size':
      return list.length;
    case 'isEmpty':
      return list.length === 0;
    case 'join':
      return joined(list.map(textOf), first === undefined ? '' : shown(first));
    case 'contains':
      return contains(list, first ?? null);
    case 'containsAll':
      return Array.isArray(first) ? every(first.map((item) => contains(list, item))) : undefined;
    case 'add':
    case 'push':
    case 'leftShift':
      list.push(first ?? null);
      return name === 'leftShift' ? list : true;
    case 'addAll':
      if (Array.isArray(first)) list.push(...first);
      return true;
    case 'plus':
      return Array.isArray(first) ? [...list, ...first] : [...list, first ?? null];
    case 'minus':
      return without(list, first ?? null);
    case 'remove':
      return typeof first === 'number' ? (list.splice(first, 1)[0] ?? null) : undefined;
    case 'pop':
      return list.pop() ?? null;
    case 'clear':
      list.length = 0;
      return null;
    case 'first':
    case 'head':
      return list[0] ?? null;
    case 'last':
      return list.at(-1) ?? null;
    case 'tail':
      return list.slice(1);
    case 'init':
      return list.slice(0, -1);
    case 'get':
    case 'getAt':
      return typeof first === 'number' ? (list.at(first) ?? null) : undefined;
    case 'indexOf':
      return list.indexOf(first ?? null);
    case 'take':
      return list.slice(0, Math.max(0, Number(first)));
    case 'drop':
      return list.slice(Math.max(0, Number(first)));
    case 'reverse':
      return [...list].reverse();
    case 'sort':
      return [...list].sort((a, b) => Number(compare(a, b)) || 0);
    case 'unique':
    case 'toSet':
      return [...new Set(list)];
    case 'toList':
    case 'asImmutable':
    case 'collect':
      return [...list];
    case 'flatten':
      return flattened(list);
    case 'sum':
      return sum(list);
    case 'max':
      return extreme(list, 1);
    case 'min':
      return extreme(list, -1);
    case 'count':
      return list.filter((item) => equal(item, first ?? null) === true).length;
    default:
      return undefined;
  }
}

async function listClosure(
  list: readonly Thing[],
  name: string,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing> {
  const ask = async (item: Thing) => truthOf(await apply(lambda, [item]));
  switch (name) {
    case 'each':
      return each(list, lambda, apply);
    case 'eachWithIndex':
      for (const [at, item] of [...list].entries()) await apply(lambda, [item, at]);
      return [...list];
    case 'collect': {
      const result: Thing[] = [];
      for (const item of [...list]) result.push(await apply(lambda, [item]));
      return result;
    }
    case 'collectMany': {
      const result: Thing[] = [];
      for (const item of [...list]) {
        const part = await apply(lambda, [item]);
        if (Array.isArray(part)) result.push(...part);
      }
      return result;
    }
    case 'collectEntries': {
      const result = new Map<string, Thing>();
      for (const item of [...list]) addEntry(result, await apply(lambda, [item]));
      return result;
    }
    case 'find':
    case 'findAll':
    case 'findIndexOf':
    case 'any':
    case 'every':
    case 'count':
      return search(list, name, ask);
    case 'groupBy': {
      const groups = new Map<string, Thing[]>();
      for (const item of [...list]) {
        const key = shown(await apply(lambda, [item]));
        groups.set(key, [...(groups.get(key) ?? []), item]);
      }
      return new Map<string, Thing>(groups);
    }
    case 'inject':
      return list.length === 0 ? null : inject(list.slice(1), list[0] ?? null, lambda, apply);
    default: {
      for (const item of [...list]) await apply(lambda, [item]);
      return new Unknown(`the method ${name} of a list`, 0);
    }
  }
}

async function search(
  list: readonly Thing[],
  name: 'find' | 'findAll' | 'findIndexOf' | 'any' | 'every' | 'count',
  ask: (item: Thing) => Promise<boolean | Unknown>,
): Promise<Thing> {
  const found: Thing[] = [];
  for (const [at, item] of [...list].entries()) {
    const answer = await ask(item);
    if (answer instanceof Unknown) return answer;
    if (name === 'every' && !answer) return false;
    if (!answer) continue;
    if (name === 'find') return item;
    if (name === 'findIndexOf') return at;
    if (name === 'any') return true;
    found.push(item);
  }
  switch (name) {
    case 'find':
      return null;
    case 'findIndexOf':
      return -1;
    case 'any':
      return false;
    case 'every':
      return true;
    case 'findAll':
      return found;
    case 'count':
      return found.length;
  }
}

function mapMethod(
  map: Map<string, Thing>,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Promise<Thing> | Thing | undefined {
  const [first, second] = args;
  if (first instanceof Unknown) return first;
  if (first instanceof Lambda) return mapClosure(map, name, first, apply);
  const key = first === undefined ? '' : shown(first);
  switch (name) {
    case 'size':
      return map.size;
    case 'isEmpty':
      return map.size === 0;
    case 'get':
    case 'getAt':
      return map.get(key) ?? second ?? null;
    case 'getOrDefault':
      return map.get(key) ?? second ?? null;
    case 'put':
    case 'putAt': {
      const old = map.get(key) ?? null;
      map.set(key, second ?? null);
      return old;
    }
    case 'putAll':
    case 'plus': {
      const target = name === 'plus' ? new Map(map) : map;
      if (first instanceof Map) for (const [k, v] of first) target.set(k, v);
      return target;
    }
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
      return [...map.keys()];
    case 'values':
      return [...map.values()];
    case 'entrySet':
      return entries(map);
    case 'clear':
      map.clear();
      return null;
    case 'subMap':
      return Array.isArray(first)
        ? new Map([...map].filter(([k]) => first.includes(k)))
        : undefined;
    default:
      return undefined;
  }
}

async function mapClosure(
  map: ReadonlyMap<string, Thing>,
  name: string,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing> {
  const two = (lambda.node.parameters?.length ?? 0) >= 2;
  const call = (entry: Thing, [key, value]: readonly [string, Thing]) =>
    apply(lambda, two ? [key, value] : [entry]);
  switch (name) {
    case 'each':
      for (const [key, value] of [...map]) await call(entryOf(key, value), [key, value]);
      return new Map(map);
    case 'collect': {
      const result: Thing[] = [];
      for (const [k, v] of [...map]) result.push(await call(entryOf(k, v), [k, v]));
      return result;
    }
    case 'collectEntries': {
      const result = new Map<string, Thing>();
      for (const [k, v] of [...map]) addEntry(result, await call(entryOf(k, v), [k, v]));
      return result;
    }
    case 'findAll':
    case 'find':
    case 'any':
    case 'every': {
      const list = entries(map);
      const keys = [...map];
      const answers: (boolean | Unknown)[] = [];
      for (const [at, entry] of list.entries()) {
        answers.push(truthOf(await call(entry, keys[at] ?? ['', null])));
      }
      const unknown = answers.find((answer) => answer instanceof Unknown);
      if (unknown !== undefined) return unknown;
      if (name === 'any') return answers.includes(true);
      if (name === 'every') return !answers.includes(false);
      if (name === 'find') return list[answers.indexOf(true)] ?? null;
      return new Map(keys.filter((_, at) => answers[at] === true));
    }
    default:
      for (const [key, value] of [...map]) await call(entryOf(key, value), [key, value]);
      return new Unknown(`the method ${name} of a map`, 0);
  }
}

function entries(map: ReadonlyMap<string, Thing>): Thing[] {
  return [...map].map(([key, value]) => entryOf(key, value));
}

function entryOf(key: string, value: Thing): Thing {
  return new Map<string, Thing>([
    ['key', key],
    ['value', value],
  ]);
}

function addEntry(map: Map<string, Thing>, entry: Thing): void {
  if (entry instanceof Map) for (const [key, value] of entry) map.set(key, value);
  if (Array.isArray(entry)) map.set(shown(entry[0] ?? null), entry[1] ?? null);
}

async function each(list: readonly Thing[], lambda: Lambda, apply: Apply): Promise<Thing> {
  for (const item of [...list]) await apply(lambda, [item]);
  return [...list];
}

async function inject(
  list: readonly Thing[],
  first: Thing,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing> {
  let result = first;
  for (const item of [...list]) result = await apply(lambda, [result, item]);
  return result;
}

function contains(list: readonly Thing[], item: Thing): boolean | Unknown {
  return negated(every(list.map((other) => negated(equal(item, other)))));
}

function without(list: readonly Thing[], items: Thing): Thing[] {
  const others: readonly Thing[] = Array.isArray(items) ? items : [items];
  return list.filter((item) => !others.includes(item));
}

function flattened(list: readonly Thing[]): Thing[] {
  return list.flatMap((item) => (Array.isArray(item) ? flattened(item) : [item]));
}

function sum(list: readonly Thing[]): Thing {
  if (list.every((item) => typeof item === 'number')) return list.reduce((a, b) => a + b, 0);
  return joined(list.map(textOf), '');
}

function extreme(list: readonly Thing[], sign: 1 | -1): Thing {
  let best = list[0] ?? null;
  for (const item of list) {
    const order = compare(item, best);
    if (order instanceof Unknown) return order;
    if (order * sign > 0) best = item;
  }
  return best;
}

/** The numbers from `from` to `to`; a range is bounded. */
export function numbers(from: number, to: number): number[] {
  const step = from <= to ? 1 : -1;
  const count = Math.min(Math.abs(to - from) + 1, 100_000);
  return Array.from({ length: count }, (_, at) => from + at * step);
}

function toNumber(text: string, name: string): Thing | undefined {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (trimmed === '' || !Number.isFinite(value)) return undefined;
  const whole = name === 'toInteger' || name === 'toLong';
  return whole && !Number.isInteger(value) ? undefined : value;
}

function lines(text: string): string[] {
  const all = text.split(/\r?\n/);
  if (all.at(-1) === '') all.pop();
  return all;
}

/** Java's `split`: a pattern; empty parts at the end are dropped unless there is a limit. */
function splitText(text: string, pattern: string, limit: Thing | undefined): Thing | undefined {
  const expression = javaPattern(pattern);
  if (expression === undefined) return undefined;
  const parts = text.split(expression);
  if (typeof limit === 'number' && limit > 0 && parts.length > limit) return undefined;
  while (limit === undefined && parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

function oneOf(characters: string): RegExp {
  return new RegExp(`[${characters.replaceAll(/[\\\]^-]/g, '\\$&')}]`);
}

/** What a Java pattern may not hold here: what JavaScript lacks, and what can take for ever. */
const FOREIGN = /\(\?[a-z]+\)|\(\?>|[*+?}]\+|\\[AzZGQEphRXH]|&&/;
const EXPLOSIVE = /\([^)]*[*+][^)]*\)[*+{]/;

/** A Java pattern as JavaScript's; undefined if it cannot be one, or could take for ever. */
export function javaPattern(source: string, flags = ''): RegExp | undefined {
  if (FOREIGN.test(source) || EXPLOSIVE.test(source) || source.length > 1000) return undefined;
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

function javaReplacement(text: string): string {
  return text.replaceAll(/\\(.)|\$(?=[^\d{]|$)/g, (whole, escaped: string | undefined) =>
    escaped === undefined ? '$$' : escaped === '$' ? '$$' : whole === '' ? '' : escaped,
  );
}

function stripIndent(text: string): string {
  const widths = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const width = Math.min(...widths, 1000);
  return text
    .split('\n')
    .map((line) => line.slice(Math.min(width, line.length - line.trimStart().length)))
    .join('\n');
}
