import type { Run } from '../../jenkins/run';
import { outcomeOf } from '../../jenkins/streak';

/** A branch that failed and passes, or the other way round. */
export interface Turn {
  readonly to: 'red' | 'green';
  /** The newest run that ended; what the person is told of. */
  readonly run: Run;
  /** The same for everybody who sees this turn, however late. */
  readonly key: string;
}

/**
 * What a look at a job's runs says that the one before did not: whether its branch turned. Runs that
 * go on, were aborted or not built tell nothing. That a first run passed is no news either.
 * @param before what was known of the job, the newest first.
 */
export function turnOf(before: readonly Run[], after: readonly Run[]): Turn | undefined {
  const ended = after.filter((run) => outcomeOf(run) !== undefined);
  const [run] = ended;
  if (!run) return undefined;
  const now = outcomeOf(run);
  const last = before.find((each) => outcomeOf(each) !== undefined);
  const then = last && outcomeOf(last);
  if (now === then || (then === undefined && now === 'passed')) return undefined;
  // The newest runs were deleted.
  if (last && last.number > run.number) return undefined;
  const other = ended.findIndex((each) => outcomeOf(each) !== now);
  const first = ended[other < 0 ? ended.length - 1 : other - 1] ?? run;
  const to = now === 'failed' ? 'red' : 'green';
  return { to, run, key: `${first.url} ${to}` };
}

/**
 * The runs that failed since the branch passed last, and that the person has not seen; the newest
 * first. `seen` is the number of the newest run that was looked at.
 */
export function newFailures(runs: readonly Run[], seen: number): Run[] {
  const passed = runs.findIndex((run) => outcomeOf(run) === 'passed');
  return runs
    .slice(0, passed < 0 ? undefined : passed)
    .filter((run) => outcomeOf(run) === 'failed' && run.number > seen);
}
