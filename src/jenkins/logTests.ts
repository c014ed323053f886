import { linesWith, plainText, wholeLines } from './lines';
import type { FailedTest } from './run';

export interface LogFindings {
  /** In the order of the log, each once; at most 1000. */
  readonly failedTests: readonly FailedTest[];
  /** Of the last "script returned exit code N". */
  readonly exitCode: number | undefined;
  /** The lines that name failed tests, at most 30. */
  readonly lines: readonly string[];
}

/** Reads a log of any length as it comes, in constant memory. */
export interface LogScanner {
  push(chunk: Buffer): void;
  end(): LogFindings;
}

/**
 * Looks for failing tests in a log: Go (also gocheck), Ginkgo and pytest, behind timestamps and the
 * names that vagrant puts before a guest's lines. The same scanner reads Jenkins' logs and our own
 * output, so that the two can be compared.
 */
export function createLogScanner(): LogScanner {
  const tests = new Map<string, FailedTest>();
  let exitCode: number | undefined;
  const telling: string[] = [];
  // Go names the package after its tests.
  let ofThisPackage: string[] = [];

  function add(test: FailedTest): string {
    const key = `${test.group}\n${test.name}`;
    if (!tests.has(key) && tests.size < MOST_TESTS) tests.set(key, test);
    return key;
  }

  const lines = wholeLines((block) => {
    for (const line of linesWith(block, NEEDLES)) {
      const whole = plainText(block, line);
      const text = whole.replace(VAGRANT, '');
      const exit = EXIT_CODE.exec(text)?.[1];
      if (exit !== undefined) exitCode = Number(exit);
      const go = GO_TEST.exec(text)?.[1];
      if (go !== undefined) ofThisPackage.push(add({ group: '', name: go, details: undefined }));
      const other = goBuild(text) ?? gocheck(text) ?? ginkgo(text) ?? pytest(text);
      if (other !== undefined) add(other);
      if ((go ?? other) !== undefined && telling.length < MOST_LINES) telling.push(whole);
      const goPackage = GO_PACKAGE.exec(text);
      if (goPackage !== null) {
        endPackage(tests, ofThisPackage, goPackage[1] ?? '');
        ofThisPackage = [];
      }
    }
  });

  return {
    push: (chunk) => lines.push(chunk),
    end() {
      lines.end();
      const all = [...tests.values()];
      const failedTests = all.filter((test) => !hasFailedPart(test, all));
      return { failedTests, exitCode, lines: telling };
    },
  };
}

const MOST_TESTS = 1000;
const MOST_LINES = 30;
// An `x` is rarer than the `s` that "script returned exit code" begins with.
const NEEDLES = ['FAIL', '[Fail] ', 'ERROR ', 'xit code '];
const VAGRANT = /^(?: {4}|==> )[\w.-]+: /;
const EXIT_CODE = /script returned exit code (-?\d{1,10})/;
const GO_TEST = /^\s*--- FAIL: (\S+)/;
const GO_PACKAGE = /^FAIL\t(\S+)(?:\t[\d.]+s)?\s*$/;

/** Puts the tests seen since the last package into this one, in their places. */
function endPackage(tests: Map<string, FailedTest>, keys: readonly string[], group: string): void {
  if (keys.length === 0) return;
  const all = [...tests.entries()];
  tests.clear();
  for (const [key, test] of all) {
    const known = keys.includes(key) ? { ...test, group } : test;
    tests.set(`${known.group}\n${known.name}`, known);
  }
}

/** A Go test fails when one of its subtests does; the subtest says more. */
function hasFailedPart(test: FailedTest, all: readonly FailedTest[]): boolean {
  return all.some((other) => other.group === test.group && other.name.startsWith(`${test.name}/`));
}

function goBuild(text: string): FailedTest | undefined {
  const [, group, name] = /^FAIL\t(\S+) \[((?:build|setup) failed)\]/.exec(text) ?? [];
  return group === undefined || name === undefined
    ? undefined
    : { group, name, details: undefined };
}

function gocheck(text: string): FailedTest | undefined {
  const [, group, name] = /^FAIL: (\S+\.go):\d+: (\S+)$/.exec(text) ?? [];
  return group === undefined || name === undefined
    ? undefined
    : { group, name, details: undefined };
}

/** The summary lines: `[Fail] Policy egress [It] denies` of version 1, `[FAIL] …` of version 2. */
function ginkgo(text: string): FailedTest | undefined {
  const [, group, tag, name] =
    /^\s*\[(?:Fail|FAIL)\] (.*?)\[(It|[A-Z]\w*(?:Each|Suite|All|Context))\] ?(.*)$/.exec(text) ??
    [];
  if (group === undefined || tag === undefined || name === undefined) return undefined;
  return {
    group: group.trimEnd(),
    name: name.trim() === '' ? tag : name.trim(),
    details: undefined,
  };
}

/** The short summary: `FAILED tests/a_test.py::TestB::test_c[1] - assert 1 == 2`. */
function pytest(text: string): FailedTest | undefined {
  const [, group, name, details] =
    /^(?:FAILED|ERROR) ([^\s:]+\.py)(?:::([^\s[]+(?:\[.*?\](?= - |$))?))?(?: - (.*))?$/.exec(
      text.trimEnd(),
    ) ?? [];
  return group === undefined ? undefined : { group, name: name ?? 'collection', details };
}
