import { isSynthetic, type LogStage } from './consoleLog';
import { fields, list, number, text } from './json';
import type { Stage, StageState } from './run';

/**
 * The stages of Pipeline Graph View's `tree`, which knows everything. It calls the stages that
 * Declarative adds by short names and makes up a parent for what has none; both are undone here,
 * so that all sources say the same.
 */
export function stagesOfGraph(json: unknown): Stage[] {
  return graphStages(fields(fields(json)['data'])['stages'], [], 0);
}

/** Nobody writes stages that lie deeper in one another. */
const DEEPEST = 100;

function graphStages(json: unknown, above: readonly string[], depth: number): Stage[] {
  if (depth > DEEPEST) return [];
  return list(json).flatMap((item) => {
    const stage = fields(item);
    const plain = text(stage['name']) ?? '';
    const made = stage['placeholder'] === true || stage['type'] === 'PARALLEL_BLOCK';
    if (made) return graphStages(stage['children'], above, depth + 1);
    const name =
      stage['synthetic'] === true && !isSynthetic(plain) ? `Declarative: ${plain}` : plain;
    const path = [...above, name];
    return {
      id: String(number(stage['id']) ?? text(stage['id']) ?? path.join('/')),
      name,
      path,
      state: graphState(stage['state']),
      startedAt: number(stage['startTimeMillis']),
      duration: number(stage['totalDurationMillis']),
      children: graphStages(stage['children'], path, depth + 1),
    };
  });
}

function graphState(state: unknown): StageState {
  switch (text(state)?.toLowerCase()) {
    case 'success':
      return 'passed';
    case 'failure':
      return 'failed';
    case 'unstable':
      return 'unstable';
    case 'aborted':
      return 'aborted';
    case 'running':
      return 'running';
    case 'paused':
    case 'queued':
      return 'waiting';
    default:
      return 'skipped';
  }
}

/** The flat list of Pipeline Stage View's `wfapi/describe`. */
export function stagesOfDescribe(json: unknown): Stage[] {
  return list(fields(json)['stages']).flatMap((item) => {
    const stage = fields(item);
    const name = text(stage['name']);
    if (name === undefined) return [];
    return {
      id: text(stage['id']) ?? name,
      name,
      path: [name],
      state: describeState(stage['status']),
      // 0 where it never began.
      startedAt: number(stage['startTimeMillis']) || undefined,
      duration: number(stage['durationMillis']),
      children: [],
    };
  });
}

/** A step that runs a script takes longer than this many milliseconds, if only to look for its end. */
const NO_TIME = 100;

/**
 * Stage View's `wfapi/runs?fullStages=true`: the stages of several runs by their numbers. It shows a
 * skipped stage as passed, or after an error as failed, and an outer one only up to its first inner
 * one; what took no time at all is one of these, of which nothing is known.
 */
export function stagesOfRuns(json: unknown): Map<number, Stage[]> {
  return new Map(
    list(json).flatMap((run) => {
      const number = numberOf(run);
      return number === undefined ? [] : [[number, stagesOfDescribe(run).map(unlessNoTime)]];
    }),
  );
}

function unlessNoTime(stage: Stage): Stage {
  const doubtful = stage.state === 'passed' || stage.state === 'failed';
  const noTime = stage.duration !== undefined && stage.duration < NO_TIME;
  return doubtful && noTime ? { ...stage, state: 'skipped' } : stage;
}

/** Runs of 2014 and before have a date for their id. */
function numberOf(run: unknown): number | undefined {
  const { id, name } = fields(run);
  const digits =
    /^\d{1,9}$/.exec(text(id) ?? '')?.[0] ?? /^#(\d{1,9})$/.exec(text(name) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function describeState(status: unknown): StageState {
  switch (status) {
    case 'SUCCESS':
      return 'passed';
    case 'FAILED':
      return 'failed';
    case 'UNSTABLE':
      return 'unstable';
    case 'ABORTED':
      return 'aborted';
    case 'IN_PROGRESS':
      return 'running';
    case 'PAUSED_PENDING_INPUT':
      return 'waiting';
    default:
      return 'skipped';
  }
}

/**
 * Puts the flat list into the order of the log, which knows what lies in what, which branches have
 * no stage, and what was skipped (Stage View shows a skipped stage as failed or passed, and an
 * outer stage only up to its first inner one).
 */
export function nest(flat: readonly Stage[], logged: readonly LogStage[]): Stage[] {
  const left = [...flat];
  function take(name: string): Stage | undefined {
    const at = left.findIndex((stage) => stage.name === name);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  }
  function convert(stage: LogStage, skipped: boolean): Stage {
    const told = take(stage.name);
    const own = skipped || stage.skipped;
    const children = stage.children.map((child) => convert(child, own));
    const state = told?.state ?? 'passed';
    return {
      id: told?.id ?? stage.path.join('/'),
      name: stage.name,
      path: stage.path,
      state: own ? 'skipped' : worst([state, ...children.map((child) => child.state)]),
      startedAt: told?.startedAt,
      duration: spanWith(told, children),
      children,
    };
  }
  const nested = logged.map((stage) => convert(stage, false));
  // What the log does not show (it may have been cut) is kept at the end.
  return [...nested, ...left];
}

/** The duration of a stage with its inner ones, where the times of all of them are known. */
function spanWith(told: Stage | undefined, children: readonly Stage[]): number | undefined {
  if (told?.startedAt === undefined || children.length === 0) return told?.duration;
  const start = told.startedAt;
  const ends = children.map(({ startedAt = NaN, duration = NaN }) => startedAt + duration);
  const end = Math.max(start + (told.duration ?? 0), ...ends);
  return Number.isNaN(end) ? told.duration : end - start;
}

const BY_WEIGHT: readonly StageState[] = [
  'skipped',
  'passed',
  'unstable',
  'aborted',
  'failed',
  'running',
  'waiting',
];

function worst(states: readonly StageState[]): StageState {
  return states.reduce((a, b) => (BY_WEIGHT.indexOf(b) > BY_WEIGHT.indexOf(a) ? b : a));
}

/** The innermost stage that failed (or was aborted), the first one where there are several. */
export function failedStage(stages: readonly Stage[]): Stage | undefined {
  for (const state of ['failed', 'aborted', 'unstable'] as const) {
    const found = firstOf(stages, state);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstOf(stages: readonly Stage[], state: StageState): Stage | undefined {
  const here =
    stages.find((stage) => stage.state === state && !isSynthetic(stage.name)) ??
    stages.find((stage) => stage.state === state);
  return here && (firstOf(here.children, state) ?? here);
}
