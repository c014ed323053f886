import * as vscode from 'vscode';
import type { LogFiles } from './logFiles';
import type { Shown } from './logView';
import { foldable, outlined, placed, type OutlineSection, type PlacedSection } from './sections';

/** Stages and steps of the part of a log that is shown: its folds and its outline. */
export class LogStructure implements vscode.FoldingRangeProvider, vscode.DocumentSymbolProvider {
  readonly #files: LogFiles;
  readonly #placed = new WeakMap<Shown, Promise<PlacedSection[]>>();
  readonly onDidChangeFoldingRanges: vscode.Event<void>;

  constructor(files: LogFiles) {
    this.#files = files;
    this.onDidChangeFoldingRanges = files.onDidChange;
  }

  async provideFoldingRanges({ uri }: vscode.TextDocument): Promise<vscode.FoldingRange[]> {
    const sections = await this.#sections(uri);
    return foldable(sections).map(({ first, last }) => new vscode.FoldingRange(first, last));
  }

  async provideDocumentSymbols(document: vscode.TextDocument): Promise<vscode.DocumentSymbol[]> {
    const symbol = ({ section, first, last, children }: OutlineSection): vscode.DocumentSymbol => {
      const end = Math.min(last, document.lineCount - 1);
      const range = new vscode.Range(
        document.lineAt(Math.min(first, end)).range.start,
        document.lineAt(end).range.end,
      );
      const isStage = section.kind === 'stage';
      const item = new vscode.DocumentSymbol(
        section.name || '(no name)',
        section.detail,
        isStage ? vscode.SymbolKind.Namespace : vscode.SymbolKind.Event,
        range,
        document.lineAt(range.start.line).range,
      );
      item.children = children.map(symbol);
      return item;
    };
    return outlined(await this.#sections(document.uri)).map(symbol);
  }

  async #sections(uri: vscode.Uri): Promise<PlacedSection[]> {
    const { view, sections } = await this.#files.document(uri);
    const { shown } = view;
    let known = this.#placed.get(shown);
    if (!known) {
      known = placed(sections(), view.log, shown.window);
      this.#placed.set(shown, known);
    }
    return known;
  }
}
