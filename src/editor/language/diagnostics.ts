import * as vscode from 'vscode';
import { isJenkinsfile, onDidChangeJenkinsfiles } from '../jenkinsfiles/jenkinsfiles';
import type { StageHistory } from '../jenkinsfiles/stageHistory';
import { findingsOf, type Finding } from './findings';
import { rangeIn, type Readings } from './readings';

/** Milliseconds without a keystroke before a file is looked at: what is half typed is not wrong. */
const PAUSE = 300;

/** Tells what is wrong with open Jenkinsfiles, and offers to mend what can be. */
export class Diagnostics implements vscode.Disposable, vscode.CodeActionProvider {
  readonly #readings: Readings;
  readonly #history: StageHistory;
  readonly #collection = vscode.languages.createDiagnosticCollection('CI Parity');
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** What was told last, for the fixes. */
  readonly #told = new Map<string, readonly Told[]>();
  readonly #subscriptions: vscode.Disposable;

  constructor(readings: Readings, history: StageHistory) {
    this.#readings = readings;
    this.#history = history;
    const all = (): void => {
      for (const document of vscode.workspace.textDocuments) this.#soon(document);
    };
    this.#subscriptions = vscode.Disposable.from(
      this.#collection,
      vscode.workspace.onDidOpenTextDocument((document) => this.#soon(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#soon(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document.uri)),
      history.onDidChange(all),
      onDidChangeJenkinsfiles(all),
    );
    all();
  }

  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return (this.#told.get(document.uri.toString()) ?? [])
      .filter(({ diagnostic, version }) => {
        return version === document.version && diagnostic.range.intersection(range) !== undefined;
      })
      .flatMap(({ finding, diagnostic }) =>
        finding.fixes.map(({ title, place, text, preferred }) => {
          const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
          action.edit = new vscode.WorkspaceEdit();
          action.edit.replace(document.uri, rangeIn(document, place), text);
          action.isPreferred = preferred;
          // The one that VS Code shows, so that the fix goes with it.
          action.diagnostics = diagnostics.filter((shown) => shown.message === diagnostic.message);
          return action;
        }),
      );
  }

  dispose(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#subscriptions.dispose();
  }

  #soon(document: vscode.TextDocument): void {
    if (document.uri.scheme === 'git' || !isJenkinsfile(document)) {
      if (this.#told.has(document.uri.toString())) this.#forget(document.uri);
      return;
    }
    const key = document.uri.toString();
    clearTimeout(this.#waiting.get(key));
    this.#waiting.set(
      key,
      setTimeout(() => {
        this.#waiting.delete(key);
        if (!document.isClosed) this.#look(document);
      }, PAUSE),
    );
  }

  #look(document: vscode.TextDocument): void {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    const { version } = document;
    const told = findingsOf(this.#readings.of(document), (path) =>
      folder ? this.#history.known(folder, path) : undefined,
    ).map((finding) => ({ finding, version, diagnostic: diagnosticOf(document, finding) }));
    this.#told.set(document.uri.toString(), told);
    this.#collection.set(
      document.uri,
      told.map(({ diagnostic }) => diagnostic),
    );
  }

  #forget(uri: vscode.Uri): void {
    const key = uri.toString();
    clearTimeout(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#told.delete(key);
    this.#collection.delete(uri);
  }
}

interface Told {
  readonly finding: Finding;
  readonly diagnostic: vscode.Diagnostic;
  readonly version: number;
}

const SEVERITIES: Readonly<Record<Finding['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

function diagnosticOf(document: vscode.TextDocument, finding: Finding): vscode.Diagnostic {
  const { range, message, severity, code } = finding;
  const place = { start: range.start, end: Math.max(range.end, range.start) };
  const diagnostic = new vscode.Diagnostic(rangeIn(document, place), message, SEVERITIES[severity]);
  diagnostic.source = 'CI Parity';
  diagnostic.code = code;
  return diagnostic;
}
