import * as vscode from 'vscode';
import { idOf, rowOf } from './runRows';
import type { RunsNode, RunsSource } from './runsTree';
import { RunsTree } from './runsTree';
import { treeItem } from '../look/treeItem';

/** The view "Runs". While it can be seen, it looks again and again at the jobs that are unfolded. */
export class RunsView implements vscode.TreeDataProvider<RunsNode>, vscode.Disposable {
  readonly tree: RunsTree;
  readonly #changed = new vscode.EventEmitter<RunsNode | undefined>();
  readonly #view: vscode.TreeView<RunsNode>;
  /** VS Code knows a node by its object, so changes are told of the one that it was given last. */
  readonly #shown = new Map<string, RunsNode>();
  readonly #parents = new Map<string, RunsNode>();
  readonly #seen = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidChangeVisibility = this.#seen.event;

  constructor(source: RunsSource) {
    this.tree = new RunsTree(source, (node) => this.#tell(node));
    this.#view = vscode.window.createTreeView('ciParity.runs', {
      treeDataProvider: this,
      showCollapseAll: true,
    });
    this.#view.onDidChangeVisibility(({ visible }) => {
      this.tree.see(visible);
      this.#seen.fire();
    });
    this.#view.onDidExpandElement(({ element }) => this.tree.fold(element, true));
    this.#view.onDidCollapseElement(({ element }) => this.tree.fold(element, false));
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    // The first question comes when the view is seen for the first time.
    if (this.#view.visible) this.tree.see(true);
    const children = await this.tree.children(node);
    for (const child of children) {
      this.#shown.set(idOf(child), child);
      if (node) this.#parents.set(idOf(child), node);
    }
    return children;
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    return treeItem(
      rowOf(node, (run) => this.tree.brokenIn(run), Date.now()),
      node,
    );
  }

  getParent(node: RunsNode): RunsNode | undefined {
    return this.#parents.get(idOf(node));
  }

  get visible(): boolean {
    return this.#view.visible;
  }

  /** How much of what is in it is new, on its icon while it is hidden. */
  set badge(badge: vscode.ViewBadge | undefined) {
    this.#view.badge = badge;
  }

  get badge(): vscode.ViewBadge | undefined {
    return this.#view.badge;
  }

  refresh(): Promise<void> {
    return this.tree.refresh();
  }

  /** Selects and unfolds a run if it is in the part of the tree that has been read. */
  async reveal(runUrl: string): Promise<boolean> {
    const node = this.#shown.get(`run ${runUrl}`);
    if (!node) return false;
    await this.#view.reveal(node, { select: true, focus: true, expand: true });
    return true;
  }

  dispose(): void {
    this.tree.dispose();
    this.#view.dispose();
    this.#changed.dispose();
    this.#seen.dispose();
  }

  #tell(node: RunsNode | undefined): void {
    if (!node) {
      this.#shown.clear();
      this.#parents.clear();
      this.#changed.fire(undefined);
      return;
    }
    const shown = this.#shown.get(idOf(node));
    if (shown) this.#changed.fire(shown);
  }
}
