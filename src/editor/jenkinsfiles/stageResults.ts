import type { Run, Stage, StageState } from '../../jenkins/run';
import { ageOf, spanOf } from '../look/age';
import { markOf, stateOf } from '../look/marks';

/** A finished run with its stages. */
export interface PastRun {
  readonly run: Run;
  readonly stages: readonly Stage[];
}

/** How a stage of a Jenkinsfile, or the whole pipeline, ended in one run. */
export interface StageRun {
  readonly run: Run;
  /** Of several cells or branches the worst. */
  readonly state: StageState;
  /** Milliseconds since the epoch: of the stage, else of the run. */
  readonly startedAt: number;
  /** Of several cells or branches the longest; undefined where the server does not tell. */
  readonly durationMs: number | undefined;
  /** What stands for this stage in the run's record; more than one for cells, branches and loops. */
  readonly cells: readonly Stage[];
}

/** How a stage, or the whole pipeline, ended in the last runs. */
export interface StageRecord {
  /** The newest first, at most ten, and without the runs in which it was skipped; never empty. */
  readonly results: readonly [StageRun, ...StageRun[]];
  /** Of the passed ones; of all where none passed. Undefined where the server tells no durations. */
  readonly medianMs: number | undefined;
}

/** How many results a record has at most. */
export const MOST_RESULTS = 10;

/**
 * The record of the stage at `path` as the Jenkinsfile has it (`outline`), of the whole pipeline for
 * an empty path; undefined if it is in none of the runs. `history` is newest first.
 */
export function recordOf(
  path: readonly string[],
  history: readonly PastRun[],
): StageRecord | undefined {
  const [newest, ...others] = history
    .flatMap((past) => resultIn(path, past) ?? [])
    .slice(0, MOST_RESULTS);
  if (newest === undefined) return undefined;
  return { results: [newest, ...others], medianMs: medianOf([newest, ...others]) };
}

/** Whether a lens on this stage may offer to reproduce its run. */
export function brokeIn({ run, state }: StageRun): boolean {
  return BROKEN.has(state) && stateOf(run) !== 'passed';
}

/** `$(error) failed in #42, 2 h ago, 3 min 5 s`, and of a matrix `$(error) 2 of 6 failed in …`. */
export function lensTitle({ run, state, durationMs, cells }: StageRun, now: number): string {
  const same = cells.filter((cell) => cell.state === state).length;
  const count = cells.length > 1 && BROKEN.has(state) ? `${same} of ${cells.length} ` : '';
  const took = durationMs === undefined ? '' : `, ${spanOf(durationMs)}`;
  return `$(${markOf(state).icon}) ${count}${WORDS[state]} #${run.number}, ${ageOf(run.startedAt, now)}${took}`;
}

/** `✓ ✗ ✓ ✓, median 12 min`, the newest first. Holds nothing that a server could have chosen. */
export function historyText({ results, medianMs }: StageRecord): string {
  const signs = results.map(({ state }) => SIGNS[state]).join(' ');
  return medianMs === undefined ? signs : `${signs}, median ${spanOf(medianMs)}`;
}

/**
 * What stands for a stage of the Jenkinsfile in the record of a run. Its names must be there in
 * this order, with matrix cells and branches between them; where the record has no parents, its
 * name alone decides. An interpolated name (`Build ${os}`) stands for all that it could become.
 */
export function findStages(path: readonly string[], stages: readonly Stage[]): Stage[] {
  const all = flat(stages);
  const patterns = path.map(patternOf);
  const exactly = all.filter((stage) => isPath(patterns, stage.path));
  if (exactly.length > 0) return exactly;
  const between = all.filter((stage) => isWithin(patterns, stage.path));
  if (between.length > 0) return between;
  const last = patterns.slice(-1);
  return all.filter((stage) => isPath(last, stage.path));
}

const BROKEN: ReadonlySet<StageState> = new Set(['failed', 'unstable', 'aborted']);

