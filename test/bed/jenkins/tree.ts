/** A `tree` parameter as Stapler's NamedPathPruner reads it. */
export interface Tree {
  /** `*` means everything at this level. */
  readonly nodes: ReadonlyMap<string, Node>;
}

interface Node extends Tree {
  readonly from: number;
  readonly to: number;
}

export class TreeSyntaxError extends Error {}

/** `list = node(,node)*; node = name[list]?{range}?`; spaces belong to the name. */
export function parseTree(source: string): Tree {
  let at = 0;

  function parseList(): Map<string, Node> {
    const nodes = new Map<string, Node>();
    do {
      const name = /[^,[\]{}]*/.exec(source.slice(at))?.[0] ?? '';
      if (name === '') throw new TreeSyntaxError(`a name was expected at ${at} of ${source}`);
      at += name.length;
      let children = new Map<string, Node>();
      if (source[at] === '[') {
        at++;
        children = parseList();
        if (source[at++] !== ']')
          throw new TreeSyntaxError(`] was expected at ${at - 1} of ${source}`);
      }
      nodes.set(name, { nodes: children, ...parseRange() });
    } while (source[at++] === ',');
    at--;
    return nodes;
  }

  /** `{M,N}` with N exclusive, `{M,}`, `{,N}`, and `{N}` for one. */
  function parseRange(): { from: number; to: number } {
    if (source[at] !== '{') return { from: 0, to: Infinity };
    const [all, from, comma, to] = /^\{(\d*)(,?)(\d*)\}/.exec(source.slice(at)) ?? [];
    if (all === undefined) throw new TreeSyntaxError(`a range was expected at ${at} of ${source}`);
    at += all.length;
    const first = from === '' ? 0 : Number(from);
    if (comma === '') return { from: first, to: first + 1 };
    return { from: first, to: to === '' ? Infinity : Number(to) };
  }

  const nodes = parseList();
  if (at < source.length) throw new TreeSyntaxError(`more than a tree at ${at} of ${source}`);
  return { nodes };
}

/** An object of the server's model. A function is a property that is only worked out when asked for. */
export type Model = Readonly<Record<string, unknown>>;

/** `_class` is told even where the tree does not name it; the model has it only where Jenkins has. */
export function prune(value: unknown, tree: Tree): unknown {
  const here: unknown = typeof value === 'function' ? (value as () => unknown)() : value;
  if (Array.isArray(here)) return here.map((item: unknown) => prune(item, tree));
  if (typeof here !== 'object' || here === null) return here;
  // A map of plain values, such as an environment, is told as a whole.
  if (tree.nodes.size === 0 && !('_class' in here)) return here;
  const pruned: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(here)) {
    const node = tree.nodes.get(name) ?? tree.nodes.get('*');
    if (name === '_class') pruned[name] = property;
    else if (node !== undefined) {
      const inner = prune(property, node);
      pruned[name] = Array.isArray(inner) ? inner.slice(node.from, node.to) : inner;
    }
  }
  return pruned;
}
