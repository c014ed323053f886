import { apply, call, construct } from './calls';
import { Unknown } from './effects';
import { decide, tick, unknown } from './frame';
import type { Frame } from './frame';
import { valueOfName } from './globals';
import type { Locals } from './locals';
import { assign, index, property } from './members';
import { calculate, cast, isInstance, range } from './operators';
import type { Assignment, Binary, Expression, GString, Unary } from './syntax';
import { Lambda, UnknownText, negated, shown, textOf, truthOf } from './values';
import type { Thing } from './values';

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
      for (const item of node.items) {
        const value = await evaluate(item, locals, frame);
        const spreads = item.kind === 'unary' && item.operator === '*' && Array.isArray(value);
        if (spreads) list.push(...value);
        else list.push(value);
      }
      return list;
    }
    case 'map': {
      const map = new Map<string, Thing>();
      for (const { key, value } of node.entries) {
        const name = shown(await evaluate(key, locals, frame));
        const thing = await evaluate(value, locals, frame);
        map.set(name, thing);
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
      if (!node.test) return cast(value, node.type);
      return isInstance(value, node.type) ?? unknown(`instanceof ${node.type}`, node, frame);
    }
    case 'new':
      return construct(node, locals, frame);
    case 'opaque':
      return unknown('what could not be read', node, frame);
  }
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

async function unary(node: Unary, locals: Locals, frame: Frame): Promise<Thing> {
  const value = await evaluate(node.operand, locals, frame);
  switch (node.operator) {
    case '!':
      return negated(truthOf(value));
    case '-':
      return typeof value === 'number' ? -value : unknown('a negation', node, frame);
    case '+':
    case '~':
    case '*':
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
