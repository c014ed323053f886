import { StepError, Unknown } from '../effects';
import type { Outcome, Value } from '../effects';
import type { Frame } from './frame';
import type { Locals } from './locals';
import { Numeric, compareNumbers, isNumber, toNumber, whole, Double } from './numerics';
import type { Closure } from '../syntax';

/** What the interpreter computes with; `valueOf` makes it what effects see. */
export type Thing =
  | string
  | number
  | boolean
  | null
  | Unknown
  | Thing[]
  | Dictionary
  | Lambda
  | Thrown
  | Host
  | Numeric;

/** Groovy tells the key 1 from the key '1', and so does a JavaScript map. */
export type Key = string | number | boolean | null;
export type Dictionary = Map<Key, Thing>;

/** A closure of the Jenkinsfile, with the variables it sees. */
export class Lambda {
  readonly opaque = 'closure';
  readonly text = undefined;
  readonly node: Pick<Closure, 'parameters' | 'body' | 'start' | 'end'>;
  readonly locals: Locals;
  /** Whom names are asked of that no function or closure around declares. */
  delegate: Thing | undefined;
  /** `Closure.OWNER_FIRST`, unless it was set. */
  resolveStrategy = 0;

  constructor(node: Pick<Closure, 'parameters' | 'body' | 'start' | 'end'>, locals: Locals) {
    this.node = node;
    this.locals = locals;
  }
}

/** An object that only Jenkins has: `currentBuild`, `scm`, a class, a shared library's variable. */
export class Host {
  readonly opaque: string;
  constructor(opaque: string) {
    this.opaque = opaque;
  }

  /** What it prints; undefined if only Jenkins knows. */
  get text(): string | undefined {
    return undefined;
  }

  /** Groovy's truth: an object is true, unless it says otherwise. */
  get truth(): boolean {
    return true;
  }
}

/** What is called like a closure, and is none: `object.&method`, `closure.curry(1)`. */
export class Pointer extends Lambda {
  readonly invoke: (args: readonly Thing[], frame: Frame) => Promise<Thing>;

  constructor(
    like: Pick<Closure, 'parameters' | 'start' | 'end'>,
    locals: Locals,
    invoke: (args: readonly Thing[], frame: Frame) => Promise<Thing>,
  ) {
    super({ ...like, body: [] }, locals);
    this.invoke = invoke;
  }
}

/** A range: its items, and how it was written, which decides what it prints and cuts out. */
export class Span extends Array<Thing> {
  from: Thing = null;
  to: Thing = null;
  exclusive = false;

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** A set: a list without doubles. */
export class Unique extends Array<Thing> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** The items in their order, each once. */
export function setOf(items: readonly Thing[]): Unique {
  const set = new Unique();
  for (const item of items) addTo(set, item);
  return set;
}

/** Adds to a list or a set; false if the set had it. */
export function addTo(list: Thing[], item: Thing): boolean {
  if (list instanceof Unique && list.some((other) => equal(other, item) === true)) return false;
  list.push(item);
  return true;
}

/** One key of a map with its value. */
export class Entry extends Host {
  readonly key: Key;
  readonly map: Dictionary;

  constructor(key: Key, map: Dictionary) {
    super('map entry');
    this.key = key;
    this.map = map;
  }

  get value(): Thing {
    return this.map.get(this.key) ?? null;
  }
}

/** A regular expression, `~/x/`. */
export class Pattern extends Host {
  readonly source: string;

  constructor(source: string) {
    super('java.util.regex.Pattern');
    this.source = source;
  }
}

/** A value as a key of a map. */
export function keyOf(thing: Thing): Key {
  if (thing === null || typeof thing === 'string') return thing;
  if (typeof thing === 'number' || typeof thing === 'boolean') return thing;
  return shown(thing);
}

/** An exception as a value. */
export class Thrown {
  readonly opaque = 'exception';
  readonly error: StepError;
  /** Its fields, if a class of the file made it. */
  readonly instance: Host | undefined;

  constructor(error: StepError, instance?: Host) {
    this.error = error;
    this.instance = instance;
  }

  get type(): string {
    return this.error instanceof Raised ? this.error.type : 'hudson.AbortException';
  }

