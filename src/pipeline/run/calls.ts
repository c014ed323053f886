import {
  Instance,
  ScriptClass,
  callInstance,
  classOf,
  instantiate,
  staticallyImported,
} from './classes';
import type { ClassScope } from './classes';
import { argumentsOf, bind, positionalOf } from './arguments';
import type { Given } from './arguments';
import { closureMethod, seenBy } from './closures';
import { readDeclarative } from '../declarative';
import { callDocker, isDocker } from './docker';
import { Unknown } from '../effects';
import { either } from './either';
import { evaluate } from './evaluate';
import { ScriptObject, decide, unknown } from './frame';
import type { Frame, Run } from './frame';
import { functionFor } from './functions';
import { callHost, isClassName, nameOf } from './globals';
import { LibraryPackage, callFunction, libraryVariable } from './libraries';
import { Locals } from './locals';
import { receiverOf, thrownMember } from './members';
import { callMethod, hasMethods } from './methods';
import { typeName } from './operators';
import { runDeclarative } from './stages';
import { execute } from './statements';
import { callStatic, parseJson, staticProperty } from './statics';
import { describes, isStep, runStep } from './steps';
import type { Invocation } from './invocation';
import type { Call, Expression, Place } from '../syntax';
import { TextBuilder } from './textBuilder';
import { Host, Lambda, Pointer, Raised, Thrown, textOf } from './values';
import type { Dictionary, Thing } from './values';

/** Calls a closure, or a function by its parameters and body. */
export async function apply(lambda: Lambda, args: readonly Thing[], frame: Frame): Promise<Thing> {
  if (lambda instanceof Pointer) return lambda.invoke(args, frame);
  const locals = new Locals(seenBy(lambda));
  const { parameters, body } = lambda.node;
  if (parameters === undefined) locals.declare('it', args[0] ?? null);
  else await bind(parameters, args, locals, inFileOf(lambda, frame), !('name' in lambda.node));
  const { run } = frame;
  if (run.calls >= MAX_CALLS) throw new Raised('java.lang.StackOverflowError', 'null');
  const around = run.running.get(lambda.node) ?? { depth: 0, forks: run.forks };
  // It calls itself until something is so that nobody knows here.
  if (around.depth >= MAX_GUESSED && run.forks > around.forks)
    return unknown('a function that calls itself', lambda.node, inFileOf(lambda, frame));
  run.calls++;
  try {
    if (!run.dry) return (await execute(body, locals, inFileOf(lambda, frame))).value;
    around.depth++;
    run.running.set(lambda.node, around);
    const perhaps: Run['returns'][number] = [];
    run.returns.push(perhaps);
    let { value } = await execute(body, locals, inFileOf(lambda, frame));
    for (const other of perhaps) value = either(other.value, value, other.place, frame);
    return value;
  } finally {
    if (run.dry) {
      run.returns.pop();
      if (--around.depth === 0) run.running.delete(lambda.node);
    }
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
  const object =
    node.object === undefined || isScriptItself(node.object, locals) ? undefined : node.object;
  if (object === undefined) return callByName(name ?? 'call', node, locals, frame);
  const receiver = await receiverOf(object, locals, frame);
  const args = await argumentsOf(node.args, locals, frame);
  if (object.kind === 'name' && object.name === 'super' && locals.self?.instance !== undefined) {
    const { instance, type } = locals.self;
    const inherited = type.parent?.method(name ?? 'call', positionalOf(args));
    return inherited
      ? apply(new Lambda(inherited, instance.fields), positionalOf(args), frame)
      : null;
  }
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
    for (const item of receiver) {
      results.push(item === null ? null : await invoke(item, name, args, node, frame));
    }
    return results;
  }
  return invoke(receiver, name, args, node, frame);
}

/** Calls a method of a value, as a method pointer does. */
export function callOn(
  receiver: Thing,
  name: string,
  args: readonly Thing[],
  place: Place,
  frame: Frame,
): Promise<Thing> {
  return invoke(receiver, name, { positional: [...args], named: new Map() }, place, frame);
}

/** How deeply calls may nest before it is a stack overflow, as it would be in Jenkins. */
const MAX_CALLS = 150;
/** How deeply a function may call itself in a dry interpretation once a condition went both ways. */
const MAX_GUESSED = 6;

