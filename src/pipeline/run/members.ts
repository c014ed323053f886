import { apply, callOn } from './calls';
import { Instance, ScriptClass, callInstance, classOf, propertyOf, setField } from './classes';
import { closureProperty, setClosureProperty } from './closures';
import { Unknown } from '../effects';
import { evaluate } from './evaluate';
import { ScriptObject, checkInterrupts, notice, unknown } from './frame';
import type { Frame } from './frame';
import { hostProperty, isClassName, lookUpName, setHostProperty, valueOfName } from './globals';
import { scriptProperty } from './libraries';
import { itemAt, setItem } from './listMethods';
import type { Locals } from './locals';
import { valueAt } from './mapMethods';
import { callMethod } from './methods';
import { typeName } from './operators';
import { Matcher } from './patterns';
import { staticProperty } from './statics';
import type { Expression, Index, Place, Property } from '../syntax';
import { at } from './textMethods';
import { Entry, Host, Lambda, Pointer, Raised, Span, Thrown, keyOf, shown, textOf } from './values';
import type { Thing } from './values';

/** `object.name`. */
export async function property(node: Property, locals: Locals, frame: Frame): Promise<Thing> {
  const { object } = node;
  const name =
    typeof node.name === 'string' ? node.name : textOf(await evaluate(node.name, locals, frame));
  if (name instanceof Unknown) return name;
  if (node.access === 'method') return pointer(node, name, locals, frame);
  if (object.kind === 'name' && object.name === 'env') {
    // In `environment` the keys of the block come before what is around it.
    const key = locals.directive?.key(name);
    if (key !== undefined) return key;
  }
  if (object.kind === 'name' && object.name === 'this' && locals.self === undefined)
    return valueOfName(name, node, locals, frame);
  const receiver = await receiverOf(object, locals, frame);
  if (receiver === null) {
    if (node.safe || locals.directive !== undefined) return null;
    throw new Raised(
      'java.lang.NullPointerException',
      `Cannot get property '${name}' on null object`,
    );
  }
  if (node.spread && Array.isArray(receiver)) return memberOfEach(receiver, name, node, frame);
  if (receiver instanceof ScriptObject) return scriptProperty(receiver, name, frame);
  return member(receiver, name, node, frame);
}

/** `object[key]`. */
export async function index(node: Index, locals: Locals, frame: Frame): Promise<Thing> {
  const receiver = await receiverOf(node.object, locals, frame);
  const key = await keyOfIndex(node, locals, frame);
  if (receiver instanceof Unknown) return receiver;
  if (key instanceof Unknown) return key;
  if (receiver === null) {
    if (locals.directive !== undefined) return null;
    throw new Raised(
      'java.lang.NullPointerException',
      'Cannot invoke method getAt() on null object',
    );
  }
  const given = await itemOf(receiver, key, node, frame);
  return given === undefined ? unknown('what an index gives', node, frame) : given;
}

async function keyOfIndex(node: Index, locals: Locals, frame: Frame): Promise<Thing> {
  const [first] = node.items;
  if (first === undefined) return null;
  if (node.items.length === 1) return evaluate(first, locals, frame);
  const keys: Thing[] = [];
  for (const item of node.items) keys.push(await evaluate(item, locals, frame));
  return keys.find((key) => key instanceof Unknown) ?? keys;
}

async function itemOf(
  receiver: Thing,
  key: Thing,
  place: Place,
  frame: Frame,
): Promise<Thing | undefined> {
  if (typeof receiver === 'string') return at(receiver, key);
  if (Array.isArray(receiver)) return itemAt(receiver, key);
  if (receiver instanceof Map) {
    if (Array.isArray(key)) return key.map((one) => receiver.get(keyOf(one)) ?? null);
    return valueAt(receiver, keyOf(key), (lambda, args) => apply(lambda, args, frame));
  }
  if (receiver instanceof Matcher) return typeof key === 'number' ? receiver.item(key) : undefined;
  if (receiver instanceof Instance) {
    const given = callInstance(receiver, 'getAt', [key], frame);
    if (given !== undefined) return given;
  }
  return receiver instanceof Host ? member(receiver, shown(key), place, frame) : undefined;
}

/** `object.&name`: the method, to be called like a closure. */
async function pointer(node: Property, name: string, locals: Locals, frame: Frame): Promise<Thing> {
  const receiver = await receiverOf(node.object, locals, frame);
  if (receiver instanceof Unknown) return receiver;
  const like = { parameters: undefined, start: node.start, end: node.end };
  return new Pointer(like, locals, (args, inner) => callOn(receiver, name, args, node, inner));
}

