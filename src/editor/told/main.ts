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
import { BranchRuns, type BranchState } from './branchRuns';
import { newestFailure, statusOf, type BranchStatus } from './branchStatus';
import { claim } from './claims';
import { watchBranch } from './headWatch';
import { News } from './news';
import { newFailures, type Turn } from './turns';

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
/** Runs whose first failing command is remembered, and jobs of which it is known how far they were seen. */
const MOST = 50;

const SEEN = 'told.seen';
const QUIET = 'told.quiet';

export function startTelling(parts: ToldParts): Telling {
  return new Telling(parts);
}

/** The branch that is checked out in the status bar, in notifications, on the view's icon and in the Test Explorer. */
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
  readonly #branch: BranchRuns;
  readonly #news: News;
  readonly #life = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  /** What failed first in a run, by its address. */
  readonly #why = new Map<string, string>();
  /** The runs whose tests are shown, by the address of their job. */
  readonly #tested = new Map<string, string>();
  #watching = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #status: BranchStatus | undefined;

  constructor(parts: ToldParts) {
    this.#parts = parts;
    this.#item.name = 'CI of the Current Branch';
    this.#item.command = 'ciParity.branchActions';
    this.#news = new News({
      wanted: () => (this.#isQuiet() ? 'off' : notifyWhen()),
      claim,
      tell: (branch, turn) => void this.#tell(branch, turn).catch(this.#failed),
    });
    this.#branch = new BranchRuns(
      {
        store: parts.store,
        jobs: () => branchJobUrls().filter((url) => parts.servers.of(url) !== undefined),
        sources: async (url, signal) =>
          (await parts.servers.client(parts.servers.at(url))).changeSources(url, signal),
      },
      () => this.#update(),
    );
    this.#subscriptions = vscode.Disposable.from(
      this.#item,
      this.#rendered,
      parts.view.onDidChangeVisibility(() => this.#update()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('ciParity.branchStatus')) this.#render();
      }),
    );
    this.begin();
  }

  /** Begins anew with the folder's branch: what it is asked from may have changed. */
  begin(): void {
    this.#watching.abort();
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    const folder = branchFolder();
    if (folder) watchBranch(folder.uri.fsPath, (branch) => this.#follow(branch), signal);
    else this.#follow(undefined);
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
    this.#watching.abort();
    clearTimeout(this.#timer);
    this.#branch[Symbol.dispose]();
    this.#subscriptions.dispose();
  }

  readonly #failed = (error: unknown): void => this.#parts.output.error(String(error));

  #follow(branch: string | undefined): void {
    this.#news.begin();
    this.#branch.follow(branch).catch(this.#failed);
  }

  #update(): void {
    if (this.#life.signal.aborted) return;
    const state = this.#branch.state();
    if (state) this.#news.hear(state);
    if (this.#parts.view.visible) this.#see(state);
    this.#countNew(state);
    this.#showTests(state);
    for (const { runs } of state?.jobs ?? []) {
      const failed = newestFailure(runs);
      if (failed) void this.#explain(failed);
    }
    this.#render();
  }

  #render(): void {
    clearTimeout(this.#timer);
    const state = this.#branch.state();
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
  #showTests(state: BranchState | undefined): void {
    const failed = (state?.jobs ?? []).flatMap(({ runs }) => newestFailure(runs) ?? []);
    for (const jobUrl of this.#tested.keys()) {
      if (failed.some((run) => run.jobUrl === jobUrl)) continue;
      this.#tested.delete(jobUrl);
      this.#parts.tests.forget(jobUrl);
    }
    for (const run of failed) {
      const node = this.#nodeOf(run);
      if (!node || this.#tested.get(run.jobUrl) === run.url) continue;
      this.#tested.set(run.jobUrl, run.url);
      this.#parts.tests.show(node, this.#life.signal).catch(() => this.#tested.delete(run.jobUrl));
    }
  }

  #countNew(state: BranchState | undefined): void {
    const seen = this.#seen();
    const fresh = (state?.jobs ?? []).flatMap(({ job, runs }) =>
      newFailures(runs, seen[job.url] ?? 0),
    );
    const { length } = fresh;
    const tooltip = `${length} new failure${length === 1 ? '' : 's'} of ${plain(state?.branch ?? '')}`;
    this.#parts.view.badge = length > 0 ? { value: length, tooltip } : undefined;
  }

  #see(state: BranchState | undefined): void {
    const seen = this.#seen();
    const news = (state?.jobs ?? []).flatMap(({ job, runs }): [string, number][] => {
      const [newest] = newFailures(runs, seen[job.url] ?? 0);
      return newest ? [[job.url, newest.number]] : [];
    });
    if (news.length === 0) return;
    const others = Object.entries(seen).filter(([url]) => !news.some(([other]) => other === url));
    const all = Object.fromEntries([...others, ...news].slice(-MOST));
    this.#parts.memento.update(SEEN, all).then(undefined, this.#failed);
  }

  /** The number of the newest failure that was seen of each job. */
  #seen(): Readonly<Record<string, number>> {
    return this.#parts.memento.get<Record<string, number>>(SEEN, {});
  }

  #isQuiet(): boolean {
    return this.#parts.memento.get(QUIET, false);
  }

  async #tell(branch: string, { to, run }: Turn): Promise<void> {
    // A branch's own job is named after it.
    const own = run.job.endsWith(`/${branch}`);
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
    this.#see(this.#branch.state());
    this.#update();
    const node = this.#nodeOf(action.run);
    if (node) await vscode.commands.executeCommand(action.command, node);
  }

  #nodeOf(run: Run): RunNode | undefined {
    const server = this.#parts.servers.of(run.url);
    return server && { kind: 'run', server, run };
  }
}

/** The folder that the workspace's first job builds, if git may be asked there. */
function branchFolder(): vscode.WorkspaceFolder | undefined {
  const folder = readJobs()[0]?.folder ?? vscode.workspace.workspaceFolders?.[0];
  return vscode.workspace.isTrusted && folder?.uri.scheme === 'file' ? folder : undefined;
}

/** Another folder has a branch of its own checked out. */
function branchJobUrls(): string[] {
  const own = branchFolder()?.uri.toString();
  return readJobs()
    .filter(({ folder }) => folder === undefined || folder.uri.toString() === own)
    .map(({ url }) => url);
}

const REPRODUCE = 'Reproduce';
const SHOW = 'Show';
const QUIETLY = "Don't Tell Again Here";