/** `this.sh`, `steps.sh`, `script.sh`: the steps themselves. */
function isScriptItself(object: Expression, locals: Locals): boolean {
  if (object.kind !== 'name') return false;
  return object.name === 'this' || (object.name === 'steps' && locals.get('steps') === undefined);
}

async function callByName(name: string, node: Call, locals: Locals, frame: Frame): Promise<Thing> {
  const { file } = frame;
  const local = locals.get(name);
  const args = await argumentsOf(node.args, locals, frame);
  const values = positionalOf(args);
  const ofClass = await callWithin(name, values, locals, frame);
  if (ofClass !== undefined) return ofClass;
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
  const imported = isStep(name) ? undefined : await staticallyImported(name, frame);
  if (imported !== undefined) return (await callInstance(imported, name, values, frame)) ?? null;
  const invocation = invocationOf(name, args, node, frame);
  if (!isStep(name) && describes(name) && invocation.body === undefined) {
    return new Map<string, Thing>([['$symbol', name], ...invocation.args]);
  }
  return runStep(invocation, frame);
}

/** A method of the class whose method is being run, or of what a closure is delegated to. */
async function callWithin(
  name: string,
  values: readonly Thing[],
  locals: Locals,
  frame: Frame,
): Promise<Thing | undefined> {
  const { self, target } = locals;
  if (target !== undefined && !(target instanceof ScriptObject)) {
    const back = (lambda: Lambda, given: readonly Thing[]) => apply(lambda, given, frame);
    const given =
      target instanceof Instance
        ? callInstance(target, name, values, frame)
        : target instanceof Map
          ? memberClosure(target, name, values, frame)
          : callMethod(target, name, values, back);
    const value = await given;
    if (value !== undefined) return value;
  }
  if (self === undefined) return undefined;
  if (name === 'super' || (name === 'this' && self.instance !== undefined)) {
    return superConstructor(name, self, values, frame);
  }
  return callInstance(self.object, name, values, frame);
}

function memberClosure(
  map: Dictionary,
  name: string,
  values: readonly Thing[],
  frame: Frame,
): Promise<Thing> | undefined {
  const member = map.get(name);
  return member instanceof Lambda ? apply(member, values, frame) : undefined;
}

/** `super(…)` and `this(…)` at the head of a constructor. */
async function superConstructor(
  name: string,
  { instance, type }: ClassScope,
  values: readonly Thing[],
  frame: Frame,
): Promise<Thing> {
  const owner = name === 'super' ? type.parent : type;
  if (instance === undefined) return null;
  if (owner === undefined) {
    // That of an exception, whose message it is.
    if (values[0] !== undefined) instance.fields.declare('message', values[0]);
    return null;
  }
  const declared = functionFor(owner.constructors, owner.declaration.name, values);
  if (declared !== undefined) {
    await apply(new Lambda(declared, instance.fields), values, { ...frame, file: owner.file });
  }
  return null;
}

