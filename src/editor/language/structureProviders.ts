import * as vscode from 'vscode';
import { foldsOf } from './folding';
import { rangeIn, type Readings } from './readings';
import { partsOf, type Part } from './structure';

/** The outline and the breadcrumbs. */
export function outlineProvider(readings: Readings): vscode.DocumentSymbolProvider {
  return {
    provideDocumentSymbols: (document) =>
      partsOf(readings.of(document)).map((part) => symbolOf(document, part)),
  };
}

export function foldingProvider(readings: Readings): vscode.FoldingRangeProvider {
  return {
    provideFoldingRanges: (document) =>
      foldsOf(readings.of(document)).map(
        ({ start, end, kind }) =>
          new vscode.FoldingRange(
            start,
            end,
            kind === 'comment'
              ? vscode.FoldingRangeKind.Comment
              : kind === 'imports'
                ? vscode.FoldingRangeKind.Imports
                : undefined,
          ),
      ),
  };
}

const KINDS: Readonly<Record<Part['kind'], vscode.SymbolKind>> = {
  pipeline: vscode.SymbolKind.Module,
  stage: vscode.SymbolKind.Namespace,
  variable: vscode.SymbolKind.Variable,
  parameter: vscode.SymbolKind.Field,
  function: vscode.SymbolKind.Function,
  class: vscode.SymbolKind.Class,
  post: vscode.SymbolKind.Event,
  axis: vscode.SymbolKind.Array,
};

function symbolOf(document: vscode.TextDocument, part: Part): vscode.DocumentSymbol {
  const { detail, kind, whole, place, children } = part;
  const range = rangeIn(document, whole);
  const name = part.name.replaceAll(/\s+/g, ' ').trim() || '(no name)';
  const inside = rangeIn(document, place).intersection(range) ?? range;
  const symbol = new vscode.DocumentSymbol(name, detail, KINDS[kind], range, inside);
  symbol.children = children.map((child) => symbolOf(document, child));
  return symbol;
}
