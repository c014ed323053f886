import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock';
import { kindOf } from '../../jenkins/jenkinsError';
import type { ChangeSource } from '../../jenkins/changeSources';
import type { Client } from '../../jenkins/client';
import type { Job } from '../../jenkins/jobs';
import type { QueueItem } from '../../jenkins/queue';
import type { Run } from '../../jenkins/run';
import { parseRunUrl } from '../../jenkins/url';
import type { Server } from '../frame/settings';
import { isBroken } from '../look/marks';
import { Activity } from './activity';
import { branchJobs } from './branchJobs';
import { jobOf, type Favourite } from './favourites';
import { failingIn, isFailing } from './failing';
import type { RunDetails } from './runDetails';
import { RunInsides } from './runInsides';
import {
  idOf,
  serverOf,
  type ChangesNode,
  type JobNode,
  type Parent,
  type RunNode,
  type RunsNode,
  type SectionNode,
  type ServerNode,
  type TroubleNode,
} from './runsNodes';
import { Suggestions, type SuggestionSource } from './suggestions';
import { sectionOf, Unfolded, urlOf, type Watched } from './unfolded';

/** What the tree is made from. */
export interface RunsSource extends SuggestionSource {
  /** Addresses of the workspace's jobs. */
  jobs(): readonly string[];
  favourites(): readonly Favourite[];
  /** Whether all jobs of the servers are wanted. */
  showsAll(): boolean;
  /** Whether only what fails is wanted. */
  failingOnly(): boolean;
  /** The branch that is checked out, where it is known. */
  branch(signal: AbortSignal): Promise<string | undefined>;
  readonly details: RunDetails;
  /** The way to ask what the store does not know. */
  client(server: Server): Promise<Client>;
  readonly clock: Clock;
}

/**
 * What the store knows of the servers' runs as a tree. It never rejects: what could not be read is a
 * node that says why.
 */
export class RunsTree implements Disposable {
  readonly #source: RunsSource;
  readonly #changed: (node: RunsNode | undefined) => void;
  readonly #life = new AbortController();
  readonly #activity: Activity;
  readonly #insides: RunInsides;
  readonly #unfolded: Unfolded;
  readonly #suggestions: Suggestions;
  /** Where pull requests come from, by the address of their project. */
  readonly #sources = new Map<string, ReadonlyMap<string, ChangeSource>>();
  readonly #subscriptions: readonly Disposable[];
  /** The lines of servers that answer nobody, by the server's address. */
  readonly #troubles = new Map<string, TroubleNode>();

  /** `changed` is called with the node whose line or children must be read again; undefined for all. */
  constructor(source: RunsSource, changed: (node: RunsNode | undefined) => void) {
    this.#source = source;
    this.#changed = changed;
    setMaxListeners(0, this.#life.signal);
    this.#activity = new Activity(
      (server) => source.client(server),
      source.clock,
      (jobUrls) => this.#tell(jobUrls),
    );
    this.#insides = new RunInsides(
      {
        ...source,
        activity: this.#activity,
        isTold: ({ server, run }, error) =>
          this.#isTrouble(server, error) || isSameKind(source.store.problem(run.jobUrl), error),
      },
      changed,
      this.#life.signal,
    );
    this.#unfolded = new Unfolded(source.store);
    this.#suggestions = new Suggestions(source, () => changed(undefined), this.#life.signal);
    this.#subscriptions = [
      source.store.onDidChange((url) => {
        this.#insides.retry(url);
        if (source.store.trouble(url) || this.#troubles.delete(url)) {
          this.#changed(undefined);
          return;
        }
        for (const node of this.#unfolded.at(url)) changed(node);
      }),
      source.store.onDidLook((url) => this.#looked(url)),
    ];
  }

