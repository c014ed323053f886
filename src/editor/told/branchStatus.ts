import { messageOf } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { ageOf } from '../look/age';
import { markOf, stateOf, wordOf, type Mark } from '../look/marks';
import { progressOf } from '../look/progressBar';
import { outcomeOf, streakOf, wordsOfStreak } from '../../jenkins/streak';
import type { BranchJobRuns, BranchState } from './branchRuns';

/** The branch that is checked out in one word of the status bar. */
export interface BranchStatus {
  readonly mark: Mark;
  /** Behind the icon: `CI #42`, `CI #43 60 %`; `CI` without a run. */
  readonly label: string;
  /** Plain text in lines. */
  readonly tooltip: readonly string[];
  /** What a screen reader says. */
  readonly spoken: string;
  /** What clicks are about: the run that is shown, and the newest that failed if the branch is red. */
  readonly run: Run | undefined;
  readonly failed: Run | undefined;
}

/** Undefined where no job builds the branch. `why` tells the first failing command of a run, if that is known. */
export function statusOf(
  state: BranchState,
  why: (run: Run) => string | undefined,
  now: number,
): BranchStatus | undefined {
  const { branch, jobs } = state;
  if (jobs.length === 0) {
    if (state.problem === undefined) return undefined;
    const tooltip = [`CI of ${branch}`, messageOf(state.problem)];
    return bare(UNKNOWN, tooltip);
  }
  const shown = headline(jobs);
  if (!shown) return undefined;
  const [run] = shown.runs;
  const failed = newestFailure(shown.runs);
  const tooltip = [
    `CI of ${branch}`,
    ...jobs.flatMap((job) => linesOf(job, jobs.length > 1, why, now)),
  ];
  if (!run) {
    const mark = shown.problem === undefined ? NOTHING : UNKNOWN;
    return bare(mark, tooltip);
  }
  const mark = shown.problem === undefined ? markOf(stateOf(run)) : UNKNOWN;
  const done = run.building ? percentOf(run, now) : undefined;
  return {
    mark,
    label: ['CI', `#${run.number}`, ...(done === undefined ? [] : [`${done} %`])].join(' '),
    tooltip,
    spoken: tooltip.join(', ').replaceAll(' · ', ', '),
    run,
    failed,
  };
}

/** The newest run that failed, where nothing passed since. */
export function newestFailure(runs: readonly Run[]): Run | undefined {
  const last = runs.find((run) => outcomeOf(run) !== undefined);
  return last && outcomeOf(last) === 'failed' ? last : undefined;
}

/** What needs attention comes first: a job that failed, one that runs, the surest one. */
function headline(jobs: readonly BranchJobRuns[]): BranchJobRuns | undefined {
  return (
    jobs.find(({ runs }) => newestFailure(runs)) ??
    jobs.find(({ runs }) => runs[0]?.building) ??
    jobs.find(({ runs }) => runs.length > 0) ??
    jobs[0]
  );
}

function linesOf(
  { job, runs, more, problem, heardAt }: BranchJobRuns,
  named: boolean,
  why: (run: Run) => string | undefined,
  now: number,
): string[] {
  const [newest] = runs;
  const name = named ? `${newest?.job ?? job.name ?? ''} ` : '';
  const ended = runs.find(({ building }) => !building);
  const reason = ended && outcomeOf(ended) === 'failed' ? why(ended) : undefined;
  return [
    ...(newest?.building === true ? [`${name}#${newest.number} ${goingOn(newest, now)}`] : []),
    ...(ended ? [`${name}#${ended.number} ${endOf(ended, runs, more, now)}`] : []),
    ...(reason === undefined ? [] : [reason]),
    ...(newest || problem !== undefined ? [] : [`${name}no runs yet`]),
    ...(problem === undefined ? [] : [silence(problem, heardAt, now)]),
  ];
}

function goingOn(run: Run, now: number): string {
  const progress = progressOf(run.startedAt, run.estimatedDuration, now);
  return `is running${progress ? `: ${progress.spoken}` : ''}`;
}

/** `failed · 2 h ago · since #37`. */
function endOf(run: Run, runs: readonly Run[], more: boolean, now: number): string {
  const streak = streakOf(run, runs, more);
  return [
    wordOf(stateOf(run)),
    ageOf(run.startedAt, now),
    ...(streak ? [wordsOfStreak(streak)] : []),
  ].join(' · ');
}

function silence(problem: unknown, heardAt: number | undefined, now: number): string {
  const last = heardAt === undefined ? '' : ` Heard of it ${ageOf(heardAt, now)}.`;
  return `${messageOf(problem)}${last}`;
}

function percentOf({ startedAt, estimatedDuration }: Run, now: number): number | undefined {
  if (estimatedDuration === undefined) return undefined;
  const percent = Math.max(0, Math.floor((100 * (now - startedAt)) / estimatedDuration));
  // Nobody knows how far one is that takes longer than usual.
  return percent < 100 ? percent : undefined;
}

function bare(mark: Mark, tooltip: readonly string[]): BranchStatus {
  const spoken = tooltip.join(', ');
  return { mark, label: 'CI', tooltip, spoken, run: undefined, failed: undefined };
}

/** The server does not answer, so that what is shown may be old. */
const UNKNOWN: Mark = { icon: 'debug-disconnect', color: undefined };
const NOTHING: Mark = { icon: 'circle-outline', color: undefined };
