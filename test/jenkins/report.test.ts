import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { failedTestsOf, outcomesOf, testKey } from '../../src/jenkins/report';
import { startJenkins } from '../bed/jenkins/double';
import type { TestSpec } from '../bed/jenkins/world';

const { signal } = new AbortController();

describe('a test report', () => {
  it('tells of a failed test since when, where, how long and with which stack', async () => {
    const tests: TestSpec[] = [
      {
        group: 'moat.policy',
        name: 'TestDeny',
        status: 'FAILED',
        details: 'want DENIED',
        stack: 'at policy_test.go:53',
        failedSince: 40,
        duration: 1500,
        stage: ['Test', 'linux'],
      },
      { group: 'moat.policy', name: 'TestAllow' },
    ];
    const runs = [{ number: 44, result: 'UNSTABLE' as const, tests }];
    await using jenkins = await startJenkins({ world: { jobs: [{ name: 'a', runs }] } });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/a/44/`, signal);
    assert.deepEqual(await client.failedTests(run, signal), [
      {
        group: 'moat.policy',
        name: 'TestDeny',
        details: 'want DENIED',
        age: 5,
        failedSince: 40,
        stack: 'at policy_test.go:53',
        duration: 1500,
        suite: 'moat.policy',
        stage: ['Test', 'linux'],
      },
    ]);
    const outcomes = await client.outcomes(run, signal);
    assert.equal(outcomes.get(testKey({ group: 'moat.policy', name: 'TestAllow' })), true);
    assert.equal(outcomes.get(testKey({ group: 'moat.policy', name: 'TestDeny' })), false);
  });

  it('has outcomes of none where there is no report', async () => {
    const runs = [{ number: 1, result: 'FAILURE' as const }];
    await using jenkins = await startJenkins({ world: { jobs: [{ name: 'a', runs }] } });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/a/1/`, signal);
    assert.equal((await client.outcomes(run, signal)).size, 0);
  });

  it('counts a test as passed only if all of that name passed, and leaves out the skipped', () => {
    const cases = [
      { className: 'a', name: 'twice', status: 'FAILED' },
      { className: 'a', name: 'twice', status: 'PASSED' },
      { className: 'a', name: 'mended', status: 'FIXED' },
      { className: 'a', name: 'left out', status: 'SKIPPED' },
    ];
    const outcomes = outcomesOf({ childReports: [{ result: { suites: [{ cases }] } }] });
    assert.deepEqual(
      [...outcomes],
      [
        ['a\ntwice', false],
        ['a\nmended', true],
      ],
    );
  });

  it('is read from any shape of answer without an exception', () => {
    const failed = { status: 'FAILED', age: 'x', failedSince: -1, duration: null };
    for (const odd of [null, 7, 'x', [], {}, { suites: 7 }, { suites: [null, { cases: 7 }] }]) {
      assert.deepEqual(failedTestsOf(odd), []);
      assert.equal(outcomesOf(odd).size, 0);
    }
    const [test] = failedTestsOf({ suites: [{ cases: [failed], enclosingBlockNames: [7] }] });
    assert.deepEqual(test, { group: '', name: '', details: undefined });
  });
});