const WORDS: Readonly<Record<StageState, string>> = {
  passed: 'passed in',
  failed: 'failed in',
  unstable: 'unstable in',
  aborted: 'aborted in',
  skipped: 'skipped in',
  running: 'running in',
  waiting: 'waiting in',
};

const SIGNS: Readonly<Record<StageState, string>> = {
  passed: '✓',
  failed: '✗',
  unstable: '!',
  aborted: '⊘',
  skipped: '–',
  running: '…',
  waiting: '…',
};

/** From the best to the worst. */
const BY_WEIGHT: readonly StageState[] = [
  'skipped',
  'passed',
  'running',
  'waiting',
  'unstable',
  'aborted',
  'failed',
];

function resultIn(path: readonly string[], { run, stages }: PastRun): StageRun | undefined {
  if (path.length === 0) {
    const { startedAt, duration } = run;
    return { run, state: stateOf(run), startedAt, durationMs: duration || undefined, cells: [] };
  }
  const cells = findStages(path, stages);
  const ran = cells.filter(({ state }) => state !== 'skipped');
  if (ran.length === 0) return undefined;
  const durations = ran.flatMap(({ duration }) => duration ?? []);
  const starts = ran.flatMap(({ startedAt }) => startedAt ?? []);
  return {
    run,
    state: ran.reduce<StageState>((worst, { state }) => heavier(worst, state), 'skipped'),
    startedAt: starts.length > 0 ? Math.min(...starts) : run.startedAt,
    durationMs: durations.length > 0 ? Math.max(...durations) : undefined,
    cells,
  };
}

function heavier(a: StageState, b: StageState): StageState {
  return BY_WEIGHT.indexOf(b) > BY_WEIGHT.indexOf(a) ? b : a;
}

function medianOf(results: readonly StageRun[]): number | undefined {
  const timed = results.filter(({ durationMs }) => durationMs !== undefined);
  const passed = timed.filter(({ state }) => state === 'passed');
  const sorted = (passed.length > 0 ? passed : timed)
    .flatMap(({ durationMs }) => durationMs ?? [])
    .sort((a, b) => a - b);
  const above = sorted[Math.floor(sorted.length / 2)];
  const below = sorted[Math.floor((sorted.length - 1) / 2)];
  return above === undefined || below === undefined ? undefined : (above + below) / 2;
}

function flat(stages: readonly Stage[]): Stage[] {
  return stages.flatMap((stage) => [stage, ...flat(stage.children)]);
}

/** The constant parts of a name; between two of them stands an interpolation. */
type Pattern = readonly string[];

function patternOf(name: string): Pattern {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < name.length;) {
    const end = name[at] === '$' ? endOfInterpolation(name, at) : at;
    if (end === at) part += name[at++] ?? '';
    else {
      parts.push(part);
      part = '';
      at = end;
    }
  }
  return [...parts, part];
}

/** The end of the `${…}` or `$a.b` at `at`; `at` itself if there is none. */
function endOfInterpolation(text: string, at: number): number {
  if (text[at + 1] !== '{') {
    const [found] = /^\$[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/.exec(text.slice(at)) ?? [''];
    return at + found.length;
  }
  let depth = 0;
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '{') depth++;
    if (text[end] === '}' && --depth === 0) return end + 1;
  }
  return at;
}

function isName(pattern: Pattern, name: string): boolean {
  const [first = '', ...rest] = pattern;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function isPath(patterns: readonly Pattern[], path: readonly string[]): boolean {
  return (
    patterns.length === path.length &&
    patterns.every((pattern, at) => isName(pattern, path[at] ?? ''))
  );
}

/** Whether the names are in the path in their order, the last one at its end. */
function isWithin(patterns: readonly Pattern[], path: readonly string[]): boolean {
  const last = patterns.at(-1);
  if (last === undefined || !isName(last, path.at(-1) ?? '')) return false;
  let at = 0;
  for (const name of path.slice(0, -1)) {
    const wanted = at < patterns.length - 1 ? patterns[at] : undefined;
    if (wanted !== undefined && isName(wanted, name)) at++;
  }
  return at === patterns.length - 1;
}
