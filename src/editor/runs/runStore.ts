import type { Clock } from '../../base/clock';
import { messageOf } from '../../base/errors';
import type { Client } from '../../jenkins/client';
import { PAGE, type Contents, type RunPage } from '../../jenkins/contents';
import { JenkinsError, type JenkinsErrorKind } from '../../jenkins/http';
import type { Job } from '../../jenkins/jobs';
import type { Run } from '../../jenkins/run';
import { Looks, type Attention, type Heard, type LookResult } from './looks';
import { merged, NO_RUNS } from './runList';

/** What is known of the runs of a job. */
export interface JobRuns {
  readonly jobUrl: string;
  /** The newest first, without gaps. */
  readonly runs: readonly Run[];
  /** Whether there may be older ones. */
  readonly more: boolean;
  /** When the server told it, in milliseconds since the epoch; undefined where it is from the disk. */
  readonly heardAt: number | undefined;
  /** Why the last look failed; `runs` are what was known. */
  readonly problem: unknown;
}

/** What is known of what lies at the address of a server, folder, project or job. */
export interface Inside {
  readonly url: string;
  readonly kind: Contents['kind'];
  /** In the server's order; empty for a job, whose runs are then known. */
  readonly jobs: readonly Job[];
  readonly heardAt: number | undefined;
  readonly problem: unknown;
}

/**
 * What is known of jobs and runs: the one place that asks for them and remembers them. What `runs`,
 * `older` and `inside` know is told at once; they reject where nothing is known and the server
 * cannot be asked, and with the signal's reason.
 */
export interface RunStore extends Disposable {
  /** What memory holds of a job's runs. */
  known(jobUrl: string): JobRuns | undefined;
  /**
   * The runs of a job as they are known, else its newest page. With `within`, a whole page that was
   * heard in the last so many milliseconds, if the server can be asked.
   */
  runs(jobUrl: string, signal: AbortSignal, within?: number): Promise<JobRuns>;
  /** Like `runs`, with one page more of older ones. */
  older(jobUrl: string, signal: AbortSignal): Promise<JobRuns>;
  /**
   * What lies at an address, in one request that also tells the newest runs there: ten of a job
   * itself, three of each job inside.
   */
  inside(url: string, signal: AbortSignal, within?: number): Promise<Inside>;
  /** Has what lies at an address, or the runs of a job, looked at again and again until disposed. */
  watch(url: string, how: Attention): Disposable;
  /** Looks at everything that is watched, now; resolves when that is done. Never rejects. */
  refresh(): Promise<void>;
  /** Whether the window has the focus; without it, looks are rarer. */
  attend(focused: boolean): void;
  /** Forgets all, or what is of one server. */
  forget(server?: string): void;
  /** Called with the address of which something has really changed. */
  onDidChange(listener: (url: string) => void): Disposable;
  /** Called with an address that was looked at, whether or not something had changed. */
  onDidLook(listener: (url: string) => void): Disposable;
}

export interface RunStoreOptions {
  /** The address of the connected server whose page this is; undefined where there is none. */
  readonly server: (url: string) => string | undefined;
  /** Rejects where no connected server has the page. */
  readonly client: (url: string) => Promise<Client>;
  /** Milliseconds between two looks at a visible job in which something runs. */
  readonly interval: () => number;
  readonly clock: Clock;
  /** From 0 up to 1; `Math.random` unless told. */
  readonly random?: () => number;
}

export function createRunStore(options: RunStoreOptions): RunStore {
  return new Store(options);
}

interface KnownRuns extends RunPage {
  readonly heardAt: number | undefined;
}

type KnownInside = Omit<Inside, 'url' | 'problem'>;

interface Problem {
  readonly error: unknown;
  readonly at: number;
}

