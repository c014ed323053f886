import * as vscode from 'vscode';
import { credentialIds } from './credentialIds';
import type { WorkspaceSources } from './workspaceSources';

/** Gives the ids of credentials that the Jenkinsfiles of a document's folder name, and those that are kept. */
export type CredentialNames = (document: vscode.TextDocument) => Promise<readonly string[]>;

export function credentialNames(
  sources: WorkspaceSources,
  kept: () => readonly string[],
): CredentialNames {
  return async (document) => {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    const { jenkinsfiles } = folder ? await sources.of(folder) : { jenkinsfiles: [] };
    const named = jenkinsfiles.flatMap(({ symbols }) => credentialIds(symbols));
    return [...new Set([...named, ...kept()])];
  };
}
