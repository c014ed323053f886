import { fields } from './json';
import { jobOf, jobsOf, JOB_METADATA, type Job } from './jobs';
import { QUEUE_FIELDS, queueItemOf, type QueueItem } from './queue';
import type { Run } from './run';
import { parseRun, RUN_FIELDS } from './runs';

/** What lies at an address, as one request tells it. */
export interface Contents {
  /** Undefined for what neither holds jobs nor runs. */
  readonly kind: 'server' | Job['kind'] | undefined;
  /** In the server's order; empty for a job. */
  readonly jobs: readonly Job[];
  /** The newest runs by the address of their job: of a job itself, or of each job in it. */
  readonly runs: ReadonlyMap<string, RunPage>;
}

/** Runs of a job that follow each other without a gap, the newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Whether there may be older ones. */
  readonly more: boolean;
  /**
   * What waits to become a run, as the job itself tells: one item of several with different parameters,
   * and none of a Pipeline before workflow-job 1360 (2023), which only the whole queue tells.
   */
  readonly waiting?: QueueItem | undefined;
}

/**
 * Runs told of each job in a project: one that runs, the last that ended, and the one before that
 * tells whether it is news. Jenkins reads each from its disk, the first one for its colour anyhow.
 */
const INNER_RUNS = 3;
/** Runs told of a job itself. */
export const PAGE = 10;

/**
 * Runs that one request can ask for. They are asked for as a chain of `previousBuild`, because
 * `builds{0,25}` makes Jenkins load up to 100 runs from its disk, and a link of the chain takes some
 * 300 bytes of the address, of which proxies accept 8 KB.
 */
export const LONGEST_CHAIN = 15;

/** A property that a thing does not have is left out of the answer, so one question suits all. */
export const CONTENTS_FIELDS = `name,color,jobs[${JOB_METADATA},${newestFields(INNER_RUNS)}],${newestFields(PAGE)}`;

export function contentsOf(json: unknown, url: string, server: string): Contents {
  const at = fields(json);
  const kind = url === server ? 'server' : jobOf({ ...at, url }, server)?.kind;
  const runs = new Map<string, RunPage>();
  if (kind === 'job') runs.set(url, newestOf(at, PAGE, url, server));
  const jobs = jobsOf(json, server, (job, said) => {
    if (job.kind === 'job') runs.set(job.url, newestOf(said, INNER_RUNS, job.url, server));
  });
  return { kind, jobs, runs };
}

/** What to ask of a job for its newest runs and what waits to become one. */
export function newestFields(length: number): string {
  return `${newest(length)},queueItem[${QUEUE_FIELDS}]`;
}

/** The newest runs of a job from what it says under `newestFields`. */
export function newestOf(json: unknown, length: number, jobUrl: string, server: string): RunPage {
  const { lastBuild, queueItem } = fields(json);
  const waiting = queueItemOf(queueItem, server);
  const page = chainOf(lastBuild, length, jobUrl, server);
  return waiting?.partOf === undefined
    ? { ...page, waiting: waiting && { ...waiting, jobUrl } }
    : page;
}

/** `lastBuild[…,previousBuild[…]]`, in Jenkins' `tree` language. */
export function newest(length: number, first: 'lastBuild' | 'previousBuild' = 'lastBuild'): string {
  let chain = RUN_FIELDS;
  for (let links = 1; links < length; links++) chain = `${RUN_FIELDS},previousBuild[${chain}]`;
  return `${first}[${chain}]`;
}

/** The runs of such a chain of at most `length`. */
export function chainOf(
  json: unknown,
  length: number,
  jobUrl: string,
  server: string,
  remoteUrls: readonly string[] = [],
): RunPage {
  const runs: Run[] = [];
  let link = json;
  for (;;) {
    const run = parseRun(link, { server, jobUrl, remoteUrls });
    if (run === undefined) return { runs, more: runs.length >= length };
    runs.push(run);
    link = fields(link)['previousBuild'];
  }
}
