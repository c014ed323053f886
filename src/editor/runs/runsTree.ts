import type { Client } from '../../jenkins/client';
import type { Job } from '../../jenkins/jobs';
import type { FailedTest, Failure, Run, Stage } from '../../jenkins/run';
import { parseRunUrl } from '../../jenkins/url';
import { isBroken } from '../look/marks';
import type { Look } from './nextLook';
import { brokenStage, type RunDetails } from './runDetails';
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
  client(server: Server): Promise<Client>;
  /** The branch that is checked out, where it is known. */
  branch(signal: AbortSignal): Promise<string | undefined>;
  readonly details: RunDetails;
}

const PAGE = 10;

interface RunList {
  readonly node: JobNode;
  limit: number;
  runs: readonly Run[];
  /** Why the last look failed. */
  problem: unknown;
  /** Whether it is unfolded, so that it is looked at again and again. */
  open: boolean;
  /** Whether `runs` came from a look that has not been shown yet. */
  unseen: boolean;
}

/**
 * The runs of the servers as a tree, read when they are unfolded. It never rejects: what could not
 * be read is a node that says why.
 */
export class RunsTree implements Disposable {
  readonly #source: RunsSource;
  readonly #changed: (node: RunsNode | undefined) => void;
  readonly #lists = new Map<string, RunList>();
  readonly #brokenIn = new Map<string, string>();
  readonly #life = new AbortController();

  /** `changed` is called with the node whose line or children must be read again; undefined for all. */
  constructor(source: RunsSource, changed: (node: RunsNode | undefined) => void) {
    this.#source = source;
    this.#changed = changed;
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

  showMore(job: JobNode): void {
    const list = this.#lists.get(job.url);
    if (!list) return;
    list.limit += 2 * PAGE;
    this.#changed(list.node);
  }

  fold(node: RunsNode, open: boolean): void {
    const list = node.kind === 'job' ? this.#lists.get(node.url) : undefined;
    if (list) list.open = open;
  }

  /** Forgets what was read, so that all is read again. */
  refresh(): void {
    this.#lists.clear();
    this.#source.details.forget();
    this.#changed(undefined);
  }

  /** Looks at the unfolded jobs again, and tells what has changed. An error is told once. */
  async look(signal: AbortSignal): Promise<Look> {
    let result: Look = 'idle';
    for (const list of this.#lists.values()) {
      if (!list.open) continue;
      const look = await this.#lookAt(list, signal);
      if (look === 'failed' || result === 'idle') result = look;
    }
    return result;
  }

  [Symbol.dispose](): void {
    this.#life.abort();
  }

  dispose(): void {
    this[Symbol.dispose]();
  }

  async #lookAt(list: RunList, signal: AbortSignal): Promise<Look> {
    const before = list.runs;
    const failedBefore = list.problem !== undefined;
    try {
      list.runs = await this.#runs(list, signal);
      list.problem = undefined;
    } catch (error) {
      signal.throwIfAborted();
      list.problem = error;
    }
    const failed = list.problem !== undefined;
    if (failed !== failedBefore || JSON.stringify(list.runs) !== JSON.stringify(before)) {
      list.unseen = true;
      this.#changed(list.node);
    } else {
      // The stages of a running one go on, although what the list says of it stays.
      for (const run of list.runs)
        if (run.building) this.#changed({ kind: 'run', server: list.node.server, run });
    }
    if (failed) return 'failed';
    return list.runs.some(({ building }) => building) ? 'busy' : 'idle';
  }

  #roots(): RunsNode[] {
    const servers = this.#source.servers();
    const jobs = this.#source.jobs();
    // Without either the view says what to do.
    if (servers.length === 0 || (!this.#source.showsAll() && jobs.length === 0)) return [];
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

  async #belowServer(node: Parent & { kind: 'server' }, signal: AbortSignal) {
    const { server } = node;
    const jobs = this.#source.showsAll()
      ? (await this.#jobs(server, server.url, signal)).map((job) => jobNode(server, job))
      : this.#source
          .jobs()
          .filter((url) => url.startsWith(server.url))
          .map((url) => jobNode(server, undefined, url));
    if (jobs.length > 0) return jobs;
    return nothing(
      node,
      this.#source.showsAll()
        ? 'no jobs, or none that you may see'
        : 'no job of this server was chosen for this workspace',
    );
  }

  async #belowJob(node: JobNode, signal: AbortSignal): Promise<RunsNode[]> {
    const { server, url } = node;
    let list = this.#lists.get(url);
    if (!list) {
      if (node.job?.kind !== 'job') {
        const inside = await this.#branches(node, signal);
        if (inside.length > 0) return inside;
        if (node.job) return nothing(node, 'nothing in here, or nothing that you may see');
      }
      list = { node, limit: PAGE, runs: [], problem: undefined, open: true, unseen: false };
      this.#lists.set(url, list);
    }
    list.open = true;
    if (!list.unseen) {
      list.runs = await this.#runs(list, signal);
      list.problem = undefined;
    }
    list.unseen = false;
    void this.#findBroken(list);
    const runs = list.runs.map((run): RunsNode => ({ kind: 'run', server, run }));
    const problem: RunsNode[] =
      list.problem === undefined
        ? []
        : [{ kind: 'problem', error: list.problem, server, below: node }];
    if (runs.length === 0 && problem.length === 0) return nothing(node, 'no runs yet');
    const more: RunsNode[] = runs.length < list.limit ? [] : [{ kind: 'more', job: node }];
    return [...problem, ...runs, ...more];
  }

  async #branches({ server, url, job }: JobNode, signal: AbortSignal): Promise<RunsNode[]> {
    const [inside, branch] = await Promise.all([
      this.#jobs(server, url, signal),
      job?.kind === 'folder' || job?.kind === 'organization'
        ? undefined
        : this.#source.branch(signal),
    ]);
    return inside
      .map((each) => jobNode(server, each, each.url, each.kind === 'job' && each.name === branch))
      .sort((a, b) => Number(b.current) - Number(a.current));
  }

  async #belowRun(node: RunNode, signal: AbortSignal): Promise<RunsNode[]> {
    const stages = await this.#source.details.stages(node.run, signal);
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
  async #findBroken({ node, runs }: RunList): Promise<void> {
    const run = runs.find(isBroken);
    if (!run || this.#brokenIn.has(run.url)) return;
    try {
      const stages = await this.#source.details.stages(run, this.#life.signal);
      this.#noteBroken({ kind: 'run', server: node.server, run }, stages);
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

  async #runs(list: RunList, signal: AbortSignal): Promise<Run[]> {
    const client = await this.#source.client(list.node.server);
    return client.runs(list.node.url, { limit: list.limit }, signal);
  }

  async #jobs(server: Server, url: string, signal: AbortSignal): Promise<Job[]> {
    return (await this.#source.client(server)).jobs(url, signal);
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
