import * as vscode from 'vscode';
import type { LogEditors } from './logEditors';
import type { LogDocument } from './logFiles';
import { stateOf } from './logLenses';
import { lineText, sizeText } from './logWords';

/** Says in the status bar which line of the whole log the cursor is on. */
export class LogStatus implements vscode.Disposable {
  readonly #editors: LogEditors;
  readonly #item = vscode.window.createStatusBarItem(
    'ciParity.logLine',
    vscode.StatusBarAlignment.Right,
    101,
  );
  readonly #subscriptions: vscode.Disposable;
  #follows: ReturnType<typeof followingOf>;

  constructor(editors: LogEditors) {
    this.#editors = editors;
    this.#item.name = 'Line of the CI log';
    this.#item.command = 'ciParity.logGoToLine';
    const paint = (): void => void this.#paint().catch(() => this.#item.hide());
    this.#subscriptions = vscode.Disposable.from(this.#item, editors.onDidChange(paint));
    paint();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async #paint(): Promise<void> {
    const active = await this.#editors.active();
    // Menus offer what can be done now.
    const follows = followingOf(active?.document);
    if (follows !== this.#follows)
      void vscode.commands.executeCommand('setContext', 'ciParity.log', follows);
    this.#follows = follows;
    if (!active) {
      this.#item.hide();
      return;
    }
    const standing = stateOf(active.document);
    const line = standing.window.from.line + active.editor.selection.active.line;
    this.#item.text = lineText(Math.min(line, Math.max(0, standing.part.to.line - 1)), standing);
    this.#item.tooltip = `${sizeText(standing.size)}. Go to a line of the whole log`;
    this.#item.show();
  }
}

function followingOf(document: LogDocument | undefined): 'following' | 'paused' | undefined {
  if (document?.reading.growing !== true) return undefined;
  if (document.paused) return 'paused';
  return document.reading.state.kind === 'complete' ? undefined : 'following';
}