  async children(node: RunsNode | undefined): Promise<RunsNode[]> {
    try {
      const below = node ? await this.#below(node, this.#life.signal) : this.#roots();
      // VS Code refuses two lines of one id, and a report may name a test twice.
      return [...new Map(below.map((each) => [idOf(each), each])).values()];
    } catch (error) {
      const server = node && serverOf(node);
      if (this.#life.signal.aborted || !server) return [];
      if (this.#isTrouble(server, error))
        return [{ kind: 'nothing', below: node as Parent, text: 'nothing is known of it yet' }];
      return [{ kind: 'problem', error, server, below: node as Parent }];
    }
  }

  /** The name of the stage in which a run broke, as far as it is known. */
  brokenIn(run: Run): string | undefined {
    return this.#insides.brokenIn(run);
  }

  /** Reads one page more of a job's runs; a failure is shown as a problem of the job. */
  async showMore(job: JobNode): Promise<void> {
    await this.#source.store.older(job.url, this.#life.signal).catch(() => undefined);
  }

  /** Whether the view can be seen; only then is what is unfolded looked at. */
  see(visible: boolean): void {
    this.#unfolded.see(visible);
  }

  fold(node: RunsNode, open: boolean): void {
    this.#unfolded.fold(node, open);
    if (open && node.kind === 'job') this.#askQueue(node);
  }

  /** Something that the tree is made from, but no server, has changed. */
  redraw(): void {
    this.#insides.retry('');
    this.#changed(undefined);
  }

  /** Reads again what can be seen; what is shown stays until something else is known. */
  refresh(): Promise<void> {
    this.#source.details.forget();
    this.#insides.forget();
    this.#sources.clear();
    this.#suggestions.forget();
    this.redraw();
    return this.#source.store.refresh();
  }

  [Symbol.dispose](): void {
    this.#life.abort();
    this.#insides[Symbol.dispose]();
    this.#unfolded[Symbol.dispose]();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  dispose(): void {
    this[Symbol.dispose]();
  }

  /** Tells of jobs, since what waits and works for them has changed. */
  #tell(jobUrls: ReadonlySet<string>): void {
    for (const url of jobUrls) for (const node of this.#unfolded.at(url)) this.#changed(node);
  }

  /** Running runs go on, although what the list says of them stays. */
  #looked(url: string): void {
    // It says when the server is asked again.
    const trouble = this.#troubles.get(this.#serverOf(url)?.url ?? '');
    if (trouble) this.#changed(trouble);
    const runs = this.#source.store.known(url)?.runs ?? [];
    const running = runs.filter(({ building }) => building);
    for (const node of this.#unfolded.at(url)) {
      if (node.kind !== 'job') continue;
      for (const run of running) this.#changed(runNode(node, run));
      const told = this.#source.store.known(url)?.waiting;
      if (this.#queueOf(node).some(({ id }) => id !== told?.id)) this.#askQueue(node);
    }
  }

  #roots(): RunsNode[] {
    const servers = this.#source.servers();
    if (servers.length === 0) return [];
    const jobs = this.#source.jobs();
    const strange = jobs
      .filter((url) => !this.#serverOf(url))
      .map((url) => parseRunUrl(url)?.server ?? url);
    const roots: RunsNode[] = [
      ...(jobs.length > strange.length || this.#suggested().length > 0
        ? [{ kind: 'section', section: 'workspace' } as const]
        : []),
      ...(this.#source.favourites().some(({ url }) => this.#serverOf(url))
        ? [{ kind: 'section', section: 'favourites' } as const]
        : []),
      ...(this.#source.showsAll()
        ? servers.map((server): RunsNode => ({ kind: 'server', server }))
        : []),
      ...[...new Set(strange)].map((url): RunsNode => ({ kind: 'stranger', url })),
    ];
    this.#closeOthers(roots);
    // Without any the view says what to do.
    return roots;
  }

  /** Forgets what was unfolded in parts that are no longer there. */
  #closeOthers(roots: readonly RunsNode[]): void {
    const jobs = this.#source.jobs();
    this.#unfolded.keep((node) => {
      const section = sectionOf(node);
      if (section === 'workspace') return jobs.some((url) => urlOf(node).startsWith(url));
      if (section === 'favourites')
        return this.#source.favourites().some(({ url }) => urlOf(node).startsWith(url));
      return roots.some(
        (root) => root.kind === 'server' && urlOf(node).startsWith(root.server.url),
      );
    });
  }

  async #below(node: RunsNode, signal: AbortSignal): Promise<RunsNode[]> {
    switch (node.kind) {
      case 'section':
        return [
          ...this.#troublesIn(node),
          ...(node.section === 'favourites' ? this.#favourites() : this.#workspace()),
        ];
      case 'server':
        return this.#belowServer(node, signal);
      case 'job':
        return this.#belowJob(node, signal);
      case 'changes':
        return [...node.jobs];
      case 'run':
        return this.#insides.below(node);
      case 'stage':
        return this.#insides.belowStage(node);
      case 'diagnosis':
        return (node.diagnosis?.evidence ?? []).map((evidence): RunsNode => {
          return { kind: 'evidence', of: node.of, evidence };
        });
      case 'artifacts':
        return node.artifacts.map((artifact): RunsNode => {
          return { kind: 'artifact', of: node.of, artifact };
        });
      default:
        return [];
    }
  }

  /** The workspace's jobs on servers that the person has connected to; else what they may be. */
  #workspace(): RunsNode[] {
    const jobs = this.#source.jobs().flatMap((url) => {
      const server = this.#serverOf(url);
      return server ? this.#job({ section: 'workspace', server, url, top: true }, undefined) : [];
    });
    return jobs.length > 0 ? jobs : [...this.#suggested()];
  }

  #favourites(): RunsNode[] {
    const nodes = this.#source.favourites().flatMap((favourite) => {
      const { url } = favourite;
      const server = this.#serverOf(url);
      const at = { section: 'favourites', url, top: true } as const;
      return server ? this.#job({ ...at, server }, jobOf(favourite)) : [];
    });
    // Whoever has a job at hand wants to see how it is, without unfolding it.
    for (const node of nodes) if (node.job?.kind === 'job') this.#unfolded.fold(node, true);
    return nodes;
  }

  /** The connected server that has the page at an address. */
  #serverOf(url: string): Server | undefined {
    return this.#source
      .servers()
      .filter((server) => url.startsWith(server.url))
      .sort((a, b) => b.url.length - a.url.length)[0];
  }

  #suggested(): readonly RunsNode[] {
    return this.#source.jobs().length > 0 ? [] : this.#suggestions.get();
  }

  async #belowServer(node: ServerNode, signal: AbortSignal): Promise<RunsNode[]> {
    const { store } = this.#source;
    const trouble = store.trouble(node.server.url) ? [this.#trouble(node.server, node)] : [];
    try {
      const { jobs } = await store.inside(node.server.url, signal);
      const wanted = await this.#wanted(node, jobs, signal);
      const below = this.#withProblem(node, wanted, 'no jobs, or none that you may see');
      return [...trouble, ...below];
    } catch (error) {
      if (!this.#isTrouble(node.server, error)) throw error;
      return [this.#trouble(node.server, node)];
    } finally {
      // Also what could not be read is looked at again.
      this.#unfolded.fold(node, true);
    }
  }

  async #belowJob(node: JobNode, signal: AbortSignal): Promise<RunsNode[]> {
    const { store } = this.#source;
    const isNew = !this.#unfolded.has(node);
    try {
      if (node.job?.kind !== 'job') {
        const inside = await store.inside(node.url, signal);
        if (inside.kind !== 'job')
          return this.#withProblem(
            node,
            await this.#inside(node, inside.kind, inside.jobs, signal),
            'nothing in here, or nothing that you may see',
          );
      }
      const { runs, more } = await store.runs(node.url, signal);
      if (isNew) this.#askQueue(node);
      return this.#withProblem(node, this.#runs(node, runs, more), 'no runs yet');
    } finally {
      // Also what could not be read is looked at again.
      this.#unfolded.fold(node, true);
    }
  }

  #runs(node: JobNode, runs: readonly Run[], more: boolean): RunsNode[] {
    const failingOnly = this.#source.failingOnly();
    const shown = runs
      .filter((run) => !failingOnly || run.building || isBroken(run))
      .map((run) => runNode(node, run));
    void this.#insides.findBroken(shown);
    return [
      ...this.#queueOf(node).map((item): RunsNode => ({ kind: 'queued', below: node, item })),
      ...shown,
      ...(shown.length === 0 && runs.length > 0
        ? [{ kind: 'nothing', below: node, text: 'none of the newest runs failed' } as const]
        : []),
      ...(more && runs.length > 0 ? [{ kind: 'more', job: node } as const] : []),
    ];
  }

  /** What waits to become a run of a job: what it tells itself, and what the server's queue told. */
  #queueOf({ server, url }: JobNode): QueueItem[] {
    const told = this.#source.store.known(url)?.waiting;
    const { queue } = this.#activity.of(server);
    const others = queue.filter(
      ({ id, jobUrl, partOf }) => id !== told?.id && jobUrl === url && partOf === undefined,
    );
    return told ? [told, ...others] : others;
  }

  #askQueue({ server }: JobNode): void {
    void this.#activity.ask(server, false, this.#life.signal);
  }

  async #inside(
    node: JobNode,
    kind: Job['kind'] | 'server' | undefined,
    jobs: readonly Job[],
    signal: AbortSignal,
  ): Promise<RunsNode[]> {
    const wanted = await this.#wanted(node, jobs, signal);
    if (kind !== 'multibranch') return wanted;
    const branch = await this.#source.branch(signal);
    const sources = this.#changeSources(node, jobs, branch);
    const own = new Set(
      branchJobs([{ url: node.url, inside: jobs }], branch, (job) => sources.get(job.url)).map(
        ({ url }) => url,
      ),
    );
    const ofBranch = wanted.filter(({ url }) => own.has(url));
    const others = wanted.filter(({ url }) => !own.has(url));
    const changes = others.filter(({ job }) => job?.change);
    const group: ChangesNode[] =
      changes.length === 0
        ? []
        : [
            {
              kind: 'changes',
              of: node,
              jobs: changes.map((each) => ({ ...each, grouped: true })),
            },
          ];
    return [
      ...ofBranch.map((each) => ({ ...each, current: true })),
      ...group,
      ...others.filter(({ job }) => !job?.change),
    ];
  }

  /**
   * Where a project's pull requests come from, as far as it is known. That is only asked where no
   * branch has the name of the one that is checked out; the project's node is told of when it comes.
   */
  #changeSources(
    node: JobNode,
    jobs: readonly Job[],
    branch: string | undefined,
  ): ReadonlyMap<string, ChangeSource> {
    const known = this.#sources.get(node.url);
    const wanted =
      branch !== undefined &&
      jobs.some(({ change }) => change) &&
      !jobs.some(({ name }) => name === branch);
    if (known || !wanted) return known ?? new Map<string, ChangeSource>();
    const none = new Map<string, ChangeSource>();
    this.#sources.set(node.url, none);
    void this.#source
      .client(node.server)
      .then((client) => client.changeSources(node.url, this.#life.signal))
      .then(
        (sources) => {
          this.#sources.set(node.url, sources);
          if (sources.size > 0) this.#changed(node);
        },
        // Its pull requests are shown without that mark.
        () => this.#sources.delete(node.url),
      );
    return none;
  }

  /** The nodes of jobs; where only what fails is wanted, of those alone. */
  async #wanted(below: Watched, jobs: readonly Job[], signal: AbortSignal): Promise<JobNode[]> {
    const nodes = jobs.map((job) => {
      const { server } = below;
      const top = below.kind === 'server';
      return this.#job({ section: sectionOf(below), server, url: job.url, top }, job);
    });
    if (!this.#source.failingOnly()) return nodes;
    const failing = jobs.every(({ kind }) => kind === 'job')
      ? undefined
      : await this.#failing(below.server, signal);
    return nodes.filter(({ job, url }) =>
      job?.kind === 'job' ? isFailing(job) || job.running : (failing?.has(url) ?? true),
    );
  }

  /** What holds failing jobs, as the index tells; undefined where it cannot be had. */
  async #failing({ url }: Server, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    try {
      return failingIn((await this.#source.store.index(url, signal)).jobs, url);
    } catch {
      return undefined;
    }
  }

  #job(at: Pick<JobNode, 'section' | 'server' | 'url' | 'top'>, job: Job | undefined): JobNode {
    const favourite = this.#source.favourites().some(({ url }) => url === at.url);
    return { kind: 'job', ...at, job, current: false, favourite, grouped: false };
  }

  /** Whether an error is what a server answers everybody with, which is told once. */
  #isTrouble({ url }: Server, error: unknown): boolean {
    return isSameKind(this.#source.store.trouble(url)?.error, error);
  }

  /** The troubles of servers that have jobs in a section, where no line of the server's own tells them. */
  #troublesIn(section: SectionNode): RunsNode[] {
    if (this.#source.showsAll()) return [];
    const workspace = this.#source.jobs().map((url) => this.#serverOf(url)?.url);
    const favourites = this.#source.favourites().map(({ url }) => this.#serverOf(url)?.url);
    return this.#source.servers().flatMap((server) => {
      const isHere =
        section.section === 'workspace'
          ? workspace.includes(server.url)
          : favourites.includes(server.url) && !workspace.includes(server.url);
      return isHere && this.#source.store.trouble(server.url)
        ? [this.#trouble(server, section)]
        : [];
    });
  }

  #trouble(server: Server, below: TroubleNode['below']): TroubleNode {
    const node: TroubleNode = { kind: 'trouble', server, below };
    this.#troubles.set(server.url, node);
    return node;
  }

  #withProblem(below: Watched, nodes: RunsNode[], empty: string): RunsNode[] {
    const error = this.#source.store.problem(urlOf(below));
    if (error !== undefined && !this.#isTrouble(below.server, error))
      return [{ kind: 'problem', error, server: below.server, below }, ...nodes];
    if (nodes.length > 0) return nodes;
    const text = this.#source.failingOnly() ? 'nothing fails here' : empty;
    return [{ kind: 'nothing', below, text }];
  }
}

function isSameKind(one: unknown, other: unknown): boolean {
  const kind = kindOf(one);
  return kind !== undefined && kind === kindOf(other);
}

function runNode({ server, section }: JobNode, run: Run): RunNode {
  return { kind: 'run', server, run, section };
}
