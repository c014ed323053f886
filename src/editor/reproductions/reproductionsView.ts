import * as vscode from 'vscode';
import type { Reproductions } from './reproductions';
import { belowReproduction, reproductionRow, type ReproductionNode } from './reproductionRows';
import { treeItem } from '../look/treeItem';

/** The view "Reproductions". */
export class ReproductionsView
  implements vscode.TreeDataProvider<ReproductionNode>, vscode.Disposable
{
  readonly #reproductions: Reproductions;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(reproductions: Reproductions) {
    this.#reproductions = reproductions;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      reproductions.onDidChange(() => this.#changed.fire(undefined)),
      vscode.window.registerTreeDataProvider('ciParity.reproductions', this),
    );
  }

  getChildren(node?: ReproductionNode): ReproductionNode[] {
    if (node) return belowReproduction(node);
    return this.#reproductions
      .all()
      .map((reproduction) => ({ kind: 'reproduction', reproduction }));
  }

  getTreeItem(node: ReproductionNode): vscode.TreeItem {
    return treeItem(reproductionRow(node, Date.now()), node);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
