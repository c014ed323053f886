import * as vscode from 'vscode';
import { LOG_SCHEME } from './logAddress';
import type { LogDocument, LogFiles } from './logFiles';
import { lookOf } from './palette';
import type { Style } from './screen';

/** Lines beyond the ones that can be seen that are coloured before somebody gets there. */
const AHEAD = 100;
/** Looks that have a decoration type of their own; what comes beyond stays plain. */
const MOST_LOOKS = 256;
/** Milliseconds after the last scroll. */
const SETTLE = 30;

/** Paints the colours of a terminal on the lines that can be seen, and marks what tells of a failure. */
export class LogColours implements vscode.Disposable {
  readonly #files: LogFiles;
  readonly #types = new Map<string, vscode.TextEditorDecorationType>();
  readonly #used = new WeakMap<vscode.TextEditor, ReadonlySet<string>>();
  readonly #evidence = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.findMatchHighlightBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.errorForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  readonly #subscriptions: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(files: LogFiles) {
    this.#files = files;
    const soon = (): void => this.#soon();
    this.#subscriptions = vscode.Disposable.from(
      this.#evidence,
      vscode.window.onDidChangeVisibleTextEditors(soon),
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => {
        if (isLog(textEditor.document)) soon();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (isLog(document)) soon();
      }),
      files.onDidChange(soon),
    );
    soon();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
    for (const type of this.#types.values()) type.dispose();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const editor of vscode.window.visibleTextEditors)
        // A log that cannot be read says so in its editor.
        if (isLog(editor.document)) this.#paint(editor).catch(() => undefined);
    }, SETTLE);
  }

  async #paint(editor: vscode.TextEditor): Promise<void> {
    const document = await this.#files.document(editor.document.uri);
    const { view } = document;
    const { shown } = view;
    // The editor has not come to show what the view does; it tells when it has.
    if (editor.document.getText() !== shown.text) return;
    const ranges = new Map<string, vscode.Range[]>();
    for (const { start, end } of editor.visibleRanges) {
      const first = Math.max(0, start.line - AHEAD);
      const lines = await view.coloured(
        first,
        Math.min(end.line + AHEAD, editor.document.lineCount - 1),
      );
      lines.forEach(({ spans }, at) => {
        for (const { from, to, style } of spans) {
          const look = this.#look(style);
          if (look === undefined) continue;
          const range = new vscode.Range(first + at, from, first + at, to);
          const known = ranges.get(look);
          if (known) known.push(range);
          else ranges.set(look, [range]);
        }
      });
    }
    const evidence = await evidenceIn(document);
    if (view.shown !== shown) return;
    for (const look of new Set([...(this.#used.get(editor) ?? []), ...ranges.keys()])) {
      const type = this.#types.get(look);
      if (type) editor.setDecorations(type, ranges.get(look) ?? []);
    }
    this.#used.set(editor, new Set(ranges.keys()));
    editor.setDecorations(this.#evidence, evidence);
  }

  /** The key of the decoration type for a style. */
  #look(style: Style): string | undefined {
    const look = lookOf(style);
    const key = JSON.stringify(look);
    if (this.#types.has(key)) return key;
    if (this.#types.size >= MOST_LOOKS) return undefined;
    const { color, background, ...rest } = look;
    this.#types.set(
      key,
      vscode.window.createTextEditorDecorationType({
        ...rest,
        ...(color !== undefined && { color: colour(color) }),
        ...(background !== undefined && { backgroundColor: colour(background) }),
      }),
    );
    return key;
  }
}

async function evidenceIn({ view, evidence }: LogDocument): Promise<vscode.Range[]> {
  const { from, to } = view.shown.window;
  const inside = evidence.filter((offset) => offset >= from.offset && offset < to.offset);
  const lines = await Promise.all(inside.map((offset) => view.log.lineAt(offset)));
  return lines.map(({ line }) => new vscode.Range(line - from.line, 0, line - from.line, 0));
}

function colour(name: string): string | vscode.ThemeColor {
  return name.startsWith('#') ? name : new vscode.ThemeColor(name);
}

function isLog({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === LOG_SCHEME;
}
