import { Unknown } from './effects';
import { callMethod, javaPattern, numbers } from './methods';
import { checkInterrupts, notice, perform, tick } from './frame';
import type { Frame } from './frame';
import { callHost, hostProperty, lookUpName, nameOf, setHostProperty } from './globals';
import { Locals } from './locals';
import { describes, isStep, runStep } from './steps';
import type { Invocation } from './steps';
import type {
  Argument,
  Assignment,
  Binary,
  Call,
  Expression,
  GString,
  Index,
  Parameter,
  Place,
  Property,
  Unary,
} from './syntax';
import { rangeOf } from './syntax';
import { execute } from './statements';
import {
  Host,
  Lambda,
  Raised,
  Thrown,
  UnknownText,
  compare,
  equal,
  negated,
  shown,
  textOf,
  thingOf,
  truthOf,
} from './values';
import type { Thing } from './values';

/** How deeply calls may nest before it is a stack overflow, as it would be in Jenkins. */
const MAX_CALLS = 150;

/** The value of an expression. Rejects with `StepError` where Jenkins would throw. */
export async function evaluate(node: Expression, locals: Locals, frame: Frame): Promise<Thing> {
  await tick(frame);
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'gstring':
      return interpolate(node, locals, frame);
    case 'name':
      return valueOfName(node.name, node, locals, frame);
    case 'list': {
      const list: Thing[] = [];
      for (const item of node.items) list.push(await evaluate(item, locals, frame));
      return list;
    }
    case 'map': {
      const map = new Map<string, Thing>();
      for (const { key, value } of node.entries) {
        const name = textOf(await evaluate(key, locals, frame));
        const thing = await evaluate(value, locals, frame);
        map.set(name instanceof Unknown ? `‹${name.origin}›` : name, thing);
      }
      return map;
    }
    case 'range':
      return range(
        await evaluate(node.from, locals, frame),
        await evaluate(node.to, locals, frame),
        node.exclusive,
      );
    case 'closure':
      return new Lambda(node, locals);
    case 'call':
      return call(node, locals, frame);
    case 'property':
      return property(node, locals, frame);
    case 'index':
      return index(node, locals, frame);
    case 'unary':
      return unary(node, locals, frame);
    case 'binary':
      return binary(node, locals, frame);
    case 'assignment':
      return assignment(node, locals, frame);
    case 'ternary': {
      const test = await evaluate(node.test, locals, frame);
      const truth = await decide(truthOf(test), node, frame);
      if (truth === 'both') {
        const then = node.then === undefined ? test : await evaluate(node.then, locals, frame);
        const otherwise = await evaluate(node.otherwise, locals, frame);
        return truthOf(test) instanceof Unknown && !(then instanceof Unknown)
          ? truthOf(test)
          : otherwise;
      }
      if (!truth) return evaluate(node.otherwise, locals, frame);
      return node.then === undefined ? test : evaluate(node.then, locals, frame);
    }
    case 'cast': {
      const value = await evaluate(node.value, locals, frame);
      return node.test ? isInstance(value, node.type, node, frame) : cast(value, node.type);
    }
    case 'new':
      return construct(node.type, await argumentsOf(node.args, locals, frame), node, frame);
    case 'opaque':
      return unknown('what could not be read', node, frame);
  }
}

export function unknown(origin: string, place: Place, frame: Frame): Unknown {
  return new Unknown(origin, rangeOf(frame.run.pipeline, place).line);
}

/** Calls a closure, or a function by its parameters and body. */
export async function apply(lambda: Lambda, args: readonly Thing[], frame: Frame): Promise<Thing> {
  const locals = new Locals(lambda.locals);
  const { parameters, body } = lambda.node;
  if (parameters === undefined) locals.declare('it', args[0] ?? null);
  else await bind(parameters, args, locals, frame);
  const { run } = frame;
  if (run.calls >= MAX_CALLS) throw new Raised('java.lang.StackOverflowError', 'null');
  run.calls++;
  try {
    return (await execute(body, locals, frame)).value;
  } finally {
    run.calls--;
  }
}

