import * as vscode from 'vscode';
import { withProgress } from '../frame/progress';
import type { LogDocument, LogFiles } from './logFiles';
import { counted } from './logWords';
import type { FoundProblem } from './problems';
import type { WorkspaceFiles } from './workspaceFiles';

/** Shows what tools complain of in a log as problems of the files that are meant, until the log is closed. */
export class LogProblems implements vscode.Disposable {
  readonly #workspace: WorkspaceFiles;
  /** By the document of the log. */
  readonly #shown = new Map<string, vscode.DiagnosticCollection>();
  readonly #subscriptions: vscode.Disposable;

  constructor(files: LogFiles, workspace: WorkspaceFiles) {
    this.#workspace = workspace;
    this.#subscriptions = files.onDidClose((uri) => this.clear(uri));
  }

  async show(document: LogDocument): Promise<void> {
    const problems = await withProgress('Looking for problems', (signal) =>
      problemsOf(document, signal),
    );
    const paths = new Set(problems.map(({ path }) => path).filter((path) => path !== ''));
    const files = await this.#workspace.find(paths, document.roots());
    const source = document.run ? `CI #${document.run.number}` : 'CI Parity';
    const { from } = document.view.shown.window;
    const byFile = new Map<string, { uri: vscode.Uri; diagnostics: vscode.Diagnostic[] }>();
    const { from: first } = document.view.part;
    for (const problem of problems) {
      // Where no file is named, the line of the log is the place, if it is shown.
      const own = first.line + problem.at - from.line;
      const [uri] =
        problem.path === '' && own >= 0 ? [document.uri] : (files.get(problem.path) ?? []);
      if (!uri) continue;
      const known = byFile.get(uri.toString()) ?? { uri, diagnostics: [] };
      byFile.set(uri.toString(), known);
      known.diagnostics.push(diagnosticOf(problem, source, problem.path === '' ? own : undefined));
    }
    this.clear(document.uri);
    const shown = vscode.languages.createDiagnosticCollection(`CI Parity: ${source}`);
    this.#shown.set(document.uri.toString(), shown);
    for (const { uri, diagnostics } of byFile.values()) shown.set(uri, diagnostics);
    this.#tellMenus();
    const placed = [...byFile.values()].reduce(
      (sum, { diagnostics }) => sum + diagnostics.length,
      0,
    );
    if (placed > 0) await vscode.commands.executeCommand('workbench.actions.view.problems');
    const others = problems.length - placed;
    if (placed === 0 || others > 0)
      void vscode.window.showInformationMessage(
        problems.length === 0
          ? 'No problem was found in the log.'
          : `${counted(placed)} problems are in files of this workspace, ${counted(others)} in others.`,
      );
  }

  clear(log: vscode.Uri): void {
    this.#shown.get(log.toString())?.dispose();
    if (this.#shown.delete(log.toString())) this.#tellMenus();
  }

  clearAll(): void {
    for (const shown of this.#shown.values()) shown.dispose();
    this.#shown.clear();
    this.#tellMenus();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const shown of this.#shown.values()) shown.dispose();
  }

  #tellMenus(): void {
    const any = this.#shown.size > 0;
    void vscode.commands.executeCommand('setContext', 'ciParity.logProblems', any);
  }
}

/** Those of all that a document could show. */
async function problemsOf(
  { view, whole }: LogDocument,
  signal: AbortSignal,
): Promise<readonly FoundProblem[]> {
  return whole.problems({ part: view.part, showing: await view.showing(), signal });
}

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  note: vscode.DiagnosticSeverity.Information,
} as const;

function diagnosticOf(
  { line, column, severity, message, tool }: FoundProblem,
  source: string,
  own: number | undefined,
): vscode.Diagnostic {
  const at = new vscode.Position(own ?? Math.max(0, line - 1), Math.max(0, (column ?? 1) - 1));
  const end = at.with({ character: column === undefined ? 1000 : at.character + 1 });
  const diagnostic = new vscode.Diagnostic(
    new vscode.Range(at, end),
    message,
    SEVERITIES[severity],
  );
  diagnostic.source = source;
  diagnostic.code = tool;
  return diagnostic;
}
