import { ARTIFACT_FIELDS, artifactsOf, type Artifact } from './artifacts';
import type { Client, ReadClues } from './client';
import type { Explanation } from './failure';
import { postForm } from './forms';
import type { Wire } from './http';
import { fields } from './json';
import { kindOf, MISSING, unless, UNUSABLE } from './jenkinsError';
import { obtainedFrom, replayedLibraryFile, replayScript, type Jenkinsfile } from './jenkinsfile';
import type { Elsewhere, wholeLogReader } from './largeLogs';
import { parseLint, type LintAnswer } from './lint';
import { loadedLibraries, withRemotes, type LoadedLibrary } from './loadedLibraries';
import { readLog } from './log';
import { readCommands } from './recordedCommands';
import { failedTestsOf, OUTCOME_FIELDS, outcomesOf, REPORT_FIELDS } from './report';
import type { FailedTest, Run, Stage } from './run';
import type { KeptAnswers } from './runCache';
import { checkoutsOf } from './runs';
import { readStageLog } from './stageLog';
import { nest, stagesOfDescribe, stagesOfGraph, stagesOfRuns } from './stages';
import { wellTyped } from './wellTyped';

export interface InsideParts {
  readonly wire: Wire;
  readonly kept: KeptAnswers;
  /** Milliseconds between two looks at a growing log. */
  readonly pollInterval: number;
  readonly readWhole: ReturnType<typeof wholeLogReader>;
}

/** What a client knows of what is inside of a run, and of its Jenkinsfile. */
export interface InsideRun extends Pick<
  Client,
  | 'stages'
  | 'recentStages'
  | 'stageLog'
  | 'failedTests'
  | 'outcomes'
  | 'artifacts'
  | 'explain'
  | 'commands'
  | 'jenkinsfile'
  | 'libraries'
  | 'lint'
> {
  /** What the beginning of a run's log adds to what the server says of it. */
  told(
    of: Run,
    signal: AbortSignal,
  ): Promise<Pick<Jenkinsfile, 'path' | 'source'> & { readonly agent: string | undefined }>;
}

const REPORT = { lists: ['suites', 'childReports'] };
const LOG_HEAD = 256 * 1024;
const LINT_BOUND = 1024 * 1024;
/** The step `library` may come late. */
const LIBRARY_LOG = 1024 * 1024;

/** A bundle of its own, `dist/insideRun.js`, which is loaded with the first run that is looked into. */
export function insideRun({ wire, kept, pollInterval, readWhole }: InsideParts): InsideRun {
  // Which of the plugins a server has is only found out by asking.
  let plugin: (typeof PLUGINS)[number] | undefined;

  /** What the beginning of a run's log adds to what the server says of it. */
  function told(of: Run, signal: AbortSignal) {
    return kept.about(of, 'told', async (unsure) => {
      let log = '';
      try {
        log = await beginningOfLog(of.url, LOG_HEAD, signal);
      } catch (error) {
        // It only adds to what is known.
        if (kindOf(error) === undefined) throw error;
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
        const json = await unless(UNUSABLE, stagesAt(of.url + source, signal), unsure);
        if (json === undefined) continue;
        plugin = source;
        if (source !== 'wfapi/describe') return stagesOfGraph(json);
        return nest(stagesOfDescribe(json), (await scanConsole(of, signal)).stages);
      }
      const { stagesOfLog } = await import('./failure');
      return stagesOfLog(await scanConsole(of, signal), of);
    });
  }

  async function stagesAt(url: string, signal: AbortSignal): Promise<unknown> {
    const json = await wire.json(url, signal);
    const stages = { lists: ['stages'] };
    wellTyped(json, wire.base, { ...stages, objects: ['data'] });
    wellTyped(fields(json)['data'] ?? {}, wire.base, stages);
    return json;
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
      return json === undefined ? undefined : failedTestsOf(wellTyped(json, wire.base, REPORT));
    });
  }

  async function outcomes(of: Run, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>> {
    const url = `${of.url}testReport/api/json?tree=${OUTCOME_FIELDS}`;
    const json = await unless(MISSING, wire.json(url, signal));
    return outcomesOf(wellTyped(json ?? {}, wire.base, REPORT));
  }

  function artifacts(of: Run, signal: AbortSignal): Promise<Artifact[]> {
    return kept.about(of, 'artifacts', async () => {
      const json = await wire.json(`${of.url}api/json?tree=${ARTIFACT_FIELDS}`, signal);
      return artifactsOf(wellTyped(json, wire.base, { lists: ['artifacts'] }));
    });
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

  function commands(of: Run, signal: AbortSignal) {
    const log = () => logSoFar(of.url, Infinity, signal);
    const ask = (elsewhere: Elsewhere) => elsewhere.commands(of.url, signal);
    return readWhole({ log, read: readCommands, ask }, signal);
  }

  async function jenkinsfile(of: Run, signal: AbortSignal): Promise<Jenkinsfile> {
    const { path, source } = await told(of, signal);
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

  return {
    told,
    stages,
    recentStages,
    stageLog,
    failedTests,
    outcomes,
    artifacts,
    explain,
    commands,
    jenkinsfile,
    libraries,
    lint,
  };
}

/** Where plugins tell of stages, from the one that knows most; the console log is what is left. */
const PLUGINS = ['stages/tree', 'pipeline-overview/tree', 'wfapi/describe'] as const;

/** Older servers call the node they run on themselves "Jenkins" there. */
function agentOf(log: string): string | undefined {
  const name = /^(?:\[[^\]\n]*\] )?Running on (.+) in /m.exec(log)?.[1];
  return name === 'Jenkins' ? 'built-in' : name;
}

async function* resumed<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}
