import * as vscode from 'vscode';
import { MOST_UPLOADED, type Upload } from '../../jenkins/multipart';
import { sizeText } from '../logs/logWords';
import { plain } from '../look/plain';

/**
 * Lets the person choose a file to be sent. One that is too large is said to be, and is not read.
 * @returns undefined when there is none.
 */
export async function askFile(title: string): Promise<{ readonly value: Upload } | undefined> {
  const [file] = (await vscode.window.showOpenDialog({ title, openLabel: 'Send This File' })) ?? [];
  if (file === undefined) return undefined;
  const fileName = file.path.slice(file.path.lastIndexOf('/') + 1);
  const { size } = await vscode.workspace.fs.stat(file);
  if (size > MOST_UPLOADED) {
    const words = `${fileName} is too large: it has ${sizeText(size)}, and at most ${sizeText(MOST_UPLOADED)} are sent.`;
    void vscode.window.showErrorMessage(plain(words));
    return undefined;
  }
  const content = Buffer.from(await vscode.workspace.fs.readFile(file));
  return { value: { fileName, content } };
}
