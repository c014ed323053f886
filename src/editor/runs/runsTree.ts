import type { Job } from '../../jenkins/jobs';
import type { FailedTest, Failure, Run, Stage } from '../../jenkins/run';
import { parseRunUrl } from '../../jenkins/url';
import { isBroken } from '../look/marks';
import { brokenStage, type RunDetails } from './runDetails';
import type { RunStore } from './runStore';
import type { Server } from '../frame/settings';

/** A line of the view "Runs". */
export type RunsNode =
  | { readonly kind: 'server'; readonly server: Server }
  /** A server of the workspace's jobs that the person has not connected to; it is not asked. */
  | { readonly kind: 'stranger'; readonly url: string }
  | JobNode
  | RunNode
  | { readonly kind: 'stage'; readonly of: RunNode; readonly stage: Stage }
  | { readonly kind: 'test'; readonly of: RunNode; readonly test: FailedTest }
  /** The failing command or a line of the log; `text` is found in the log. */
  | { readonly kind: 'line'; readonly of: RunNode; readonly text: string; readonly note?: string }
  | { readonly kind: 'more'; readonly job: JobNode }
  | { readonly kind: 'nothing'; readonly below: Parent; readonly text: string }
  | {
      readonly kind: 'problem';
      readonly error: unknown;
      readonly server: Server;
      readonly below: Parent;
    };

/** What may have something below it. */
type Parent = Exclude<RunsNode, { kind: 'stranger' }>;

export interface JobNode {
  readonly kind: 'job';
  readonly server: Server;
  readonly url: string;
  /** What the server says of it; undefined where only its address is known. */
  readonly job: Job | undefined;
  /** Whether it builds the branch that is checked out. */
  readonly current: boolean;
}

export interface RunNode {
  readonly kind: 'run';
  readonly server: Server;
  readonly run: Run;
}

/** What the tree is made from. */
export interface RunsSource {
  servers(): readonly Server[];
  /** Addresses of the workspace's jobs. */
  jobs(): readonly string[];
  /** Whether all jobs of the servers are wanted. */
  showsAll(): boolean;
  /** The branch that is checked out, where it is known. */
  branch(signal: AbortSignal): Promise<string | undefined>;
  readonly store: RunStore;
  readonly details: RunDetails;
}

/** What is unfolded below a server: the nodes whose runs or jobs are looked at again and again. */
type Watched = JobNode | Extract<RunsNode, { kind: 'server' }>;

/**
 * What the store knows of the servers' runs as a tree. It never rejects: what could not be read is a
 * node that says why.
 */
export class RunsTree implements Disposable {
  readonly #source: RunsSource;
  readonly #changed: (node: RunsNode | undefined) => void;
  /** What was unfolded, by its address. */
  readonly #open = new Map<string, Watched>();
  /** What was folded again: what lies below it is hidden with it. */
  readonly #folded = new Set<string>();
  /** Runs that are unfolded while they run, by the address of their job. */
  readonly #running = new Map<string, Map<string, RunNode>>();
  readonly #watches = new Map<string, Disposable>();
  readonly #brokenIn = new Map<string, string>();
  readonly #life = new AbortController();
  readonly #subscriptions: readonly Disposable[];
  #visible = false;

  /** `changed` is called with the node whose line or children must be read again; undefined for all. */
  constructor(source: RunsSource, changed: (node: RunsNode | undefined) => void) {
    this.#source = source;
    this.#changed = changed;
    this.#subscriptions = [
      source.store.onDidChange((url) => {
        const node = this.#open.get(url);
        if (node) changed(node);
      }),
      source.store.onDidLook((url) => {
        // The stages of a running run go on, although what the list says of it stays.
        for (const node of this.#running.get(url)?.values() ?? []) changed(node);
      }),
    ];
  }