async function bind(
  parameters: readonly Parameter[],
  args: readonly Thing[],
  locals: Locals,
  frame: Frame,
): Promise<void> {
  const [only] = args;
  // A list spreads over the parameters of a closure.
  const given =
    parameters.length > 1 && args.length === 1 && Array.isArray(only)
      ? only
      : parameters.length === 2 && args.length === 1 && only instanceof Map && isEntry(only)
        ? [only.get('key') ?? null, only.get('value') ?? null]
        : args;
  for (const [at, { name, initial }] of parameters.entries()) {
    const value = given[at];
    if (value !== undefined) locals.declare(name, value);
    else locals.declare(name, initial ? await evaluate(initial, locals, frame) : null);
  }
}

function isEntry(map: ReadonlyMap<string, Thing>): boolean {
  return map.size === 2 && map.has('key') && map.has('value');
}

/**
 * Which way a condition goes. What is Unknown is decided by the effects; without them it is false,
 * with a notice.
 */
export async function decide(
  truth: boolean | Unknown,
  place: Place,
  frame: Frame,
): Promise<boolean | 'both'> {
  if (!(truth instanceof Unknown)) return truth;
  const { effects } = frame.run;
  if (effects.decide === undefined) {
    notice(
      frame,
      place,
      `This depends on ${truth.origin} (line ${truth.line}); it is taken as false.`,
    );
    return false;
  }
  return perform(frame, place, (at) => effects.decide?.(truth, at) ?? Promise.resolve(false));
}

async function interpolate(node: GString, locals: Locals, frame: Frame): Promise<Thing> {
  let result = '';
  for (const part of node.parts) {
    if (typeof part === 'string') {
      result += part;
      continue;
    }
    let value = await evaluate(part, locals, frame);
    if (value instanceof Lambda) value = await apply(value, [], frame);
    const text = textOf(value);
    if (text instanceof Unknown) return new UnknownText(text, result);
    result += text;
  }
  return result;
}

async function valueOfName(
  name: string,
  place: Place,
  locals: Locals,
  frame: Frame,
): Promise<Thing> {
  const value = await lookUpName(name, locals, frame);
  if (value !== undefined) return value;
  if (locals.directive !== undefined) return null;
  const { effects, functions } = frame.run;
  if (functions.has(name) || isClassName(name)) return new Host(name);
  const given = await perform(frame, place, (at) => Promise.resolve(effects.missing?.(name, at)));
  if (given !== undefined) return thingOf(given);
  throw new Raised(
    'groovy.lang.MissingPropertyException',
    `No such property: ${name} for class: groovy.lang.Binding`,
  );
}

function isClassName(name: string): boolean {
  return /^[A-Z]\w*[a-z]/.test(name);
}

// Calls

async function call(node: Call, locals: Locals, frame: Frame): Promise<Thing> {
  const name =
    typeof node.name === 'object' ? textOf(await evaluate(node.name, locals, frame)) : node.name;
  if (name instanceof Unknown) {
    await argumentsOf(node.args, locals, frame);
    return name;
  }
  const object = node.object === undefined || isScriptItself(node.object) ? undefined : node.object;
  if (object === undefined) return callByName(name ?? 'call', node, locals, frame);
  const receiver = await receiverOf(object, locals, frame);
  const args = await argumentsOf(node.args, locals, frame);
  if (name === undefined) {
    if (receiver instanceof Lambda) return apply(receiver, positionalOf(args), frame);
    return invoke(receiver, 'call', args, node, frame);
  }
  if (receiver === null) {
    if (node.safe) return null;
    throw new Raised(
      'java.lang.NullPointerException',
      `Cannot invoke method ${name}() on null object`,
    );
  }
  if (node.spread && Array.isArray(receiver)) {
    const results: Thing[] = [];
    for (const item of receiver) results.push(await invoke(item, name, args, node, frame));
    return results;
  }
  return invoke(receiver, name, args, node, frame);
}

