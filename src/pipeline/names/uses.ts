import type { Definition, StageSymbol } from './definitions';
import { environmentAround } from './definitions';
import { findName, insideOf, tokenBefore } from './position';
import type { Lexed } from './position';
import { shellNames } from './shellNames';
import type { ShellKind } from './shellNames';
import { named, positional } from '../syntax';
import type { Call, Expression, Place, Script, Statement } from '../syntax';
import { T, QUOTE, QUOTE_SHIFT } from '../read/tokens';
import { parentOf } from './tree';
import type { Tree } from './tree';

/** A place where a name stands. */
export interface Use {
  readonly name: string;
  readonly place: Place;
  /**
   * `name`: as itself. `env`: as `env.X` or in a condition. `params`: as `params.X`. `shell`: in a
   * script, as `$X`. `call`: as `x(…)`. `stage`: a stage's name.
   */
  readonly form: 'name' | 'env' | 'params' | 'shell' | 'call' | 'stage';
  /** What it defines here, if it does. */
  readonly definition: Definition | undefined;
  /** Whether it is given a value here. */
  readonly write: boolean;
  /** Whether it is the text of a string, by itself or as the beginning of `a.b`. */
  readonly interpolated: 'whole' | 'part' | undefined;
  /** In a value of `environment` the other keys of the block, which come first there. */
  readonly siblings: Pick<ReadonlySet<string>, 'has'> | undefined;
  /** The index of its node in the tree; -1 if it has none. */
  readonly node: number;
}

export function usesOf(
  script: Script,
  tree: Tree,
  lexed: Lexed,
  definitions: readonly Definition[],
  stages: readonly StageSymbol[],
): Use[] {
  const uses: Use[] = [];
  const places = new Set<number>();
  // One shape for all, made in one place: there are thousands of them on each keystroke.
  const add = (use: Pick<Use, 'name' | 'place' | 'form'> & Partial<Use>): void => {
    const { name, place, form, definition, write = false, interpolated, siblings, node = -1 } = use;
    if (name === '' || places.has(place.start)) return;
    places.add(place.start);
    uses.push({ name, place, form, definition, write, interpolated, siblings, node });
  };

  for (const definition of definitions) {
    const { name, place } = definition;
    add({ name, place, form: 'name', definition, write: true });
  }
  for (const { name, place } of stages) add({ name, place, form: 'stage', write: true });

  const { nodes } = tree;
  const siblings = new Siblings(tree);
  for (let node = 0; node < nodes.length; node++) {
    const at = nodes[node];
    switch (at?.kind) {
      case 'name': {
        if (isAgentKind(tree, node)) break;
        const write = isTarget(tree, node);
        const interpolated = interpolation(tree, node);
        const { name } = at;
        add({
          name,
          place: at,
          form: 'name',
          write,
          interpolated,
          node,
          siblings: siblings.of(node),
        });
        break;
      }
      case 'property': {
        const form = objectForm(at.object);
        if (form === undefined || typeof at.name !== 'string') break;
        const { name, end } = at;
        const plainly = script.text.startsWith(name, end - name.length);
        const place = plainly
          ? { start: end - name.length, end }
          : findName(lexed, name, at.object.end, end);
        const write = isTarget(tree, node);
        const interpolated = interpolation(tree, node);
        if (place) add({ name, place, form, write, interpolated, node });
        break;
      }
      case 'index': {
        const form = objectForm(at.object);
        const [key] = at.items;
        if (form && key) addText(key, form);
        break;
      }
      case 'call':
        ofCall(at, node);
        break;
      case 'binary':
        if (at.operator !== '==' && at.operator !== '!=') break;
        if (isStageName(at.left)) addText(at.right, 'stage');
        if (isStageName(at.right)) addText(at.left, 'stage');
        break;
      default:
        break;
    }
  }
  return uses.sort((a, b) => a.place.start - b.place.start);

  function addText(value: Expression, form: Use['form']): void {
    if (value.kind !== 'literal' || typeof value.value !== 'string') return;
    const place = insideOf(script.text, value.start, value.end);
    if (place.end - place.start === value.value.length) add({ name: value.value, place, form });
  }

  function ofCall(call: Call, node: number): void {
    const { name, start, object, args } = call;
    if (typeof name !== 'string' || name === '') return;
    if (object !== undefined) {
      const form = objectForm(object);
      const [key] = positional(args);
      if (form && key && ['get', 'getProperty', 'containsKey'].includes(name)) addText(key, form);
      return;
    }
    const place = { start, end: start + name.length };
    if (script.text.startsWith(name, start)) add({ name, place, form: 'call', node });
    const kind = SHELLS.get(name);
    if (kind !== undefined) {
      const [first] = positional(args);
      const value = named(args, 'script') ?? first;
      if (value !== undefined)
        for (const { name: variable, place: where } of inScript(lexed, value, kind))
          add({ name: variable, place: where, form: 'shell' });
    } else if (name === 'environment' && args.length > 1) {
      const key = named(args, 'name');
      if (key) addText(key, 'env');
    } else if (name === 'name' && isExcluded(tree, node)) {
      const [key] = positional(args);
      if (key) addText(key, 'env');
    }
  }
}