  async children(node: RunsNode | undefined): Promise<RunsNode[]> {
    if (!node) return this.#roots();
    if (node.kind === 'stranger') return [];
    try {
      return await this.#below(node, this.#life.signal);
    } catch (error) {
      if (this.#life.signal.aborted) return [];
      return [{ kind: 'problem', error, server: serverOf(node), below: node }];
    }
  }

  /** The name of the stage in which a run broke, as far as it is known. */
  brokenIn(run: Run): string | undefined {
    return this.#brokenIn.get(run.url);
  }

  /** Reads one page more of a job's runs; a failure is shown as a problem of the job. */
  async showMore(job: JobNode): Promise<void> {
    await this.#source.store.older(job.url, this.#life.signal).catch(() => undefined);
  }

  /** Whether the view can be seen; only then is what is unfolded looked at. */
  see(visible: boolean): void {
    this.#visible = visible;
    this.#watch();
  }

  fold(node: RunsNode, open: boolean): void {
    if (node.kind === 'job' || node.kind === 'server') {
      const url = urlOf(node);
      if (open) {
        this.#open.set(url, node);
        this.#folded.delete(url);
      } else this.#folded.add(url);
      this.#watch();
    } else if (node.kind === 'run') {
      const { jobUrl, url, building } = node.run;
      const running = this.#running.get(jobUrl) ?? new Map<string, RunNode>();
      this.#running.set(jobUrl, running);
      if (open && building) running.set(url, node);
      else running.delete(url);
    }
  }

  /** Reads again what can be seen; what is shown stays until something else is known. */
  refresh(): Promise<void> {
    this.#source.details.forget();
    this.#changed(undefined);
    return this.#source.store.refresh();
  }

  [Symbol.dispose](): void {
    this.#life.abort();
    this.see(false);
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  dispose(): void {
    this[Symbol.dispose]();
  }

  /** Has just what can be seen watched. */
  #watch(): void {
    const seen = new Set(
      [...this.#open.keys()].filter(
        (url) => this.#visible && ![...this.#folded].some((above) => url.startsWith(above)),
      ),
    );
    for (const [url, watch] of this.#watches)
      if (!seen.has(url)) {
        watch[Symbol.dispose]();
        this.#watches.delete(url);
      }
    for (const url of seen)
      if (!this.#watches.has(url)) this.#watches.set(url, this.#source.store.watch(url, 'visible'));
  }

  #roots(): RunsNode[] {
    const servers = this.#source.servers();
    const jobs = this.#source.jobs();
    // Without either the view says what to do.
    if (servers.length === 0 || (!this.#source.showsAll() && jobs.length === 0)) return [];
    const shown = this.#source.showsAll() ? servers.map(({ url }) => url) : jobs;
    for (const url of this.#open.keys())
      if (!shown.some((above) => url.startsWith(above))) this.#open.delete(url);
    this.#watch();
    const strange = jobs
      .filter((url) => !servers.some((server) => url.startsWith(server.url)))
      .map((url) => parseRunUrl(url)?.server ?? url);
    return [
      ...servers.map((server): RunsNode => ({ kind: 'server', server })),
      ...[...new Set(strange)].map((url): RunsNode => ({ kind: 'stranger', url })),
    ];
  }

  async #below(node: Parent, signal: AbortSignal): Promise<RunsNode[]> {
    switch (node.kind) {
      case 'server':
        return this.#belowServer(node, signal);
      case 'job':
        return this.#belowJob(node, signal);
      case 'run':
        return this.#belowRun(node, signal);
      case 'stage':
        return this.#belowStage(node.of, node.stage, signal);
      default:
        return [];
    }
  }

  async #belowServer(node: Extract<RunsNode, { kind: 'server' }>, signal: AbortSignal) {
    const { server } = node;
    if (!this.#source.showsAll()) {
      const chosen = this.#source.jobs().filter((url) => url.startsWith(server.url));
      return chosen.length > 0
        ? chosen.map((url) => jobNode(server, undefined, url))
        : nothing(node, 'no job of this server was chosen for this workspace');
    }
    const { jobs, problem } = await this.#source.store.inside(server.url, signal);
    this.fold(node, true);
    return this.#withProblem(
      node,
      problem,
      jobs.map((job) => jobNode(server, job)),
      'no jobs, or none that you may see',
    );
  }

  async #belowJob(node: JobNode, signal: AbortSignal): Promise<RunsNode[]> {
    const { store } = this.#source;
    if (node.job?.kind !== 'job') {
      const inside = await store.inside(node.url, signal);
      this.fold(node, true);
      if (inside.kind !== 'job')
        return this.#withProblem(
          node,
          inside.problem,
          await this.#branches(node, inside.jobs, signal),
          'nothing in here, or nothing that you may see',
        );
    }
    const { runs, more, problem } = await store.runs(node.url, signal);
    this.fold(node, true);
    void this.#findBroken(node.server, runs);
    const nodes = runs.map((run): RunsNode => ({ kind: 'run', server: node.server, run }));
    if (more && nodes.length > 0) nodes.push({ kind: 'more', job: node });
    return this.#withProblem(node, problem, nodes, 'no runs yet');
  }

