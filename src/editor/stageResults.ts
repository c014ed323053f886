import type { Run, Stage, StageState } from '../jenkins/run';
import { ageOf } from './age';
import { markOf, stateOf } from './marks';

/** A finished run with its stages. */
export interface PastRun {
  readonly run: Run;
  readonly stages: readonly Stage[];
}

/** How a stage of a Jenkinsfile last ended in CI. */
export interface StageResult {
  readonly run: Run;
  readonly stage: Stage;
}

/** The newest run in which the stage was not skipped; `history` is newest first. */
export function lastResult(
  path: readonly string[],
  history: readonly PastRun[],
): StageResult | undefined {
  for (const { run, stages } of history) {
    const stage = findStage(path, stages);
    if (stage && stage.state !== 'skipped') return { run, stage };
  }
  return undefined;
}

/** Whether a lens on this stage may offer to reproduce its run. */
export function brokeIn({ run, stage }: StageResult): boolean {
  return ['failed', 'unstable', 'aborted'].includes(stage.state) && stateOf(run) !== 'passed';
}

/** `$(error) failed in #42, 2 h ago`. */
export function lensTitle({ run, stage }: StageResult, now: number): string {
  return `$(${markOf(stage.state).icon}) ${WORDS[stage.state]} #${run.number}, ${ageOf(run.startedAt, now)}`;
}

const WORDS: Readonly<Record<StageState, string>> = {
  passed: 'passed in',
  failed: 'failed in',
  unstable: 'unstable in',
  aborted: 'aborted in',
  skipped: 'skipped in',
  running: 'running in',
  waiting: 'waiting in',
};

/** By its path; by its name alone where the server's record has no parents. */
function findStage(path: readonly string[], stages: readonly Stage[]): Stage | undefined {
  const all = flat(stages);
  const wanted = path.join('\n');
  const name = path.at(-1);
  return (
    all.find((stage) => stage.path.join('\n') === wanted) ??
    all.find((stage) => stage.path.length === 1 && stage.name === name)
  );
}

function flat(stages: readonly Stage[]): Stage[] {
  return stages.flatMap((stage) => [stage, ...flat(stage.children)]);
}
