import { SaxesParser } from 'saxes';
import type { FailedTest } from './run';

/** What a JUnit file says; a file that breaks off says what came before. */
export interface JUnitReport {
  readonly failed: readonly FailedTest[];
  readonly passed: number;
  readonly skipped: number;
}

const MOST_DETAILS = 2000;

interface Case {
  readonly group: string;
  readonly name: string;
  outcome: 'passed' | 'failed' | 'skipped';
  details: string;
}

/** Reads a JUnit file of any dialect. Never throws: what is not XML has no tests. */
export function parseJUnit(xml: string): JUnitReport {
  const failed: FailedTest[] = [];
  let passed = 0;
  let skipped = 0;
  const suites: string[] = [];
  let current: Case | undefined;
  let inFailure = false;

  function finish(test: Case): void {
    if (test.outcome === 'passed') passed++;
    else if (test.outcome === 'skipped') skipped++;
    else {
      const details = test.details.trim().slice(0, MOST_DETAILS);
      failed.push({
        group: test.group,
        name: test.name,
        details: details === '' ? undefined : details,
      });
    }
  }

  function addDetails(text: string): void {
    if (!inFailure || current === undefined || current.details.length >= MOST_DETAILS) return;
    current.details += text.slice(0, MOST_DETAILS);
  }

  const parser = new SaxesParser();
  // A real file's small mistakes (a stray `&`, control characters) must not hide its tests.
  parser.on('error', () => undefined);
  parser.on('text', addDetails);
  parser.on('cdata', addDetails);
  parser.on('opentag', ({ name, attributes }) => {
    switch (name) {
      case 'testsuite':
        suites.push(attributes['name'] ?? '');
        break;
      case 'testcase':
        current = {
          group: attributes['classname'] ?? suites.at(-1) ?? '',
          name: attributes['name'] ?? '',
          outcome: 'passed',
          details: '',
        };
        break;
      case 'failure':
      case 'error':
        inFailure = true;
        if (current !== undefined) current.outcome = 'failed';
        addDetails(attributes['message'] === undefined ? '' : `${attributes['message']}\n`);
        break;
      case 'skipped':
        if (current?.outcome === 'passed') current.outcome = 'skipped';
    }
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'testsuite') suites.pop();
    if (name === 'failure' || name === 'error') inFailure = false;
    if (name === 'testcase' && current !== undefined) {
      finish(current);
      current = undefined;
    }
  });
  parser.write(xml).close();
  return { failed, passed, skipped };
}
