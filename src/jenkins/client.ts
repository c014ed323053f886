import { ARTIFACT_FIELDS, artifactsOf, artifactUrl, type Artifact } from './artifacts';
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
import { postForm } from './forms';
import { doingOn, type Doing } from './doing';
import { EXECUTOR_FIELDS, executingOf, type Executing } from './executors';
import type { Clock } from '../base/clock';
import type { Push } from './events';
import type { Clues, Explanation } from './failure';
import { openWire, type ConnectOptions } from './http';
import { JenkinsError, kindOf, type JenkinsErrorKind } from './jenkinsError';
import { fields, text } from './json';
import { INDEX_FIELDS, indexOf, JOB_DETAILS, JOB_FIELDS, jobsOf, type Job } from './jobs';
import { parseLint, type LintAnswer } from './lint';
import { loadedLibraries, withRemotes, type LoadedLibrary } from './loadedLibraries';
import { wholeLogReader, type Elsewhere, type LargeLogs } from './largeLogs';
import { readLog, type LogChunk, type LogPosition } from './log';
import { obtainedFrom, replayedLibraryFile, replayScript, type Jenkinsfile } from './jenkinsfile';
import { readQueue, type QueueItem } from './queue';
import { failedTestsOf, OUTCOME_FIELDS, outcomesOf, REPORT_FIELDS } from './report';
import type { FailedTest, Failure, Run, Stage } from './run';
import { keptAnswers } from './runCache';
import { checkoutsOf, FULL_RUN_FIELDS, parseRun } from './runs';
import { readStageLog } from './stageLog';
import { nest, stagesOfDescribe, stagesOfGraph, stagesOfRuns } from './stages';
import { parseRunUrl } from './url';
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
  /** What can be known of the Jenkinsfile that a run used. */
  jenkinsfile(run: Run, signal: AbortSignal): Promise<Jenkinsfile>;
  /** The shared libraries that a run loaded, in that order, as far as the first megabyte of its log tells. */
  libraries(run: Run, signal: AbortSignal): Promise<LoadedLibrary[]>;
  /** Sees to it that a run that has ended can be reproduced while the server is down; without a cache, nothing. */
  keep(run: Run, signal: AbortSignal): Promise<void>;
  /**
   * What the server's own linter says of a Jenkinsfile's text. Rejects with `not-found` where the
   * plugin Pipeline: Declarative is missing, with `forbidden` or `sign-in` where we may not ask.
   */
  lint(text: string, signal: AbortSignal): Promise<LintAnswer>;
}

/** Reads the clues to a failure off a run's log that is at hand. */
export type ReadClues = (stages: readonly Stage[], signal: AbortSignal) => Promise<Clues>;

const LOG_HEAD = 256 * 1024;
const LINT_BOUND = 1024 * 1024;
/** The step `library` may come late. */
const LIBRARY_LOG = 1024 * 1024;

/**
 * With a cache, answers about runs that have ended are kept, and known while the server is down. Logs are
 * read here, whatever their size, unless `large` says where else.
 */
