import * as vscode from 'vscode';
import { parse } from '../../pipeline/parser';
import { treeOf } from '../../pipeline/tree';
import { JENKINSFILE_GLOB } from '../jenkinsfiles';
import { credentialIds } from './credentialIds';

/** Milliseconds for which the ids of other files are good enough. */
const FRESH = 60_000;
const MOST_FILES = 50;
const LONGEST_FILE = 1_000_000;

/** The ids of credentials that the Jenkinsfiles of a workspace folder name. */
export class CredentialNames {
  readonly #known = new Map<
    string,
    { readonly readAt: number; readonly ids: Promise<readonly string[]> }
  >();

  of(document: vscode.TextDocument): Promise<readonly string[]> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (folder === undefined) return Promise.resolve([]);
    const key = folder.uri.toString();
    const known = this.#known.get(key);
    if (known && Date.now() - known.readAt < FRESH) return known.ids;
    const ids = read(folder);
    this.#known.set(key, { readAt: Date.now(), ids });
    return ids;
  }
}

async function read(folder: vscode.WorkspaceFolder): Promise<readonly string[]> {
  const pattern = new vscode.RelativePattern(folder, JENKINSFILE_GLOB);
  const files = await vscode.workspace.findFiles(pattern, '**/node_modules/**', MOST_FILES);
  const found = await Promise.all(files.map(idsIn));
  return [...new Set(found.flat())];
}

async function idsIn(file: vscode.Uri): Promise<string[]> {
  const bytes = await vscode.workspace.fs.readFile(file).then(
    (all) => all,
    // It was deleted meanwhile, or may not be read.
    () => new Uint8Array(),
  );
  if (bytes.length > LONGEST_FILE) return [];
  return credentialIds({ tree: treeOf(parse(new TextDecoder().decode(bytes))) });
}
