import { setTimeout as wait } from 'node:timers/promises';
import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { sentenceOf } from '../../jenkins/diagnosis';
import type { Run } from '../../jenkins/run';
import { notifyWhen, readJobs, showsBranchStatus } from '../frame/settings';
import { plain } from '../look/plain';
import type { RunDetails } from '../runs/runDetails';
import type { RunStore } from '../runs/runStore';
import type { RunNode } from '../runs/runsNodes';
import type { RunsView } from '../runs/runsView';
import type { Servers } from '../servers/servers';
import type { Tests } from '../tests/tests';
import { actionsFor, type Action } from './actions';
import type { BranchState } from './branchRuns';
import { newestFailure, statusOf, type BranchStatus } from './branchStatus';
import { claim } from './claims';
import { FolderBranch } from './folderBranch';
import { Seen } from './seen';
import type { Turn } from './turns';

export interface ToldParts {
  readonly store: RunStore;
  readonly servers: Servers;
  readonly details: RunDetails;
  readonly view: RunsView;
  readonly tests: Tests;
  /** The workspace's own. */
  readonly memento: vscode.Memento;
  readonly output: vscode.LogOutputChannel;
}

/** Milliseconds between two looks at the clock, while a run goes on and while none does. */
const RUNNING = 5000;
const RESTING = 60_000;
/** Milliseconds that a notification waits for what failed first, which may take reading a long log. */
const EXPLAINING = 10_000;
/** Runs whose first failing command is remembered. */
const MOST = 50;

const QUIET = 'told.quiet';

export function startTelling(parts: ToldParts): Telling {
  return new Telling(parts);
}

/**
 * The branches that are checked out in the folders of the workspace: in notifications, on the view's icon
 * and in the Test Explorer, and in the status bar that of the folder that the person is in.
 */
