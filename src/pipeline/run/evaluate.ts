import { apply, call } from './calls';
import { construct } from './construct';
import { Instance, callInstance } from './classes';
import { Unknown } from '../effects';
import { either } from './either';
import { decide, tick, unknown } from './frame';
import type { Frame } from './frame';
import { valueOfName } from './globals';
import type { Locals } from './locals';
import { assign, index, property } from './members';
import { callMethod } from './methods';
import { isNumber, negative, numberOf } from './numerics';
import { calculate, cast, isInstance, plainType, range } from './operators';
import type { Assignment, Binary, Expression, GString, Place, Unary } from '../syntax';
import { TextBuilder } from './textBuilder';
import { Lambda, Pattern, UnknownText, keyOf, negated, textOf, truthOf } from './values';
import type { Dictionary, Thing } from './values';

/** The value of an expression. Rejects with `StepError` where Jenkins would throw. */
export async function evaluate(node: Expression, locals: Locals, frame: Frame): Promise<Thing> {
  await tick(frame);
  switch (node.kind) {
    case 'literal':
      return typeof node.value === 'number' ? spelled(node, node.value, frame) : node.value;
    case 'gstring':
      return interpolate(node, locals, frame);
    case 'name':
      return valueOfName(node.name, node, locals, frame);
    case 'list': {
      const list: Thing[] = [];
      for (const item of node.items) {
        const value = await evaluate(item, locals, frame);
        const spreads = item.kind === 'unary' && item.operator === '*' && Array.isArray(value);
        if (spreads) list.push(...value);
        else list.push(value);
      }
      return list;
    }
    case 'map': {
      const map: Dictionary = new Map();
      for (const { key, value, spread } of node.entries) {
        if (spread) {
          const more = await evaluate(value, locals, frame);
          if (more instanceof Unknown) return more;
          if (more instanceof Map) for (const [k, v] of more) map.set(k, v);
          continue;
        }
        const name = keyOf(await evaluate(key, locals, frame));
        map.set(name, await evaluate(value, locals, frame));
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
      const truth = await decide(truthOf(test), node, frame, node);
      if (truth === 'both') {
        const then = node.then === undefined ? test : await evaluate(node.then, locals, frame);
        return either(then, await evaluate(node.otherwise, locals, frame), node, frame);
      }
      if (!truth) return evaluate(node.otherwise, locals, frame);
      return node.then === undefined ? test : evaluate(node.then, locals, frame);
    }
    case 'cast': {
      const value = await evaluate(node.value, locals, frame);
      if (!node.test) return cast(value, node.type);
      if (value instanceof Instance) return value.type.line.includes(plainType(node.type));
      return isInstance(value, node.type) ?? unknown(`instanceof ${node.type}`, node, frame);
    }
    case 'new':
      return construct(node, locals, frame);
    case 'opaque':
      return unknown('what could not be read', node, frame);
  }
}

/** A number as Groovy reads its spelling. */
function spelled({ start, end }: Place, value: number, frame: Frame): Thing {
  return numberOf(frame.file.pipeline.text.slice(start, end)) ?? value;
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
    const text = textOf(await stringOf(value, frame));
    if (text instanceof Unknown) return new UnknownText(text, result);
    result += text;
  }
  return result;
}

async function unary(node: Unary, locals: Locals, frame: Frame): Promise<Thing> {
  const value = await evaluate(node.operand, locals, frame);
  switch (node.operator) {
    case '!':
      return negated(truthOf(value));
    case '-':
    case '+':
      if (value instanceof Unknown) return value;
      if (!isNumber(value)) return unknown('a negation', node, frame);
      return node.operator === '-' ? negative(value) : value;
    case '~': {
      if (typeof value === 'number') return ~value;
      const source = textOf(value);
      return source instanceof Unknown ? source : new Pattern(source);
    }
    case '*':
      return value;
    case '++':
    case '--': {
      if (value instanceof Unknown) return value;
      const next = isNumber(value)
        ? calculate(node.operator === '++' ? '+' : '-', value, 1)
        : callMethod(value, node.operator === '++' ? 'next' : 'previous', [], () =>
            Promise.resolve(null),
          );
      const after = (await next) ?? unknown('a count', node, frame);
      await assign(node.operand, after, locals, frame);
      return node.postfix ? value : after;
    }
  }
}

/** A value before it is printed: an object of the file has its own `toString()`. */
export async function stringOf(value: Thing, frame: Frame): Promise<Thing> {
  if (!(value instanceof Instance) || value.type.method('toString', []) === undefined) return value;
  return (await callInstance(value, 'toString', [], frame)) ?? value;
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
  return operated(operator, left, right, node, frame);
}

/** An operator, which may be a method of a class of the file. */
async function operated(
  operator: string,
  left: Thing,
  right: Thing,
  place: Place,
  frame: Frame,
): Promise<Thing> {
  if (left instanceof Instance) {
    const method = METHODS[operator];
    const given = method === undefined ? undefined : callInstance(left, method, [right], frame);
    if (given !== undefined) return given;
  }
  if (left instanceof TextBuilder && operator === '<<') {
    return left.call('leftShift', [right]) ?? left;
  }
  const text = operator === '+' && typeof left === 'string' ? await stringOf(right, frame) : right;
  const value = calculate(operator, left, text);
  return value === undefined ? unknown(`the operator ${operator}`, place, frame) : value;
}

const METHODS: Readonly<Record<string, string>> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'multiply',
  '/': 'div',
  '<<': 'leftShift',
  '==': 'equals',
};

async function assignment(node: Assignment, locals: Locals, frame: Frame): Promise<Thing> {
  if (node.operator === '?') {
    const old = await evaluate(node.target, locals, frame);
    if (truthOf(old) === true) return old;
  }
  let value = await evaluate(node.value, locals, frame);
  if (node.operator !== undefined && node.operator !== '?') {
    const old = await evaluate(node.target, locals, frame);
    value = await operated(node.operator, old, value, node, frame);
  }
  if (node.target.kind === 'list') {
    // `(a, b) = list`
    for (const [at, target] of node.target.items.entries()) {
      const item = Array.isArray(value) ? (value[at] ?? null) : value;
      await assign(target, item, locals, frame);
    }
    return value;
  }
  await assign(node.target, value, locals, frame);
  return value;
}
