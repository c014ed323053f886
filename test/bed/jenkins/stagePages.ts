/** Stages as the plugins tell them. */
import { type Context, type LiveJob, isBuilding, startOf, urlOf } from './live';
import type { RunSpec, StageSpec } from './world';
/** Pipeline Graph View: a tree, short names for Declarative's own stages, lower-case states. */
export function graph(run: RunSpec): unknown {
  let id = 5;
  let clock = startOf(run);
  function convert(stage: StageSpec, type: 'STAGE' | 'PARALLEL'): unknown {
    const synthetic = stage.name.startsWith('Declarative: ');
    const name = stage.name.replace(/^Declarative: /, '');
    const own = String((id += 4));
    const startTimeMillis = clock;
    const children = (stage.children ?? []).map((child) =>
      convert(child, stage.parallel === true ? 'PARALLEL' : 'STAGE'),
    );
    clock += stage.duration ?? 1000;
    const goesOn = stage.state === 'running' || stage.state === 'waiting';
    return {
      id: own,
      name,
      children,
      state: GRAPH_STATES[stage.state ?? 'passed'],
      type,
      title: name,
      isSequential: false,
      synthetic,
      placeholder: false,
      pauseDurationMillis: 0,
      startTimeMillis,
      ...(!goesOn && { totalDurationMillis: stage.duration ?? 1000 }),
      agent: 'agent-1',
      url: `/stages/?selected-node=${own}`,
    };
  }
  return {
    stages: (run.stages ?? []).map((stage) => convert(stage, 'STAGE')),
    complete: !isBuilding(run),
  };
}

export const GRAPH_STATES = {
  passed: 'success',
  failed: 'failure',
  unstable: 'unstable',
  aborted: 'aborted',
  skipped: 'skipped',
  running: 'running',
  waiting: 'paused',
} as const;

/** Stage View: a flat list; a skipped stage looks as if it had run, an outer one ends where its first inner one begins. */
export function describe(job: LiveJob, run: RunSpec, context: Context): unknown {
  const path = new URL(urlOf(job, context)).pathname;
  const stages: unknown[] = [];
  let id = 5;
  let clock = startOf(run);
  function add(stage: StageSpec): void {
    const own = String((id += 4));
    const outer = stage.children !== undefined;
    stages.push({
      _links: { self: { href: `${path}${run.number}/execution/node/${own}/wfapi/describe` } },
      id: own,
      name: stage.name,
      execNode: '',
      status: outer ? 'SUCCESS' : DESCRIBE_STATES[stage.state ?? 'passed'],
      startTimeMillis: clock,
      durationMillis: outer ? 12 : (stage.duration ?? (stage.state === 'skipped' ? 40 : 1000)),
      pauseDurationMillis: 0,
    });
    stage.children?.forEach(add);
    clock += stage.duration ?? 1000;
  }
  run.stages?.forEach(add);
  return {
    _links: { self: { href: `${path}${run.number}/wfapi/describe` } },
    id: String(run.number),
    name: `#${run.number}`,
    status: isBuilding(run)
      ? 'IN_PROGRESS'
      : run.result === 'FAILURE'
        ? 'FAILED'
        : (run.result ?? 'NOT_EXECUTED'),
    startTimeMillis: startOf(run),
    endTimeMillis: startOf(run) + (run.duration ?? 60_000),
    durationMillis: run.duration ?? 60_000,
    pauseDurationMillis: 0,
    stages,
  };
}

export const DESCRIBE_STATES = {
  passed: 'SUCCESS',
  failed: 'FAILED',
  unstable: 'UNSTABLE',
  aborted: 'ABORTED',
  skipped: 'SUCCESS',
  running: 'IN_PROGRESS',
  waiting: 'PAUSED_PENDING_INPUT',
} as const;