export class Telling implements vscode.Disposable {
  readonly #parts: ToldParts;
  readonly #rendered = new vscode.EventEmitter<BranchStatus | undefined>();
  /** Tells what the status bar shows from now on. */
  readonly onDidRender = this.#rendered.event;
  readonly #item = vscode.window.createStatusBarItem(
    'ciParity.branch',
    vscode.StatusBarAlignment.Left,
    45,
  );
  /** By the addresses of their folders, in the order of the workspace. */
  #folders: ReadonlyMap<string, FolderBranch> = new Map();
  /** The folder of the last active editor that lies in one. */
  #at: string | undefined;
  readonly #life = new AbortController();
  readonly #seen: Seen;
  readonly #subscriptions: vscode.Disposable;
  /** What failed first in a run, by its address. */
  readonly #why = new Map<string, string>();
  /** The runs whose tests are shown, or are about to be, by the address of their job. */
  readonly #tested = new Map<string, { readonly url: string; readonly life: AbortController }>();
  #timer: NodeJS.Timeout | undefined;
  #status: BranchStatus | undefined;

  constructor(parts: ToldParts) {
    this.#parts = parts;
    this.#seen = new Seen(parts.memento, this.#failed);
    this.#item.name = 'CI of the Current Branch';
    this.#item.command = 'ciParity.branchActions';
    this.#subscriptions = vscode.Disposable.from(
      this.#item,
      this.#rendered,
      parts.view.onDidChangeVisibility(() => this.#update()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ciParity.branchStatus')) this.#render();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.#lookAround()),
    );
    this.begin();
  }

  /** Begins anew with the folders' branches: what they are asked from may have changed. */
  begin(): void {
    const before = this.#folders;
    this.#folders = new Map(
      branchFolders().map(({ uri }) => {
        const key = uri.toString();
        return [key, before.get(key) ?? this.#folderBranch(uri)];
      }),
    );
    for (const [key, folder] of before) if (!this.#folders.has(key)) folder[Symbol.dispose]();
    for (const folder of this.#folders.values()) folder.begin();
    this.#lookAround();
    this.#update();
  }

  /** Lets the person pick what to do about the branch's run. */
  async pick(): Promise<void> {
    const status = this.#status;
    if (!status)
      throw new UserError('No job of this workspace builds the branch that is checked out.', {
        advice: 'Run: CI Parity: Choose Job for This Workspace…',
      });
    const actions = actionsFor(status, this.#isQuiet());
    const picked = await vscode.window.showQuickPick(
      actions.map((action) => ({
        label: `$(${action.icon}) ${action.label}`,
        description: action.description,
        action,
      })),
      { title: plain(status.tooltip[0] ?? ''), placeHolder: plain(status.tooltip[1] ?? '') },
    );
    if (picked) await this.#do(picked.action.does);
  }

  dispose(): void {
    this.#life.abort();
    clearTimeout(this.#timer);
    for (const { life } of this.#tested.values()) life.abort();
    for (const folder of this.#folders.values()) folder[Symbol.dispose]();
    this.#subscriptions.dispose();
  }

  readonly #failed = (error: unknown): void => this.#parts.output.error(String(error));

  #folderBranch(folder: vscode.Uri): FolderBranch {
    const { store, servers } = this.#parts;
    return new FolderBranch(folder.fsPath, {
      runs: {
        store,
        jobs: () => jobUrlsOf(folder).filter((url) => servers.of(url) !== undefined),
        sources: async (url, signal) =>
          (await servers.client(servers.at(url))).changeSources(url, signal),
      },
      news: {
        wanted: () => (this.#isQuiet() ? 'off' : notifyWhen()),
        claim,
        tell: (branch, turn) => void this.#tell(branch, turn).catch(this.#failed),
      },
      changed: () => this.#update(),
      failed: this.#failed,
    });
  }

  /** Another document than a file of the workspace, such as a log, leaves the person where they are. */
  #lookAround(): void {
    const file = vscode.window.activeTextEditor?.document.uri;
    const at = file && vscode.workspace.getWorkspaceFolder(file)?.uri.toString();
    if (at === undefined || at === this.#at || !this.#folders.has(at)) return;
    this.#at = at;
    this.#render();
  }

  #states(): BranchState[] {
    return [...this.#folders.values()].flatMap((folder) => folder.state() ?? []);
  }

  /** Of the folder that the person is in, else of the first. */
  #shownState(): BranchState | undefined {
    const [first] = this.#folders.values();
    const here = this.#at === undefined ? undefined : this.#folders.get(this.#at);
    return (here ?? first)?.state();
  }

  #update(): void {
    if (this.#life.signal.aborted) return;
    const states = this.#states();
    if (this.#parts.view.visible) this.#seen.see(states);
    this.#countNew(states);
    this.#showTests(states);
    for (const { runs } of states.flatMap(({ jobs }) => jobs)) {
      const failed = newestFailure(runs);
      if (failed) void this.#explain(failed);
    }
    this.#render();
  }

  #render(): void {
    clearTimeout(this.#timer);
    const state = this.#shownState();
    const status = state && statusOf(state, (run) => this.#why.get(run.url), Date.now());
    this.#status = status;
    if (!status || !showsBranchStatus()) {
      this.#item.hide();
      this.#rendered.fire(undefined);
      return;
    }
    this.#item.text = `$(${status.mark.icon}) ${plain(status.label)}`;
    this.#item.tooltip = status.tooltip.map(plain).join('\n');
    this.#item.accessibilityInformation = { label: plain(status.spoken), role: 'button' };
    this.#item.show();
    const pause = status.run?.building === true ? RUNNING : RESTING;
    this.#timer = setTimeout(() => this.#render(), pause).unref();
    this.#rendered.fire(status);
  }

  /** Finds out what failed first, and shows it. What could not be found out is asked again with the next news. */
  async #explain(run: Run): Promise<string | undefined> {
    const known = this.#why.get(run.url);
    if (known !== undefined) return known;
    try {
      const { diagnosis } = await this.#parts.details.explain(run, this.#life.signal);
      const why = sentenceOf(diagnosis);
      const [oldest] = this.#why.keys();
      if (this.#why.size >= MOST && oldest !== undefined) this.#why.delete(oldest);
      this.#why.set(run.url, why);
      this.#render();
      return why;
    } catch {
      // The view tells why, to whoever unfolds the run.
      return undefined;
    }
  }

  /** Of each job the tests of its newest run, unless that passed. */
  #showTests(states: readonly BranchState[]): void {
    const jobs = states.flatMap((state) => state.jobs);
    const failed = jobs.flatMap(({ runs }) => newestFailure(runs) ?? []);
    for (const [jobUrl, { life }] of this.#tested) {
      if (failed.some((run) => run.jobUrl === jobUrl)) continue;
      life.abort();
      this.#tested.delete(jobUrl);
      this.#parts.tests.forget(jobUrl);
    }
    for (const run of failed) {
      const node = this.#nodeOf(run);
      const before = this.#tested.get(run.jobUrl);
      if (!node || before?.url === run.url) continue;
      before?.life.abort();
      const tested = { url: run.url, life: new AbortController() };
      this.#tested.set(run.jobUrl, tested);
      this.#parts.tests.show(node, tested.life.signal).catch(() => {
        if (this.#tested.get(run.jobUrl) === tested) this.#tested.delete(run.jobUrl);
      });
    }
  }

  #countNew(states: readonly BranchState[]): void {
    const unseen = this.#seen.unseen(states);
    const { length } = unseen;
    const branches = plain([...new Set(unseen)].join(', '));
    const tooltip = `${length} new failure${length === 1 ? '' : 's'} of ${branches}`;
    this.#parts.view.badge = length > 0 ? { value: length, tooltip } : undefined;
  }

  #isQuiet(): boolean {
    return this.#parts.memento.get(QUIET, false);
  }

  async #tell(branch: string, { to, run }: Turn): Promise<void> {
    // A branch's own job is named after it; other folders may have a branch of that name.
    const own = this.#folders.size === 1 && run.job.endsWith(`/${branch}`);
    const name = own ? `#${run.number}` : `${run.job} #${run.number}`;
    if (to === 'green') {
      const message = plain(`${branch} is green again with ${name}.`);
      const answer = await vscode.window.showInformationMessage(message, SHOW, QUIETLY);
      await this.#answer(answer, run);
      return;
    }
    const limit = wait(EXPLAINING, undefined, { ref: false });
    const why = await Promise.race([this.#explain(run), limit]);
    const told = why === undefined ? '.' : `: ${why}`;
    const message = plain(`${branch} turned red with ${name}${told}`);
    const answer = await vscode.window.showWarningMessage(message, REPRODUCE, SHOW, QUIETLY);
    await this.#answer(answer, run);
  }

  async #answer(answer: string | undefined, run: Run): Promise<void> {
    if (answer === REPRODUCE) await this.#do({ kind: 'run', command: 'ciParity.reproduce', run });
    if (answer === SHOW) await this.#do({ kind: 'run', command: 'ciParity.showRun', run });
    if (answer === QUIETLY) await this.#do({ kind: 'quiet', quiet: true });
  }

  async #do(action: Action['does']): Promise<void> {
    if (action.kind === 'quiet') {
      await this.#parts.memento.update(QUIET, action.quiet);
      return;
    }
    // Who does something about it has seen it.
    const isOf = ({ jobs }: BranchState) => jobs.some(({ job }) => job.url === action.run.jobUrl);
    this.#seen.see(this.#states().filter(isOf));
    this.#update();
    const node = this.#nodeOf(action.run);
    if (node) await vscode.commands.executeCommand(action.command, node);
  }

  #nodeOf(run: Run): RunNode | undefined {
    const server = this.#parts.servers.of(run.url);
    return server && { kind: 'run', server, run };
  }
}

/** The folders that jobs of the workspace build, and in which git may be asked. */
function branchFolders(): vscode.WorkspaceFolder[] {
  if (!vscode.workspace.isTrusted) return [];
  const building = new Set(readJobs().map(({ folder }) => folder));
  return [...building].flatMap((folder) => (folder?.uri.scheme === 'file' ? [folder] : []));
}

/** Another folder has a branch of its own checked out. */
function jobUrlsOf(folder: vscode.Uri): string[] {
  return readJobs().flatMap((job) =>
    job.folder?.uri.toString() === folder.toString() ? [job.url] : [],
  );
}

const REPRODUCE = 'Reproduce';
const SHOW = 'Show';
const QUIETLY = "Don't Tell Again Here";
