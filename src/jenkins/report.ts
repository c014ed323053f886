import { fields, list, text } from './json';
import type { FailedTest } from './run';

const SUITES = 'suites[cases[className,name,status,errorDetails,errorStackTrace]]';

/** What to ask of a test report, in Jenkins' `tree` language. */
export const REPORT_FIELDS = `${SUITES},childReports[result[${SUITES}]]`;

const MOST_DETAILS = 2000;

/** The failed tests of `testReport/api/json`. Jenkins says REGRESSION where a test failed for the first time. */
export function failedTestsOf(json: unknown): FailedTest[] {
  // A report of several jobs or modules lies one level deeper.
  const reports = [
    json,
    ...list(fields(json)['childReports']).map((child) => fields(child)['result']),
  ];
  return reports
    .flatMap((report) => list(fields(report)['suites']))
    .flatMap((suite) => list(fields(suite)['cases']))
    .map(fields)
    .filter(({ status }) => status === 'FAILED' || status === 'REGRESSION')
    .map(({ className, name, errorDetails, errorStackTrace }) => ({
      group: text(className) ?? '',
      name: text(name) ?? '',
      details: (text(errorDetails) ?? text(errorStackTrace))?.slice(0, MOST_DETAILS),
    }));
}