  /** Whether it is an exception of this type, by the last part of its name, or of one that comes from it. */
  isA(type: string): boolean {
    const wanted = lastPart(type);
    const own = lastPart(this.type);
    if (wanted === 'Throwable' || wanted === 'Object' || wanted === own) return true;
    const isError = own.endsWith('Error');
    if (wanted === 'Exception') return !isError;
    if (wanted === 'Error') return isError;
    const supers = this.error instanceof Raised ? this.error.supers : [];
    return (SUPERTYPES[own] ?? ['RuntimeException']).includes(wanted) || supers.includes(wanted);
  }
}

/** What an exception is besides its own type; most are RuntimeExceptions. */
const SUPERTYPES: Readonly<Record<string, readonly string[]>> = {
  AbortException: ['IOException'],
  Exception: [],
  IOException: [],
  FileNotFoundException: ['IOException'],
  NoSuchFileException: ['FileSystemException', 'IOException'],
  InterruptedException: [],
  FlowInterruptedException: ['InterruptedException'],
  MissingPropertyException: ['GroovyRuntimeException', 'RuntimeException'],
  MissingMethodException: ['GroovyRuntimeException', 'RuntimeException'],
  NumberFormatException: ['IllegalArgumentException', 'RuntimeException'],
  StringIndexOutOfBoundsException: ['IndexOutOfBoundsException', 'RuntimeException'],
  ArrayIndexOutOfBoundsException: ['IndexOutOfBoundsException', 'RuntimeException'],
  GroovyCastException: ['ClassCastException', 'RuntimeException'],
  PowerAssertionError: ['AssertionError'],
  StackOverflowError: ['VirtualMachineError'],
};

function lastPart(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** An exception of a certain Java type. */
export class Raised extends StepError {
  readonly type: string;
  /** What else it is, for a class of the file. */
  readonly supers: readonly string[];

  constructor(
    type: string,
    message: string,
    outcome: Outcome = 'FAILURE',
    supers: readonly string[] = [],
  ) {
    super(message, outcome);
    this.type = type;
    this.supers = supers;
  }
}

/** A text that begins with what is known, `PATH=` of `"PATH=${unknown}"`. */
export class UnknownText extends Unknown {
  readonly prefix: string;

  constructor(unknown: Unknown, prefix: string) {
    super(unknown.origin, unknown.line);
    this.prefix = prefix;
  }
}

const SEVERITY: Readonly<Record<Outcome, number>> = {
  SUCCESS: 0,
  UNSTABLE: 1,
  FAILURE: 2,
  NOT_BUILT: 3,
  ABORTED: 4,
};

export function worst(...outcomes: readonly (Outcome | undefined)[]): Outcome {
  let result: Outcome = 'SUCCESS';
  for (const outcome of outcomes) {
    if (outcome !== undefined && isWorse(outcome, result)) result = outcome;
  }
  return result;
}

export function isWorse(outcome: Outcome, than: Outcome): boolean {
  return SEVERITY[outcome] > SEVERITY[than];
}

/** An outcome by its name in any case; what is none is FAILURE, as Jenkins has it. */
export function outcomeOf(name: string): Outcome {
  const upper = name.toUpperCase();
  return upper in SEVERITY ? (upper as Outcome) : 'FAILURE';
}

/** The text of a value as Groovy's `toString` gives it. */
export function textOf(thing: Thing): string | Unknown {
  if (typeof thing === 'string') return thing;
  if (thing instanceof Unknown) return thing;
  if (Array.isArray(thing)) return joined(thing.map(textOf), ', ', '[', ']');
  if (thing instanceof Map) {
    if (thing.size === 0) return '[:]';
    const entries = [...thing].map(([key, value]) => {
      const text = textOf(value);
      return text instanceof Unknown ? text : `${key}:${text}`;
    });
    return joined(entries, ', ', '[', ']');
  }
  if (thing instanceof Thrown) {
    return thing.error.message === '' ? thing.type : `${thing.type}: ${thing.error.message}`;
  }
  if (thing instanceof Entry) return joined([String(thing.key), textOf(thing.value)], '=');
  if (thing instanceof Pattern) return thing.source;
  if (thing instanceof Lambda || thing instanceof Host) {
    return thing.text ?? new Unknown(`the text of ${thing.opaque}`, 0);
  }
  return String(thing);
}

/** The text of a value for people: what is unknown shows its origin. */
export function shown(thing: Thing): string {
  const text = textOf(thing);
  return text instanceof Unknown ? `‹${text.origin}›` : text;
}

/** Joins texts; one that is unknown makes the whole so. */
export function joined(
  texts: readonly (string | Unknown)[],
  separator: string,
  before = '',
  after = '',
): string | Unknown {
  const known: string[] = [];
  for (const text of texts) {
    if (text instanceof Unknown) return text;
    known.push(text);
  }
  return before + known.join(separator) + after;
}

/** Groovy's truth: null, zero and everything empty is false. */
export function truthOf(thing: Thing): boolean | Unknown {
  if (thing instanceof Unknown) return thing;
  if (Array.isArray(thing)) return thing.length > 0;
  if (thing instanceof Map) return thing.size > 0;
  if (thing instanceof Numeric) return toNumber(thing) !== 0;
  if (thing instanceof Host) return thing.truth;
  return Boolean(thing);
}

/** Groovy's `==`: the number 2 and the text "2" differ. */
export function equal(a: Thing, b: Thing): boolean | Unknown {
  if (a instanceof Unknown) return a;
  if (b instanceof Unknown) return b;
  if (isPlainHost(a) && isPlainHost(b)) return lastPart(a.opaque) === lastPart(b.opaque);
  const [left, right] = withCharacters(a, b);
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length || a instanceof Unique !== b instanceof Unique) return false;
    if (a instanceof Unique) {
      return every(a.map((item) => some(b.map((other) => equal(item, other)))));
    }
    return every(a.map((item, at) => equal(item, b[at] ?? null)));
  }
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false;
    return every([...a].map(([key, value]) => b.has(key) && equal(value, b.get(key) ?? null)));
  }
  return a === b;
}

