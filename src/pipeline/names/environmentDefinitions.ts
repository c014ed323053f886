import { environmentAround } from './definitions';
import type { Gathering } from './definitions';
import { stageName } from '../outline';
import { findName, insideOf } from './position';
import { bodyOf, calledName, named, positional } from '../syntax';
import type { Call, Closure, Expression, Place, Statement } from '../syntax';
import { around } from './tree';

/** What a node sets in the environment, which stage it is, and whether it may set more. */
export function environmentNames(into: Gathering, node: Statement, at: number): void {
  switch (node.kind) {
    case 'call':
      call(into, node, at);
      break;
    case 'assignment':
      if (node.operator === undefined) assignment(into, node.target, node.value, node, at);
      break;
    case 'annotation':
      if (node.name.split('.').at(-1) === 'Library') into.unknown('a shared library');
      break;
    default:
      break;
  }
}

function assignment(
  into: Gathering,
  target: Expression,
  value: Expression,
  whole: Place,
  at: number,
): void {
  if (target.kind === 'name' && environmentAround(into.tree, at) >= 0) {
    entry(into, target, value, whole, at);
    return;
  }
  const isEnv =
    (target.kind === 'property' || target.kind === 'index') &&
    target.object.kind === 'name' &&
    target.object.name === 'env';
  if (!isEnv) return;
  const key = target.kind === 'property' ? target.name : target.items[0];
  if (typeof key === 'string') {
    const place = findName(into.lexed, key, target.object.end, target.end);
    if (place) into.add({ kind: 'assigned', name: key, place, whole, value }, at);
  } else if (key?.kind === 'literal' && typeof key.value === 'string') {
    const place = insideOf(into.pipeline.text, key.start, key.end);
    into.add({ kind: 'assigned', name: key.value, place, whole, value }, at);
  } else {
    into.unknown('`env` being set by a computed name');
  }
}

function entry(
  into: Gathering,
  target: Place & { name: string },
  value: Expression,
  whole: Place,
  at: number,
): void {
  const level = levelOf(into, at);
  const scope = level ?? into.file;
  into.add(
    {
      kind: 'environment',
      name: target.name,
      place: target,
      whole,
      scope,
      except: level ? holesOf(level) : [],
      value,
    },
    at,
  );
}

/** The closure of the pipeline, stage or matrix that an `environment` block belongs to. */
function levelOf(into: Gathering, at: number): Closure | undefined {
  let inBlock = false;
  for (const node of around(into.tree, at)) {
    if (node.kind !== 'closure') continue;
    if (inBlock) return node;
    inBlock = true;
  }
  return undefined;
}

function call(into: Gathering, node: Call, at: number): void {
  if (node.object !== undefined) {
    const isEnv = node.object.kind === 'name' && node.object.name === 'env';
    if (isEnv && node.name === 'setProperty') setProperty(into, node, at);
    return;
  }
  // As an option a wrapper holds for all of its stage.
  const body = bodyOf(node) ?? optionScope(into, at);
  switch (node.name) {
    case 'stage':
      stage(into, node, at);
      break;
    case 'axis':
      axis(into, node, at);
      break;
    case 'parameters':
      parameters(into, node, at);
      break;
    case 'submitterParameter':
      submitter(into, node, at);
      break;
    case 'withEnv':
      if (body) withEnv(into, node, body, at);
      break;
    case 'library':
    case 'libraries':
      into.unknown('a shared library');
      break;
    case 'load':
    case 'evaluate':
      into.unknown(`\`${node.name}\``);
      break;
    default:
      break;
  }
  if (body) bindings(into, node, body, at);
}

/** The level whose `options` a call stands in. */
function optionScope(into: Gathering, at: number): Closure | undefined {
  const { nodes, parents } = into.tree;
  const closure = parents[at] ?? -1;
  const options = nodes[closure]?.kind === 'closure' ? nodes[parents[closure] ?? -1] : undefined;
  return options?.kind === 'call' && options.name === 'options' ? levelOf(into, at) : undefined;
}

/** `submitterParameter 'approver'` of `input`. */
function submitter(into: Gathering, node: Call, at: number): void {
  const [value] = positional(node.args);
  const scope = inputAround(into, at);
  if (scope === undefined || value?.kind !== 'literal' || typeof value.value !== 'string') return;
  const place = insideOf(into.pipeline.text, value.start, value.end);
  into.add({ kind: 'input', name: value.value, place, whole: node, scope, call: node }, at);
}

function stage(into: Gathering, node: Call, at: number): void {
  const name = stageName(into.pipeline.text, node);
  const [first] = node.args;
  if (name === undefined || first === undefined) return;
  const { value } = first;
  const place =
    value.kind === 'gstring' ? value.inner : insideOf(into.pipeline.text, value.start, value.end);
  into.stages.push({ name, path: [...into.stageOf(at), name], call: node, place });
}

