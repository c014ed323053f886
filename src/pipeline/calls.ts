import { closureMethod, seenBy } from './closures';
import { readDeclarative } from './declarative';
import { Unknown } from './effects';
import { callDocker, isDocker } from './docker';
import { evaluate } from './evaluate';
import { ScriptObject, decide, unknown } from './frame';
import type { Frame } from './frame';
import { callHost, isClassName, nameOf } from './globals';
import { functionFor } from './functions';
import { callFunction, libraryVariable } from './libraries';
import { Locals } from './locals';
import { receiverOf, thrownMember } from './members';
import { callMethod } from './methods';
import { runDeclarative } from './stages';
import { execute } from './statements';
import { describes, isStep, runStep } from './steps';
import type { Invocation } from './steps';
import type { Argument, Call, Expression, New, Parameter, Place } from './syntax';
import { Host, Lambda, Raised, Thrown, shown, textOf } from './values';
import type { Thing } from './values';

/** Calls a closure, or a function by its parameters and body. */
export async function apply(lambda: Lambda, args: readonly Thing[], frame: Frame): Promise<Thing> {
  const locals = new Locals(seenBy(lambda));
  const { parameters, body } = lambda.node;
  if (parameters === undefined) locals.declare('it', args[0] ?? null);
  else await bind(parameters, args, locals, inFileOf(lambda, frame));
  const { run } = frame;
  if (run.calls >= MAX_CALLS) throw new Raised('java.lang.StackOverflowError', 'null');
  run.calls++;
  try {
    return (await execute(body, locals, inFileOf(lambda, frame))).value;
  } finally {
    run.calls--;
  }
}

/** A closure is interpreted in the file that it was written in, wherever it is called. */
function inFileOf(lambda: Lambda, frame: Frame): Frame {
  const { file } = lambda.locals;
  return file === undefined || file === frame.file ? frame : { ...frame, file };
}

/** A step, a function of the file, a closure, or a method of an object. */
export async function call(node: Call, locals: Locals, frame: Frame): Promise<Thing> {
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

/** `new Type(…)`: exceptions and collections; of all else only Jenkins knows. */
export async function construct(node: New, locals: Locals, frame: Frame): Promise<Thing> {
  const { type } = node;
  const { positional } = await argumentsOf(node.args, locals, frame);
  const [first] = positional;
  const name = nameOf(type);
  if (/(?:Exception|Error)$/.test(name)) {
    return new Thrown(new Raised(type, first === undefined ? '' : shown(first)));
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
      return unknown(`new ${type}`, node, frame);
  }
}

/** The values of a call's arguments. */
interface Given {
  readonly positional: Thing[];
  readonly named: Map<string, Thing>;
}

/** How deeply calls may nest before it is a stack overflow, as it would be in Jenkins. */
const MAX_CALLS = 150;

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
        typeof arg.name === 'string' ? arg.name : shown(await evaluate(arg.name, locals, frame));
      given.named.set(name, value);
    }
  }
  return given;
}

/** To what is no step, named arguments come as a map before the others. */
function positionalOf({ positional, named }: Given): Thing[] {
  return named.size > 0 ? [named, ...positional] : positional;
}

/** `this.sh`, `steps.sh`, `script.sh`: the steps themselves. */
function isScriptItself(object: Expression): boolean {
  return object.kind === 'name' && (object.name === 'this' || object.name === 'steps');
}

async function callByName(name: string, node: Call, locals: Locals, frame: Frame): Promise<Thing> {
  const { file } = frame;
  const local = locals.get(name);
  const args = await argumentsOf(node.args, locals, frame);
  const values = positionalOf(args);
  const delegated = locals.delegates && callFunction(locals.delegates, name, values, frame);
  if (delegated !== undefined) return delegated;
  const declared = functionFor(file.functions, name, values);
  if (declared !== undefined) {
    // A function sees what has no `def`, and not the variables of the file.
    return apply(new Lambda(declared, file.binding), values, frame);
  }
  if (local instanceof Lambda) return apply(local, values, frame);
  if (name === 'pipeline' && node.object === undefined) {
    // In a function, as of a shared library.
    const declarative = readDeclarative([node]);
    if (declarative !== undefined) {
      await runDeclarative(declarative, locals, frame);
      return null;
    }
  }
  if (node.object?.kind !== 'name' || node.object.name !== 'steps') {
    const variable = await libraryVariable(name, frame);
    if (variable !== undefined) return callScript(variable, 'call', args, node, frame);
  }
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
      : (closureMethod(receiver, name, values) ?? unknown(`${name} of a closure`, place, frame));
  }
  if (receiver instanceof ScriptObject) return callScript(receiver, name, args, place, frame);
  if (receiver instanceof Map) {
    const member = receiver.get(name);
    if (member instanceof Lambda) return apply(member, values, frame);
  }
  if (name === 'with' && values[0] instanceof Lambda) return apply(values[0], [receiver], frame);
  if (receiver instanceof Host) {
    if (isDocker(receiver)) {
      return callDocker(receiver, name, invocationOf(name, args, place, frame), frame);
    }
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

/** A function of a script by its object: `deploy.app(…)`, `script.sh(…)`. What it does not define is what the script itself would find. */
async function callScript(
  script: ScriptObject,
  name: string,
  args: Given,
  place: Place,
  frame: Frame,
): Promise<Thing> {
  const called = callFunction(script, name, positionalOf(args), frame);
  if (called !== undefined) return called;
  if (name === 'call') {
    throw new Raised(
      'groovy.lang.MissingMethodException',
      `No signature of method: ${script.opaque}.call() is applicable for these arguments`,
    );
  }
  const variable = await libraryVariable(name, { ...frame, file: script.file });
  if (variable !== undefined) return callScript(variable, 'call', args, place, frame);
  return runStep(invocationOf(name, args, place, frame), frame);
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
