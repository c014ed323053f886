import { StepError, Unknown } from './effects';
import type { Outcome, Value } from './effects';
import type { Locals } from './locals';
import type { Closure } from './syntax';

/** What the interpreter computes with; to effects it is a `Value`. */
export type Thing =
  | string
  | number
  | boolean
  | null
  | Unknown
  | Thing[]
  | Map<string, Thing>
  | Lambda
  | Thrown
  | Host;

/** A closure of the Jenkinsfile, with the variables it sees. */
export class Lambda {
  readonly opaque = 'closure';
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
}

/** An exception as a value. */
export class Thrown {
  readonly opaque = 'exception';
  readonly error: StepError;

  constructor(error: StepError) {
    this.error = error;
  }

  get type(): string {
    return this.error instanceof Raised ? this.error.type : 'hudson.AbortException';
  }
}

/** An exception of a certain Java type. */
export class Raised extends StepError {
  readonly type: string;

  constructor(type: string, message: string, outcome: Outcome = 'FAILURE') {
    super(message, outcome);
    this.type = type;
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
  if (thing instanceof Thrown) return `${thing.type}: ${thing.error.message}`;
  if (thing instanceof Lambda || thing instanceof Host) {
    return new Unknown(`the text of ${thing.opaque}`, 0);
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
  return Boolean(thing);
}

/** Groovy's `==`: the number 2 and the text "2" differ. */
export function equal(a: Thing, b: Thing): boolean | Unknown {
  if (a instanceof Unknown) return a;
  if (b instanceof Unknown) return b;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false;
    return every(a.map((item, at) => equal(item, b[at] ?? null)));
  }
  if (a instanceof Map && b instanceof Map) {
    if (a.size !== b.size) return false;
    return every([...a].map(([key, value]) => b.has(key) && equal(value, b.get(key) ?? null)));
  }
  return a === b;
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
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  const left = textOf(a);
  const right = textOf(b);
  if (left instanceof Unknown) return left;
  if (right instanceof Unknown) return right;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What effects gave, as a value to compute with. */
export function thingOf(value: Value): Thing {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Unknown || value instanceof Lambda || value instanceof Thrown) return value;
  if (value instanceof Host) return value;
  if (isList(value)) return value.map(thingOf);
  if (isMap(value)) return new Map([...value].map(([key, item]) => [key, thingOf(item)]));
  return new Host(value.opaque);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
