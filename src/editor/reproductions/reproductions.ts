import * as vscode from 'vscode';
import type { Reproduction } from '../../reproduce/store';
import { ReproductionWatch } from './reproductionWatch';

/** The reproductions as an event of VS Code's; see `ReproductionWatch`. */
export class Reproductions implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watch: ReproductionWatch;
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#watch = new ReproductionWatch(() => this.#changed.fire());
  }

  /** Newest first. */
  all(): readonly Reproduction[] {
    return this.#watch.all();
  }

  dispose(): void {
    this.#watch.dispose();
    this.#changed.dispose();
  }
}