/** `this.sh`, `steps.sh`, `script.sh`: the steps themselves. */
function isScriptItself(object: Expression): boolean {
  return object.kind === 'name' && (object.name === 'this' || object.name === 'steps');
}

/** The object of a call; a name that nothing defines may be a shared library's variable. */
async function receiverOf(node: Expression, locals: Locals, frame: Frame): Promise<Thing> {
  if (node.kind === 'name') {
    const value = await lookUpName(node.name, locals, frame);
    if (value !== undefined) return value;
    // A name in capitals would be an environment variable.
    return /^[A-Z][A-Z\d_]*$/.test(node.name)
      ? valueOfName(node.name, node, locals, frame)
      : new Host(node.name);
  }
  if (node.kind === 'property' && (await isQualifiedName(node, locals, frame))) {
    return new Host(qualified(node));
  }
  return evaluate(node, locals, frame);
}

/** Whether it is `org.example.Thing`, with a first name that nothing defines. */
async function isQualifiedName(node: Property, locals: Locals, frame: Frame): Promise<boolean> {
  let at: Expression = node;
  while (at.kind === 'property' && typeof at.name === 'string') at = at.object;
  return at.kind === 'name' && (await lookUpName(at.name, locals, frame)) === undefined;
}

function qualified(node: Expression): string {
  const names: string[] = [];
  let at = node;
  while (at.kind === 'property' && typeof at.name === 'string') {
    names.push(at.name);
    at = at.object;
  }
  if (at.kind === 'name') names.push(at.name);
  return names.reverse().join('.');
}

/** The values of a call's arguments. */
interface Given {
  readonly positional: Thing[];
  readonly named: Map<string, Thing>;
}

async function argumentsOf(
  args: readonly Argument[],
  locals: Locals,
  frame: Frame,
): Promise<Given> {
  const given: Given = { positional: [], named: new Map() };
  for (const arg of args) {
    const value = await evaluate(arg.value, locals, frame);
    if (arg.spread && Array.isArray(value)) given.positional.push(...value);
    else if (arg.spread && value instanceof Map) for (const [k, v] of value) given.named.set(k, v);
    else if (arg.name === undefined) given.positional.push(value);
    else {
      const name =
        typeof arg.name === 'string' ? arg.name : textOf(await evaluate(arg.name, locals, frame));
      given.named.set(name instanceof Unknown ? `‹${name.origin}›` : name, value);
    }
  }
  return given;
}

/** To what is no step, named arguments come as a map before the others. */
function positionalOf({ positional, named }: Given): Thing[] {
  return named.size > 0 ? [named, ...positional] : positional;
}

async function callByName(name: string, node: Call, locals: Locals, frame: Frame): Promise<Thing> {
  const { run } = frame;
  const local = locals.get(name);
  const declared = run.functions.get(name);
  const args = await argumentsOf(node.args, locals, frame);
  if (declared !== undefined) {
    // A function sees what has no `def`, and not the variables of the file.
    return apply(new Lambda(declared, run.binding), positionalOf(args), frame);
  }
  if (local instanceof Lambda) return apply(local, positionalOf(args), frame);
  if (local instanceof Unknown && !isStep(name)) return local;
  const invocation = invocationOf(name, args, node, frame);
  if (!isStep(name) && describes(name) && invocation.body === undefined) {
    return new Map<string, Thing>([['$symbol', name], ...invocation.args]);
  }
  return runStep(invocation, frame);
}

