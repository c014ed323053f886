import { TIME_UNITS } from '../../pipeline/timeUnits';
import type { Level, Stage } from '../../pipeline/declarative';
import type { Pipeline } from '../../pipeline/declarative';
import { stageName } from '../../pipeline/outline';
import { bodyOf, named, positional, rangeOf } from '../../pipeline/syntax';
import type { Call, Range, Statement } from '../../pipeline/syntax';
import type { StageRecord, StageRun } from './stageResults';

/** A `timeout` that runs in CI come close to, or have met. */
export interface CloseTimeout {
  /** The call `timeout(…)`, without its body. */
  readonly range: Range;
  /** The stage that it limits, as `outline` has it; empty for the whole pipeline. */
  readonly path: readonly string[];
  readonly limitMs: number;
  /** The longest run that passed, if that took more than four fifths of the limit. */
  readonly longest: StageRun | undefined;
  /** The newest run that was aborted at the limit. */
  readonly aborted: StageRun | undefined;
}

/**
 * The timeouts of a Jenkinsfile that CI's history comes close to, for a diagnostic each. Looked at
 * are those of `options`, and a step `timeout` that holds all of its stage's steps, or stands
 * around all of a stage in a scripted pipeline, since only these can be compared with a stage's
 * duration; and only limits that the text tells. `history` gives the record of a stage's path, and
 * of the empty one (`StageHistory.known`).
 */
export function closeTimeouts(
  pipeline: Pipeline,
  history: (path: readonly string[]) => StageRecord | undefined,
): CloseTimeout[] {
  return timeoutsOf(pipeline).flatMap(({ call, path }) => {
    const limitMs = limitOf(call);
    const record = limitMs === undefined ? undefined : history(path);
    if (limitMs === undefined || record === undefined) return [];
    const aborted = record.results.find((result) => wasAbortedAt(result, limitMs));
    const longest = longestPassed(record, limitMs * CLOSE);
    if (!aborted && !longest) return [];
    return [{ range: rangeOf(pipeline, headOf(call)), path, limitMs, longest, aborted }];
  });
}

/** What part of the limit is close to it. */
const CLOSE = 0.8;
/** Jenkins gives a step some time to end: up to this long after the limit, an abort is the timeout's. */
const GRACE = 60_000;

interface Limit {
  readonly call: Call;
  readonly path: readonly string[];
}

function timeoutsOf(pipeline: Pipeline): Limit[] {
  const { declarative, text } = pipeline;
  const found: Limit[] = [];
  const ofOptions = ({ options }: Level, path: readonly string[]): void => {
    for (const call of options) if (call.name === 'timeout') found.push({ call, path });
  };
  const ofStage = (stage: Stage, above: readonly string[]): void => {
    const name = stageName(text, stage.call);
    if (name === undefined) return;
    const path = [...above, name];
    ofOptions(stage, path);
    const { work } = stage;
    if (work.kind === 'steps') {
      const call = onlyTimeout(work.body.body);
      if (call) found.push({ call, path });
    } else if (work.kind !== 'nothing') {
      const inner = work.kind === 'matrix' ? work.matrix.stages : work.stages;
      for (const each of inner) ofStage(each, path);
    }
  };
  if (declarative) {
    ofOptions(declarative, []);
    for (const stage of declarative.stages) ofStage(stage, []);
  } else scripted(pipeline.statements, text, [], found);
  return found;
}

/** `stage('A') { timeout(…) { … } }`, also within `node`, and `timeout(…) { stage('A') { … } }`. */
function scripted(
  statements: readonly Statement[],
  text: string,
  above: readonly string[],
  found: Limit[],
): void {
  for (const statement of statements) {
    if (statement.kind !== 'call') continue;
    const body = bodyOf(statement)?.body;
    if (body === undefined) continue;
    const path = [...above];
    if (statement.name === 'stage') {
      const name = stageName(text, statement);
      if (name === undefined) continue;
      path.push(name);
      const call = onlyTimeout(body);
      if (call) found.push({ call, path });
    } else if (statement.name === 'timeout') {
      const [only] = body;
      const name =
        body.length === 1 && only?.kind === 'call' && only.name === 'stage'
          ? stageName(text, only)
          : undefined;
      if (name !== undefined) found.push({ call: statement, path: [...above, name] });
    }
    scripted(body, text, path, found);
  }
}

function onlyTimeout(body: readonly Statement[]): Call | undefined {
  const [only] = body;
  const is = body.length === 1 && only?.kind === 'call' && only.object === undefined;
  return is && only.name === 'timeout' ? only : undefined;
}

/** In milliseconds; undefined where it is not a plain number, or counts from the last output. */
function limitOf({ args }: Call): number | undefined {
  const time = named(args, 'time') ?? positional(args)[0];
  const unit = named(args, 'unit');
  const activity = named(args, 'activity');
  if (activity !== undefined && !(activity.kind === 'literal' && activity.value === false)) return;
  if (time?.kind !== 'literal' || typeof time.value !== 'number' || time.value <= 0) return;
  if (unit === undefined) return time.value * 60_000;
  const scale =
    unit.kind === 'literal' && typeof unit.value === 'string' ? TIME_UNITS[unit.value] : undefined;
  return scale === undefined ? undefined : time.value * scale;
}

function longestPassed({ results }: StageRecord, above: number): StageRun | undefined {
  return results
    .filter(({ state, durationMs = 0 }) => state === 'passed' && durationMs > above)
    .reduce<StageRun | undefined>(
      (most, each) => ((each.durationMs ?? 0) > (most?.durationMs ?? 0) ? each : most),
      undefined,
    );
}

function wasAbortedAt({ state, durationMs }: StageRun, limitMs: number): boolean {
  if (state !== 'aborted' || durationMs === undefined) return false;
  return durationMs >= limitMs * 0.995 && durationMs <= limitMs * 1.05 + GRACE;
}

function headOf(call: Call): { start: number; end: number } {
  const body = bodyOf(call);
  return { start: call.start, end: body === undefined ? call.end : body.start };
}
