import assert from 'node:assert/strict';
import { flakeOf, flakyTest, siblingsOf } from '../../src/jenkins/flaky';
import { testKey } from '../../src/jenkins/report';
import type { Run } from '../../src/jenkins/run';
import { runWith } from '../editor/runs/runs';

const commit = { sha: 'a'.repeat(40), remoteUrls: [] };
const failed = run(44, 'FAILURE');
const test = { group: 'moat', name: 'TestDeny', details: undefined };

describe('a flaky run', () => {
  it('failed and passed on the same commit', () => {
    assert.deepEqual(flakeOf(failed, [run(45, 'SUCCESS'), failed]), { failed: 44, passed: 45 });
    assert.deepEqual(flakeOf(run(44, 'UNSTABLE'), [run(43, 'SUCCESS')]), {
      failed: 44,
      passed: 43,
    });
  });

  it('is told with the nearest run that passed', () => {
    const known = [run(60, 'SUCCESS'), run(46, 'SUCCESS'), run(45, 'FAILURE'), failed];
    assert.equal(flakeOf(failed, known)?.passed, 46);
  });

  const others: [string, Run][] = [
    ['another commit', run(45, 'SUCCESS', { commit: { sha: 'b'.repeat(40), remoteUrls: [] } })],
    ['a commit that nobody knows', run(45, 'SUCCESS', { commit: undefined })],
    ['other parameters', run(45, 'SUCCESS', { parameters: [parameter('A', '1')] })],
    ['another job', run(45, 'SUCCESS', { jobUrl: 'http://ci/job/other/' })],
    ['a run that was aborted', run(45, 'ABORTED')],
    ['a run that goes on', run(45, 'SUCCESS', { building: true })],
  ];
  for (const [what, other] of others)
    it(`is not guessed from ${what}`, () => {
      assert.equal(flakeOf(failed, [other, failed]), undefined);
    });

  it('is neither one that passed or was aborted, nor one whose commit nobody knows', () => {
    const passed = run(45, 'SUCCESS');
    for (const other of [
      run(44, 'SUCCESS'),
      run(44, 'ABORTED'),
      run(44, 'FAILURE', { commit: undefined }),
    ])
      assert.equal(flakeOf(other, [passed]), undefined);
  });

  it('has the same parameters in whatever order they are told', () => {
    const [a, b] = [parameter('A', '1'), parameter('B', true)];
    const one = run(44, 'FAILURE', { parameters: [a, b] });
    assert.equal(siblingsOf(one, [run(45, 'SUCCESS', { parameters: [b, a] })]).length, 1);
  });
});

describe('a flaky test', () => {
  it('failed in one run and passed in another of the same commit', () => {
    const outcomes = [
      { run: run(45, 'FAILURE'), passed: new Map([[testKey(test), false]]) },
      { run: run(46, 'FAILURE'), passed: new Map([[testKey(test), true]]) },
    ];
    assert.deepEqual(flakyTest(test, failed, outcomes), { failed: 44, passed: 46 });
  });

  it('is not guessed from a run that did not try it', () => {
    const outcomes = [{ run: run(45, 'SUCCESS'), passed: new Map<string, boolean>() }];
    assert.equal(flakyTest(test, failed, outcomes), undefined);
  });
});

function run(number: number, result: Run['result'], rest: Partial<Run> = {}): Run {
  return runWith({ number, result, commit, ...rest });
}

function parameter(name: string, value: string | boolean) {
  return { name, value, kind: 'StringParameterValue' };
}