/** Puts a value into a variable, a property or an item. */
export async function assign(
  target: Expression,
  value: Thing,
  locals: Locals,
  frame: Frame,
): Promise<void> {
  if (target.kind === 'name') {
    if (!locals.assign(target.name, value)) frame.file.binding.declare(target.name, value);
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
    setItem(receiver, name, value);
    return;
  }
  if (receiver instanceof Map && !(name instanceof Unknown)) {
    receiver.set(keyOf(name), value);
    return;
  }
  if (receiver instanceof Instance || receiver instanceof ScriptClass) {
    const inside = target.kind === 'property' && target.object.kind === 'name';
    // Within the class itself a field is set without its setter.
    if (inside && target.object.name === 'this' && receiver instanceof Instance) {
      if (!receiver.fields.assign(shown(name), value)) receiver.fields.declare(shown(name), value);
    } else await setField(receiver, shown(name), value, frame);
    return;
  }
  const key = textOf(name);
  if (key instanceof Unknown) {
    notice(frame, target, `The name assigned to comes from ${key.origin}.`);
  } else if (receiver instanceof Lambda && setClosureProperty(receiver, key, value)) {
    return;
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

/** The object of a call; a name that nothing defines may be a shared library's variable. */
export async function receiverOf(node: Expression, locals: Locals, frame: Frame): Promise<Thing> {
  if (node.kind === 'name') {
    const { self } = locals;
    if (self !== undefined && (node.name === 'this' || node.name === 'super')) return self.object;
    const value = await lookUpName(node.name, locals, frame);
    if (value !== undefined) return value;
    const type = await classOf(node.name, frame);
    if (type !== undefined) return type;
    // A name in capitals would be an environment variable.
    return /^[A-Z][A-Z\d_]*$/.test(node.name) && !isClassName(node.name)
      ? valueOfName(node.name, node, locals, frame)
      : new Host(node.name);
  }
  if (node.kind === 'property' && (await isQualifiedName(node, locals, frame))) {
    const name = qualified(node);
    const type = await classOf(name, frame);
    if (type !== undefined) return type;
    const dot = name.lastIndexOf('.');
    // `Integer.MAX_VALUE`, `Colour.RED`: what comes before is a class.
    const owner = name.slice(0, dot);
    const isClass =
      isClassName(owner.split('.').at(-1) ?? '') || (await classOf(owner, frame)) !== undefined;
    if (!isClass) return new Host(name);
  }
  return evaluate(node, locals, frame);
}

/** A property or a method of a caught exception. */
export function thrownMember(thrown: Thrown, name: string, place: Place, frame: Frame): Thing {
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
    case 'class':
    case 'getClass':
      return new Host(thrown.type);
    case 'cause':
    case 'getCause':
      return null;
    default:
      if (thrown.instance instanceof Instance) {
        const value = thrown.instance.fields.get(name);
        if (value !== undefined) return value;
      }
      return unknown(`${name} of an exception`, place, frame);
  }
}

async function memberOfEach(
  items: readonly Thing[],
  name: string,
  place: Place,
  frame: Frame,
): Promise<Thing[]> {
  const values: Thing[] = [];
  for (const item of items) {
    values.push(item === null ? null : await member(item, name, place, frame));
  }
  return values;
}

async function member(receiver: Thing, name: string, place: Place, frame: Frame): Promise<Thing> {
  if (receiver instanceof Unknown) return receiver;
  if (receiver instanceof Map) {
    return valueAt(receiver, name, (lambda, args) => apply(lambda, args, frame));
  }
  if (name === 'class') {
    const type = typeName(receiver);
    if (type !== undefined) return new Host(type);
  }
  if (receiver instanceof Instance || receiver instanceof ScriptClass) {
    const value = await propertyOf(receiver, name, frame);
    if (value !== undefined) return value;
    throw new Raised(
      'groovy.lang.MissingPropertyException',
      `No such property: ${name} for class: ${receiver.opaque}`,
    );
  }
  if (receiver instanceof Entry) return name === 'key' ? receiver.key : receiver.value;
  if (receiver instanceof Host) {
    const own = hostProperty(receiver, name, frame);
    const value = own === undefined ? staticProperty(receiver.opaque, name) : own;
    return value === undefined ? unknown(`${receiver.opaque}.${name}`, place, frame) : value;
  }
  if (receiver instanceof Thrown) return thrownMember(receiver, name, place, frame);
  if (receiver instanceof Lambda) {
    return closureProperty(receiver, name) ?? unknown(`${name} of a closure`, place, frame);
  }
  if (Array.isArray(receiver)) {
    if (name === 'size' || name === 'length') return receiver.length;
    if (name === 'indices') return (await callMethod(receiver, 'getIndices', [], noCalls)) ?? null;
    if (receiver instanceof Span && name === 'from') return receiver.from;
    if (receiver instanceof Span && name === 'to') return receiver.to;
    return memberOfEach(receiver, name, place, frame);
  }
  if (typeof receiver === 'string') {
    if (name === 'length') return receiver.length;
    if (name === 'empty') return receiver === '';
    if (name === 'bytes') return (await callMethod(receiver, 'getBytes', [], noCalls)) ?? null;
  }
  return unknown(`the property ${name}`, place, frame);
}

function noCalls(): Promise<Thing> {
  return Promise.resolve(null);
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
