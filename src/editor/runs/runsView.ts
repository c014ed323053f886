import * as vscode from 'vscode';
import { treeItem } from '../look/treeItem';
import { rowOf } from './runRows';
import { idOf, type RunsNode } from './runsNodes';
import { RunsTree, type RunsSource } from './runsTree';

/** Milliseconds that what was read may be on its way to VS Code. */
const UNDER_WAY = 100;

/** The view "Runs". While it can be seen, it looks again and again at the jobs that are unfolded. */
export class RunsView implements vscode.TreeDataProvider<RunsNode>, vscode.Disposable {
  readonly tree: RunsTree;
  readonly #source: RunsSource;
  readonly #changed = new vscode.EventEmitter<RunsNode | undefined>();
  readonly #view: vscode.TreeView<RunsNode>;
  /** VS Code knows a node by its object, so changes are told of the one that it was given last. */
  readonly #shown = new Map<string, RunsNode>();
  readonly #parents = new Map<string, RunsNode>();
  /** How often VS Code reads a node right now, by its id. */
  readonly #reading = new Map<string, number>();
  /** Nodes that changed while they were read, of which it is told afterwards. */
  readonly #late = new Set<string>();
  readonly #seen = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidChangeVisibility = this.#seen.event;

  constructor(source: RunsSource) {
    this.#source = source;
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
    this.#describe();
  }

  async getChildren(node?: RunsNode): Promise<RunsNode[]> {
    // The first question comes when the view is seen for the first time.
    if (this.#view.visible) this.tree.see(true);
    const id = node ? idOf(node) : '';
    this.#reading.set(id, (this.#reading.get(id) ?? 0) + 1);
    try {
      const children = await this.tree.children(node);
      for (const child of children) {
        this.#shown.set(idOf(child), child);
        if (node) this.#parents.set(idOf(child), node);
      }
      return children;
    } finally {
      setTimeout(() => this.#hasRead(id), UNDER_WAY);
    }
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    const known = {
      brokenIn: this.tree.brokenIn.bind(this.tree),
      runs: (jobUrl: string) => this.#source.store.known(jobUrl),
      trouble: (server: string) => this.#source.store.trouble(server),
    };
    return treeItem(rowOf(node, known, Date.now()), node);
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

  /** What it is made from has changed, though not on a server. */
  redraw(): void {
    this.#describe();
    this.tree.redraw();
  }

  /** Selects and unfolds a run if it is in the part of the tree that has been read. */
  async reveal(runUrl: string): Promise<boolean> {
    const node = [...this.#shown.values()].find(
      (shown) => shown.kind === 'run' && shown.run.url === runUrl,
    );
    return this.#select(node);
  }

  /** Selects a job, for which what it lies in is read; false where it is in no part of the tree. */
  async revealJob(url: string): Promise<boolean> {
    return this.#select(await this.#find('job', url, await this.getChildren()));
  }

  /** Like `reveal`, also where what the run lies in has not been read yet. */
  async revealUnread(runUrl: string): Promise<boolean> {
    if (await this.reveal(runUrl)) return true;
    return this.#select(await this.#find('run', runUrl, await this.getChildren()));
  }

  dispose(): void {
    this.tree.dispose();
    this.#view.dispose();
    this.#changed.dispose();
    this.#seen.dispose();
  }

  async #select(node: RunsNode | undefined): Promise<boolean> {
    if (!node) return false;
    await this.#view.reveal(node, { select: true, focus: true, expand: true });
    return true;
  }

  async #find(
    kind: 'job' | 'run',
    url: string,
    among: readonly RunsNode[],
  ): Promise<RunsNode | undefined> {
    for (const node of among) {
      if (node.kind === kind && addressOf(node) === url) return node;
      if (!mayHold(node, url)) continue;
      const found = await this.#find(kind, url, await this.getChildren(node));
      if (found) return found;
    }
    return undefined;
  }

  #describe(): void {
    this.#view.description = this.#source.failingOnly() ? 'failing only' : '';
  }

  /** VS Code passes over a change of what it waits for, also where that comes together with the answer. */
  #hasRead(id: string): void {
    const others = (this.#reading.get(id) ?? 1) - 1;
    if (others > 0) this.#reading.set(id, others);
    else this.#reading.delete(id);
    if (others === 0 && this.#late.delete(id)) this.#tellOf(id);
  }

  #tell(node: RunsNode | undefined): void {
    if (!node) {
      this.#shown.clear();
      this.#parents.clear();
    }
    this.#tellOf(node ? idOf(node) : '');
  }

  #tellOf(id: string): void {
    const shown = this.#shown.get(id);
    if (this.#reading.has(id)) this.#late.add(id);
    else if (id === '' || shown) this.#changed.fire(shown);
  }
}

function addressOf(node: RunsNode): string | undefined {
  switch (node.kind) {
    case 'job':
      return node.url;
    case 'run':
      return node.run.url;
    default:
      return undefined;
  }
}

/** Whether the job or run at an address can be below a node. */
function mayHold(node: RunsNode, url: string): boolean {
  switch (node.kind) {
    case 'section':
      return true;
    case 'server':
      return url.startsWith(node.server.url);
    case 'job':
      return url.startsWith(node.url);
    case 'changes':
      return node.jobs.some((job) => url.startsWith(job.url));
    default:
      return false;
  }
}
