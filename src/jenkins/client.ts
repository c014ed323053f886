import { artifactUrl, type Artifact } from './artifacts';
import { SOURCE_FIELDS, sourcesOf, type ChangeSource } from './changeSources';
import {
  chainOf,
  contentsOf,
  CONTENTS_FIELDS,
  LONGEST_CHAIN,
  newest,
  newestFields,
  newestOf,
  type Contents,
  type RunPage,
} from './contents';
import type { DiskCache } from '../base/diskCache';
import { doingOn, type Doing } from './doing';
import { EXECUTOR_FIELDS, executingOf, type Executing } from './executors';
import type { Clock } from '../base/clock';
import type { Push } from './events';
import type { Clues, Explanation } from './failure';
import { openWire, type ConnectOptions } from './http';
import type { InsideRun } from './insideRun';
import { JenkinsError, MISSING, unless, UNUSABLE } from './jenkinsError';
import { fields, text } from './json';
import { INDEX_FIELDS, indexOf, JOB_DETAILS, JOB_FIELDS, jobsOf, type Job } from './jobs';
import type { LintAnswer } from './lint';
import type { LoadedLibrary } from './loadedLibraries';
import { wholeLogReader, type LargeLogs } from './largeLogs';
import { readLog, type LogChunk, type LogPosition } from './log';
import type { Jenkinsfile } from './jenkinsfile';
import { readQueue, type QueueItem } from './queue';
import type { RecordedSh } from './recordedCommands';
import type { FailedTest, Failure, Run, Stage } from './run';
import { keptAnswers } from './runCache';
import { FULL_RUN_FIELDS, parseRun } from './runs';
import { parseRunUrl } from './url';
import { wellTyped } from './wellTyped';
import { notJenkins } from './wire/notJenkins';

/** Who answers at an address, and whom it takes us for. */
export interface Greeting {
  /** Undefined where a proxy hides it. */
  readonly version: string | undefined;
  /** Undefined when anonymous. */
  readonly user: string | undefined;
}

/**
 * One Jenkins server. All methods reject with a JenkinsError, or with the signal's reason. Dispose
 * it to close its connections.
 */