export function connect(options: ConnectOptions, cache?: DiskCache, large?: LargeLogs): Client {
  const wire = openWire(options);
  const kept = keptAnswers(cache);
  const pollInterval = options.pollInterval ?? 1000;
  const readWhole = wholeLogReader(large);
  // Which of the plugins a server has is only found out by asking.
  let plugin: (typeof PLUGINS)[number] | undefined;

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
    return jobsOf(wellTyped(json, true), wire.base);
  }

  async function index(signal: AbortSignal): Promise<Job[]> {
    const json = await wire.json(`${wire.base}api/json?tree=${INDEX_FIELDS}`, signal);
    return indexOf(wellTyped(json, true), wire.base);
  }

  async function executing(signal: AbortSignal): Promise<Executing[]> {
    const url = `${wire.base}computer/api/json?tree=${EXECUTOR_FIELDS}`;
    return executingOf(await unless(MISSING, wire.json(url, signal)), wire.base);
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
    return contentsOf(wellTyped(json), url, wire.base);
  }

  async function newestRuns(jobUrl: string, limit: number, signal: AbortSignal): Promise<RunPage> {
    const json = await wire.json(`${jobUrl}api/json?tree=${newestFields(limit)}`, signal);
    return newestOf(wellTyped(json), limit, jobUrl, wire.base);
  }

  /** What is no answer of Jenkins must not be taken for one that tells of no jobs or runs. */
  function wellTyped(json: unknown, mustHold = false): unknown {
    const { jobs, lastBuild } = fields(json);
    const holds = Array.isArray(jobs) || (jobs === undefined && !mustHold);
    const ran = typeof (lastBuild ?? {}) === 'object' && !Array.isArray(lastBuild);
    if (holds && ran && typeof json === 'object' && json !== null && !Array.isArray(json))
      return json;
    throw new JenkinsError(
      'malformed',
      `${wire.base} answered with other data than Jenkins does.`,
      {
        advice: 'Something between you and the server may change its answers. It is asked again.',
      },
    );
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
    const { source, agent } = await toldBy(found, signal);
    const node = found.node ?? agent;
    // The repository that the job itself names comes before those of the workspace.
    const first = source === undefined ? [] : [source];
    return { ...found, ...parseRun(json, { ...at, remoteUrls: [...first, ...remoteUrls] }), node };
  }

  /** What the beginning of a run's log adds to what the server says of it. */
  function toldBy(of: Run, signal: AbortSignal) {
    return kept.about(of, 'told', async (unsure) => {
      let log = '';
      try {
        log = await beginningOfLog(of.url, LOG_HEAD, signal);
      } catch (error) {
        // It only adds to what is known.
        if (!(error instanceof JenkinsError)) throw error;
        unsure();
      }
      return { ...obtainedFrom(log), agent: agentOf(log) };
    });
  }

  async function beginningOfLog(
    runUrl: string,
    bound: number,
    signal: AbortSignal,
  ): Promise<string> {
    const head: Buffer[] = [];
    for await (const bytes of logSoFar(runUrl, bound, signal)) head.push(bytes);
    return Buffer.concat(head).toString('utf8');
  }

  function stages(of: Run, signal: AbortSignal): Promise<Stage[]> {
    return kept.about(of, 'stages', async (unsure) => {
      for (const source of plugin === undefined ? PLUGINS : [plugin]) {
        const json = await unless(UNUSABLE, wire.json(of.url + source, signal), unsure);
        if (json === undefined) continue;
        plugin = source;
        if (source !== 'wfapi/describe') return stagesOfGraph(json);
        return nest(stagesOfDescribe(json), (await scanConsole(of, signal)).stages);
      }
      const { stagesOfLog } = await import('./failure');
      return stagesOfLog(await scanConsole(of, signal), of);
    });
  }

  async function stageLog(of: Pick<Run, 'url'>, stage: Stage, signal: AbortSignal) {
    for (const source of plugin === undefined ? PLUGINS : [plugin]) {
      if (source === 'wfapi/describe') continue;
      const log = readStageLog(wire, of, stage, source.replace(/tree$/, 'log'), signal);
      const first = await unless(UNUSABLE, log.next());
      if (first !== undefined && first.done !== true) return resumed(first.value, log);
    }
    return undefined;
  }

  async function recentStages(jobUrl: string, signal: AbortSignal) {
    if (plugin === undefined) return 'by logs';
    // Graph View's `multi-pipeline-graph/runs` tells results and times of ten runs, but no stages
    // (PipelineRun of the plugin, as of August 2026).
    if (plugin !== 'wfapi/describe') return 'each';
    return stagesOfRuns(await wire.json(`${jobUrl}wfapi/runs?fullStages=true`, signal));
  }

  async function scanConsole(of: Run, signal: AbortSignal) {
    const { readFindings } = await import('./failure');
    const log = () => logSoFar(of.url, Infinity, signal);
    const ask = (elsewhere: Elsewhere) => elsewhere.findings(of.url, signal);
    return readWhole({ log, read: readFindings, ask }, signal);
  }

  /** The log as it is now, also of a run that goes on; at most `bound` bytes. */
  async function* logSoFar(
    url: string,
    bound: number,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const { bytes } of readLog(
      wire,
      { url, building: false },
      { start: undefined, pollInterval, signal },
    )) {
      yield bytes.subarray(0, bound - size);
      size += bytes.length;
      if (size >= bound) return;
    }
  }

  function failedTests(of: Run, signal: AbortSignal): Promise<FailedTest[] | undefined> {
    return kept.about(of, 'tests', async (unsure) => {
      const url = `${of.url}testReport/api/json?tree=${REPORT_FIELDS}`;
      const json = await unless(MISSING, wire.json(url, signal));
      if (json === undefined) unsure();
      return json === undefined ? undefined : failedTestsOf(json);
    });
  }

  async function outcomes(of: Run, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>> {
    const url = `${of.url}testReport/api/json?tree=${OUTCOME_FIELDS}`;
    return outcomesOf(await unless(MISSING, wire.json(url, signal)));
  }

  function artifacts(of: Run, signal: AbortSignal): Promise<Artifact[]> {
    return kept.about(of, 'artifacts', async () =>
      artifactsOf(await wire.json(`${of.url}api/json?tree=${ARTIFACT_FIELDS}`, signal)),
    );
  }

  async function* artifact(of: Run, which: Artifact, signal: AbortSignal): AsyncGenerator<Buffer> {
    yield* (await wire.get(artifactUrl(of.url, which), signal)).body;
  }

  function explain(
    of: Run,
    known: readonly Stage[],
    signal: AbortSignal,
    atHand?: ReadClues,
  ): Promise<Explanation> {
    return kept.about(of, 'explanation', async (unsure) => {
      // A report that cannot be read is no reason not to look into the log.
      const report = await unless(UNUSABLE, failedTests(of, signal), unsure);
      const { explainClues, readClues, readRecord, recordOf } = await import('./failure');
      const ask = recordOf(plugin, {
        json: (path) => unless(UNUSABLE, wire.json(of.url + path, signal), unsure),
        text: (path) => unless(UNUSABLE, wire.text(of.url + path, signal), unsure),
      });
      const fromServer = {
        log: () => logSoFar(of.url, Infinity, signal),
        read: (log: AsyncIterable<Buffer>) => readClues(log, known),
        ask: (elsewhere: Elsewhere) => elsewhere.clues(of.url, known, signal),
      };
      const clues = await unless(
        MISSING,
        atHand === undefined ? readWhole(fromServer, signal) : atHand(known, signal),
        unsure,
      );
      return clues === undefined
        ? readRecord(known, report, ask)
        : explainClues(clues, known, report, ask);
    });
  }

  async function jenkinsfile(of: Run, signal: AbortSignal): Promise<Jenkinsfile> {
    const { path, source } = await toldBy(of, signal);
    const script = await kept.about(of, 'script', async (unsure) => {
      const page = await unless(MISSING, wire.text(`${of.url}replay/`, signal));
      const found = page === undefined ? undefined : replayScript(page);
      // Somebody may be given the permission later.
      if (found === undefined) unsure();
      return found;
    });
    return { path, source, text: script };
  }

  async function lint(jenkinsfileText: string, signal: AbortSignal): Promise<LintAnswer> {
    const url = `${wire.base}pipeline-model-converter/validate`;
    const form = { jenkinsfile: jenkinsfileText };
    return parseLint(await postForm(wire, url, form, signal, LINT_BOUND));
  }

  function libraries(of: Run, signal: AbortSignal): Promise<LoadedLibrary[]> {
    return kept.about(of, 'libraries', async (unsure) => {
      const log = await unless(MISSING, beginningOfLog(of.url, LIBRARY_LOG, signal));
      if (log === undefined) unsure();
      let found = loadedLibraries(log ?? '');
      if (
        found.some(({ revision, remoteUrl }) => revision !== undefined && remoteUrl === undefined)
      ) {
        const tree = 'actions[lastBuiltRevision[SHA1,branch[name]],remoteUrls]';
        const json = await wire.json(`${of.url}api/json?tree=${tree}`, signal);
        found = withRemotes(found, checkoutsOf(json));
      }
      if (found.every(({ replaced }) => replaced.length === 0)) return found;
      const page = await unless(MISSING, wire.text(`${of.url}replay/`, signal));
      if (page === undefined) unsure();
      return found.map((library) => ({
        ...library,
        replaced: library.replaced.map(({ path }) => ({
          path,
          text: page === undefined ? undefined : replayedLibraryFile(page, path),
        })),
      }));
    });
  }

  async function keep(of: Run, signal: AbortSignal): Promise<void> {
    if (cache === undefined || of.building) return;
    await kept.about(of, 'all', async () => {
      const whole = await run(of.url, signal);
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
    stages,
    recentStages,
    stageLog,
    failedTests,
    outcomes,
    artifacts,
    artifact,
    log: (of, { start, signal }) => readLog(wire, of, { start, pollInterval, signal }),
    failure: async (of, known, signal) => (await explain(of, known, signal)).failure,
    explain,
    jenkinsfile,
    libraries,
    keep,
    lint,
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  };
}

/** Where plugins tell of stages, from the one that knows most; the console log is what is left. */
const PLUGINS = ['stages/tree', 'pipeline-overview/tree', 'wfapi/describe'] as const;

const MISSING: readonly JenkinsErrorKind[] = ['not-found', 'forbidden'];
const UNUSABLE: readonly JenkinsErrorKind[] = [
  ...MISSING,
  'server-error',
  'malformed',
  'not-jenkins',
  'too-large',
];

/** Undefined when it fails with an error of these kinds; `unsure` is told if it may go well another time. */
async function unless<T>(
  kinds: readonly JenkinsErrorKind[],
  answer: Promise<T>,
  unsure?: () => void,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const kind = kindOf(error);
    if (kind === undefined || !kinds.includes(kind)) throw error;
    if (!MISSING.includes(kind)) unsure?.();
    return undefined;
  }
}

async function* resumed<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

function noRun(url: string, base: string): JenkinsError {
  return new JenkinsError('not-found', `${url} is not the address of a run at ${base}.`, {
    advice: 'The address of a run ends with its number. Check that it is one of this server.',
  });
}

/** Older servers call the node they run on themselves "Jenkins" there. */
function agentOf(log: string): string | undefined {
  const name = /^(?:\[[^\]\n]*\] )?Running on (.+) in /m.exec(log)?.[1];
  return name === 'Jenkins' ? 'built-in' : name;
}
