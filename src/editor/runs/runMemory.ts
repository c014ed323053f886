import { PAGE, type Contents, type RunPage } from '../../jenkins/contents';
import type { Job } from '../../jenkins/jobs';
import type { Run } from '../../jenkins/run';
import { merged, NO_RUNS } from './runList';

export interface KnownRuns extends RunPage {
  /** When the server told the newest of them; undefined where that is from the disk. */
  readonly heardAt: number | undefined;
}

export interface KnownInside {
  readonly kind: Contents['kind'];
  readonly jobs: readonly Job[];
  /** Undefined where the server told it only in passing, or it is from the disk. */
  readonly heardAt: number | undefined;
}

/** Runs that are held at most; a job's that was not wanted for the longest time go first. */
const MOST_RUNS = 20_000;
/** Runs that a job keeps which nobody looks at. */
const MOST_UNSEEN = 100;

/** What is known of jobs and runs. An object that has not changed stays the same. */
export class RunMemory {
  readonly #lists = new Map<string, KnownRuns>();
  readonly #insides = new Map<string, KnownInside>();
  readonly #indexes = new Map<string, readonly Job[]>();
  #held = 0;

  /** How many runs are held. */
  get held(): number {
    return this.#held;
  }

  list(jobUrl: string): KnownRuns | undefined {
    const list = this.#lists.get(jobUrl);
    // A map hands its entries out in the order in which they came.
    if (list) this.#lists.delete(jobUrl);
    if (list) this.#lists.set(jobUrl, list);
    return list;
  }

  inside(url: string): KnownInside | undefined {
    return this.#insides.get(url);
  }

  /** `below` as in `merged`. @returns whether it was new. */
  tellRuns(jobUrl: string, told: RunPage, at: number | undefined, below?: number): boolean {
    const before = this.#lists.get(jobUrl);
    const known: RunPage = before ?? NO_RUNS;
    // Only the newest page tells what waits.
    const waiting = below === undefined ? told.waiting : known.waiting;
    const { runs, more } = merged(known, told, below);
    const whole = below === undefined && tellsAll(told, runs);
    this.#keep(jobUrl, { runs, more, waiting, heardAt: whole ? at : before?.heardAt });
    return (
      !before ||
      runs !== known.runs ||
      more !== known.more ||
      JSON.stringify(waiting) !== JSON.stringify(known.waiting)
    );
  }

  /** @returns whether it was new. */
  tellInside(url: string, told: KnownInside): boolean {
    return this.#keepInside(url, told, (job) => job);
  }

  /**
   * Takes in all jobs of a server, each folder before what it holds.
   * @returns the addresses of what now holds something else.
   */
  tellIndex(server: string, index: readonly Job[], at: number | undefined): string[] {
    const inside = new Map<string, { kind: Contents['kind']; jobs: Job[] }>();
    inside.set(server, { kind: 'server', jobs: [] });
    for (const job of index) {
      inside.get(parentOf(job.url))?.jobs.push(job);
      if (job.kind !== 'job') inside.set(job.url, { kind: job.kind, jobs: [] });
    }
    const changed = [...inside].filter(([url, { kind, jobs }]) => {
      // What a project tells of its branches is more, so that is still to be asked for.
      const heardAt = kind === 'multibranch' ? this.#insides.get(url)?.heardAt : at;
      return this.#keepInside(url, { kind, jobs, heardAt }, withDetails);
    });
    return changed.map(([url]) => url);
  }

  /** All jobs of a server that are known, each folder before what it holds. */
  index(server: string): readonly Job[] {
    let index = this.#indexes.get(server);
    if (!index) {
      const all: Job[] = [];
      const addInside = (url: string): void => {
        for (const job of this.#insides.get(url)?.jobs ?? []) {
          all.push(job);
          if (job.kind !== 'job') addInside(job.url);
        }
      };
      addInside(server);
      index = all;
      this.#indexes.set(server, index);
    }
    return index;
  }

  forget(server: string): void {
    for (const [url, { runs }] of this.#lists)
      if (url.startsWith(server)) {
        this.#lists.delete(url);
        this.#held -= runs.length;
      }
    for (const url of this.#insides.keys()) if (url.startsWith(server)) this.#insides.delete(url);
    this.#indexes.clear();
  }

  /** Lets go of what is too much and not `wanted`. */
  trim(isWanted: (jobUrl: string) => boolean): void {
    for (const [url, list] of [...this.#lists]) {
      if (isWanted(url)) continue;
      const { runs } = list;
      if (this.#held > MOST_RUNS) {
        this.#lists.delete(url);
        this.#held -= runs.length;
      } else if (runs.length > MOST_UNSEEN)
        this.#keep(url, { ...list, runs: runs.slice(0, MOST_UNSEEN), more: true });
    }
  }

  #keep(jobUrl: string, list: KnownRuns): void {
    this.#held += list.runs.length - (this.#lists.get(jobUrl)?.runs.length ?? 0);
    this.#lists.delete(jobUrl);
    this.#lists.set(jobUrl, list);
  }

  #keepInside(
    url: string,
    { kind, jobs, heardAt }: KnownInside,
    complete: (job: Job, known: Job) => Job,
  ): boolean {
    const before = this.#insides.get(url);
    const known = new Map(before?.jobs.map((job) => [job.url, job]));
    const after = jobs.map((told) => {
      const job = known.get(told.url);
      if (job === undefined) return told;
      const whole = complete(told, job);
      return isSameJob(job, whole) ? job : whole;
    });
    const same =
      before !== undefined &&
      kind === before.kind &&
      after.length === before.jobs.length &&
      after.every((job, at) => job === before.jobs[at]);
    this.#insides.set(url, { kind, jobs: same ? before.jobs : after, heardAt });
    if (!same) this.#indexes.clear();
    return !same;
  }
}

/** Whether a page tells how each run is that still went on when it was heard of last. */
function tellsAll({ runs: told, more }: RunPage, runs: readonly Run[]): boolean {
  const oldest = told.at(-1)?.number ?? Infinity;
  const whole = !more || runs.length >= PAGE;
  return whole && runs.every(({ building, number }) => !building || number >= oldest);
}

/** The index tells less of a job than what holds it. */
function withDetails(told: Job, { description, change, isMain }: Job): Job {
  return {
    ...told,
    ...(description !== undefined && { description }),
    ...(change !== undefined && { change }),
    ...(isMain !== undefined && { isMain }),
  };
}

function isSameJob(a: Job, b: Job): boolean {
  return (
    a.state === b.state &&
    a.running === b.running &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.description === b.description &&
    a.isMain === b.isMain &&
    JSON.stringify(a.change) === JSON.stringify(b.change)
  );
}

/** The address of the folder or server that holds a job. */
export function parentOf(jobUrl: string): string {
  const beforeName = jobUrl.lastIndexOf('/', jobUrl.length - 2);
  return jobUrl.slice(0, beforeName - 'job'.length);
}