class Store implements RunStore {
  readonly #options: RunStoreOptions;
  readonly #lists = new Map<string, KnownRuns>();
  readonly #insides = new Map<string, KnownInside>();
  /** Why the last look at an address failed. */
  readonly #problems = new Map<string, Problem>();
  /** Requests under way by what they ask, so that nobody asks the same meanwhile. */
  readonly #asking = new Map<string, Promise<void>>();
  readonly #changed = new Set<(url: string) => void>();
  readonly #looked = new Set<(url: string) => void>();
  readonly #life = new AbortController();
  readonly #looks: Looks;

  constructor(options: RunStoreOptions) {
    this.#options = options;
    this.#looks = new Looks({
      look: (url) => this.#look(url),
      server: (url) => options.server(url) ?? '',
      interval: options.interval,
      clock: options.clock,
      random: options.random ?? Math.random,
    });
  }

  known(jobUrl: string): JobRuns | undefined {
    const list = this.#lists.get(jobUrl);
    return list && { jobUrl, ...list, problem: this.#problems.get(jobUrl)?.error };
  }

  async runs(jobUrl: string, signal: AbortSignal, within?: number): Promise<JobRuns> {
    const list = this.#lists.get(jobUrl);
    const enough = list && (within === undefined || (isPage(list) && this.#isFresh(list, within)));
    if (!enough) await settled(this.#askPage(jobUrl), signal);
    return this.known(jobUrl) ?? this.#fail(jobUrl);
  }

  async older(jobUrl: string, signal: AbortSignal): Promise<JobRuns> {
    const { more, runs } = await this.runs(jobUrl, signal);
    const last = runs.at(-1);
    if (more && last) await settled(this.#askPage(jobUrl, last.number), signal);
    return this.known(jobUrl) ?? this.#fail(jobUrl);
  }

  async inside(url: string, signal: AbortSignal, within?: number): Promise<Inside> {
    const before = this.#insides.get(url);
    if (!before || (within !== undefined && !this.#isFresh(before, within)))
      await settled(this.#askContents(url), signal);
    const inside = this.#insides.get(url) ?? this.#fail(url);
    return { url, ...inside, problem: this.#problems.get(url)?.error };
  }

  watch(url: string, how: Attention): Disposable {
    return this.#looks.watch(url, how, this.#heardOf(url));
  }

  refresh(): Promise<void> {
    return this.#looks.all();
  }

  attend(focused: boolean): void {
    this.#looks.attend(focused);
  }

  forget(server = ''): void {
    for (const known of [this.#lists, this.#insides, this.#problems])
      for (const url of known.keys()) if (url.startsWith(server)) known.delete(url);
  }

  onDidChange(listener: (url: string) => void): Disposable {
    return subscribed(this.#changed, listener);
  }

  onDidLook(listener: (url: string) => void): Disposable {
    return subscribed(this.#looked, listener);
  }

  [Symbol.dispose](): void {
    this.#life.abort();
    this.#looks[Symbol.dispose]();
  }

  async #look(url: string): Promise<void> {
    await (this.#lists.has(url) ? this.#askPage(url) : this.#askContents(url));
    for (const listener of this.#looked) listener(url);
  }

  #askPage(jobUrl: string, olderThan?: number): Promise<void> {
    const below = olderThan === undefined ? {} : { olderThan };
    return this.#ask(`runs ${jobUrl} ${olderThan ?? ''}`, jobUrl, async (client, signal) => {
      const runs = await client.runs(jobUrl, { limit: PAGE, ...below }, signal);
      this.#tellRuns(jobUrl, { runs, more: runs.length >= PAGE }, olderThan);
    });
  }

  #askContents(url: string): Promise<void> {
    return this.#ask(`inside ${url}`, url, async (client, signal) => {
      const { runs, ...contents } = await client.contents(url, signal);
      this.#tellInside(url, { ...contents, heardAt: this.#options.clock.now() });
      for (const [jobUrl, page] of runs) this.#tellRuns(jobUrl, page);
    });
  }

  /** Never rejects: what went wrong is the address's problem, until it is heard of again. */
  #ask(
    what: string,
    url: string,
    ask: (client: Client, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const before = this.#asking.get(what);
    if (before) return before;
    const { signal } = this.#life;
    const asking = this.#options
      .client(url)
      .then((client) => ask(client, signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#tellProblem(url, error);
      })
      .finally(() => this.#asking.delete(what));
    this.#asking.set(what, asking);
    return asking;
  }

  #tellRuns(jobUrl: string, told: RunPage, below?: number): void {
    const before = this.#lists.get(jobUrl);
    const known = before ? { runs: before.runs, more: before.more } : NO_RUNS;
    const after = merged(known, told, below);
    this.#lists.set(jobUrl, { ...after, heardAt: this.#options.clock.now() });
    this.#tellHeard(jobUrl, !before || after !== known);
  }

  #tellInside(url: string, told: KnownInside): void {
    const before = this.#insides.get(url);
    const same = before && JSON.stringify(before.jobs) === JSON.stringify(told.jobs);
    this.#insides.set(url, same ? { ...told, jobs: before.jobs } : told);
    this.#tellHeard(url, !same);
  }

  #tellHeard(url: string, changed: boolean): void {
    const healed = this.#problems.delete(url);
    const heard = this.#heardOf(url);
    if (heard) this.#looks.heard(url, heard.result);
    if (changed || healed) this.#tellChange(url);
  }

  #tellProblem(url: string, error: unknown): void {
    const before = this.#problems.get(url);
    this.#problems.set(url, { error, at: this.#options.clock.now() });
    this.#looks.heard(url, failed(error));
    // The same trouble is told once.
    if (!before || messageOf(before.error) !== messageOf(error)) this.#tellChange(url);
  }

  #tellChange(url: string): void {
    for (const listener of this.#changed) listener(url);
  }

  /** When and how an address was heard of last; undefined where that was not the whole. */
  #heardOf(url: string): Heard | undefined {
    const problem = this.#problems.get(url);
    if (problem) return { at: problem.at, result: failed(problem.error) };
    const list = this.#lists.get(url);
    const inside = this.#insides.get(url);
    const at = list ? (isPage(list) ? list.heardAt : undefined) : inside?.heardAt;
    if (at === undefined) return undefined;
    const busy = list
      ? list.runs.some(({ building }) => building)
      : inside?.jobs.some(({ running }) => running);
    return { at, result: { look: busy === true ? 'busy' : 'idle' } };
  }

  #isFresh({ heardAt }: { readonly heardAt: number | undefined }, within: number): boolean {
    return heardAt !== undefined && this.#options.clock.now() - heardAt <= within;
  }

  #fail(url: string): never {
    this.#life.signal.throwIfAborted();
    throw this.#problems.get(url)?.error;
  }
}

/** What a project told of a job may be only its first few runs. */
function isPage({ runs, more }: RunPage): boolean {
  return !more || runs.length >= PAGE;
}

/** Waits for work that others wait for too: who cancels only ends their own waiting. */
async function settled(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let cancel: (() => void) | undefined;
  const cancelled = new Promise<void>((_, reject) => {
    cancel = () => reject(signal.reason as Error);
    signal.addEventListener('abort', cancel);
  });
  try {
    await Promise.race([work, cancelled]);
  } finally {
    if (cancel) signal.removeEventListener('abort', cancel);
  }
}

function subscribed<T>(listeners: Set<(value: T) => void>, listener: (value: T) => void) {
  // Each subscription is one of its own, also of the same function.
  const own = (value: T): void => listener(value);
  listeners.add(own);
  return { [Symbol.dispose]: () => void listeners.delete(own) };
}

/** What went wrong for one address alone; anything else would go wrong for all of the server. */
const ONLY_HERE: ReadonlySet<JenkinsErrorKind> = new Set([
  'forbidden',
  'not-found',
  'malformed',
  'truncated',
  'too-large',
]);

function failed(error: unknown): LookResult {
  const everywhere = error instanceof JenkinsError && !ONLY_HERE.has(error.kind);
  const retryAfter =
    error instanceof Error && 'retryAfter' in error && typeof error.retryAfter === 'number'
      ? error.retryAfter
      : undefined;
  return { look: 'failed', everywhere, retryAfter };
}
