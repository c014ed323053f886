/** The test report of a run (junit-plugin's TestResult, SuiteResult and CaseResult). */
import type { Model } from './tree';
import type { TestSpec } from './world';

export function reportModel(tests: readonly TestSpec[], run: number): Model {
  const failed = tests.filter(isFailed).length;
  const skipped = tests.filter(({ status }) => status === 'SKIPPED').length;
  const suiteOf = ({ group, stage = [] }: TestSpec) => [group, ...stage].join('\n');
  return {
    _class: 'hudson.tasks.junit.TestResult',
    duration: 0.2,
    empty: tests.length === 0,
    failCount: failed,
    passCount: tests.length - failed - skipped,
    skipCount: skipped,
    suites: [...new Set(tests.map(suiteOf))].map((suite) =>
      suiteModel(
        tests.filter((test) => suiteOf(test) === suite),
        run,
      ),
    ),
  };
}

function suiteModel(tests: readonly TestSpec[], run: number): Model {
  return {
    name: tests[0]?.group,
    // From the innermost outwards, as JUnitResultsStepExecution collects them.
    enclosingBlockNames: [...(tests[0]?.stage ?? [])].reverse(),
    cases: tests.map((test) => caseModel(test, run)),
  };
}

function caseModel(test: TestSpec, run: number): Model {
  const failedSince = isFailed(test) ? (test.failedSince ?? run) : 0;
  return {
    age: failedSince === 0 ? 0 : run - failedSince + 1,
    className: test.group,
    duration: (test.duration ?? 2) / 1000,
    errorDetails: test.details ?? null,
    errorStackTrace: test.stack ?? null,
    failedSince,
    name: test.name,
    skipped: test.status === 'SKIPPED',
    status: test.status ?? 'PASSED',
  };
}

function isFailed({ status }: TestSpec): boolean {
  return status === 'FAILED' || status === 'REGRESSION';
}
