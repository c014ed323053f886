import type { FailedTest } from '../jenkins/run';
import type { VagrantTrouble } from '../machines/vagrant';
import { samePath } from '../recipe/selection';
import type { Recipe } from '../recipe/recipe';
import type { Verdict } from './journal';

export interface ObservedFailure {
  /** With the branches around, as CI's record has it. */
  readonly stage: readonly string[];
  readonly script: string;
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  readonly message: string;
}

/** What was seen here. */
export interface Observation {
  /** The step that failed outside of `post`: where several did side by side, the one that failed in CI too. */
  readonly failure: ObservedFailure | undefined;
  readonly failedTests: readonly FailedTest[];
  readonly outcome: 'SUCCESS' | 'UNSTABLE' | 'FAILURE' | 'NOT_BUILT' | 'ABORTED';
  /** Whether any step was run at all. */
  readonly ranSteps: boolean;
  readonly cancelled: boolean;
  readonly trouble: VagrantTrouble | undefined;
  /** `vagrant up` met a machine that had been provisioned before. */
  readonly falseGreen: boolean;
  /** In what this differed from CI's run: sentences. */
  readonly caveats: readonly string[];
  /** Why it could not be run; undefined if it could. */
  readonly error: { readonly message: string; readonly advice: string | undefined } | undefined;
}

/** Compares what was seen here with what CI saw. */
export function judge(recipe: Recipe, seen: Observation): Verdict {
  const { run } = recipe;
  const verdict = (
    kind: Verdict['kind'],
    reason: string,
    details: readonly string[] = [],
  ): Verdict => ({
    kind,
    sentence: [kind, reason].filter((part) => part !== '').join(': ') + elsewhere(kind, seen),
    details: [...details, ...seen.caveats],
    failedTests: seen.failedTests,
  });
  if (seen.cancelled) return verdict('cancelled', '');
  if (seen.error)
    return verdict('could not run', seen.error.message, seen.error.advice?.split('\n') ?? []);
  if (seen.falseGreen)
    return verdict(
      'could not run',
      '`vagrant up` met a machine that was already provisioned, and ran no test',
      [
        'A pass would say nothing. See `ci-parity clean` and `vagrant global-status` for leftover machines.',
      ],
    );
  if (seen.trouble) return verdict('could not run', seen.trouble.message, [seen.trouble.advice]);
  const failed = seen.outcome !== 'SUCCESS';
  if (!run) {
    const where = seen.failure
      ? `${stageName(seen.failure.stage)} ${how(seen.failure)}`
      : 'every stage passed';
    return failed ? verdict('failed', where) : verdict('passed', where);
  }
  const number = `#${run.number}`;
  if (!seen.ranSteps)
    return verdict('could not run', 'no step was run', [
      'See the plan for what was left out and why.',
    ]);
  const expected = run.failure;
  if (!failed)
    return verdict(
      'passed here',
      expected?.stage
        ? `${stageName(expected.stage)} failed in ${number}`
        : `${number} ended ${run.result ?? 'without a result'}`,
    );
  if (!expected)
    return verdict(
      'another failure',
      `${number} did not fail, but ${seen.failure ? `${stageName(seen.failure.stage)} ${how(seen.failure)}` : 'tests did'} here`,
    );

  const here = seen.failure;
  const tests = compareTests(expected.tests, seen.failedTests);
  if (here && expected.stage && !sameStage(here.stage, expected.stage))
    return verdict(
      'another failure',
      `${stageName(here.stage)} failed here, ${stageName(expected.stage)} in ${number}`,
    );
  const name = stageName(expected.stage ?? here?.stage ?? []);
  if (run.result === 'ABORTED' && here?.timedOut)
    return verdict('reproduced', `${name} timed out as in ${number}`);
  if (here?.timedOut)
    return verdict('another failure', `${name} timed out here and did not in ${number}`);
  if (tests.common.length > 0) {
    const difference = [
      ...tests.missing.map((test) => `only in ${number}: ${testName(test)}`),
      ...tests.extra.map((test) => `only here: ${testName(test)}`),
    ];
    const same =
      difference.length > 0
        ? `${tests.common.length} of ${expected.tests.length} tests the same`
        : tests.common.length === 1
          ? 'same test'
          : `same ${tests.common.length} tests`;
    return verdict('reproduced', `${name} failed as in ${number}, ${same}`, [...difference]);
  }
  if (expected.tests.length > 0)
    return verdict(
      'another failure',
      seen.failedTests.length > 0
        ? `${name} failed in other tests than in ${number}`
        : `${name} failed here without the failing test of ${number}`,
      [
        ...tests.missing.map((test) => `only in ${number}: ${testName(test)}`),
        ...tests.extra.map((test) => `only here: ${testName(test)}`),
      ],
    );
  if (expected.exitCode !== undefined && here?.exitCode !== expected.exitCode)
    return verdict(
      'another failure',
      `${name} ended with ${here?.exitCode === undefined ? 'no exit code' : `exit code ${here.exitCode}`} here, ${expected.exitCode} in ${number}`,
    );
  const code = here?.exitCode === undefined ? '' : `, exit code ${here.exitCode}`;
  return verdict('reproduced', `${name} failed as in ${number}${code}`);
}

/** A verdict of another environment than CI's must say so in its own sentence. */
function elsewhere(kind: Verdict['kind'], { caveats }: Observation): string {
  if (caveats.length === 0 || kind === 'cancelled' || kind === 'could not run') return '';
  return ' (not as CI ran it, see below)';
}

/** `TestPolicy` or `pkg.TestPolicy`. */
export function testName(test: FailedTest): string {
  return test.group === '' ? test.name : `${test.group} ${test.name}`;
}

/** Whether two records mean one test: a report names the package or class, a line of a log often does not. */
export function sameTest(a: FailedTest, b: FailedTest): boolean {
  return a.name === b.name && (a.group === b.group || a.group === '' || b.group === '');
}

function compareTests(ci: readonly FailedTest[], here: readonly FailedTest[]) {
  return {
    common: ci.filter((test) => here.some((other) => sameTest(test, other))),
    missing: ci.filter((test) => !here.some((other) => sameTest(test, other))),
    extra: here.filter((test) => !ci.some((other) => sameTest(test, other))),
  };
}

/** A source without parents knows only the last name. */
export function sameStage(a: readonly string[], b: readonly string[]): boolean {
  return samePath(a, b) || ((a.length === 1 || b.length === 1) && a.at(-1) === b.at(-1));
}

function stageName(path: readonly string[]): string {
  return path.at(-1) ?? 'the pipeline';
}

function how(failure: NonNullable<Observation['failure']>): string {
  if (failure.timedOut) return 'timed out';
  return failure.exitCode === undefined
    ? `failed: ${failure.message}`
    : `failed with exit code ${failure.exitCode}`;
}