/** The variables that a step's script mentions. */
function inScript(lexed: Lexed, { start, end }: Place, kind: ShellKind) {
  const { text, tokens } = lexed;
  const found: ReturnType<typeof shellNames> = [];
  let depth = 0;
  for (let at = tokenBefore(tokens, start) + 1; at < tokens.length; at++) {
    const from = tokens.start[at] ?? 0;
    if (from >= end) break;
    const to = tokens.end[at] ?? 0;
    const what = tokens.kind[at] ?? T.end;
    if (what === T.gOpen) depth++;
    else if (what === T.gClose) depth--;
    else if (depth > 0) continue;
    else if (what === T.gText)
      found.push(...shellNames(text, { start: from, end: to }, kind, true));
    else if (what === T.string) {
      const quote = (tokens.flags[at] ?? 0) >> QUOTE_SHIFT;
      const groovys = quote !== QUOTE.single && quote !== QUOTE.tripleSingle;
      found.push(...shellNames(text, insideOf(text, from, to), kind, groovys));
    }
  }
  return found;
}

const SHELLS: ReadonlyMap<string, ShellKind> = new Map([
  ['sh', 'sh'],
  ['bat', 'bat'],
  ['powershell', 'powershell'],
  ['pwsh', 'powershell'],
]);

function objectForm(object: Expression): 'env' | 'params' | undefined {
  if (object.kind !== 'name') return undefined;
  return object.name === 'env' || object.name === 'params' ? object.name : undefined;
}

/** `any` and `none` of `agent any`. */
function isAgentKind(tree: Tree, node: number): boolean {
  const call = parentOf(tree, node);
  return call?.kind === 'call' && call.name === 'agent' && call.object === undefined;
}

/** `name 'X'` in an axis of `excludes`. */
function isExcluded({ nodes, parents }: Tree, node: number): boolean {
  let calls = 0;
  for (let at = parents[node] ?? -1; at >= 0 && calls < 2; at = parents[at] ?? -1) {
    const above = nodes[at];
    if (above?.kind !== 'call') continue;
    if (above.name === 'exclude') return true;
    calls++;
  }
  return false;
}

function isTarget(tree: Tree, node: number): boolean {
  const above = parentOf(tree, node);
  return above?.kind === 'assignment' && above.target === tree.nodes[node];
}

/** Whether the node is all of an interpolation, or what one begins with: `${a.b}`. */
function interpolation(tree: Tree, node: number): Use['interpolated'] {
  let at = tree.nodes[node];
  let index = node;
  let whole = true;
  for (;;) {
    const above: Statement | undefined = parentOf(tree, index);
    if (above?.kind === 'gstring') return whole ? 'whole' : 'part';
    const begins =
      (above?.kind === 'property' || above?.kind === 'call' || above?.kind === 'index') &&
      above.object === at;
    if (!begins) return undefined;
    whole = false;
    at = above;
    index = tree.parents[index] ?? -1;
  }
}

function isStageName(value: Expression): boolean {
  if (value.kind === 'name') return value.name === 'STAGE_NAME';
  return value.kind === 'property' && value.name === 'STAGE_NAME';
}

/** The other keys of the `environment` block that a node is in a value of. */
class Siblings {
  private readonly tree: Tree;
  private readonly keys = new Map<number, ReadonlySet<string>>();

  constructor(tree: Tree) {
    this.tree = tree;
  }

  of(node: number): Use['siblings'] {
    const { nodes, parents } = this.tree;
    for (let at = parents[node] ?? -1; at >= 0; at = parents[at] ?? -1) {
      const above = nodes[at];
      if (above?.kind === 'closure' || above?.kind === 'function') return undefined;
      if (above?.kind !== 'assignment') continue;
      const block = environmentAround(this.tree, at);
      if (block < 0) continue;
      const own = above.target.kind === 'name' ? above.target.name : '';
      const keys = this.inBlock(block);
      return { has: (key) => key !== own && keys.has(key) };
    }
    return undefined;
  }

  private inBlock(block: number): ReadonlySet<string> {
    const known = this.keys.get(block);
    if (known) return known;
    const closure = this.tree.nodes[block];
    const keys = new Set<string>();
    if (closure?.kind === 'closure')
      for (const entry of closure.body)
        if (entry.kind === 'assignment' && entry.target.kind === 'name')
          keys.add(entry.target.name);
    this.keys.set(block, keys);
    return keys;
  }
}
