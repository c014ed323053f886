import * as vscode from 'vscode';
import { parse } from '../../pipeline/parser';
import { Symbols } from '../../pipeline/symbols';

/** One reading for each version of a document, which all that is shown in it shares. */
export class Readings implements vscode.Disposable {
  readonly #read = new Map<string, { readonly version: number; readonly symbols: Symbols }>();
  readonly #subscription: vscode.Disposable;

  constructor() {
    this.#subscription = vscode.workspace.onDidCloseTextDocument((document) => {
      this.#read.delete(document.uri.toString());
    });
  }

  of(document: vscode.TextDocument): Symbols {
    const key = document.uri.toString();
    const known = this.#read.get(key);
    if (known?.version === document.version) return known.symbols;
    const symbols = new Symbols(parse(document.getText()));
    if (!document.isClosed) this.#read.set(key, { version: document.version, symbols });
    return symbols;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#read.clear();
  }
}

export function rangeIn(
  document: vscode.TextDocument,
  { start, end }: { readonly start: number; readonly end: number },
): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

/** Markdown of ours, with a file's words in code: no command, no HTML and no icon in it is read. */
export function markdown(...sections: readonly string[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString(sections.filter((each) => each !== '').join('\n\n'));
  text.isTrusted = false;
  text.supportHtml = false;
  text.supportThemeIcons = false;
  return text;
}