function invocationOf(name: string, given: Given, place: Place, frame: Frame): Invocation {
  const last = given.positional.at(-1);
  const body = last instanceof Lambda ? last : undefined;
  const positional = body === undefined ? given.positional : given.positional.slice(0, -1);
  const args = new Map<string, Thing>();
  const [first] = positional;
  if (positional.length === 1 && first instanceof Map && given.named.size === 0) {
    // `sh([script: 'x'])` is `sh(script: 'x')`.
    for (const [key, value] of first) args.set(String(key), value);
    if (first.has('$symbol') || first.has('$class')) {
      args.clear();
      args.set('', first);
    }
  } else {
    for (const [at, value] of positional.entries()) args.set(at === 0 ? '' : String(at), value);
  }
  for (const [key, value] of given.named) args.set(String(key), value);
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
    if (name === 'call' || name === 'run' || name === 'doCall') {
      return apply(receiver, values, frame);
    }
    const given = closureMethod(receiver, name, values);
    if (given !== undefined) return given;
    return curried(receiver, name, values) ?? unknown(`${name} of a closure`, place, frame);
  }
  if (receiver instanceof ScriptObject) return callScript(receiver, name, args, place, frame);
  if (receiver instanceof LibraryPackage) {
    const type = await classOf(receiver.path, frame);
    if (type === undefined) return unknown(`${receiver.path} of ${receiver.opaque}`, place, frame);
    if (name === 'new') return instantiate(type, args.positional, args.named, frame);
    return (await callInstance(type, name, values, frame)) ?? null;
  }
  if (receiver instanceof Map) {
    const member = receiver.get(name);
    if (member instanceof Lambda) return apply(member, values, frame);
  }
  const [first] = values;
  if ((name === 'with' || name === 'tap') && first instanceof Lambda) {
    const delegating = new Lambda(first.node, first.locals);
    delegating.delegate = receiver;
    delegating.resolveStrategy = 1;
    const result = await apply(delegating, [receiver], frame);
    return name === 'tap' ? receiver : result;
  }
  if (receiver instanceof Instance || receiver instanceof ScriptClass) {
    const given = await callInstance(receiver, name, values, frame);
    if (given !== undefined) return given;
    throw new Raised(
      'groovy.lang.MissingMethodException',
      `No signature of method: ${receiver.opaque}.${name}() is applicable for these arguments`,
    );
  }
  if (name === 'getClass') {
    const type = typeName(receiver);
    if (type !== undefined) return new Host(type);
  }
  const back = (lambda: Lambda, given: readonly Thing[]) => apply(lambda, given, frame);
  if (receiver instanceof Host && !hasMethods(receiver)) {
    return invokeHost(receiver, name, args, place, frame);
  }
  if (receiver instanceof Thrown) {
    const own = receiver.instance;
    const given =
      own instanceof Instance ? await callInstance(own, name, values, frame) : undefined;
    return given === undefined ? thrownMember(receiver, name, place, frame) : given;
  }
  const result = await callMethod(receiver, name, values, back);
  if (result !== undefined) return result;
  // A text or a number has no steps to run; its closure may, and nobody knows how often.
  const body = values.at(-1);
  if (body instanceof Lambda && !(receiver instanceof Host)) {
    const origin = unknown(`the method ${name}`, place, frame);
    const way = await decide(origin, place, frame, { then: body.node });
    if (way !== false) await apply(body, [origin, origin], frame);
  }
  return unknown(`the method ${name}`, place, frame);
}

async function invokeHost(
  host: Host,
  name: string,
  args: Given,
  place: Place,
  frame: Frame,
): Promise<Thing> {
  const values = positionalOf(args);
  if (isDocker(host)) {
    return callDocker(host, name, invocationOf(name, args, place, frame), frame);
  }
  if (host instanceof TextBuilder) return host.call(name, values) ?? unknown(name, place, frame);
  if (host.opaque === 'JsonSlurper' && name === 'parseText') return parseJson(values[0] ?? null);
  if (name === 'getName' || name === 'getSimpleName') {
    const named = staticProperty(host.opaque, name === 'getName' ? 'name' : 'simpleName');
    if (named !== undefined && isClassName(nameOf(host.opaque))) return named;
  }
  const own = callHost(host, name, values, frame, place);
  const known = own === undefined ? callStatic(host.opaque, name, values) : own;
  if (known !== undefined) return known;
  if (isClassName(nameOf(host.opaque))) return unknown(`${host.opaque}.${name}`, place, frame);
  // What such an object's method gives, only Jenkins knows.
  const full = `${host.opaque}.${name}`;
  const value = await runStep(invocationOf(full, args, place, frame), frame);
  return value ?? unknown(full, place, frame);
}

/** `closure.curry(1)` and its like; undefined for another method. */
function curried(lambda: Lambda, name: string, given: readonly Thing[]): Lambda | undefined {
  const { node, locals } = lambda;
  const parameters = node.parameters?.slice(name === 'curry' ? given.length : 0);
  switch (name) {
    case 'curry':
      return new Pointer({ ...node, parameters }, locals, (args, frame) =>
        apply(lambda, [...given, ...args], frame),
      );
    case 'rcurry':
      return new Pointer(
        { ...node, parameters: parameters?.slice(given.length) },
        locals,
        (args, frame) => apply(lambda, [...args, ...given], frame),
      );
    case 'memoize':
      return lambda;
    default:
      return undefined;
  }
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
    const way = await decide(receiver, place, frame, { then: body.node });
    if (way !== false) await apply(body, [receiver, receiver], frame);
  } else {
    await runStep(invocationOf(name, args, place, frame), frame);
  }
  return receiver;
}
