import { testKey } from './report';
import type { FailedTest, Run } from './run';

/** The numbers of two runs of the same commit that ended differently. */
export interface Flake {
  readonly failed: number;
  readonly passed: number;
}

/**
 * The nearest run that passed with the commit and the parameters with which this one failed;
 * undefined where none is known. A run that was aborted tells nothing.
 */
export function flakeOf(run: Run, known: readonly Run[]): Flake | undefined {
  if (!isFailed(run)) return undefined;
  const passed = siblingsOf(run, known).find(({ result }) => result === 'SUCCESS');
  return passed && { failed: run.number, passed: passed.number };
}

/** The runs of the same commit with the same parameters that have ended, the nearest first. */
export function siblingsOf(run: Run, known: readonly Run[]): Run[] {
  const { commit, number } = run;
  if (commit === undefined) return [];
  return known
    .filter(
      (other) =>
        other.number !== number &&
        !other.building &&
        other.jobUrl === run.jobUrl &&
        other.commit?.sha === commit.sha &&
        parametersOf(other) === parametersOf(run),
    )
    .sort((a, b) => Math.abs(a.number - number) - Math.abs(b.number - number));
}

/**
 * The run, of those whose tests are known, in which a test passed that failed in another run of the
 * same commit. `outcomes` are in the order of `siblingsOf`.
 */
export function flakyTest(
  test: FailedTest,
  failed: Run,
  outcomes: readonly { readonly run: Run; readonly passed: ReadonlyMap<string, boolean> }[],
): Flake | undefined {
  const key = testKey(test);
  const found = outcomes.find(({ passed }) => passed.get(key) === true);
  return found && { failed: failed.number, passed: found.run.number };
}

function isFailed({ result, building }: Run): boolean {
  return !building && (result === 'FAILURE' || result === 'UNSTABLE');
}

function parametersOf({ parameters }: Run): string {
  return JSON.stringify(parameters.map(({ name, value }) => [name, value]).sort());
}
