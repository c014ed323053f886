import type { Clock } from '../../base/clock';
import type { DiskCache } from '../../base/diskCache';
import type { Contents, RunPage } from '../../jenkins/contents';
import { fields, list } from '../../jenkins/json';
import type { Run } from '../../jenkins/run';

/** When a change is written down, and how long nothing more is written of the same afterwards; in milliseconds. */
interface Pace {
  readonly soon: number;
  readonly apart: number;
}

/** Soon enough for a window that is closed at once, with what comes in the same moment. */
const LISTS: Pace = { soon: 500, apart: 5000 };
/** All jobs of a server are much to write. */
const INDEX: Pace = { soon: 5000, apart: 10 * 60_000 };
/** Runs of a job that are worth keeping. */
const MOST = 100;

/** What holds jobs, as it is written down; of a server all jobs, each folder before what it holds. */
export type ShelvedInside = Pick<Contents, 'kind' | 'jobs'>;

export interface ShelfOptions {
  /** Where what is of the server of a page is kept; undefined where that is nowhere. */
  readonly cache: (url: string) => DiskCache | undefined;
  readonly clock: Clock;
  /** What is to be written down, as it is known by then. */
  readonly runs: (jobUrl: string) => RunPage | undefined;
  readonly inside: (url: string) => ShelvedInside | undefined;
}

/** The lists of jobs and of ended runs on the disk, for the next start and for when a server is down. */
export class RunShelf implements Disposable {
  readonly #options: ShelfOptions;
  /** When what is to be written down, in milliseconds since the epoch. */
  readonly #due = new Map<string, number>();
  readonly #writtenAt = new Map<string, number>();
  #timer: Disposable | undefined;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** The ended runs of a job, without those that were still going on. */
  async runs(jobUrl: string): Promise<RunPage | undefined> {
    const kept = await this.#options.cache(jobUrl)?.get(`runs ${jobUrl}`);
    const runs = list(fields(kept)['runs']) as readonly Run[];
    return runs.length === 0 ? undefined : { runs, more: fields(kept)['more'] === true };
  }

  async inside(url: string): Promise<ShelvedInside | undefined> {
    const kept = await this.#options.cache(url)?.get(`inside ${url}`);
    return kept === undefined ? undefined : (kept as ShelvedInside);
  }

  /** The runs of a job have changed. */
  noteRuns(jobUrl: string): void {
    this.#note(`runs ${jobUrl}`, LISTS);
  }

  /** What lies somewhere has changed. */
  noteInside(url: string, kind: Contents['kind']): void {
    this.#note(`inside ${url}`, kind === 'server' ? INDEX : LISTS);
  }

  forget(server: string): void {
    for (const key of this.#due.keys()) if (urlOf(key).startsWith(server)) this.#due.delete(key);
  }

  /** Writes down what is to be, without waiting for it. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    for (const key of this.#due.keys()) void this.#write(key);
  }

  #note(key: string, { soon, apart }: Pace): void {
    if (this.#due.has(key) || this.#options.cache(urlOf(key)) === undefined) return;
    const now = this.#options.clock.now();
    const last = this.#writtenAt.get(key) ?? -Infinity;
    this.#due.set(key, Math.max(now + soon, last + apart));
    this.#plan();
  }

  #plan(): void {
    const { clock } = this.#options;
    this.#timer?.[Symbol.dispose]();
    const next = Math.min(...this.#due.values());
    this.#timer =
      next === Infinity
        ? undefined
        : clock.after(Math.max(0, next - clock.now()), () => void this.#writeDue());
  }

  async #writeDue(): Promise<void> {
    const { clock } = this.#options;
    for (const [key, due] of this.#due) if (due <= clock.now()) await this.#write(key);
    this.#plan();
  }

  async #write(key: string): Promise<void> {
    this.#due.delete(key);
    this.#writtenAt.set(key, this.#options.clock.now());
    const url = urlOf(key);
    const value = key.startsWith('runs ') ? this.#ended(url) : this.#options.inside(url);
    if (value !== undefined) await this.#options.cache(url)?.set(key, value);
  }

  #ended(jobUrl: string): RunPage | undefined {
    const known = this.#options.runs(jobUrl);
    if (known === undefined) return undefined;
    const ended = known.runs.filter(({ building }) => !building);
    return { runs: ended.slice(0, MOST), more: known.more || ended.length > MOST };
  }
}

function urlOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}