function invocationOf(name: string, given: Given, place: Place, frame: Frame): Invocation {
  const last = given.positional.at(-1);
  const body = last instanceof Lambda ? last : undefined;
  const positional = body === undefined ? given.positional : given.positional.slice(0, -1);
  const args = new Map<string, Thing>();
  const [first] = positional;
  if (positional.length === 1 && first instanceof Map && given.named.size === 0) {
    // `sh([script: 'x'])` is `sh(script: 'x')`.
    for (const [key, value] of first) args.set(key, value);
    if (first.has('$symbol') || first.has('$class')) {
      args.clear();
      args.set('', first);
    }
  } else {
    for (const [at, value] of positional.entries()) args.set(at === 0 ? '' : String(at), value);
  }
  for (const [key, value] of given.named) args.set(key, value);
  return {
    name,
    args,
    place,
    body: body && ((inner, values = []) => apply(body, values, inner)),
    apply: (lambda, values, inner) => apply(lambda, values, inner),
    decide: (truth, inner) => decide(truth, place, inner ?? frame),
  };
}

/** Names of methods that call their closure for each item. */
const ITERATIONS = new Set([
  'each',
  'eachWithIndex',
  'collect',
  'collectEntries',
  'collectMany',
  'find',
  'findAll',
  'any',
  'every',
  'times',
  'eachLine',
  'inject',
  'sort',
  'groupBy',
  'with',
]);

async function invoke(
  receiver: Thing,
  name: string,
  args: Given,
  place: Place,
  frame: Frame,
): Promise<Thing> {
  const values = positionalOf(args);
  if (receiver instanceof Unknown) return invokeUnknown(receiver, name, args, place, frame);
  if (receiver instanceof Lambda) {
    return name === 'call' || name === 'run'
      ? apply(receiver, values, frame)
      : new Unknown(name, 0);
  }
  if (receiver instanceof Map) {
    const member = receiver.get(name);
    if (member instanceof Lambda) return apply(member, values, frame);
  }
  if (name === 'with' && values[0] instanceof Lambda) return apply(values[0], [receiver], frame);
  if (receiver instanceof Host) {
    const known = callHost(receiver, name, values, frame, place);
    if (known !== undefined) return known;
    if (isClassName(receiver.opaque.split('.').at(-1) ?? '')) {
      return unknown(`${receiver.opaque}.${name}`, place, frame);
    }
    // What such an object's method gives, only Jenkins knows.
    const full = `${receiver.opaque}.${name}`;
    const value = await runStep(invocationOf(full, args, place, frame), frame);
    return value ?? unknown(full, place, frame);
  }
  if (receiver instanceof Thrown) return thrownMember(receiver, name, place, frame);
  const calledBack = (lambda: Lambda, given: readonly Thing[]) => apply(lambda, given, frame);
  const result =
    receiver === null ? undefined : await callMethod(receiver, name, values, calledBack);
  return result === undefined ? unknown(`the method ${name}`, place, frame) : result;
}

async function invokeUnknown(
  receiver: Unknown,
  name: string,
  args: Given,
  place: Place,
  frame: Frame,
): Promise<Thing> {
  const body = args.positional.at(-1);
  if (!(body instanceof Lambda)) return receiver;
  if (ITERATIONS.has(name)) {
    const way = await decide(receiver, place, frame);
    if (way !== false) await apply(body, [receiver, receiver], frame);
  } else {
    await runStep(invocationOf(name, args, place, frame), frame);
  }
  return receiver;
}

function thrownMember(thrown: Thrown, name: string, place: Place, frame: Frame): Thing {
  switch (name) {
    case 'message':
    case 'getMessage':
    case 'localizedMessage':
    case 'getLocalizedMessage':
      return thrown.error.message;
    case 'toString':
      return textOf(thrown);
    case 'result':
    case 'getResult':
      return thrown.error.outcome;
    case 'printStackTrace':
      return null;
    default:
      return unknown(`${name} of an exception`, place, frame);
  }
}

// Members

