import { rowOf } from '../../../src/editor/runs/runRows';
import { idOf, type RunsNode } from '../../../src/editor/runs/runsNodes';
import type { RunStore } from '../../../src/editor/runs/runStore';
import { RunsTree, type RunsSource } from '../../../src/editor/runs/runsTree';

/** The view "Runs" with all unfolded, as VS Code shows it: what it is told of is read again. */
export interface ShownTree extends Disposable {
  readonly tree: RunsTree;
  /** All lines from top to bottom. */
  lines(): RunsNode[];
  row(node: RunsNode): ReturnType<typeof rowOf>;
  /** Resolves once nothing is read any more. */
  read(): Promise<void>;
}

/** @param isUnfolded whether what is below a node is wanted. */
export function showTree(
  source: RunsSource & { readonly store: RunStore },
  isUnfolded: (node: RunsNode) => boolean,
): ShownTree {
  const below = new Map<string, readonly RunsNode[]>();
  const reading = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const tree = new RunsTree(source, (node) => void read(node));
  tree.see(true);

  function read(node: RunsNode | undefined): Promise<void> {
    const id = node ? idOf(node) : '';
    const isShown = node === undefined || lines().some((each) => idOf(each) === id);
    if (!isShown || (node && !isUnfolded(node))) return Promise.resolve();
    const before = reading.get(id);
    if (before) {
      again.add(id);
      return before;
    }
    const now = readOnce(node, id).finally(() => {
      reading.delete(id);
      if (again.delete(id)) void read(node);
    });
    reading.set(id, now);
    return now;
  }

  async function readOnce(node: RunsNode | undefined, id: string): Promise<void> {
    const children = await tree.children(node);
    below.set(id, children);
    await Promise.all(children.map((child) => read(child)));
  }

  function lines(node?: RunsNode): RunsNode[] {
    const children = below.get(node ? idOf(node) : '') ?? [];
    return children.flatMap((child) => [child, ...lines(child)]);
  }

  const known = {
    brokenIn: tree.brokenIn.bind(tree),
    runs: (jobUrl: string) => source.store.known(jobUrl),
    trouble: (server: string) => source.store.trouble(server),
  };
  void read(undefined);
  return {
    tree,
    lines: () => lines(),
    row: (node) => rowOf(node, known, source.clock.now()),
    async read() {
      while (reading.size > 0) await Promise.all(reading.values());
    },
    [Symbol.dispose]: () => tree[Symbol.dispose](),
  };
}
