import { closureProperty, setClosureProperty } from './closures';
import { Unknown } from './effects';
import { evaluate } from './evaluate';
import { checkInterrupts, notice, unknown } from './frame';
import type { Frame } from './frame';
import { hostProperty, lookUpName, setHostProperty, valueOfName } from './globals';
import type { Locals } from './locals';
import type { Expression, Index, Place, Property } from './syntax';
import { Host, Lambda, Raised, Thrown, shown, textOf } from './values';
import type { Thing } from './values';

/** `object.name`. */
export async function property(node: Property, locals: Locals, frame: Frame): Promise<Thing> {
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

/** `object[key]`. */
export async function index(node: Index, locals: Locals, frame: Frame): Promise<Thing> {
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
    if (name >= 0 && name < 100_000) receiver[name] = value;
    return;
  }
  const key = textOf(name);
  if (key instanceof Unknown) {
    notice(frame, target, `The name assigned to comes from ${key.origin}.`);
  } else if (receiver instanceof Map) {
    receiver.set(key, value);
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
    default:
      return unknown(`${name} of an exception`, place, frame);
  }
}

function member(receiver: Thing, name: string, place: Place, frame: Frame): Thing {
  if (receiver instanceof Unknown) return receiver;
  if (receiver instanceof Map) return receiver.get(name) ?? null;
  if (receiver instanceof Host) {
    const value = hostProperty(receiver, name, frame);
    return value === undefined ? unknown(`${receiver.opaque}.${name}`, place, frame) : value;
  }
  if (receiver instanceof Thrown) return thrownMember(receiver, name, place, frame);
  if (receiver instanceof Lambda) {
    return closureProperty(receiver, name) ?? unknown(`${name} of a closure`, place, frame);
  }
  if (Array.isArray(receiver)) {
    if (name === 'size' || name === 'length') return receiver.length;
    return receiver.map((item) => member(item, name, place, frame));
  }
  if (typeof receiver === 'string' && name === 'length') return receiver.length;
  return unknown(`the property ${name}`, place, frame);
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