/** A class by its name, `String` and `java.lang.String`, or one of Jenkins' own objects. */
function isPlainHost(thing: Thing): thing is Host {
  return thing instanceof Host && thing.constructor === Host;
}

/** Beside a number, a text of one character is that character, and so its number. */
export function withCharacters(a: Thing, b: Thing): [Thing, Thing] {
  if (isNumber(a) && typeof b === 'string' && b.length === 1) return [a, b.charCodeAt(0)];
  if (isNumber(b) && typeof a === 'string' && a.length === 1) return [a.charCodeAt(0), b];
  return [a, b];
}

/** Whether all hold; false beats what is unknown. */
export function every(tests: readonly (boolean | Unknown)[]): boolean | Unknown {
  if (tests.includes(false)) return false;
  return tests.find((test) => test instanceof Unknown) ?? true;
}

/** Whether one holds; true beats what is unknown. */
export function some(tests: readonly (boolean | Unknown)[]): boolean | Unknown {
  if (tests.includes(true)) return true;
  return tests.find((test) => test instanceof Unknown) ?? false;
}

export function negated(test: boolean | Unknown): boolean | Unknown {
  return test instanceof Unknown ? test : !test;
}

/** Groovy's `<=>`: negative, zero or positive. */
export function compare(a: Thing, b: Thing): number | Unknown {
  if (a instanceof Unknown) return a;
  if (b instanceof Unknown) return b;
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  const left = textOf(a);
  const right = textOf(b);
  if (left instanceof Unknown) return left;
  if (right instanceof Unknown) return right;
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareLists(a: readonly Thing[], b: readonly Thing[]): number | Unknown {
  for (const [at, item] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compare(item, other);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

/** What effects gave, as a value to compute with. */
export function thingOf(value: Value): Thing {
  if (typeof value === 'number') return numberFrom(value);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Unknown || value instanceof Lambda || value instanceof Thrown) return value;
  if (value instanceof Host || value instanceof Numeric) return value;
  if (isList(value)) return value.map(thingOf);
  if (isMap(value))
    return new Map<Key, Thing>([...value].map(([key, item]) => [key, thingOf(item)]));
  return new Host(value.opaque);
}

function numberFrom(value: number): Thing {
  return Number.isSafeInteger(value) ? whole(BigInt(value)) : new Double(value);
}

/** What effects see of a value: numbers as JavaScript has them, and keys as texts. */
export function valueOf(thing: Thing): Value {
  if (thing instanceof Numeric) return thing.toNumber();
  if (Array.isArray(thing)) return Array.from(thing, valueOf);
  if (thing instanceof Map) return valuesOf(thing);
  return thing;
}

export function valuesOf(map: ReadonlyMap<Key, Thing>): Map<string, Value> {
  return new Map<string, Value>([...map].map(([key, item]) => [String(key), valueOf(item)]));
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
