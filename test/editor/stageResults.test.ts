import assert from 'node:assert/strict';
import { brokeIn, lastResult, lensTitle } from '../../src/editor/stageResults';
import { now, runWith, stage } from './runs';

const failed = runWith();
const passed = runWith({ number: 41, result: 'SUCCESS' });

describe('the last result of a stage', () => {
  it('is of the newest run in which it was not skipped', () => {
    const history = [
      { run: failed, stages: [stage('Build', 'failed'), stage('Deploy', 'skipped')] },
      { run: passed, stages: [stage('Build'), stage('Deploy')] },
    ];
    assert.equal(lastResult(['Build'], history)?.run.number, 42);
    assert.equal(lastResult(['Deploy'], history)?.run.number, 41);
    assert.equal(lastResult(['Lint'], history), undefined);
  });

  it('is found by its path, or by its name where the record has no parents', () => {
    const nested = stage('Test', 'passed', [stage('Test/Unit', 'failed'), stage('Test/E2E')]);
    assert.equal(
      lastResult(['Test', 'Unit'], [{ run: failed, stages: [nested] }])?.stage.state,
      'failed',
    );
    const flat = [{ run: failed, stages: [stage('Unit', 'failed')] }];
    assert.equal(lastResult(['Test', 'Unit'], flat)?.stage.state, 'failed');
  });

  it('reads as a lens, and offers to reproduce what broke', () => {
    const result = { run: failed, stage: stage('Build', 'failed') };
    assert.equal(lensTitle(result, now), '$(error) failed in #42, 2 h ago');
    assert.ok(brokeIn(result));
    assert.ok(!brokeIn({ run: failed, stage: stage('Checkout') }));
  });
});
