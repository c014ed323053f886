import * as vscode from 'vscode';
import type { Recipe } from '../../recipe/recipe';
import { plain } from '../look/plain';
import type { Planner } from './planner';

const SCHEME = 'ci-parity-plan';
const MOST = 20;

/** Plans as read-only documents, shown as Markdown is read. */
export class PlanDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #planner: Planner;
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(planner: Planner) {
    this.#planner = planner;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    );
  }

  async show(recipe: Recipe, signal: AbortSignal): Promise<void> {
    const { document } = await this.#planner(recipe, signal);
    const what = recipe.run ? `${recipe.run.job} #${recipe.run.number}` : recipe.jenkinsfile.path;
    const stage = recipe.select.kind === 'stage' ? ` ${recipe.select.name}` : '';
    const name = plain(`Plan of ${what}${stage}`).replaceAll('/', '∕');
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}.md` });
    const [oldest] = this.#texts.keys();
    if (this.#texts.size >= MOST && oldest !== undefined) this.#texts.delete(oldest);
    this.#texts.set(uri.toString(), document);
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
    } catch {
      // Where VS Code's Markdown extension is switched off, the source reads well too.
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { preview: true });
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? 'This plan is gone. Show it again from the run.\n';
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
