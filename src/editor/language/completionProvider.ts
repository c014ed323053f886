import * as vscode from 'vscode';
import { lexicalAt } from '../../pipeline/names/position';
import type { Completion } from './completion';
import { completionsAt } from './completions';
import type { CredentialNames } from './credentialNames';
import type { LibrarySteps } from './librarySteps';
import { markdown, type Readings } from './readings';

/** What makes VS Code ask again: members, variables in strings, and values in quotes. */
export const TRIGGERS = ['.', '$', '{', "'", '"', '('];

export function completionProvider(
  readings: Readings,
  libraries: LibrarySteps,
  credentials: CredentialNames,
): vscode.CompletionItemProvider {
  return {
    provideCompletionItems: async (document, position, token, { triggerCharacter }) => {
      const offset = document.offsetAt(position);
      // A brace is of interest in a string only, after the dollar.
      if (triggerCharacter === '{' && document.getText()[offset - 2] !== '$') return undefined;
      const symbols = readings.of(document);
      // Ids stand in strings; to ask for them is to read other files.
      const inString = lexicalAt(symbols.lexed, offset).kind === 'string';
      const [steps, ids] = await Promise.all([
        libraries.of(document),
        inString ? credentials(document) : [],
      ]);
      if (token.isCancellationRequested) return undefined;
      const librarySteps = new Map([...steps].map(([name, { library }]) => [name, library]));
      const { place, items } = completionsAt(symbols, offset, {
        credentials: ids,
        librarySteps,
      });
      const start = document.positionAt(place.start);
      const range = {
        inserting: new vscode.Range(start, position),
        replacing: new vscode.Range(start, document.positionAt(place.end)),
      };
      return items.map((each) => itemOf(each, range));
    },
  };
}

const KINDS: Readonly<Record<Completion['kind'], vscode.CompletionItemKind>> = {
  directive: vscode.CompletionItemKind.Keyword,
  step: vscode.CompletionItemKind.Function,
  variable: vscode.CompletionItemKind.Variable,
  parameter: vscode.CompletionItemKind.Field,
  function: vscode.CompletionItemKind.Function,
  member: vscode.CompletionItemKind.Property,
  method: vscode.CompletionItemKind.Method,
  value: vscode.CompletionItemKind.EnumMember,
  credential: vscode.CompletionItemKind.Constant,
  argument: vscode.CompletionItemKind.Property,
  stage: vscode.CompletionItemKind.Module,
};

function itemOf(
  { label, kind, detail, documentation, insert, snippet, rank }: Completion,
  range: { inserting: vscode.Range; replacing: vscode.Range },
): vscode.CompletionItem {
  const shown = detail === '' ? label : { label, description: detail };
  const item = new vscode.CompletionItem(shown, KINDS[kind]);
  item.insertText = snippet ? new vscode.SnippetString(insert) : insert;
  item.filterText = label;
  item.sortText = `${rank} ${label}`;
  item.range = range;
  if (documentation !== '') item.documentation = markdown(documentation);
  return item;
}
