import { argumentsOf } from './arguments';
import { anonymous, classOf, instantiate } from './classes';
import { unknown } from './frame';
import type { Frame } from './frame';
import { nameOf } from './globals';
import { newLibraryScript } from './libraries';
import type { Locals } from './locals';
import { cast } from './operators';
import type { New } from '../syntax';
import { TextBuilder } from './textBuilder';
import { Host, Raised, Thrown, setOf, shown } from './values';
import type { Thing } from './values';

/** `new Type(…)`: classes of the file, exceptions and collections; of all else only Jenkins knows. */
export async function construct(node: New, locals: Locals, frame: Frame): Promise<Thing> {
  const { type } = node;
  const { positional, named } = await argumentsOf(node.args, locals, frame);
  const [first] = positional;
  const name = nameOf(type);
  const declared = await classOf(type, frame);
  if (declared !== undefined) {
    const own = node.body === undefined ? declared : anonymous(name, node.body, node, frame.file);
    return instantiate(own, positional, named, frame);
  }
  const script = await newLibraryScript(type, frame);
  if (script !== undefined) return script;
  if (/(?:Exception|Error)$/.test(name)) {
    const message = positional.find((value) => typeof value === 'string');
    return new Thrown(new Raised(type, message === undefined ? '' : shown(message)));
  }
  switch (name) {
    case 'ArrayList':
    case 'LinkedList':
    case 'Vector':
    case 'ArrayDeque':
      return Array.isArray(first) ? Array.from(first) : [];
    case 'HashSet':
    case 'LinkedHashSet':
    case 'TreeSet':
      return setOf(Array.isArray(first) ? first : []);
    case 'HashMap':
    case 'LinkedHashMap':
    case 'TreeMap':
    case 'ConcurrentHashMap':
      return new Map(first instanceof Map ? first : []);
    case 'String':
      return first ?? '';
    case 'StringBuilder':
    case 'StringBuffer':
      return new TextBuilder(typeof first === 'string' ? first : '');
    case 'Integer':
    case 'Long':
    case 'BigDecimal':
    case 'BigInteger':
    case 'Double':
      return cast(first ?? null, name);
    case 'JsonSlurper':
    case 'JsonSlurperClassic':
      return new Host('JsonSlurper');
    case 'Object':
      return new Host('object');
    default:
      return unknown(`new ${type}`, node, frame);
  }
}
