import type { Closure, Expression, Script, Statement } from '../syntax';
import { bodyOf } from '../syntax';
import type { Call } from '../syntax';

/**
 * All nodes of a file in the order of the text, each before what is in it, with the way back up.
 * It is built without recursion, since chains of operators may be as long as the file.
 */
export interface Tree {
  readonly nodes: readonly Statement[];
  /** The index of the node around; -1 for the statements of the file. */
  readonly parents: Int32Array;
}

export function treeOf(script: Pick<Script, 'statements'>): Tree {
  const nodes: Statement[] = [];
  const parents: number[] = [];
  const stack: Statement[] = [...script.statements].reverse();
  const above: number[] = stack.map(() => -1);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const index = nodes.length;
    nodes.push(node);
    parents.push(above.pop() ?? -1);
    const inner = childrenOf(node);
    for (let at = inner.length - 1; at >= 0; at--) {
      const child = inner[at];
      if (child === undefined) continue;
      stack.push(child);
      above.push(index);
    }
  }
  return { nodes, parents: Int32Array.from(parents) };
}

/** The index of the innermost node that `offset` is in, or touches the end of; -1 for none. */
export function innermostAt(tree: Tree, offset: number): number {
  const { nodes, parents } = tree;
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle]?.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  // What holds the offset began before it: it is the last node that did, or one around that.
  let at = low - 1;
  while (at >= 0 && (nodes[at]?.end ?? 0) < offset) at = parents[at] ?? -1;
  return at;
}

/** The nodes around a node, from the innermost; not itself. */
export function* around(tree: Tree, index: number): Generator<Statement> {
  for (let at = tree.parents[index] ?? -1; at >= 0; at = tree.parents[at] ?? -1) {
    const node = tree.nodes[at];
    if (node !== undefined) yield node;
  }
}

export function parentOf(tree: Tree, index: number): Statement | undefined {
  return tree.nodes[tree.parents[index] ?? -1];
}

/** A call and the closure of its arguments that a place is in. */
export interface Surrounding {
  readonly call: Call;
  readonly closure: Closure;
  /** Whether the closure is the call's body, and not one of several branches. */
  readonly isBody: boolean;
}

/**
 * What stands around the inside of a place: calls with their closures, functions and classes, from
 * the outermost. A place is inside of a closure between its braces; `isInside` decides about
 * closures that end before it. `from` is the end of the last thing before the place.
 */
export function surroundings(
  tree: Tree,
  offset: number,
  from: number,
  isInside: (closure: Closure) => boolean,
): (Surrounding | { readonly code: Statement })[] {
  const { nodes, parents } = tree;
  const found: (Surrounding | { readonly code: Statement })[] = [];
  for (let at = innermostAt(tree, from); at >= 0; at = parents[at] ?? -1) {
    const node = nodes[at];
    const holds = node !== undefined && offset < node.end;
    if (holds && (node.kind === 'function' || node.kind === 'class')) found.push({ code: node });
    if (node?.kind !== 'closure' || offset <= node.start) continue;
    if (offset >= node.end && !isInside(node)) continue;
    const call = callOf(tree, at);
    if (call === undefined) found.push({ code: node });
    else found.push({ call, closure: node, isBody: bodyOf(call) === node });
  }
  return found.reverse();
}

/** The call that has the closure at `index` among its arguments, also in a map or list there. */
function callOf({ nodes, parents }: Tree, index: number): Call | undefined {
  for (let at = parents[index] ?? -1; at >= 0; at = parents[at] ?? -1) {
    const node = nodes[at];
    if (node?.kind === 'call') return node;
    if (node?.kind !== 'map' && node?.kind !== 'list') return undefined;
  }
  return undefined;
}

/** What is directly in a node, in the order of the text. */
export function childrenOf(node: Statement): readonly (Statement | undefined)[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
    case 'opaque':
    case 'import':
    case 'break':
    case 'continue':
      return [];
    case 'gstring':
      return node.parts.filter((part): part is Expression => typeof part !== 'string');
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'range':
      return [node.from, node.to];
    case 'closure':
      return [...initials(node.parameters ?? []), ...node.body];
    case 'call':
      return [node.object, computed(node.name), ...fromArguments(node.args)];
    case 'property':
      return [node.object, computed(node.name)];
    case 'index':
      return [node.object, ...node.items];
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'assignment':
      return [node.target, node.value];
    case 'ternary':
      return [node.test, node.then, node.otherwise];
    case 'cast':
    case 'return':
    case 'throw':
    case 'declaration':
      return [node.value];
    case 'new':
      return [...fromArguments(node.args), ...(node.body ?? [])];
    case 'annotation':
      return fromArguments(node.args);
    case 'function':
      return [...initials(node.parameters), ...node.body];
    case 'class':
      return [
        ...node.constants.flatMap(({ args, body }) => [...fromArguments(args), ...(body ?? [])]),
        ...node.body,
      ];
    case 'block':
      return [node.lock, ...node.body];
    case 'if':
      return [node.test, node.then, node.otherwise];
    case 'for':
      return [...node.initial, node.test, ...node.update, node.body];
    case 'forIn':
      return [node.items, node.body];
    case 'while':
      return [node.test, node.body];
    case 'switch':
      return [node.subject, ...node.cases.flatMap(({ test, body }) => [test, ...body])];
    case 'try':
      return [node.body, ...node.catches.map(({ body }) => body), node.finally];
    case 'assert':
      return [node.test, node.message];
  }
}

function computed(name: string | Expression | undefined): Expression | undefined {
  return typeof name === 'string' ? undefined : name;
}

function fromArguments(args: Call['args']): (Expression | undefined)[] {
  return args.flatMap(({ name, value }) => [computed(name), value]);
}

function initials(
  parameters: readonly { readonly initial: Expression | undefined }[],
): (Expression | undefined)[] {
  return parameters.map(({ initial }) => initial);
}
