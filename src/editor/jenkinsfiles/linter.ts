import * as vscode from 'vscode';
import { isUserError, UserError } from '../../base/errors';
import type { JenkinsErrorKind } from '../../jenkins/jenkinsError';
import type { LintAnswer, LintError } from '../../jenkins/lint';
import { isJenkinsfile } from './jenkinsfiles';
import { compare, comparisonPage, summaryOf, type OwnFinding } from './linterComparison';
import { plain } from '../look/plain';
import { withProgress } from '../frame/progress';
import { placesOf, type Servers } from '../servers/servers';
import type { Server } from '../frame/settings';

const SCHEME = 'ci-parity-linter';
const MOST_DIAGNOSTICS = 100;
const LONGEST_MESSAGE = 1000;

/** What we ourselves find wrong with a Jenkinsfile. */
export type OwnFindings = (document: vscode.TextDocument) => readonly OwnFinding[];

/**
 * Asks the linter of the workspace's Jenkins about a Jenkinsfile as it is on the screen, shows what
 * it says as diagnostics until the file is changed, and compares that with what we say.
 */
export class Linter implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #servers: Servers;
  readonly #own: OwnFindings;
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('ci-parity-jenkins');
  readonly #pages = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(servers: Servers, own: OwnFindings) {
    this.#servers = servers;
    this.#own = own;
    this.#subscriptions = vscode.Disposable.from(
      this.#diagnostics,
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#diagnostics.delete(document.uri);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#diagnostics.delete(uri)),
    );
  }

  /** The command; without a file it is about the one in the editor. */
  async compare(file?: vscode.Uri): Promise<void> {
    const document = await jenkinsfile(file);
    const server = await this.#serverOf(document);
    if (!server) return;
    const { version } = document;
    const answer = await withProgress(
      plain(`Asking the linter of ${server.name}`),
      async (signal) => {
        const client = await this.#servers.client(server);
        return explained(server, () => client.lint(document.getText(), signal));
      },
    );
    // Typed on in the meantime, it is another file, and places in it would be wrong.
    if (document.version === version && !document.isClosed) this.#mark(document, answer);
    await this.#tell(document, server, answer);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#pages.get(uri.toString()) ?? 'This comparison is gone. Ask the linter again.\n';
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** The server of the workspace's job, or the only one that the person has connected to. */
  async #serverOf(document: vscode.TextDocument): Promise<Server | undefined> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    const places = await placesOf(this.#servers, folder);
    const ofJobs = [...new Map(places.map(({ server }) => [server.url, server])).values()];
    const candidates = ofJobs.length > 0 ? ofJobs : this.#servers.list();
    const [only] = candidates;
    if (only === undefined)
      throw new UserError('You are not connected to a Jenkins server.', {
        advice: 'Run: CI Parity: Connect to Jenkins…',
      });
    if (candidates.length === 1) return only;
    const choice = await vscode.window.showQuickPick(
      candidates.map((server) => ({
        label: plain(server.name),
        description: plain(server.url),
        server,
      })),
      { placeHolder: 'The linter of which server?' },
    );
    return choice?.server;
  }

  #mark(document: vscode.TextDocument, answer: LintAnswer): void {
    const errors = answer.kind === 'invalid' ? answer.errors.slice(0, MOST_DIAGNOSTICS) : [];
    this.#diagnostics.set(
      document.uri,
      errors.map((error) => {
        const message = error.message.slice(0, LONGEST_MESSAGE);
        const diagnostic = new vscode.Diagnostic(rangeOf(document, error), message);
        diagnostic.source = 'Jenkins';
        return diagnostic;
      }),
    );
  }

  async #tell(document: vscode.TextDocument, server: Server, answer: LintAnswer): Promise<void> {
    const comparison = compare(answer, this.#own(document));
    const file = vscode.workspace.asRelativePath(document.uri);
    const path = plain(`Linter: ${file}`).replaceAll('/', '∕');
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${path}.txt` });
    const page = comparisonPage({ file, server: server.name }, answer, comparison);
    this.#pages.set(uri.toString(), page);
    this.#changed.fire(uri);
    const summary = plain(summaryOf(answer, comparison));
    const { both, onlyJenkins, onlyOwn } = comparison;
    if (both.length + onlyJenkins.length + onlyOwn.length === 0) {
      await vscode.window.showInformationMessage(summary);
      return;
    }
    // The command is done when it has told; whether somebody reads on is another matter.
    void this.#offer(summary, uri);
  }

  async #offer(summary: string, uri: vscode.Uri): Promise<void> {
    const button = 'Show Comparison';
    if ((await vscode.window.showInformationMessage(summary, button)) !== button) return;
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }
}

async function jenkinsfile(file: vscode.Uri | undefined): Promise<vscode.TextDocument> {
  if (file instanceof vscode.Uri) return vscode.workspace.openTextDocument(file);
  const active = vscode.window.activeTextEditor?.document;
  if (active && isJenkinsfile(active)) return active;
  throw new UserError('There is no Jenkinsfile in the editor.', {
    advice: 'Open the Jenkinsfile that Jenkins should look at.',
  });
}

/** What it means here that Jenkins refused. */
const MEANINGS: Readonly<Partial<Record<JenkinsErrorKind, readonly [string, string]>>> = {
  'not-found': [
    'has no linter that can be asked',
    'It comes with the plugin "Pipeline: Declarative" (pipeline-model-definition). Ask an administrator of the server.',
  ],
  forbidden: [
    'does not let your user ask its linter',
    'Ask an administrator of the server for the permission Overall/Read, or connect with an API token.',
  ],
  'sign-in': [
    'lets only those who have signed in ask its linter',
    'Connect with your user name and an API token.',
  ],
};

async function explained<T>(server: Server, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    // Not `instanceof`: the client is the other bundle's.
    const { kind } = (isUserError(error) ? error : {}) as { readonly kind?: JenkinsErrorKind };
    const meaning = kind && MEANINGS[kind];
    if (!meaning) throw error;
    throw new UserError(`${server.name} ${meaning[0]}.`, { cause: error, advice: meaning[1] });
  }
}

/** From the column that Jenkins tells to the end of the word or the line; the first line where it tells none. */
function rangeOf(document: vscode.TextDocument, { line = 1, column }: LintError): vscode.Range {
  const text = document.lineAt(Math.min(Math.max(line, 1), document.lineCount) - 1);
  const first = text.firstNonWhitespaceCharacterIndex;
  const at = Math.min(column === undefined ? first : column - 1, text.text.length);
  const position = new vscode.Position(text.lineNumber, at);
  const rest = new vscode.Range(position, text.range.end);
  return document.getWordRangeAtPosition(position) ?? (rest.isEmpty ? text.range : rest);
}