export interface Client extends Disposable {
  /** Ends with `/`. */
  readonly base: string;
  /** How many milliseconds the server's clock is ahead of ours: `Date.now() + clockSkew` is the time there. 0 below a minute. */
  readonly clockSkew: number;
  /** What changes something on the server. */
  readonly doing: Doing;
  /** Verifies that there is a Jenkins and that it accepts us. */
  ping(signal: AbortSignal): Promise<Greeting>;
  /**
   * Whom the server takes us for, also where we gave no name: it may know us by our certificate, or by
   * what stands before it. Undefined where it does not know us, or does not say.
   */
  whoAmI(signal: AbortSignal): Promise<string | undefined>;
  /** The jobs in a folder, a multibranch project, or at `base`. */
  jobs(url: string, signal: AbortSignal): Promise<Job[]>;
  /**
   * What waits for an executor, the next to be built first: of the job at an address, of all jobs
   * below the folder or project there, or of the whole server at `base`.
   */
  queue(url: string, signal: AbortSignal): Promise<QueueItem[]>;
  /** All jobs of the server in one request, each folder before what it holds; without descriptions and pull requests. */
  index(signal: AbortSignal): Promise<Job[]>;
  /** What the agents work on right now, as far as we may see it. */
  executing(signal: AbortSignal): Promise<Executing[]>;
  /** What happens to jobs, as long as somebody listens; see `pushesOf`. Ends where the server does not tell. */
  pushes(clock: Clock, signal: AbortSignal): AsyncIterable<Push>;
  /** What lies at the address of a job, folder, multibranch project, or at `base`, in one request. */
  contents(url: string, signal: AbortSignal): Promise<Contents>;
  /** The newest runs of a job and what waits to become one, in one request; at most `LONGEST_CHAIN`. */
  newestRuns(jobUrl: string, limit: number, signal: AbortSignal): Promise<RunPage>;
  /** Where the pull requests of a multibranch project come from, by the address of their job. */
  changeSources(
    projectUrl: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ChangeSource>>;
  /** The newest runs of a job first. Their `change` is only told by its number. */
  runs(
    jobUrl: string,
    options: { limit: number; olderThan?: number; remoteUrls?: readonly string[] },
    signal: AbortSignal,
  ): Promise<Run[]>;
  /**
   * A run by its address, also by a permalink such as `…/lastFailedBuild/`. `remoteUrls`, the
   * workspace's own, tell which repository's commit is meant.
   */
  run(runUrl: string, signal: AbortSignal, remoteUrls?: readonly string[]): Promise<Run>;
  /** The stages as a tree, in the order in which they began. */
  stages(run: Run, signal: AbortSignal): Promise<Stage[]>;
  /**
   * The stages of a job's newest runs by their numbers, at most ten, in one request; without what
   * lies in what, and `skipped` is guessed. `each` where `stages` of each run is as good, `by logs`
   * where that would take reading whole logs. To be asked after `stages`, which finds that out.
   */
  recentStages(
    jobUrl: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Stage[]> | 'each' | 'by logs'>;
  /** The failed tests of the run's test report; undefined when there is no report. */
  failedTests(run: Run, signal: AbortSignal): Promise<FailedTest[] | undefined>;
  /** Whether each test of the run's report passed, by `testKey`; empty when there is no report. */
  outcomes(run: Run, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>>;
  /** The files that the run kept, at most 1000. */
  artifacts(run: Run, signal: AbortSignal): Promise<Artifact[]>;
  /** The bytes of an artifact; to be read to the end, or left. */
  artifact(run: Run, artifact: Artifact, signal: AbortSignal): AsyncIterable<Buffer>;
  /** The log, clean; a growing one is followed to its end. Go on at a chunk's `next`. */
  log(
    run: Pick<Run, 'url' | 'building'>,
    options: { start?: LogPosition; signal: AbortSignal },
  ): AsyncIterable<LogChunk>;
  /**
   * What one stage of a run that has ended wrote, where the server keeps that by stage; else
   * undefined, and the log's own markers must tell.
   */
  stageLog(
    run: Pick<Run, 'url'>,
    stage: Stage,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer> | undefined>;
  /** Where a run broke. Reads the log. */
  failure(run: Run, stages: readonly Stage[], signal: AbortSignal): Promise<Failure>;
  /**
   * Like `failure`, with what broke it first; the log is read once for both, and not at all where
   * `clues` has it from elsewhere.
   */
  explain(
    run: Run,
    stages: readonly Stage[],
    signal: AbortSignal,
    clues?: ReadClues,
  ): Promise<Explanation>;
  /** What the `sh` steps of a run that has ended ran, as its log tells. */
  commands(run: Run, signal: AbortSignal): Promise<RecordedSh[]>;
  /** What can be known of the Jenkinsfile that a run used. */
  jenkinsfile(run: Run, signal: AbortSignal): Promise<Jenkinsfile>;
  /** The shared libraries that a run loaded, in that order, as far as the first megabyte of its log tells. */
  libraries(run: Run, signal: AbortSignal): Promise<LoadedLibrary[]>;
  /** Whether something stood in the way of an answer about a run, so that it may be better another time. */
  isProvisional(answer: object): boolean;
  /** Sees to it that a run that has ended can be reproduced while the server is down; without a cache, nothing. */
  keep(run: Run, signal: AbortSignal): Promise<void>;
  /**
   * What the server's own linter says of a Jenkinsfile's text. Rejects with `not-found` where the
   * plugin Pipeline: Declarative is missing, with `forbidden` or `sign-in` where we may not ask.
   */
  lint(text: string, signal: AbortSignal): Promise<LintAnswer>;
}

const JOBS = { lists: ['jobs'], needed: ['jobs'] };
const INSIDE = { lists: ['jobs'], objects: ['lastBuild'] };

/** Reads the clues to a failure off a run's log that is at hand. */
export type ReadClues = (stages: readonly Stage[], signal: AbortSignal) => Promise<Clues>;

/**
 * With a cache, answers about runs that have ended are kept, and known while the server is down. Logs are
 * read here, whatever their size, unless `large` says where else.
 */
export function connect(options: ConnectOptions, cache?: DiskCache, large?: LargeLogs): Client {
  const wire = openWire(options);
  const kept = keptAnswers(cache);
  const pollInterval = options.pollInterval ?? 1000;
  const parts = { wire, kept, pollInterval, readWhole: wholeLogReader(large) };
  let loaded: Promise<InsideRun> | undefined;
  const inside = (): Promise<InsideRun> =>
    (loaded ??= import('./insideRun').then(({ insideRun }) => insideRun(parts)));

  async function ping(signal: AbortSignal): Promise<Greeting> {
    try {
      await wire.json(`${wire.base}api/json?tree=mode`, signal);
    } catch (error) {
      // Every Jenkins has something there.
      const none = error instanceof JenkinsError && error.kind === 'not-found';
      throw none && wire.version === undefined ? notJenkins(wire.base) : error;
    }
    const me = wire.signedIn
      ? fields(await wire.json(`${wire.base}me/api/json?tree=id,fullName`, signal))
      : {};
    return { version: wire.version, user: text(me['id']) };
  }

  async function whoAmI(signal: AbortSignal): Promise<string | undefined> {
    const url = `${wire.base}whoAmI/api/json?tree=name,anonymous`;
    const me = fields(await unless(UNUSABLE, wire.json(url, signal)));
    return me['anonymous'] === false ? text(me['name']) : undefined;
  }

  async function jobs(url: string, signal: AbortSignal): Promise<Job[]> {
    // Branches are never at the top, and there may be thousands of jobs.
    const told = url === wire.base ? JOB_FIELDS : JOB_DETAILS;
    const json = await wire.json(`${url}api/json?tree=jobs[${told}]`, signal);
    return jobsOf(wellTyped(json, wire.base, JOBS), wire.base);
  }

  async function index(signal: AbortSignal): Promise<Job[]> {
    const json = await wire.json(`${wire.base}api/json?tree=${INDEX_FIELDS}`, signal);
    return indexOf(wellTyped(json, wire.base, JOBS), wire.base);
  }

  async function executing(signal: AbortSignal): Promise<Executing[]> {
    const url = `${wire.base}computer/api/json?tree=${EXECUTOR_FIELDS}`;
    const json = await unless(MISSING, wire.json(url, signal));
    return executingOf(wellTyped(json ?? {}, wire.base, { lists: ['computer'] }), wire.base);
  }

  async function queue(url: string, signal: AbortSignal): Promise<QueueItem[]> {
    const items = await readQueue(wire, signal);
    return url === wire.base ? items : items.filter(({ jobUrl }) => jobUrl?.startsWith(url));
  }

  async function* pushes(clock: Clock, signal: AbortSignal): AsyncGenerator<Push> {
    yield* (await import('./events')).pushesOf(wire, clock, signal);
  }

  async function contents(url: string, signal: AbortSignal): Promise<Contents> {
    const json = await wire.json(`${url}api/json?tree=${CONTENTS_FIELDS}`, signal);
    return contentsOf(wellTyped(json, wire.base, INSIDE), url, wire.base);
  }

  async function newestRuns(jobUrl: string, limit: number, signal: AbortSignal): Promise<RunPage> {
    const json = await wire.json(`${jobUrl}api/json?tree=${newestFields(limit)}`, signal);
    return newestOf(wellTyped(json, wire.base, INSIDE), limit, jobUrl, wire.base);
  }

  async function runs(
    jobUrl: string,
    {
      limit,
      olderThan,
      remoteUrls = [],
    }: { limit: number; olderThan?: number; remoteUrls?: readonly string[] },
    signal: AbortSignal,
  ): Promise<Run[]> {
    const found: Run[] = [];
    let before = olderThan;
    while (found.length < limit) {
      const page = await runsBefore(
        jobUrl,
        before,
        Math.min(LONGEST_CHAIN, limit - found.length),
        remoteUrls,
        signal,
      );
      found.push(...page);
      before = page.at(-1)?.number;
      if (before === undefined || page.length < LONGEST_CHAIN) break;
    }
    return found;
  }

  async function runsBefore(
    jobUrl: string,
    before: number | undefined,
    limit: number,
    remoteUrls: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Run[]> {
    const first = before === undefined ? 'lastBuild' : 'previousBuild';
    const url = before === undefined ? jobUrl : `${jobUrl}${before}/`;
    const ask = async () => {
      const json = await wire.json(`${url}api/json?tree=${newest(limit, first)}`, signal);
      return chainOf(fields(json)[first], limit, jobUrl, wire.base, remoteUrls).runs;
    };
    // What is newest is only known by asking.
    if (before === undefined) return ask();
    const what = ['before', limit, ...remoteUrls].join(' ');
    return kept.latest(url, what, ask, (page) => page.every(({ building }) => !building));
  }

  async function run(
    pasted: string,
    signal: AbortSignal,
    remoteUrls: readonly string[] = [],
  ): Promise<Run> {
    const address = parseRunUrl(pasted);
    if (address?.run === undefined || address.server !== wire.base) throw noRun(pasted, wire.base);
    const { jobUrl } = address;
    const url = `${jobUrl}${address.run}/`;
    const json = await kept.latest(
      url,
      'facts',
      () => wire.json(`${url}api/json?tree=${FULL_RUN_FIELDS}`, signal),
      (facts) => fields(facts)['building'] === false && fields(facts)['inProgress'] !== true,
    );
    const at = { server: wire.base, jobUrl };
    const found = parseRun(json, { ...at, remoteUrls });
    if (found === undefined) throw noRun(pasted, wire.base);
    const { source, agent } = await (await inside()).told(found, signal);
    const node = found.node ?? agent;
    // The repository that the job itself names comes before those of the workspace.
    const first = source === undefined ? [] : [source];
    return { ...found, ...parseRun(json, { ...at, remoteUrls: [...first, ...remoteUrls] }), node };
  }

  async function* artifact(of: Run, which: Artifact, signal: AbortSignal): AsyncGenerator<Buffer> {
    yield* (await wire.get(artifactUrl(of.url, which), signal)).body;
  }

  async function keep(of: Run, signal: AbortSignal): Promise<void> {
    if (cache === undefined || of.building) return;
    await kept.about(of, 'all', async () => {
      const whole = await run(of.url, signal);
      const { jenkinsfile, libraries } = await inside();
      await jenkinsfile(whole, signal);
      await libraries(whole, signal);
      await runs(of.jobUrl, { limit: 1, olderThan: of.number }, signal);
      return true;
    });
  }

  return {
    base: wire.base,
    changeSources: async (url, signal) =>
      sourcesOf(await wire.json(`${url}api/json?tree=${SOURCE_FIELDS}`, signal), wire.base),
    get clockSkew() {
      return wire.clockSkew;
    },
    doing: doingOn(wire, pollInterval),
    ping,
    whoAmI,
    jobs,
    queue,
    index,
    executing,
    pushes,
    contents,
    newestRuns,
    runs,
    run,
    stages: async (...args) => (await inside()).stages(...args),
    recentStages: async (...args) => (await inside()).recentStages(...args),
    stageLog: async (...args) => (await inside()).stageLog(...args),
    failedTests: async (...args) => (await inside()).failedTests(...args),
    outcomes: async (...args) => (await inside()).outcomes(...args),
    artifacts: async (...args) => (await inside()).artifacts(...args),
    artifact,
    log: (of, { start, signal }) => readLog(wire, of, { start, pollInterval, signal }),
    failure: async (of, known, signal) =>
      (await (await inside()).explain(of, known, signal)).failure,
    explain: async (...args) => (await inside()).explain(...args),
    commands: async (...args) => (await inside()).commands(...args),
    jenkinsfile: async (...args) => (await inside()).jenkinsfile(...args),
    libraries: async (...args) => (await inside()).libraries(...args),
    isProvisional: (answer) => kept.isUnsure(answer),
    keep,
    lint: async (...args) => (await inside()).lint(...args),
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  };
}

function noRun(url: string, base: string): JenkinsError {
  return new JenkinsError('not-found', `${url} is not the address of a run at ${base}.`, {
    advice: 'The address of a run ends with its number. Check that it is one of this server.',
  });
}
