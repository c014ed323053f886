import { setMaxListeners } from 'node:events';
import { orAborted } from '../../base/abort';
import type { Clock } from '../../base/clock';
import type { DiskCache } from '../../base/diskCache';
import type { Client } from '../../jenkins/client';
import { LONGEST_CHAIN, PAGE, type Contents, type RunPage } from '../../jenkins/contents';
import { asJenkinsError } from '../../jenkins/jenkinsError';
import type { Job } from '../../jenkins/jobs';
import type { QueueItem } from '../../jenkins/queue';
import type { Run } from '../../jenkins/run';
import { Looks, type Attention, type Heard, type LookResult } from './looks';
import { nextLook } from './nextLook';
import { Pushes } from './pushes';
import { RunMemory } from './runMemory';
import { RunShelf, type ShelvedInside } from './runShelf';
import { Troubles } from './troubles';

/** What is known of the runs of a job. */
export interface JobRuns {
  readonly jobUrl: string;
  /** The newest first, without gaps. The same array as long as nothing has changed. */
  readonly runs: readonly Run[];
  /** Whether there may be older ones. */
  readonly more: boolean;
  /** What waits to become a run, as far as the job itself tells (see `RunPage`). */
  readonly waiting: QueueItem | undefined;
  /** When the server told it, in milliseconds since the epoch; undefined where it is from the disk. */
  readonly heardAt: number | undefined;
  /** Why the last look failed; `runs` are what was known. */
  readonly problem: unknown;
}

/** What is known of what lies at the address of a server, folder, project or job. */
export interface Inside {
  readonly url: string;
  readonly kind: Contents['kind'];
  /** In the server's order; empty for a job, whose runs are then known. The same array as long as nothing has changed. */
  readonly jobs: readonly Job[];
  readonly heardAt: number | undefined;
  readonly problem: unknown;
}

/** All jobs of a server that are known. */
export interface JobIndex {
  /** Each folder before what it holds. The same array as long as nothing has changed. */
  readonly jobs: readonly Job[];
  readonly heardAt: number | undefined;
  readonly problem: unknown;
}

/** Something that goes wrong again and again. */
export interface Trouble {
  readonly error: unknown;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
  /** When the server is asked again, if anybody watches something there. */
  readonly again?: number | undefined;
}

/**
 * What is known of jobs and runs: the one place that asks for them and remembers them. `runs`,
 * `older`, `inside` and `index` tell at once what is known, whatever its age; with `within`, only what
 * was heard in the last so many milliseconds, as long as the server can be asked. They reject where
 * nothing is known and the server does not tell, and with the signal's reason.
 */
export interface RunStore extends Disposable {
  /** What memory holds of a job's runs. */
  known(jobUrl: string): JobRuns | undefined;
  /** The newest runs of a job. */
  runs(jobUrl: string, signal: AbortSignal, within?: number): Promise<JobRuns>;
  /** Like `runs`, with one page more of older ones. */
  older(jobUrl: string, signal: AbortSignal): Promise<JobRuns>;
  /**
   * What lies at an address. One request also tells the newest runs there, ten of a job itself and
   * three of each branch in a project, or all jobs of a server.
   */
  inside(url: string, signal: AbortSignal, within?: number): Promise<Inside>;
  /** All jobs of a server, in one request; afterwards all of its folders are known. */
  index(server: string, signal: AbortSignal, within?: number): Promise<JobIndex>;
  /** Has what lies at an address, or the runs of a job, looked at again and again until disposed. */
  watch(url: string, how: Attention): Disposable;
  /** Looks at everything that is watched, now; resolves when that is done. Never rejects. */
  refresh(): Promise<void>;
  /** Whether the window has the focus; without it, looks are rarer. */
  attend(focused: boolean): void;
  /**
   * Why a server answers nobody; undefined when it does. `onDidChange` tells the server's address when
   * that begins and ends.
   */
  trouble(server: string): Trouble | undefined;
  /** Why what lies at an address cannot be read, where that is not the trouble of its server. */
  problem(url: string): unknown;
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
  /** Where what is of the server of a page is kept on the disk; nowhere unless told. */
  readonly cache?: (url: string) => DiskCache | undefined;
  /** Whether servers are listened to while somebody looks, and then asked less; they are not unless told. */
  readonly pushes?: () => boolean;
  readonly clock: Clock;
  /** From 0 up to 1; `Math.random` unless told. */
  readonly random?: () => number;
}

export function createRunStore(options: RunStoreOptions): RunStore {
  return new Store(options);
}

