import assert from 'node:assert/strict';
import type { Stage, StageState } from '../../../src/jenkins/run';
import {
  brokeIn,
  findStages,
  historyText,
  lensTitle,
  recordOf,
  type PastRun,
  type StageRun,
} from '../../../src/editor/jenkinsfiles/stageResults';
import { now, runWith, stage } from '../runs/runs';

const failed = runWith();
const passed = runWith({ number: 41, result: 'SUCCESS' });

/** Runs #50, #49 … of a pipeline with the only stage Build, in these states and seconds. */
function pastRuns(...results: readonly (readonly [StageState, number])[]): PastRun[] {
  return results.map(([state, seconds], at) => ({
    run: runWith({ number: 50 - at, result: state === 'failed' ? 'FAILURE' : 'SUCCESS' }),
    stages: [{ ...stage('Build', state), duration: seconds * 1000 }],
  }));
}

function newest(path: readonly string[], history: readonly PastRun[]): StageRun {
  const result = recordOf(path, history)?.results[0];
  assert.ok(result);
  return result;
}

function names(path: readonly string[], stages: readonly Stage[]): string[] {
  return findStages(path, stages).map((each) => each.path.join('/'));
}

describe('the record of a stage', () => {
  it('begins with the newest run in which it was not skipped', () => {
    const history = [
      { run: failed, stages: [stage('Build', 'failed'), stage('Deploy', 'skipped')] },
      { run: passed, stages: [stage('Build'), stage('Deploy')] },
    ];
    assert.equal(newest(['Build'], history).run.number, 42);
    assert.equal(newest(['Deploy'], history).run.number, 41);
    assert.equal(recordOf(['Lint'], history), undefined);
  });

  it('holds ten results at most, the newest first', () => {
    const twelve = Array.from({ length: 12 }, () => ['passed', 5] as const);
    const numbers = recordOf(['Build'], pastRuns(...twelve))?.results.map(({ run }) => run.number);
    assert.deepEqual(numbers, [50, 49, 48, 47, 46, 45, 44, 43, 42, 41]);
  });

  it('has the median of what passed', () => {
    const history = pastRuns(['passed', 10], ['failed', 500], ['passed', 30], ['passed', 20]);
    assert.equal(recordOf(['Build'], history)?.medianMs, 20_000);
  });

  it('has the median of all where nothing passed, between two the middle', () => {
    assert.equal(recordOf(['Build'], pastRuns(['failed', 10], ['failed', 20]))?.medianMs, 15_000);
  });

  it('has no median where the server tells no durations', () => {
    const untold = { ...stage('Build'), duration: undefined };
    assert.equal(recordOf(['Build'], [{ run: passed, stages: [untold] }])?.medianMs, undefined);
  });

  it('of the whole pipeline is that of the runs', () => {
    const record = recordOf([], pastRuns(['failed', 1], ['passed', 1]));
    assert.deepEqual(
      record?.results.map(({ state, durationMs }) => [state, durationMs]),
      [
        ['failed', 185_000],
        ['passed', 185_000],
      ],
    );
  });

  it('of a matrix is that of its worst cell, and lasts as long as its longest', () => {
    const cells = [
      { ...stage("M/Matrix - OS = 'a'/Test", 'passed'), duration: 9000 },
      { ...stage("M/Matrix - OS = 'b'/Test", 'failed'), duration: 4000 },
      { ...stage("M/Matrix - OS = 'c'/Test", 'skipped'), duration: 1 },
    ];
    const history = [{ run: failed, stages: [stage('M', 'failed', cells)] }];
    const result = newest(['M', 'Test'], history);
    assert.deepEqual([result.state, result.durationMs, result.cells.length], ['failed', 9000, 3]);
  });
});

describe('a stage of the Jenkinsfile', () => {
  it('is found by its path, or by its name where the record has no parents', () => {
    const nested = stage('Test', 'passed', [stage('Test/Unit', 'failed'), stage('Test/E2E')]);
    assert.deepEqual(names(['Test', 'Unit'], [nested]), ['Test/Unit']);
    assert.deepEqual(names(['Test', 'Unit'], [stage('Unit', 'failed')]), ['Unit']);
  });

  it('is not taken for one of the same name elsewhere', () => {
    const stages = [stage('Build', 'passed', [stage('Build/Unit')]), stage('Test')];
    assert.deepEqual(names(['Test', 'Unit'], stages), []);
    assert.deepEqual(names(['Test'], stages), ['Test']);
  });

  it('is found in the branches of a scripted parallel', () => {
    const branches = [
      stage('linux', 'passed', [stage('linux/Test')]),
      stage('mac', 'passed', [stage('mac/Test')]),
    ];
    assert.deepEqual(names(['Test'], branches), ['linux/Test', 'mac/Test']);
  });

  it('is found in all cells of a matrix', () => {
    const cells = ['a', 'b'].map((os) => stage(`M/Matrix - OS = '${os}'/Test`));
    assert.equal(names(['M', 'Test'], [stage('M', 'passed', cells)]).length, 2);
  });

  it('with an interpolated name stands for all that it could become', () => {
    const stages = ['Build amd64', 'Build arm64', 'Deploy'].map((name) => stage(name));
    assert.deepEqual(names(['Build ${arch}'], stages), ['Build amd64', 'Build arm64']);
    assert.deepEqual(names(['Build $env.ARCH'], stages), ['Build amd64', 'Build arm64']);
    assert.deepEqual(names(['${a.collect { it }}64'], stages), ['Build amd64', 'Build arm64']);
  });

  it('with a dollar that interpolates nothing stands for itself', () => {
    assert.deepEqual(names(['Costs 5$'], [stage('Costs 5$'), stage('Costs 50')]), ['Costs 5$']);
    assert.deepEqual(names(['a${'], [stage('a${'), stage('ab')]), ['a${']);
  });

  it('does not overlap the ends of an interpolated name', () => {
    assert.deepEqual(names(['aba${x}aba'], [stage('ababa'), stage('abaaba')]), ['abaaba']);
  });
});

describe('a result', () => {
  it('reads as a lens, and offers to reproduce what broke', () => {
    const result = newest(['Build'], [{ run: failed, stages: [stage('Build', 'failed')] }]);
    assert.equal(lensTitle(result, now), '$(error) failed in #42, 2 h ago, 12 s');
    assert.ok(brokeIn(result));
    assert.ok(!brokeIn(newest(['Build'], [{ run: failed, stages: [stage('Build')] }])));
  });

  it('of a matrix says in how many cells it broke', () => {
    const cells = ['a', 'b', 'c'].map((os) =>
      stage(`Matrix - OS = '${os}'/Test`, os === 'b' ? 'failed' : 'passed'),
    );
    const result = newest(['Test'], [{ run: failed, stages: cells }]);
    assert.match(lensTitle(result, now), /^\$\(error\) 1 of 3 failed in #42/);
  });

  it('is a sign in the text of a history', () => {
    const history = pastRuns(['passed', 60], ['failed', 5], ['aborted', 5], ['unstable', 5]);
    const record = recordOf(['Build'], history);
    assert.ok(record);
    assert.equal(historyText(record), '✓ ✗ ⊘ !, median 1 min');
  });
});