async function property(node: Property, locals: Locals, frame: Frame): Promise<Thing> {
  const { object } = node;
  const name =
    typeof node.name === 'string' ? node.name : textOf(await evaluate(node.name, locals, frame));
  if (name instanceof Unknown) return name;
  if (object.kind === 'name' && object.name === 'env') {
    // In `environment` the keys of the block come before what is around it.
    const key = locals.directive?.key(name);
    if (key !== undefined) return key;
  }
  if (object.kind === 'name' && object.name === 'this')
    return valueOfName(name, node, locals, frame);
  const receiver = await receiverOf(object, locals, frame);
  if (receiver === null) {
    if (node.safe || locals.directive !== undefined) return null;
    throw new Raised(
      'java.lang.NullPointerException',
      `Cannot get property '${name}' on null object`,
    );
  }
  if (node.spread && Array.isArray(receiver)) {
    return receiver.map((item) => member(item, name, node, frame));
  }
  return member(receiver, name, node, frame);
}

function member(receiver: Thing, name: string, place: Place, frame: Frame): Thing {
  if (receiver instanceof Unknown) return receiver;
  if (receiver instanceof Map) return receiver.get(name) ?? null;
  if (receiver instanceof Host) {
    const value = hostProperty(receiver, name, frame);
    return value === undefined ? unknown(`${receiver.opaque}.${name}`, place, frame) : value;
  }
  if (receiver instanceof Thrown) return thrownMember(receiver, name, place, frame);
  if (Array.isArray(receiver)) {
    if (name === 'size' || name === 'length') return receiver.length;
    return receiver.map((item) => member(item, name, place, frame));
  }
  if (typeof receiver === 'string' && name === 'length') return receiver.length;
  return unknown(`the property ${name}`, place, frame);
}

async function index(node: Index, locals: Locals, frame: Frame): Promise<Thing> {
  const receiver = await receiverOf(node.object, locals, frame);
  const [first] = node.items;
  const key = first === undefined ? null : await evaluate(first, locals, frame);
  if (receiver instanceof Unknown) return receiver;
  if (key instanceof Unknown) return key;
  if (receiver instanceof Map || receiver instanceof Host) {
    return member(receiver, shown(key), node, frame);
  }
  const items = typeof receiver === 'string' ? receiver.split('') : receiver;
  if (!Array.isArray(items)) return unknown('what an index gives', node, frame);
  if (typeof key === 'number') return items.at(key) ?? null;
  if (!Array.isArray(key)) return unknown('what an index gives', node, frame);
  const slice = key.map((at) => (typeof at === 'number' ? (items.at(at) ?? null) : null));
  // `text[0..2]`; a range that ends at -1 counts from the end.
  const [from, to] = [key[0], key.at(-1)];
  const part =
    first?.kind === 'range' &&
    typeof from === 'number' &&
    typeof to === 'number' &&
    to < 0 &&
    from >= 0
      ? items.slice(from, items.length + to + 1)
      : slice;
  return typeof receiver === 'string' ? part.map(shown).join('') : part;
}

// Operators

async function unary(node: Unary, locals: Locals, frame: Frame): Promise<Thing> {
  const value = await evaluate(node.operand, locals, frame);
  switch (node.operator) {
    case '!':
      return negated(truthOf(value));
    case '-':
      return typeof value === 'number' ? -value : unknown('a negation', node, frame);
    case '+':
    case '~':
      return value;
    case '++':
    case '--': {
      if (typeof value !== 'number')
        return value instanceof Unknown ? value : unknown('a count', node, frame);
      const next = value + (node.operator === '++' ? 1 : -1);
      await assign(node.operand, next, locals, frame);
      return node.postfix ? value : next;
    }
  }
}

