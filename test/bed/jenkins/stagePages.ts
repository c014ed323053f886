/** Stages as the plugins tell them. */
import { type Context, type LiveJob, isBuilding, startOf, urlOf } from './live';
import type { RunSpec, StageSpec, StepSpec } from './world';
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

/** Graph View's `steps?nodeId=` (PipelineStepApi of pipeline-graph-view-plugin): `name` is what was given to a step. */
export function graphSteps(run: RunSpec, stage: string): unknown {
  const steps = stepsOf(run, stage).map(({ id, title, given, error }) => ({
    id,
    name: given ?? title,
    title: given === undefined || title === 'Shell Script' ? '' : title,
    state: error === undefined ? 'success' : 'failure',
    type: 'STEP',
    stageId: stage,
  }));
  return { steps, runIsComplete: !isBuilding(run) };
}

/** Its `exceptionText?nodeId=`: of what a step throws to say that it failed, only the message. */
export function exceptionText(run: RunSpec, step: string): string {
  const stage = String(Number(step) - ((Number(step) - 1) % 4));
  const error = stepsOf(run, stage).find(({ id }) => id === step)?.error;
  if (error === undefined) return '';
  return error.type === 'hudson.AbortException'
    ? error.message
    : `Found unhandled ${error.type} exception:\n${error.message}\n\tWorkflowScript.run(WorkflowScript:7)`;
}

/** Stage View's `execution/node/ID/wfapi/describe` of a stage (StageNodeExt of pipeline-stage-view-plugin). */
export function describeStage(run: RunSpec, stage: string): unknown {
  return {
    id: stage,
    stageFlowNodes: stepsOf(run, stage).map(({ id, title, given, error }) => ({
      id,
      name: title,
      status: error === undefined ? 'SUCCESS' : 'FAILED',
      ...(given !== undefined && { parameterDescription: given }),
      ...(error !== undefined && { error }),
      parentNodes: [stage],
    })),
  };
}

/**
 * What Graph View's `log` says of a stage: what its own steps wrote, without Pipeline's own lines, and
 * a sentence where they wrote nothing. Source: PipelineConsoleViewAction.getConsoleText.
 */
export function graphLog(run: RunSpec, stage: string): string {
  const lines = stageWith(run, stage)?.log?.filter((line) => !line.startsWith('[Pipeline] '));
  return lines === undefined || lines.length === 0 ? 'No logs found\n' : `${lines.join('\n')}\n`;
}

/** A stage's steps, of which the ids come after its own. */
function stepsOf(run: RunSpec, stage: string): (StepSpec & { id: string })[] {
  const steps = stageWith(run, stage)?.steps ?? [];
  return steps.map((step, at) => ({ ...step, id: String(Number(stage) + 1 + at) }));
}

function stageWith(run: RunSpec, wanted: string): StageSpec | undefined {
  let id = 5;
  const look = (stages: readonly StageSpec[] = []): StageSpec | undefined => {
    for (const stage of stages) {
      if (String((id += 4)) === wanted) return stage;
      const below = look(stage.children);
      if (below) return below;
    }
    return undefined;
  };
  return look(run.stages);
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
