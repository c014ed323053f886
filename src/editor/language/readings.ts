import * as vscode from 'vscode';
import type { Pipeline } from '../../pipeline/declarative';
import { parse } from '../../pipeline/parser';
import { Symbols } from '../../pipeline/symbols';

interface Reading {
  readonly version: number;
  readonly pipeline: Pipeline;
  /** Made when somebody wants to know: lenses, which come with each keystroke, do without. */
  symbols: Symbols | undefined;
}

/** One reading for each version of a document, which all that is shown in it shares. */
export class Readings implements vscode.Disposable {
  readonly #read = new Map<string, Reading>();
  readonly #subscription: vscode.Disposable;

  constructor() {
    this.#subscription = vscode.workspace.onDidCloseTextDocument((document) => {
      this.#read.delete(document.uri.toString());
    });
  }

  of(document: vscode.TextDocument): Symbols {
    const reading = this.#readingOf(document);
    reading.symbols ??= new Symbols(reading.pipeline);
    return reading.symbols;
  }

  pipeline(document: vscode.TextDocument): Pipeline {
    return this.#readingOf(document).pipeline;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#read.clear();
  }

  #readingOf(document: vscode.TextDocument): Reading {
    const key = document.uri.toString();
    const { version } = document;
    const known = this.#read.get(key);
    if (known?.version === version) return known;
    const reading = { version, pipeline: parse(document.getText()), symbols: undefined };
    if (!document.isClosed) this.#read.set(key, reading);
    return reading;
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