async function binary(node: Binary, locals: Locals, frame: Frame): Promise<Thing> {
  // A long sum leans to the left: its parts are collected in a loop, not by recursion.
  const spine: Binary[] = [];
  let first: Expression = node;
  while (first.kind === 'binary') {
    spine.push(first);
    first = first.left;
  }
  let left = await evaluate(first, locals, frame);
  for (const part of spine.reverse()) left = await operate(part, left, locals, frame);
  return left;
}

async function operate(node: Binary, left: Thing, locals: Locals, frame: Frame): Promise<Thing> {
  const { operator } = node;
  if (operator === '&&' || operator === '||') {
    const truth = truthOf(left);
    if (truth === (operator === '||')) return truth;
    const right = truthOf(await evaluate(node.right, locals, frame));
    if (!(truth instanceof Unknown) || right === (operator === '||')) return right;
    return truth;
  }
  const right = await evaluate(node.right, locals, frame);
  return calculate(operator, left, right) ?? unknown(`the operator ${operator}`, node, frame);
}

function calculate(operator: string, left: Thing, right: Thing): Thing | undefined {
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

function range(from: Thing, to: Thing, exclusive: boolean): Thing {
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

function cast(value: Thing, type: string): Thing {
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

function isInstance(value: Thing, type: string, place: Place, frame: Frame): Thing {
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
      if (value instanceof Thrown) return nameOf(value.type) === nameOf(type);
      return unknown(`instanceof ${type}`, place, frame);
  }
}

function construct(type: string, args: Given, place: Place, frame: Frame): Thing {
  const [first] = args.positional;
  const name = nameOf(type);
  if (/(?:Exception|Error)$/.test(name)) {
    const message = first === undefined ? '' : textOf(first);
    const text = message instanceof Unknown ? `‹${message.origin}›` : message;
    return new Thrown(new Raised(type, text));
  }
  switch (name) {
    case 'ArrayList':
    case 'LinkedList':
    case 'HashSet':
      return Array.isArray(first) ? [...first] : [];
    case 'HashMap':
    case 'LinkedHashMap':
    case 'TreeMap':
      return first instanceof Map ? new Map(first) : new Map<string, Thing>();
    case 'String':
      return first ?? '';
    default:
      return unknown(`new ${type}`, place, frame);
  }
}

// Assignments

async function assignment(node: Assignment, locals: Locals, frame: Frame): Promise<Thing> {
  let value = await evaluate(node.value, locals, frame);
  if (node.operator !== undefined) {
    const old = await evaluate(node.target, locals, frame);
    value =
      calculate(node.operator, old, value) ?? unknown(`the operator ${node.operator}`, node, frame);
  }
  await assign(node.target, value, locals, frame);
  return value;
}

export async function assign(
  target: Expression,
  value: Thing,
  locals: Locals,
  frame: Frame,
): Promise<void> {
  if (target.kind === 'name') {
    if (!locals.assign(target.name, value)) frame.run.binding.declare(target.name, value);
    return;
  }
  if (target.kind !== 'property' && target.kind !== 'index') {
    notice(frame, target, 'This assignment is not understood.');
    return;
  }
  const receiver = await receiverOf(target.object, locals, frame);
  const name =
    target.kind === 'property'
      ? typeof target.name === 'string'
        ? target.name
        : await evaluate(target.name, locals, frame)
      : target.items[0] === undefined
        ? null
        : await evaluate(target.items[0], locals, frame);
  if (Array.isArray(receiver) && typeof name === 'number') {
    if (name >= 0 && name < 100_000) receiver[name] = value;
    return;
  }
  const key = textOf(name);
  if (key instanceof Unknown) {
    notice(frame, target, `The name assigned to comes from ${key.origin}.`);
  } else if (receiver instanceof Map) {
    receiver.set(key, value);
  } else if (receiver instanceof Host) {
    checkInterrupts(frame);
    setHostProperty(receiver, key, value, frame, target);
  } else if (receiver === null) {
    throw new Raised(
      'java.lang.NullPointerException',
      `Cannot set property '${key}' on null object`,
    );
  }
}
