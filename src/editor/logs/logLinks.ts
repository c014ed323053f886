import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { LogFiles } from './logFiles';
import { mentionsIn, type Mention } from './mentions';
import type { WorkspaceFiles } from './workspaceFiles';

/** Links beyond are not made. */
const MOST_LINKS = 5000;

/** Links from the places in files that a log names to the files of the workspace; only those that are there. */
export class LogLinks implements vscode.DocumentLinkProvider {
  readonly #files: LogFiles;
  readonly #workspace: WorkspaceFiles;

  constructor(files: LogFiles, workspace: WorkspaceFiles) {
    this.#files = files;
    this.#workspace = workspace;
  }

  async provideDocumentLinks(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): Promise<vscode.DocumentLink[]> {
    const { roots } = await this.#files.document(document.uri);
    const mentions: { at: number; mention: Mention }[] = [];
    for (let at = 0; at < document.lineCount && mentions.length < MOST_LINKS; at++)
      for (const mention of mentionsIn(document.lineAt(at).text)) mentions.push({ at, mention });
    const paths = new Set(mentions.map(({ mention }) => mention.path));
    if (token.isCancellationRequested || paths.size === 0) return [];
    const found = await this.#workspace.find(paths, roots());
    return mentions.flatMap(({ at, mention }) => {
      const uris = found.get(mention.path);
      if (!uris) return [];
      const link = new vscode.DocumentLink(
        new vscode.Range(at, mention.from, at, mention.to),
        targetOf(uris, mention),
      );
      link.tooltip = uris.length > 1 ? `One of ${uris.length} files` : 'Open in the workspace';
      return [link];
    });
  }
}

function targetOf(uris: readonly vscode.Uri[], { line, column }: Mention): vscode.Uri {
  const [only] = uris;
  if (uris.length === 1 && only)
    return only.with({ fragment: column === undefined ? `L${line}` : `L${line},${column}` });
  const asked = JSON.stringify([uris.map(String), line, column ?? 1]);
  return vscode.Uri.parse(`command:ciParity.logOpenPlace?${encodeURIComponent(asked)}`);
}

/** Lets the person choose the file that is meant. Only files of the workspace are opened. */
export async function openPlace(files: unknown, line: unknown, column: unknown): Promise<void> {
  const uris = (Array.isArray(files) ? files : [])
    .map((file) => vscode.Uri.parse(String(file)))
    .filter((uri) => vscode.workspace.getWorkspaceFolder(uri) !== undefined);
  if (uris.length === 0) throw new UserError('There is no such file in the workspace.');
  const choice = await vscode.window.showQuickPick(
    uris.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })),
    { placeHolder: 'Which file is meant?' },
  );
  if (!choice) return;
  const at = new vscode.Position(Math.max(0, Number(line) - 1), Math.max(0, Number(column) - 1));
  await vscode.window.showTextDocument(choice.uri, { selection: new vscode.Range(at, at) });
}