/** A way to come to know something: from memory, from the disk, from the server. */
interface Learn {
  readonly known: () => { readonly heardAt: number | undefined } | undefined;
  /** Neither rejects. */
  readonly recall: () => Promise<void>;
  readonly ask: () => Promise<void>;
}

class Store implements RunStore {
  readonly #options: RunStoreOptions;
  readonly #memory = new RunMemory();
  readonly #troubles: Troubles;
  /** Requests under way by what they ask, so that nobody asks the same meanwhile. */
  readonly #asking = new Map<string, Promise<void>>();
  readonly #changed = new Set<(url: string) => void>();
  readonly #looked = new Set<(url: string) => void>();
  readonly #looks: Looks;
  readonly #pushes: Pushes;
  readonly #shelf: RunShelf;
  /** Jobs whose last look was for an old run that goes on. */
  readonly #lookedDeep = new Set<string>();
  /** Ends the requests under way when all is forgotten. */
  #session = newSession();
  #disposed = false;

  constructor(options: RunStoreOptions) {
    this.#options = options;
    this.#troubles = new Troubles(options);
    this.#looks = new Looks({
      look: (url, isHurried) => this.#look(url, isHurried),
      server: (url) => options.server(url) ?? '',
      interval: options.interval,
      clock: options.clock,
      random: options.random ?? Math.random,
    });
    this.#pushes = new Pushes({
      listen: async (server, signal) =>
        (await options.client(server)).pushes(options.clock, signal),
      isWanted: options.pushes ?? (() => false),
      isWatched: (url) => this.#looks.isWatched(url),
      hurry: (isMeant) => this.#looks.hurry(isMeant),
      interval: options.interval,
      clock: options.clock,
    });
    this.#shelf = new RunShelf({
      cache: options.cache ?? (() => undefined),
      clock: options.clock,
      runs: (jobUrl) => this.#memory.list(jobUrl),
      inside: (url) => this.#shelved(url),
    });
  }

  known(jobUrl: string): JobRuns | undefined {
    const list = this.#memory.list(jobUrl);
    return (
      list && {
        jobUrl,
        ...list,
        waiting: list.waiting,
        problem: this.#troubles.problem(jobUrl)?.error,
      }
    );
  }

  async runs(jobUrl: string, signal: AbortSignal, within?: number): Promise<JobRuns> {
    const learn = {
      known: () => this.#memory.list(jobUrl),
      recall: () => this.#recallRuns(jobUrl),
      ask: () => this.#askPage(jobUrl),
    };
    await this.#learn(learn, signal, within);
    return this.known(jobUrl) ?? this.#unknown(jobUrl, () => this.runs(jobUrl, signal));
  }

  async older(jobUrl: string, signal: AbortSignal): Promise<JobRuns> {
    const { more, runs } = await this.runs(jobUrl, signal);
    const last = runs.at(-1);
    if (more && last) await orAborted(this.#askPage(jobUrl, PAGE, last.number), signal);
    return this.runs(jobUrl, signal);
  }

  async inside(url: string, signal: AbortSignal, within?: number): Promise<Inside> {
    const learn = {
      known: () => this.#memory.inside(url),
      recall: () => this.#recallInside(url),
      ask: () => this.#askInside(url),
    };
    await this.#learn(learn, signal, within);
    const inside = this.#memory.inside(url);
    if (!inside) return this.#unknown(url, () => this.inside(url, signal));
    return { url, ...inside, problem: this.#troubles.problem(url)?.error };
  }

  async index(server: string, signal: AbortSignal, within?: number): Promise<JobIndex> {
    const { heardAt, problem } = await this.inside(server, signal, within);
    return { jobs: this.#memory.index(server), heardAt, problem };
  }

  watch(url: string, how: Attention): Disposable {
    const looking = this.#looks.watch(url, how, this.#heardOf(url));
    const server = how === 'visible' ? this.#options.server(url) : undefined;
    if (server === undefined) return looking;
    const listening = this.#pushes.watch(server);
    return {
      [Symbol.dispose]: () => {
        looking[Symbol.dispose]();
        listening[Symbol.dispose]();
      },
    };
  }

  refresh(): Promise<void> {
    this.#pushes.retry(false);
    return this.#looks.all();
  }

  attend(focused: boolean): void {
    this.#looks.attend(focused);
  }

  trouble(server: string): Trouble | undefined {
    const trouble = this.#troubles.of(server);
    return trouble && { ...trouble, again: this.#looks.silentUntil(server) };
  }

  problem(url: string): unknown {
    const problem = this.#troubles.problem(url);
    return problem?.shared === true ? undefined : problem?.error;
  }

  forget(server = ''): void {
    this.#session.abort();
    this.#session = newSession();
    this.#asking.clear();
    this.#memory.forget(server);
    this.#shelf.forget(server);
    this.#pushes.retry(true);
    this.#troubles.forget(server);
  }

  onDidChange(listener: (url: string) => void): Disposable {
    return subscribed(this.#changed, listener);
  }

  onDidLook(listener: (url: string) => void): Disposable {
    return subscribed(this.#looked, listener);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#session.abort();
    this.#looks[Symbol.dispose]();
    this.#pushes[Symbol.dispose]();
    this.#shelf[Symbol.dispose]();
  }

  /** What is on the disk is told at once, and the server asked meanwhile; else it is what is left where that fails. */
  async #learn({ known, recall, ask }: Learn, signal: AbortSignal, within?: number): Promise<void> {
    if (this.#isGood(known(), within)) return;
    if (!known() && within === undefined) {
      await orAborted(recall(), signal);
      if (known()) {
        void ask();
        return;
      }
    }
    await orAborted(ask(), signal);
    if (!known()) await orAborted(recall(), signal);
  }

  async #recallRuns(jobUrl: string): Promise<void> {
    const { signal } = this.#session;
    const kept = await this.#shelf.runs(jobUrl);
    // The server may have told meanwhile, which is better.
    if (!kept || signal.aborted || this.#memory.list(jobUrl)) return;
    this.#memory.tellRuns(jobUrl, kept, undefined);
  }

  async #recallInside(url: string): Promise<void> {
    const { signal } = this.#session;
    const kept = await this.#shelf.inside(url);
    if (!kept || signal.aborted || this.#memory.inside(url)) return;
    if (kept.kind === 'server') this.#memory.tellIndex(url, kept.jobs, undefined);
    else this.#memory.tellInside(url, { ...kept, heardAt: undefined });
  }

  #shelved(url: string): ShelvedInside | undefined {
    const inside = this.#memory.inside(url);
    return inside?.kind === 'server' ? { ...inside, jobs: this.#memory.index(url) } : inside;
  }

  async #look(url: string, isHurried: boolean): Promise<void> {
    const list = this.#memory.list(url);
    if (isHurried || !this.#isTold(url))
      await (list ? this.#askAgain(url, list.runs) : this.#askInside(url));
    if (!this.#troubles.problem(url)) this.#looks.heard(url, this.#found(url));
    for (const listener of this.#looked) listener(url);
  }

  /**
   * Whether the server would have told of anything new at an address. What runs goes on all the same, and
   * from time to time it is asked nevertheless.
   */
  #isTold(url: string): boolean {
    const since = this.#pushes.since(this.#options.server(url) ?? '');
    const heard = this.#heardOf(url);
    if (since === undefined || heard === undefined || heard.result.look === 'failed') return false;
    const { clock, interval } = this.#options;
    return heard.at > since && clock.now() - heard.at < nextLook('idle', 0, interval());
  }

  /** Asks for the newest page of a job, or in turn with it for one that tells how an older run goes on. */
  #askAgain(jobUrl: string, runs: readonly Run[]): Promise<void> {
    const oldest = runs.findLastIndex(({ building }) => building);
    if (oldest < LONGEST_CHAIN) return this.#askPage(jobUrl, Math.max(PAGE, oldest + 1));
    if (!this.#lookedDeep.delete(jobUrl)) {
      this.#lookedDeep.add(jobUrl);
      return this.#askPage(jobUrl, PAGE, runs[oldest - 1]?.number);
    }
    return this.#askPage(jobUrl);
  }

  #askPage(jobUrl: string, limit = PAGE, olderThan?: number): Promise<void> {
    return this.#ask(`runs ${jobUrl} ${olderThan ?? ''}`, jobUrl, async (client, signal) => {
      if (olderThan === undefined) {
        this.#tellRuns(jobUrl, await client.newestRuns(jobUrl, limit, signal));
        return;
      }
      const runs = await client.runs(jobUrl, { limit, olderThan }, signal);
      this.#tellRuns(jobUrl, { runs, more: runs.length >= limit }, olderThan);
    });
  }

  #askInside(url: string): Promise<void> {
    return this.#ask(`inside ${url}`, url, async (client, signal) => {
      const kind = this.#memory.inside(url)?.kind;
      if (url === client.base) {
        const index = await client.index(signal);
        const changed = new Set(this.#memory.tellIndex(url, index, this.#options.clock.now()));
        if (changed.size > 0) this.#shelf.noteInside(url, 'server');
        this.#tellHeard(url, changed.delete(url));
        for (const folder of changed) this.#tellHeard(folder, true);
      } else if (kind === 'folder' || kind === 'organization') {
        // Nobody wants the runs of all the jobs of a folder.
        this.#tellInside(url, { kind, jobs: await client.jobs(url, signal) });
      } else {
        const { runs, ...contents } = await client.contents(url, signal);
        this.#tellInside(url, contents);
        for (const [jobUrl, page] of runs) this.#tellRuns(jobUrl, page);
      }
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
    const { signal } = this.#session;
    const asking = this.#options
      .client(url)
      .then((client) => ask(client, signal))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#tellProblem(url, error);
      })
      .finally(() => {
        if (this.#asking.get(what) === asking) this.#asking.delete(what);
      });
    this.#asking.set(what, asking);
    return asking;
  }

  #tellRuns(jobUrl: string, told: RunPage, below?: number): void {
    const changed = this.#memory.tellRuns(jobUrl, told, this.#options.clock.now(), below);
    this.#memory.trim((url) => this.#looks.isWatched(url));
    if (changed) this.#shelf.noteRuns(jobUrl);
    this.#tellHeard(jobUrl, changed);
  }

  #tellInside(url: string, told: Pick<Contents, 'kind' | 'jobs'>): void {
    const heardAt = this.#options.clock.now();
    const changed = this.#memory.tellInside(url, { ...told, heardAt });
    if (changed) this.#shelf.noteInside(url, told.kind);
    this.#tellHeard(url, changed);
  }

  #tellHeard(url: string, changed: boolean): void {
    const better = this.#troubles.answered(url);
    const heard = this.#heardOf(url);
    if (heard) this.#looks.heard(url, heard.result);
    for (const one of new Set([...(changed ? [url] : []), ...better])) this.#tellChange(one);
  }

  #tellProblem(url: string, error: unknown): void {
    const worse = this.#troubles.failed(url, error);
    const heard = this.#heardOf(url);
    if (heard) this.#looks.heard(url, heard.result);
    for (const one of worse) this.#tellChange(one);
  }

  #tellChange(url: string): void {
    for (const listener of this.#changed) listener(url);
  }

  /** When and how the whole of an address was heard of last. */
  #heardOf(url: string): Heard | undefined {
    const problem = this.#troubles.problem(url);
    if (problem) return { at: problem.at, result: failed(problem.error, problem.shared) };
    const at = (this.#memory.list(url) ?? this.#memory.inside(url))?.heardAt;
    return at === undefined ? undefined : { at, result: this.#found(url) };
  }

  #found(url: string): LookResult {
    const list = this.#memory.list(url);
    const inside = this.#memory.inside(url);
    // On a large server something always runs: its folders are looked at for that.
    const busy = list
      ? list.waiting !== undefined || list.runs.some(({ building }) => building)
      : inside?.kind !== 'server' && inside?.jobs.some(({ running }) => running);
    return { look: busy === true ? 'busy' : 'idle' };
  }

  #isGood(known: { heardAt: number | undefined } | undefined, within: number | undefined): boolean {
    if (known === undefined || within === undefined) return known !== undefined;
    const { heardAt } = known;
    return heardAt !== undefined && this.#options.clock.now() - heardAt <= within;
  }

  /** What to do about an address of which nothing is known, although it was asked for. */
  #unknown<T>(url: string, askAgain: () => Promise<T>): Promise<T> {
    if (this.#disposed) this.#session.signal.throwIfAborted();
    const problem = this.#troubles.problem(url);
    // It was forgotten meanwhile.
    if (!problem) return askAgain();
    throw problem.error;
  }
}

function newSession(): AbortController {
  const session = new AbortController();
  setMaxListeners(0, session.signal);
  return session;
}

function subscribed<T>(listeners: Set<(value: T) => void>, listener: (value: T) => void) {
  // Each subscription is one of its own, also of the same function.
  const own = (value: T): void => listener(value);
  listeners.add(own);
  return { [Symbol.dispose]: () => void listeners.delete(own) };
}

function failed(error: unknown, everywhere: boolean): LookResult & { readonly look: 'failed' } {
  return { look: 'failed', everywhere, retryAfter: asJenkinsError(error)?.retryAfter };
}