function axis(into: Gathering, node: Call, at: number): void {
  const blocks = [...around(into.tree, at)].filter((each) => each.kind === 'call');
  if (blocks[0]?.name !== 'axes') return;
  for (const part of bodyOf(node)?.body ?? []) {
    if (part.kind !== 'call' || part.name !== 'name') continue;
    const [arg] = positional(part.args);
    if (arg?.kind !== 'literal' || typeof arg.value !== 'string') continue;
    const place = insideOf(into.pipeline.text, arg.start, arg.end);
    const matrix = blocks.find(({ name }) => name === 'matrix');
    const scope = (matrix && bodyOf(matrix)) ?? into.file;
    const post = directive(scope, 'post');
    const except = post ? [post] : [];
    into.add({ kind: 'axis', name: arg.value, place, whole: node, scope, except, call: node }, at);
  }
}

function parameters(into: Gathering, node: Call, at: number): void {
  const body = bodyOf(node);
  const listed = positional(node.args).find(({ kind }) => kind === 'list');
  const declarations = body?.body ?? (listed?.kind === 'list' ? listed.items : []);
  const input = inputAround(into, at);
  for (const call of declarations) {
    if (call.kind !== 'call') continue;
    const value = named(call.args, 'name');
    if (value?.kind !== 'literal' || typeof value.value !== 'string') {
      if (input === undefined) into.unknown('a parameter with a computed name');
      continue;
    }
    const place = insideOf(into.pipeline.text, value.start, value.end);
    const initial = named(call.args, 'defaultValue') ?? named(call.args, 'choices') ?? undefined;
    into.add(
      {
        kind: input ? 'input' : 'parameter',
        name: value.value,
        place,
        whole: call,
        scope: input ?? into.file,
        value: initial,
        call,
      },
      at,
    );
  }
}

/** The stage whose `input` directive a node is in. */
function inputAround(into: Gathering, at: number): Place | undefined {
  let inInput = false;
  for (const node of around(into.tree, at)) {
    if (node.kind !== 'call') continue;
    if (node.name === 'input') inInput = true;
    else if (inInput) return bodyOf(node) ?? node;
  }
  return undefined;
}

function withEnv(into: Gathering, node: Call, body: Closure, at: number): void {
  const [list] = positional(node.args);
  if (list?.kind !== 'list') {
    into.unknown('`withEnv` with a computed list');
    return;
  }
  for (const item of list.items) {
    const { start, end } = textPlace(into, item);
    const match = /^([A-Za-z_]\w*)(?:\+\w*)?=/.exec(into.pipeline.text.slice(start, end));
    if (match === null) {
      into.unknown('`withEnv` with a computed name');
      continue;
    }
    const [, name = ''] = match;
    const place = { start, end: start + name.length };
    into.add({ kind: 'withEnv', name, place, whole: item, scope: body, value: item }, at);
  }
}

/** Where the text of a string begins and ends; of another expression nowhere. */
function textPlace(into: Gathering, item: Expression): Place {
  if (item.kind === 'gstring') return item.inner;
  if (item.kind === 'literal' && typeof item.value === 'string')
    return insideOf(into.pipeline.text, item.start, item.end);
  if (item.kind === 'binary') return textPlace(into, item.left);
  return { start: item.start, end: item.start };
}

/** `withCredentials([string(…, variable: 'X')]) { }`, `lock(…, variable: 'X') { }` and their like. */
function bindings(into: Gathering, node: Call, body: Closure, at: number): void {
  const left = node.args.map(({ name, value }) => ({ name, value, call: node }));
  for (let arg = left.pop(); arg; arg = left.pop()) {
    const { name, value, call } = arg;
    if (value.kind === 'list')
      for (const item of value.items) left.push({ name: undefined, value: item, call });
    else if (value.kind === 'map')
      for (const { key, value: inner } of value.entries)
        left.push({
          name: key.kind === 'literal' ? String(key.value) : undefined,
          value: inner,
          call,
        });
    else if (value.kind === 'call')
      for (const inner of value.args) left.push({ ...inner, call: value });
    else if (typeof name === 'string' && /variable$/i.test(name) && value.kind === 'literal') {
      if (typeof value.value !== 'string') continue;
      const place = insideOf(into.pipeline.text, value.start, value.end);
      into.add(
        { kind: 'bound', name: value.value, place, whole: call, scope: body, value, call },
        at,
      );
    }
  }
  if (node.name === 'withCredentials' || node.name === 'withEnv') return;
  // What is not known of may give its body more variables than it names.
  if (node.name === 'wrap' || /^with[A-Z]/.test(calledName(node)))
    into.unknown(`\`${calledName(node)}\``);
}

function setProperty(into: Gathering, node: Call, at: number): void {
  const [key, value] = positional(node.args);
  if (key?.kind !== 'literal' || typeof key.value !== 'string') {
    into.unknown('`env` being set by a computed name');
    return;
  }
  const place = insideOf(into.pipeline.text, key.start, key.end);
  into.add({ kind: 'assigned', name: key.value, place, whole: node, value }, at);
}

/**
 * Where the environment of a level does not hold within its block: what Jenkins looks at before,
 * and the `post` of a level that only has branches.
 */
function holesOf(level: Closure): Place[] {
  const branches = directive(level, 'parallel') ?? directive(level, 'matrix');
  const names = ['when', 'input', 'agent', 'options', ...(branches ? ['post'] : [])];
  return names.flatMap((name) => directive(level, name) ?? []);
}

function directive(block: Place, name: string): Call | undefined {
  if (!('body' in block)) return undefined;
  const { body } = block as Closure;
  return body.find((each): each is Call => each.kind === 'call' && each.name === name);
}
