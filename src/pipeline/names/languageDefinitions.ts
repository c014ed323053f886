import { environmentAround } from './definitions';
import type { Gathering } from './definitions';
import { findName } from './position';
import type { Lexed } from './position';
import type { Closure, Expression, Place, Statement } from '../syntax';
import { around, parentOf } from './tree';

/** What a node defines in the language. */
export function languageNames(into: Gathering, node: Statement, at: number): void {
  const { lexed } = into;
  switch (node.kind) {
    case 'declaration':
      declare(into, node, at);
      break;
    case 'function':
      into.functions.push(node);
      declareFunction(into, node, at);
      break;
    case 'class': {
      const place = findName(lexed, node.name, node.start, node.end);
      if (place) into.add({ kind: 'class', name: node.name, place, whole: node });
      break;
    }
    case 'closure': {
      const [first] = node.body;
      const to = first ? Math.max(first.start, node.start) : node.end;
      declareArguments(into, node.parameters ?? [], node, node.start + 1, to, at);
      break;
    }
    case 'forIn': {
      const place = findName(lexed, node.name, node.start, node.items.start);
      if (place) declareArgument(into, node.name, place, node, at, node.items);
      break;
    }
    case 'try':
      for (const { name, body } of node.catches) {
        const place = lastName(lexed, name, node.start, body.start);
        if (place) declareArgument(into, name, place, body, at, undefined);
      }
      break;
    default:
      break;
  }
}

/** Variables that are only assigned to belong to the file, wherever that is. */
export function fileVariables(into: Gathering): void {
  const { nodes } = into.tree;
  const declared = new Set(into.definitions.map(({ name, kind }) => `${kind} ${name}`));
  const seen = new Set<string>();
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node?.kind !== 'assignment' || node.target.kind !== 'name') continue;
    const { name } = node.target;
    if (seen.has(name) || environmentAround(into.tree, at) >= 0) continue;
    if (declared.has(`local ${name}`) || declared.has(`field ${name}`)) continue;
    if (declared.has(`argument ${name}`)) continue;
    seen.add(name);
    const { target, value } = node;
    into.add({ kind: 'field', name, place: target, whole: node, value, from: node.start }, at);
  }
}

function declare(into: Gathering, node: Statement & { kind: 'declaration' }, at: number): void {
  const ofFile = isField(into, node, at);
  const scope = scopeOf(into, at);
  for (const name of node.names) {
    into.add(
      {
        kind: ofFile ? 'field' : 'local',
        name: name.name,
        place: name,
        whole: node,
        scope: ofFile ? fieldScope(into, at) : scope,
        from: name.start,
        inFunction: functionOf(into, at),
        value: node.several ? undefined : node.value,
      },
      at,
    );
  }
}

/** Of a class, or after `@Field`. */
function isField(into: Gathering, node: Statement, at: number): boolean {
  const parent = parentOf(into.tree, at);
  if (parent?.kind === 'class') return true;
  const siblings = parent === undefined ? into.pipeline.statements : undefined;
  const before = siblings?.[siblings.indexOf(node) - 1];
  return before?.kind === 'annotation' && /(^|\.)Field$/.test(before.name);
}

function fieldScope(into: Gathering, at: number): Place {
  const parent = parentOf(into.tree, at);
  return parent?.kind === 'class' ? parent : into.file;
}

function declareFunction(
  into: Gathering,
  node: Statement & { kind: 'function' },
  at: number,
): void {
  const { name, parameters, body } = node;
  const place = findName(into.lexed, name, node.start, node.end);
  const scope = fieldScope(into, at);
  if (place) into.add({ kind: 'function', name, place, whole: node, scope });
  const to = body[0]?.start ?? node.end;
  declareArguments(into, parameters, node, place?.end ?? node.start, to, at);
}

function declareArguments(
  into: Gathering,
  parameters: Closure['parameters'] & object,
  owner: Place,
  from: number,
  to: number,
  at: number,
): void {
  let after = from;
  for (const { name, initial } of parameters) {
    const place = parameterName(into.lexed, name, after, to);
    if (place === undefined) continue;
    after = place.end;
    declareArgument(into, name, place, owner, at, initial);
  }
}

function declareArgument(
  into: Gathering,
  name: string,
  place: Place,
  scope: Place,
  at: number,
  value: Expression | undefined,
): void {
  const node = into.tree.nodes[at];
  const inFunction = node?.kind === 'function' ? node.start : functionOf(into, at);
  const from = place.start;
  const start = Math.min(scope.start, place.start);
  const where = { start, end: scope.end };
  into.add(
    { kind: 'argument', name, place, whole: place, scope: where, from, inFunction, value },
    at,
  );
}

/** The block that a declaration holds in. */
function scopeOf(into: Gathering, at: number): Place {
  for (const node of around(into.tree, at)) {
    switch (node.kind) {
      case 'closure':
      case 'function':
      case 'class':
      case 'for':
      case 'switch':
        return node;
      case 'block':
        // `def a, b` is a block, too, without braces.
        if (into.pipeline.text[node.start] === '{') return node;
        break;
      default:
        break;
    }
  }
  return into.file;
}

function functionOf(into: Gathering, at: number): number {
  for (const node of around(into.tree, at)) if (node.kind === 'function') return node.start;
  return -1;
}

/** The name of a parameter: a word before `,`, `)`, `=` or `->`, and not its type. */
function parameterName(lexed: Lexed, name: string, from: number, to: number): Place | undefined {
  for (let after = from; ;) {
    const place = findName(lexed, name, after, to);
    if (place === undefined || /^\s*(?:[,)=]|->)/.test(lexed.text.slice(place.end, place.end + 40)))
      return place;
    after = place.end;
  }
}

function lastName(lexed: Lexed, name: string, from: number, to: number): Place | undefined {
  let last: Place | undefined;
  for (let place = findName(lexed, name, from, to); place;) {
    last = place;
    place = findName(lexed, name, place.end, to);
  }
  return last;
}
