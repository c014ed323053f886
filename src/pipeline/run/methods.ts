import { Unknown } from '../effects';
import { listMethod, setMethod } from './listMethods';
import { mapMethod } from './mapMethods';
import { numberMethod } from './numberMethods';
import { isNumber } from './numerics';
import { Matcher, fits, found, groupsOf } from './patterns';
import { textMethod } from './textMethods';
import {
  Entry,
  Pattern,
  Span,
  Unique,
  compare,
  equal,
  joined,
  shown,
  textOf,
  truthOf,
} from './values';
import type { Lambda, Thing, Host } from './values';

/** Calls a closure of the Jenkinsfile. */
export type Apply = (lambda: Lambda, args: readonly Thing[]) => Promise<Thing>;

export type Result = Promise<Thing | undefined> | Thing | undefined;

/**
 * The methods of texts, numbers, lists and maps that pipelines use. Undefined if there is none of
 * that name, or no telling what it gives: the caller makes it Unknown.
 */
export function callMethod(
  object: Thing,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Result {
  const common = commonMethod(object, name, args);
  if (common !== undefined) return common;
  if (typeof object === 'string') return textMethod(object, name, args, apply);
  if (isNumber(object)) return numberMethod(object, name, args, apply);
  if (object instanceof Matcher) {
    const own = object.call(name, args);
    return own === undefined ? listMethod(object.items(), name, args, apply) : own;
  }
  if (object instanceof Unique) {
    return setMethod(object, name, args) ?? listMethod(object, name, args, apply);
  }
  if (Array.isArray(object)) return listMethod(object, name, args, apply);
  if (object instanceof Map) return mapMethod(object, name, args, apply);
  if (object instanceof Entry) return entryMethod(object, name, args);
  if (object instanceof Pattern) return patternMethod(object, name, args);
  return undefined;
}

/** Whether an object of the language has methods of its own here. */
export function hasMethods(host: Host): boolean {
  return host instanceof Entry || host instanceof Pattern || host instanceof Matcher;
}

function commonMethod(object: Thing, name: string, args: readonly Thing[]): Thing | undefined {
  const [first = null] = args;
  switch (name) {
    case 'toString':
      if (!(object instanceof Span)) return textOf(object);
      return joined([textOf(object.from), textOf(object.to)], object.exclusive ? '..<' : '..');
    case 'inspect':
      return inspected(object);
    case 'dump':
      return undefined;
    case 'equals':
      return args.length === 1 ? equal(object, first) : undefined;
    case 'is':
      return args.length === 1 ? object === first : undefined;
    case 'compareTo':
      return compare(object, first);
    case 'asBoolean':
      return truthOf(object);
    case 'toBoolean':
      return typeof object === 'string'
        ? ['true', 'y', '1'].includes(object.trim().toLowerCase())
        : truthOf(object);
    case 'isCase':
      return args.length === 1 ? isCase(object, first) : undefined;
    default:
      return undefined;
  }
}

/** Whether `subject` falls under a `case`, or is `in` something, as Groovy has it for texts, lists, maps, ranges and patterns. */
export function isCase(test: Thing, subject: Thing): boolean | Unknown | undefined {
  if (test instanceof Unknown) return test;
  if (subject instanceof Unknown) return subject;
  if (test instanceof Pattern) {
    const text = textOf(subject);
    return text instanceof Unknown ? text : fits(text, test.source);
  }
  if (test instanceof Span && isNumber(subject) && isNumber(test.from) && isNumber(test.to)) {
    return test.some((item) => equal(item, subject) === true);
  }
  if (Array.isArray(test)) {
    const answers = test.map((item) => equal(item, subject));
    if (answers.includes(true)) return true;
    return answers.find((answer) => answer instanceof Unknown) ?? false;
  }
  if (test instanceof Map)
    return truthOf(test.get(typeof subject === 'number' ? subject : shown(subject)) ?? null);
  return equal(test, subject);
}

/** As Groovy prints it within `inspect()`: texts in quotes. */
function inspected(thing: Thing): string | Unknown {
  if (typeof thing === 'string')
    return `'${thing.replaceAll(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
  if (Array.isArray(thing) && !(thing instanceof Span)) {
    return joined(thing.map(inspected), ', ', '[', ']');
  }
  if (thing instanceof Map && thing.size > 0) {
    const items = [...thing].map(([key, value]) => joined([inspected(key), inspected(value)], ':'));
    return joined(items, ', ', '[', ']');
  }
  return textOf(thing);
}

function entryMethod(
  entry: Entry,
  name: string,
  [first = null]: readonly Thing[],
): Thing | undefined {
  switch (name) {
    case 'getKey':
      return entry.key;
    case 'getValue':
      return entry.value;
    case 'setValue': {
      const old = entry.value;
      entry.map.set(entry.key, first);
      return old;
    }
    default:
      return undefined;
  }
}

function patternMethod(
  pattern: Pattern,
  name: string,
  [first = null]: readonly Thing[],
): Thing | undefined {
  const text = textOf(first);
  if (text instanceof Unknown) return text;
  switch (name) {
    case 'matcher': {
      const matches = found(text, pattern.source);
      return matches && new Matcher(text, pattern.source, matches);
    }
    case 'pattern':
      return pattern.source;
    case 'split': {
      const matches = found(text, pattern.source);
      return matches && matches.map(groupsOf);
    }
    default:
      return undefined;
  }
}
