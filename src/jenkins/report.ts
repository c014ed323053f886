import { fields, list, number, text } from './json';
import type { FailedTest } from './run';

const CASE = 'className,name,status,age,failedSince,duration,errorDetails,errorStackTrace';
const SUITES = `suites[name,enclosingBlockNames,cases[${CASE}]]`;

/** What to ask of a test report, in Jenkins' `tree` language. */
export const REPORT_FIELDS = `${SUITES},childReports[result[${SUITES}]]`;

const OUTCOMES = 'suites[cases[className,name,status]]';

/** What to ask of a test report for how each test ended. */
export const OUTCOME_FIELDS = `${OUTCOMES},childReports[result[${OUTCOMES}]]`;

const MOST_DETAILS = 2000;
const MOST_STACK = 8000;

/** The failed tests of `testReport/api/json`. Jenkins says REGRESSION where a test failed for the first time. */
export function failedTestsOf(json: unknown): FailedTest[] {
  return suitesOf(json).flatMap((suite) =>
    list(suite['cases'])
      .map(fields)
      .filter(({ status }) => FAILED.has(status))
      .map((test) => failedTest(test, suite)),
  );
}

/** Whether each test passed, by `testKey`; those that were skipped are left out. */
export function outcomesOf(json: unknown): Map<string, boolean> {
  const outcomes = new Map<string, boolean>();
  for (const test of suitesOf(json).flatMap(({ cases }) => list(cases).map(fields))) {
    const key = testKey({ group: text(test['className']) ?? '', name: text(test['name']) ?? '' });
    const failed = FAILED.has(test['status']);
    // The same name may stand for several tests: all of them must have passed.
    if (failed || PASSED.has(test['status']))
      outcomes.set(key, !failed && outcomes.get(key) !== false);
  }
  return outcomes;
}

/** The same for the same test in every run. */
export function testKey({ group, name }: Pick<FailedTest, 'group' | 'name'>): string {
  return `${group}\n${name}`;
}

const FAILED: ReadonlySet<unknown> = new Set(['FAILED', 'REGRESSION']);
const PASSED: ReadonlySet<unknown> = new Set(['PASSED', 'FIXED']);

/** A report of several jobs or modules lies one level deeper. */
function suitesOf(json: unknown): Readonly<Record<string, unknown>>[] {
  const reports = list(fields(json)['childReports']).map((child) => fields(child)['result']);
  return [json, ...reports].flatMap((report) => list(fields(report)['suites'])).map(fields);
}

function failedTest(
  test: Readonly<Record<string, unknown>>,
  suite: Readonly<Record<string, unknown>>,
): FailedTest {
  const details = text(test['errorDetails']) ?? text(test['errorStackTrace']);
  const stack = text(test['errorStackTrace'])?.slice(0, MOST_STACK);
  const duration = number(test['duration']);
  // From the innermost block outwards (junit's SuiteResult).
  const stage = list(suite['enclosingBlockNames']).flatMap((name) => text(name) ?? []);
  return {
    group: text(test['className']) ?? '',
    name: text(test['name']) ?? '',
    details: details?.slice(0, MOST_DETAILS),
    ...known('age', positive(test['age'])),
    ...known('failedSince', positive(test['failedSince'])),
    ...known('stack', stack),
    ...known('duration', duration === undefined ? undefined : number(duration * 1000)),
    ...known('suite', text(suite['name'])),
    ...known('stage', stage.length === 0 ? undefined : stage.reverse()),
  };
}

function known<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

function positive(value: unknown): number | undefined {
  const told = number(value);
  return told !== undefined && told > 0 ? told : undefined;
}
