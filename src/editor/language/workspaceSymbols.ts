import * as vscode from 'vscode';
import { lineAt } from '../../pipeline/syntax';
import type { Symbols } from '../../pipeline/symbols';
import { partsOf, type Part } from './structure';
import type { WorkspaceSources } from './workspaceSources';

/** At most this many are told: VS Code asks again with each letter. */
const MOST = 500;

const KINDS: { readonly [K in Part['kind']]?: vscode.SymbolKind } = {
  stage: vscode.SymbolKind.Namespace,
  function: vscode.SymbolKind.Function,
  class: vscode.SymbolKind.Class,
  parameter: vscode.SymbolKind.Field,
};

/** The stages, functions, classes and parameters of all Jenkinsfiles in the workspace. */
export function workspaceSymbolProvider(sources: WorkspaceSources): vscode.WorkspaceSymbolProvider {
  return {
    provideWorkspaceSymbols: async (query, token) => {
      const found: vscode.SymbolInformation[] = [];
      for (const folder of vscode.workspace.workspaceFolders ?? []) {
        const { jenkinsfiles } = await sources.of(folder);
        if (token.isCancellationRequested) return [];
        for (const { path, symbols } of jenkinsfiles) {
          const uri = vscode.Uri.joinPath(folder.uri, path);
          for (const part of matching(partsOf(symbols), query.toLowerCase())) {
            const kind = KINDS[part.kind];
            if (kind === undefined || found.length >= MOST) continue;
            const location = new vscode.Location(uri, positionOf(symbols, part.place.start));
            found.push(new vscode.SymbolInformation(part.name, kind, path, location));
          }
        }
      }
      return found;
    },
  };
}

/** Those with the letters of the query in their name, in its order, as VS Code itself filters. */
function matching(parts: readonly Part[], query: string): Part[] {
  return parts.flatMap((part) => {
    const inside = matching(part.children, query);
    return hasLetters(part.name.toLowerCase(), query) ? [part, ...inside] : inside;
  });
}

function hasLetters(name: string, query: string): boolean {
  let at = 0;
  for (const letter of query) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function positionOf({ pipeline }: Symbols, offset: number): vscode.Position {
  const line = lineAt(pipeline.lines, offset) - 1;
  return new vscode.Position(line, offset - (pipeline.lines[line] ?? 0));
}
