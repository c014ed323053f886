import * as vscode from 'vscode';
import type { LogDocument, LogFiles } from './logFiles';
import { lensTexts } from './logWords';

/** The ways out of a window, above its first line and below its last. */
export class LogLenses implements vscode.CodeLensProvider {
  readonly #files: LogFiles;
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(files: LogFiles) {
    this.#files = files;
    this.onDidChangeCodeLenses = (listener, self, bag) =>
      files.onDidChange(() => void listener.call(self), undefined, bag);
  }

  async provideCodeLenses({ uri, lineCount }: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const document = await this.#files.document(uri);
    const { above, below } = lensTexts(stateOf(document));
    return [
      ...above.map((lens) => this.#lens(lens, 0)),
      ...below.map((lens) => this.#lens(lens, lineCount - 1)),
    ];
  }

  #lens({ title, command }: { title: string; command: string }, line: number): vscode.CodeLens {
    return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command });
  }
}

export function stateOf({ view, reading, paused }: LogDocument) {
  return { part: view.part, window: view.shown.window, reading, paused, size: view.log.size };
}
