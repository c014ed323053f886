import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { saveFile } from '../../base/saveFile';
import { withProgress } from '../frame/progress';
import { plain } from '../look/plain';
import { fileNameOf } from './artifactText';

/** Saves an artifact where the person wants; what broke off does not look like the whole. */
export async function saveArtifact(
  name: string,
  read: (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>,
): Promise<void> {
  const file = await vscode.window.showSaveDialog({
    title: 'Save Artifact',
    defaultUri: vscode.Uri.joinPath(defaultFolder(), fileNameOf(name)),
  });
  if (!file) return;
  if (file.scheme !== 'file')
    throw new UserError('An artifact can only be saved on a disk.', {
      advice: 'Choose a folder of this machine.',
    });
  await withProgress(plain(`Saving ${name}`), async (signal) =>
    saveFile(file.fsPath, await read(signal), { signal }),
  );
  void vscode.window
    .showInformationMessage(`${plain(name)} was saved.`, 'Open')
    .then((open) => open && vscode.commands.executeCommand('vscode.open', file));
}

/** An untrusted workspace is not proposed: there, the file could be taken for one of the workspace's. */
function defaultFolder(): vscode.Uri {
  const { isTrusted, workspaceFolders } = vscode.workspace;
  const [folder] = isTrusted ? (workspaceFolders ?? []) : [];
  return folder?.uri ?? vscode.Uri.file(homedir());
}
