import * as vscode from 'vscode';
import { isUserError } from '../../base/errors';
import type { Run, Stage } from '../../jenkins/run';
import { checkedOut } from '../runs/repositories';
import type { RunDetails } from '../runs/runDetails';
import type { RunStore } from '../runs/runStore';
import type { RunNode } from '../runs/runsNodes';
import { placesOf, type Servers } from '../servers/servers';
import { MOST_RESULTS, recordOf, type PastRun, type StageRecord } from './stageResults';
import { newestRuns } from '../runs/workspaceRuns';

/** Milliseconds for which what a server said is good enough. */
const FRESH = 60_000;
/** Runs whose stages are read before the first answer is told, and all where each takes reading a log. */
const FIRST = 3;
/** Runs whose stages are asked for at once. */
const AT_ONCE = 4;

/**
 * How the stages of a folder's Jenkinsfile ended in the last ten finished runs of its jobs, on the
 * branch that is checked out. Kept in memory; what has ended is never asked twice.
 */
export class StageHistory implements vscode.Disposable {
  readonly #servers: Servers;
  readonly #store: RunStore;
  readonly #details: RunDetails;
  readonly #output: vscode.LogOutputChannel;
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<void>>();
  /** How often all was forgotten: what was asked before that is no answer any more. */
  #forgotten = 0;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #life = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  /** Fires when more is known, or all was forgotten. */
  readonly onDidChange = this.#changed.event;

  constructor(
    servers: Servers,
    store: RunStore,
    details: RunDetails,
    output: vscode.LogOutputChannel,
  ) {
    this.#servers = servers;
    this.#store = store;
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

  /**
   * What is known of the stage at `path` (names as `outline` has them; the whole pipeline for an
   * empty one). What is old or unknown is read meanwhile, and `onDidChange` fires.
   */
  known(folder: vscode.WorkspaceFolder, path: readonly string[]): StageRecord | undefined {
    const known = this.#knownOf(folder);
    return known && recordIn(known, path);
  }

  /** Like `known`, but waits until something is. Undefined where the servers cannot be asked or have no such stage. */
  async of(
    folder: vscode.WorkspaceFolder,
    path: readonly string[],
  ): Promise<StageRecord | undefined> {
    const now = this.known(folder, path);
    if (now !== undefined || this.#known.has(folder.uri.toString())) return now;
    await this.#reading.get(folder.uri.toString());
    const known = this.#known.get(folder.uri.toString());
    return known && recordIn(known, path);
  }

  /** A run of the history as a node of the view, for commands. */
  node(folder: vscode.WorkspaceFolder, run: Run): RunNode | undefined {
    return this.#known.get(folder.uri.toString())?.nodes.find((node) => node.run.url === run.url);
  }

  /** Asks the servers again the next time. */
  refresh(): void {
    this.#forgotten++;
    this.#known.clear();
    this.#reading.clear();
    this.#changed.fire();
  }

  dispose(): void {
    this.#life.abort();
    this.#subscriptions.dispose();
  }

  #knownOf(folder: vscode.WorkspaceFolder): Known | undefined {
    const key = folder.uri.toString();
    const known = this.#known.get(key);
    const stale = !known || Date.now() - known.readAt > FRESH;
    if (stale && !this.#reading.has(key)) {
      const reading = this.#read(folder, this.#forgotten)
        .catch((error: unknown) => {
          // The view shows what is wrong with a server; a lens only does without it.
          this.#output.debug(String(error));
          // Not asked again with every keystroke.
          if (reading === this.#reading.get(key))
            this.#known.set(key, { ...(known ?? NOTHING), readAt: Date.now() });
        })
        .finally(() => {
          if (reading === this.#reading.get(key)) this.#reading.delete(key);
        });
      this.#reading.set(key, reading);
    }
    return known;
  }

  async #read(folder: vscode.WorkspaceFolder, asked: number): Promise<void> {
    const { signal } = this.#life;
    const branch = await checkedOut(folder, signal);
    const places = await placesOf(this.#servers, folder);
    const nodes = (
      await Promise.all(
        places.map((place) => newestRuns(this.#store, place, branch, 'checked out', signal)),
      )
    )
      .flat()
      .filter(({ run }) => !run.building)
      .sort((a, b) => b.run.startedAt - a.run.startedAt)
      .slice(0, MOST_RESULTS);
    const stages = new Map<Run, readonly Stage[]>();
    const note = (): void => {
      if (asked !== this.#forgotten) return;
      const runs = nodes.map(({ run }) => ({ run, stages: stages.get(run) ?? [] }));
      const key = folder.uri.toString();
      this.#known.set(key, { readAt: Date.now(), nodes, runs, records: new Map() });
      this.#changed.fire();
    };
    await this.#readEach(nodes.slice(0, FIRST), stages, signal);
    note();
    if (nodes.length <= FIRST) return;
    await this.#readOthers(nodes.slice(FIRST), stages, signal);
    note();
  }

  /** Of the older runs, all of a job at once where its server can tell that. */
  async #readOthers(
    nodes: readonly RunNode[],
    into: Map<Run, readonly Stage[]>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const jobUrl of new Set(nodes.map(({ run }) => run.jobUrl))) {
      const own = nodes.filter(({ run }) => run.jobUrl === jobUrl);
      const client = await this.#servers.client(this.#servers.at(jobUrl));
      const recent = await client.recentStages(jobUrl, signal);
      if (recent === 'each') await this.#readEach(own, into, signal);
      else if (recent !== 'by logs')
        for (const { run } of own) into.set(run, recent.get(run.number) ?? []);
    }
  }

  async #readEach(
    nodes: readonly RunNode[],
    into: Map<Run, readonly Stage[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const left = [...nodes];
    const worker = async (): Promise<void> => {
      for (let node = left.shift(); node; node = left.shift()) {
        try {
          into.set(node.run, await this.#details.stages(node.run, signal));
        } catch (error) {
          // One run that was deleted, or that a plugin chokes on, does not hide the others.
          if (!isUserError(error)) throw error;
          this.#output.debug(String(error));
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}

interface Known {
  readonly readAt: number;
  readonly nodes: readonly RunNode[];
  /** Newest first. */
  readonly runs: readonly PastRun[];
  /** What was looked up before: lenses are made again on each keystroke. */
  readonly records: Map<string, StageRecord | undefined>;
}

const NOTHING: Omit<Known, 'readAt'> = { nodes: [], runs: [], records: new Map() };

function recordIn(known: Known, path: readonly string[]): StageRecord | undefined {
  const key = path.join('\n');
  if (!known.records.has(key)) known.records.set(key, recordOf(path, known.runs));
  return known.records.get(key);
}
