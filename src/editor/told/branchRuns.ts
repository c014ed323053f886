import type { ChangeSource } from '../../jenkins/changeSources';
import type { Run } from '../../jenkins/run';
import { branchJobs, isOfBranch, type BranchJob, type WorkspaceJob } from '../runs/branchJobs';
import type { Inside, RunStore } from '../runs/runStore';

/** The runs of one job that builds the branch that is checked out. */
export interface BranchJobRuns {
  readonly job: BranchJob;
  /** Those of the branch, the newest first. */
  readonly runs: readonly Run[];
  /** Whether there may be older ones. */
  readonly more: boolean;
  /** When the server told it; undefined where it did not yet. */
  readonly heardAt: number | undefined;
  /** Why the last look failed; `runs` are what was known. */
  readonly problem: unknown;
}

/** What is known of the branch that is checked out; its surest job first. */
export interface BranchState {
  readonly branch: string;
  readonly jobs: readonly BranchJobRuns[];
  /** Why nobody knows which jobs build it. */
  readonly problem: unknown;
}

export interface BranchRunsParts {
  readonly store: Pick<
    RunStore,
    'known' | 'runs' | 'inside' | 'watch' | 'onDidChange' | 'onDidLook'
  >;
  /** Addresses of the workspace's jobs, on servers that may be asked. */
  jobs(): readonly string[];
  /** Where the pull requests of a project come from, by the address of their job. */
  sources(projectUrl: string, signal: AbortSignal): Promise<ReadonlyMap<string, ChangeSource>>;
}

/** Jobs that build one branch and are kept an eye on; a workspace with more has them in the view. */
const MOST_JOBS = 5;

/** Keeps an eye on the jobs that build the branch that is checked out. */
export class BranchRuns implements Disposable {
  readonly #parts: BranchRunsParts;
  readonly #changed: () => void;
  readonly #watches = new Map<string, Disposable>();
  readonly #subscriptions: readonly Disposable[];
  #following = new AbortController();
  #branch: string | undefined;
  #jobs: readonly BranchJob[] = [];
  #problem: unknown;
  /** The projects and jobs that tell which jobs build the branch. */
  #roots: ReadonlySet<string> = new Set();
  #sources = new Map<string, Promise<ReadonlyMap<string, ChangeSource>>>();

  /** `changed` is called when `state` may tell something else. */
  constructor(parts: BranchRunsParts, changed: () => void) {
    this.#parts = parts;
    this.#changed = changed;
    const heard = (url: string): void => {
      if (this.#jobs.some((job) => job.url === url)) this.#changed();
    };
    this.#subscriptions = [
      parts.store.onDidChange((url) => {
        if (this.#roots.has(url)) void this.#settle();
        heard(url);
      }),
      // Also that nothing has changed is news, to somebody who waits for a first word.
      parts.store.onDidLook(heard),
    ];
  }

  /** Undefined while no branch is followed. */
  state(): BranchState | undefined {
    const branch = this.#branch;
    if (branch === undefined) return undefined;
    const jobs = this.#jobs.map((job): BranchJobRuns => {
      const known = this.#parts.store.known(job.url);
      return {
        job,
        runs: known?.runs.filter((run) => isOfBranch(run, job, branch)) ?? [],
        more: known?.more ?? true,
        heardAt: known?.heardAt,
        problem: known?.problem,
      };
    });
    return { branch, jobs, problem: this.#problem };
  }

  /** Follows the jobs of another branch, or those of the same one anew; of none where it is undefined. */
  follow(branch: string | undefined): Promise<void> {
    this.#following.abort();
    this.#following = new AbortController();
    this.#sources = new Map();
    this.#roots = new Set(branch === undefined ? [] : this.#parts.jobs());
    // What is known of the same branch stays until more is.
    if (branch !== this.#branch) {
      this.#branch = branch;
      this.#jobs = [];
      this.#problem = undefined;
      this.#changed();
    }
    return this.#settle();
  }

  [Symbol.dispose](): void {
    this.#following.abort();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#watch(new Set());
  }

  /** Finds out which jobs build the branch, and watches them; what tells of others while there are none. */
  async #settle(): Promise<void> {
    const { signal } = this.#following;
    const told = new Map<string, Inside>();
    const silent: string[] = [];
    let problem: unknown;
    const ask = async (url: string): Promise<void> => {
      try {
        told.set(url, await this.#parts.store.inside(url, signal));
      } catch (error) {
        silent.push(url);
        problem = error;
      }
    };
    await Promise.all([...this.#roots].map(ask));
    const insides = [...this.#roots].flatMap((url) => told.get(url) ?? []);
    const sources = await this.#changes(insides, signal);
    if (signal.aborted) return;
    this.#problem = problem;
    this.#jobs = branchJobs(insides.flatMap(workspaceJob), this.#branch, ({ url }) =>
      sources.get(url),
    ).slice(0, MOST_JOBS);
    const found = this.#jobs.map(({ url }) => url);
    this.#watch(new Set([...found, ...silent, ...(found.length > 0 ? [] : this.#roots)]));
    this.#changed();
    await this.#recall(found, signal);
  }

  /** What is only on the disk is shown until the server tells more; why it does not, the watch tells. */
  async #recall(jobUrls: readonly string[], signal: AbortSignal): Promise<void> {
    const unknown = jobUrls.filter((url) => this.#parts.store.known(url) === undefined);
    await Promise.allSettled(unknown.map((url) => this.#parts.store.runs(url, signal)));
    if (unknown.length > 0 && !signal.aborted) this.#changed();
  }

  /** Asked only where no job has the branch's name, but there are pull requests. */
  async #changes(
    insides: readonly Inside[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ChangeSource>> {
    const all = new Map<string, ChangeSource>();
    for (const { url, jobs } of insides) {
      if (!jobs.some(({ change }) => change !== undefined)) continue;
      if (jobs.some(({ name }) => name === this.#branch)) continue;
      const asked = this.#sources.get(url) ?? this.#parts.sources(url, signal);
      this.#sources.set(url, asked);
      try {
        for (const [job, source] of await asked) all.set(job, source);
      } catch {
        // The branch itself may be built later; until then nobody knows.
        this.#sources.delete(url);
      }
    }
    return all;
  }

  #watch(wanted: ReadonlySet<string>): void {
    for (const [url, watch] of this.#watches) {
      if (wanted.has(url)) continue;
      watch[Symbol.dispose]();
      this.#watches.delete(url);
    }
    for (const url of wanted)
      if (!this.#watches.has(url))
        this.#watches.set(url, this.#parts.store.watch(url, 'background'));
  }
}

/** What holds jobs and has none is no plain job. */
function workspaceJob({ url, kind, jobs }: Inside): WorkspaceJob[] {
  return kind === 'job' || jobs.length > 0 ? [{ url, inside: jobs }] : [];
}