  #withProblem(below: Watched, error: unknown, nodes: RunsNode[], empty: string): RunsNode[] {
    if (error !== undefined)
      return [{ kind: 'problem', error, server: below.server, below }, ...nodes];
    return nodes.length > 0 ? nodes : nothing(below, empty);
  }

  async #branches(
    { server, job }: JobNode,
    inside: readonly Job[],
    signal: AbortSignal,
  ): Promise<RunsNode[]> {
    const holdsProjects = job?.kind === 'folder' || job?.kind === 'organization';
    const branch = holdsProjects ? undefined : await this.#source.branch(signal);
    return inside
      .map((each) => jobNode(server, each, each.url, each.kind === 'job' && each.name === branch))
      .sort((a, b) => Number(b.current) - Number(a.current));
  }

  async #belowRun(node: RunNode, signal: AbortSignal): Promise<RunsNode[]> {
    const stages = await this.#source.details.stages(node.run, signal);
    this.fold(node, true);
    this.#noteBroken(node, stages);
    const nodes = stages.map((stage): RunsNode => ({ kind: 'stage', of: node, stage }));
    // Without a stage to blame, the reasons stand below the run itself.
    if (isBroken(node.run) && !brokenStage(stages)) nodes.push(...(await this.#why(node, signal)));
    return nodes.length > 0 ? nodes : nothing(node, 'no stages were recorded');
  }

  async #belowStage(of: RunNode, stage: Stage, signal: AbortSignal): Promise<RunsNode[]> {
    const inside = stage.children.map((each): RunsNode => ({ kind: 'stage', of, stage: each }));
    if (of.run.building || brokenStage([stage]) !== stage) return inside;
    const failure = await this.#source.details.failure(of.run, signal);
    if (failure.stage?.join('\n') !== stage.path.join('\n')) return inside;
    return [...inside, ...reasons(of, failure)];
  }

  async #why(of: RunNode, signal: AbortSignal): Promise<RunsNode[]> {
    return reasons(of, await this.#source.details.failure(of.run, signal));
  }

  /** Finds out where the newest broken run broke. One only: it may take reading the whole log. */
  async #findBroken(server: Server, runs: readonly Run[]): Promise<void> {
    const run = runs.find(isBroken);
    if (!run || this.#brokenIn.has(run.url)) return;
    try {
      const stages = await this.#source.details.stages(run, this.#life.signal);
      this.#noteBroken({ kind: 'run', server, run }, stages);
    } catch {
      // Unfolding the run tells why.
    }
  }

  #noteBroken(node: RunNode, stages: readonly Stage[]): void {
    const stage = isBroken(node.run) ? brokenStage(stages) : undefined;
    if (!stage || this.#brokenIn.has(node.run.url)) return;
    this.#brokenIn.set(node.run.url, stage.name);
    this.#changed(node);
  }
}

/** The run that a node belongs to. */
export function runOf(node: RunsNode): RunNode | undefined {
  switch (node.kind) {
    case 'run':
      return node;
    case 'stage':
    case 'test':
    case 'line':
      return node.of;
    default:
      return undefined;
  }
}

export function serverOf(node: Parent): Server {
  switch (node.kind) {
    case 'server':
    case 'job':
    case 'run':
    case 'problem':
      return node.server;
    case 'stage':
    case 'test':
    case 'line':
      return node.of.server;
    case 'more':
      return node.job.server;
    case 'nothing':
      return serverOf(node.below);
  }
}

function urlOf(node: Watched): string {
  return node.kind === 'server' ? node.server.url : node.url;
}

/** The reasons of a failure: its tests, else what the log says. */
function reasons(of: RunNode, failure: Failure): RunsNode[] {
  const tests = failure.tests.map((test): RunsNode => ({ kind: 'test', of, test }));
  const code = failure.exitCode === undefined ? 'failed' : `exit code ${failure.exitCode}`;
  const command: RunsNode[] =
    failure.command === undefined ? [] : [{ kind: 'line', of, text: failure.command, note: code }];
  const lines =
    tests.length > 0
      ? []
      : failure.lines.slice(-5).map((text): RunsNode => ({ kind: 'line', of, text }));
  return [...command, ...tests, ...lines];
}

function jobNode(server: Server, job: Job | undefined, url = job?.url ?? '', current = false) {
  return { kind: 'job', server, url, job, current } satisfies JobNode;
}

function nothing(below: Parent, text: string): RunsNode[] {
  return [{ kind: 'nothing', below, text }];
}
