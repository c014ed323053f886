import * as vscode from 'vscode';
import { outline, type OutlineStage } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import { checkedOut } from './repositories';
import type { RunDetails } from './runDetails';
import type { RunNode } from './runsTree';
import { placesOf, type Servers } from './servers';
import { brokeIn, lastResult, lensTitle, type PastRun } from './stageResults';
import { newestRuns } from './workspaceRuns';

/** Milliseconds for which what a server said is good enough for a lens. */
const FRESH = 60_000;
/** Runs that are looked through for the last time a stage was not skipped. */
const MOST_RUNS = 3;

interface History {
  readonly readAt: number;
  readonly runs: readonly PastRun[];
  readonly node: (run: PastRun['run']) => RunNode | undefined;
}

/** Above each stage of a Jenkinsfile: how it last ended in CI, and the ways to run it here. */
export class StageLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #servers: Servers;
  readonly #details: RunDetails;
  readonly #output: vscode.LogOutputChannel;
  readonly #histories = new Map<string, History>();
  readonly #reading = new Set<string>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #life = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(servers: Servers, details: RunDetails, output: vscode.LogOutputChannel) {
    this.#servers = servers;
    this.#details = details;
    this.#output = output;
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ciParity')) this.refresh();
      }),
      servers.onDidChange(() => this.refresh()),
    );
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    const history = folder && this.#historyOf(folder);
    return outline(parse(document.getText())).stages.flatMap((stage) =>
      lensesOf(document, stage, history),
    );
  }

  /** Asks the servers again the next time. */
  refresh(): void {
    this.#histories.clear();
    this.#changed.fire();
  }

  dispose(): void {
    this.#life.abort();
    this.#subscriptions.dispose();
  }

  /** What is known; what is old or unknown is read meanwhile, and the lenses are made again. */
  #historyOf(folder: vscode.WorkspaceFolder): History | undefined {
    const key = folder.uri.toString();
    const known = this.#histories.get(key);
    const stale = !known || Date.now() - known.readAt > FRESH;
    if (stale && !this.#reading.has(key)) {
      this.#reading.add(key);
      void this.#read(folder)
        .then((history) => {
          this.#histories.set(key, history);
          this.#changed.fire();
        })
        // The view shows what is wrong with a server; a lens only does without it.
        .catch((error: unknown) => this.#output.debug(String(error)))
        .finally(() => this.#reading.delete(key));
    }
    return known;
  }

  async #read(folder: vscode.WorkspaceFolder): Promise<History> {
    const { signal } = this.#life;
    const branch = await checkedOut(folder, signal);
    const places = await placesOf(this.#servers, folder);
    const nodes = (
      await Promise.all(places.map((place) => newestRuns(place, branch, 'checked out', signal)))
    )
      .flat()
      .filter(({ run }) => !run.building)
      .sort((a, b) => b.run.startedAt - a.run.startedAt)
      .slice(0, MOST_RUNS);
    const runs: PastRun[] = [];
    for (const { run } of nodes)
      runs.push({ run, stages: await this.#details.stages(run, signal) });
    return {
      readAt: Date.now(),
      runs,
      node: (wanted) => nodes.find(({ run }) => run.url === wanted.url),
    };
  }
}

function lensesOf(
  document: vscode.TextDocument,
  { name, path, line }: OutlineStage,
  history: History | undefined,
): vscode.CodeLens[] {
  const { range } = document.lineAt(line - 1);
  const lenses: vscode.CodeLens[] = [];
  const lens = (title: string, tooltip: string, command: string, ...args: unknown[]): void => {
    lenses.push(new vscode.CodeLens(range, { title, tooltip, command, arguments: args }));
  };
  const result = lastResult(path, history?.runs ?? []);
  const node = result && history?.node(result.run);
  if (result && node) {
    const title = lensTitle(result, Date.now());
    lens(title, 'Show this run', 'ciParity.showRun', node, name);
    if (brokeIn(result) && vscode.workspace.isTrusted)
      lens(
        '$(debug-rerun) Reproduce',
        'Do this run again here, up to and including the failing stage',
        'ciParity.reproduce',
        node,
      );
  }
  if (vscode.workspace.isTrusted && document.uri.scheme === 'file')
    lens(
      '$(play) Run this stage here',
      'Run this stage as it is in the working tree',
      'ciParity.runStage',
      document.uri,
      path.join(' / '),
    );
  return lenses;
}
