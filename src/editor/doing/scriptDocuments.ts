import * as vscode from 'vscode';
import { plain } from '../look/plain';

const SCHEME = 'ci-parity-script';
const MOST = 100;

/** Scripts of runs and of commits as read-only documents, for VS Code's diff editor. */
export class ScriptDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    );
  }

  /**
   * The document of a text. Its name says where it is from; it is Groovy, but no Jenkinsfile of the
   * workspace, which would be checked and have lenses.
   */
  document(name: string, text: string): vscode.Uri {
    const path = `/${plain(name).replaceAll('/', '∕')}.groovy`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path });
    const key = uri.toString();
    const [oldest] = this.#texts.keys();
    if (this.#texts.size >= MOST && oldest !== undefined) this.#texts.delete(oldest);
    this.#texts.set(key, text);
    this.#changed.fire(uri);
    return uri;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? 'This script is gone. Show it again from the run.\n';
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
