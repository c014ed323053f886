import * as vscode from 'vscode';
import { lendersFile, makeLendersFile } from '../../machines/lenders/lendersFile';

/** Opens the file in which the person names who lends. */
export async function openLenders(): Promise<void> {
  const path = lendersFile();
  makeLendersFile(path);
  await vscode.window.showTextDocument(vscode.Uri.file(path));
}
