import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { LOG_SCHEME } from './logAddress';
import type { LogDocument, LogFiles } from './logFiles';

/** The editors in which logs are read, and where in the whole log they stand. */
export class LogEditors implements vscode.Disposable {
  readonly #files: LogFiles;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable;
  /** Another editor is the active one, its cursor has moved, or its log has changed. */
  readonly onDidChange = this.#changed.event;

  constructor(files: LogFiles) {
    this.#files = files;
    const fire = (): void => this.#changed.fire();
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      files.onDidChange(fire),
      vscode.window.onDidChangeActiveTextEditor(fire),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (isLog(textEditor)) fire();
      }),
    );
  }

  /** The active editor, if it shows a log, with that log. */
  async active(): Promise<{ editor: vscode.TextEditor; document: LogDocument } | undefined> {
    const editor = vscode.window.activeTextEditor;
    if (!editor || !isLog(editor)) return undefined;
    return { editor, document: await this.#files.document(editor.document.uri) };
  }

  /** Like `active`, for commands. @throws UserError where no log is shown. */
  async mustBeActive(): Promise<{ editor: vscode.TextEditor; document: LogDocument }> {
    const active = await this.active();
    if (active) return active;
    throw new UserError('There is no log in the active editor.');
  }

  async open({ uri }: LogDocument): Promise<vscode.TextEditor> {
    const document = await vscode.workspace.openTextDocument(uri);
    return vscode.window.showTextDocument(document, { preview: true });
  }

  /** Shows the place of a byte in the whole log, and puts the cursor on its line. */
  async goTo(document: LogDocument, offset: number): Promise<vscode.TextEditor> {
    const { view } = document;
    await view.show(offset);
    await this.#files.repaint(document);
    const editor = await this.open(document);
    const { line } = await view.log.lineAt(offset);
    const at = new vscode.Position(Math.max(0, line - view.shown.window.from.line), 0);
    editor.selection = new vscode.Selection(at, at);
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenter);
    return editor;
  }

  /** Shows the part before or after the one that is shown; the cursor stays on the line at its edge. */
  async move(document: LogDocument, direction: 'earlier' | 'later'): Promise<void> {
    const { window } = document.view.shown;
    const edge = direction === 'earlier' ? window.from.offset : Math.max(0, window.to.offset - 1);
    await document.view.move(direction);
    await this.goTo(document, edge);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}

function isLog({ document }: vscode.TextEditor): boolean {
  return document.uri.scheme === LOG_SCHEME;
}
