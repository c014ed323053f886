import type { Effects, Outcome, Value, Variable } from './effects';
import type { Pipeline } from './declarative';

/** What the interpreter is told of the run. */
export interface Facts {
  /** The run's environment: BUILD_NUMBER, JOB_NAME …; without parameters. */
  readonly environment: readonly Variable[];
  /** The run's values; for those that are missing the Jenkinsfile's defaults are used. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** The previous run's result, for `changed`, `fixed` and `regression`. */
  readonly previous: Outcome | undefined;
  /** True if the effects do nothing: loops without a known end are then cut short. */
  readonly dry?: boolean;
}

export interface Signals {
  /** Stops the step, then runs `post` (aborted, always, cleanup). */
  readonly cancel: AbortSignal;
  /** Ends at once, also `post`. */
  readonly kill: AbortSignal;
}

export interface Ended {
  readonly outcome: Outcome;
  /** What ended it, if it was an error. */
  readonly error: string | undefined;
}

export function interpret(
  _pipeline: Pipeline,
  _facts: Facts,
  _effects: Effects,
  _signals: Signals,
): Promise<Ended> {
  return Promise.reject(new Error('not yet'));
}
