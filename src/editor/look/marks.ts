import type { Run, StageState } from '../../jenkins/run';

/** How a state looks: an icon of VS Code's own set, and the id of the colour it has. */
export interface Mark {
  readonly icon: string;
  readonly color: string | undefined;
}

/** A run's state in the words that stages have. */
export function stateOf(run: Run): StageState {
  if (run.building) return 'running';
  switch (run.result) {
    case 'SUCCESS':
      return 'passed';
    case 'UNSTABLE':
      return 'unstable';
    case 'ABORTED':
      return 'aborted';
    case 'NOT_BUILT':
    case undefined:
      return 'skipped';
    case 'FAILURE':
      return 'failed';
  }
}

/** Whether there is a failure to reproduce. */
export function isBroken(run: Run): boolean {
  return ['failed', 'unstable', 'aborted'].includes(stateOf(run));
}

/** `failed`, `not built`. */
export function wordOf(state: StageState): string {
  return state === 'skipped' ? 'not built' : state;
}

export function markOf(state: StageState): Mark {
  switch (state) {
    case 'passed':
      return { icon: 'pass', color: 'testing.iconPassed' };
    case 'failed':
      return { icon: 'error', color: 'testing.iconFailed' };
    case 'unstable':
      return { icon: 'warning', color: 'testing.iconQueued' };
    case 'aborted':
      return { icon: 'circle-slash', color: 'testing.iconSkipped' };
    case 'skipped':
      return { icon: 'debug-step-over', color: 'testing.iconSkipped' };
    case 'running':
      return { icon: 'sync~spin', color: undefined };
    case 'waiting':
      return { icon: 'debug-pause', color: 'testing.iconQueued' };
  }
}
