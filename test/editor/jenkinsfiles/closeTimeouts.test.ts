import assert from 'node:assert/strict';
import { closeTimeouts, type CloseTimeout } from '../../../src/editor/jenkinsfiles/closeTimeouts';
import { recordOf, type PastRun } from '../../../src/editor/jenkinsfiles/stageResults';
import type { StageState } from '../../../src/jenkins/run';
import { parse } from '../../../src/pipeline/parser';
import { runWith, stage } from '../runs/runs';

const MINUTE = 60_000;

/** Runs whose only stage A, and which as a whole, ended so after so many minutes. */
function close(
  text: string,
  ...results: readonly (readonly [StageState, number])[]
): CloseTimeout[] {
  const runs = results.map(([state, minutes], at): PastRun => {
    const result = state === 'aborted' ? 'ABORTED' : state === 'failed' ? 'FAILURE' : 'SUCCESS';
    const duration = minutes * MINUTE;
    return {
      run: runWith({ number: 50 - at, result, duration }),
      stages: [{ ...stage('A', state), duration }],
    };
  });
  return closeTimeouts(parse(text), (path) => recordOf(path, runs));
}

const inOptions = (timeout: string): string =>
  `pipeline {\n agent any\n options { ${timeout} }\n stages { stage('A') { steps { sh 'a' } } }\n}`;

const inSteps = (steps: string): string =>
  `pipeline {\n agent any\n stages {\n stage('A') {\n steps { ${steps} } } }\n}`;

describe('a timeout that runs in CI', () => {
  it('took more than four fifths of is told with the longest run that passed', () => {
    const [found, ...others] = close(
      inOptions("timeout(time: 1, unit: 'HOURS')"),
      ['passed', 30],
      ['passed', 55],
      ['passed', 50],
    );
    assert.deepEqual(others, []);
    assert.deepEqual([found?.path, found?.limitMs], [[], 60 * MINUTE]);
    assert.deepEqual([found?.longest?.run.number, found?.aborted], [49, undefined]);
    assert.equal(found?.range.line, 3);
  });

  it('keep away from is not told', () => {
    assert.deepEqual(close(inOptions("timeout(time: 1, unit: 'HOURS')"), ['passed', 48]), []);
  });

  it('were aborted at is told with the newest of them', () => {
    const [found] = close(
      inOptions('timeout(20)'),
      ['passed', 5],
      ['aborted', 20.1],
      ['aborted', 20],
    );
    assert.equal(found?.aborted?.run.number, 49);
    assert.equal(found.longest, undefined);
  });

  it('were aborted before, by a person, is not told', () => {
    assert.deepEqual(close(inOptions('timeout(20)'), ['aborted', 12]), []);
  });

  it('failed close to is not told: it was not too slow', () => {
    assert.deepEqual(close(inOptions('timeout(20)'), ['failed', 19]), []);
  });

  it('have is found in the options of a stage and around all of its steps', () => {
    const ofStage = `pipeline { agent any
      stages { stage('A') {
        options { timeout(time: 90, unit: 'SECONDS') }
        steps { sh 'a' } } } }`;
    assert.deepEqual(
      close(ofStage, ['passed', 1.4]).map(({ path, limitMs }) => [path, limitMs]),
      [[['A'], 90_000]],
    );
    const [found] = close(inSteps("timeout(10) { sh 'a' }"), ['passed', 9]);
    assert.deepEqual(found?.path, ['A']);
  });

  it('have around some of the steps cannot be compared', () => {
    assert.deepEqual(close(inSteps("sh 'b'; timeout(10) { sh 'a' }"), ['passed', 9]), []);
  });

  it('have in a scripted pipeline is found in and around a stage', () => {
    for (const text of [
      "node { stage('A') { timeout(10) { sh 'a' } } }",
      "node { timeout(time: 10) { stage('A') { sh 'a' } } }",
    ])
      assert.deepEqual(
        close(text, ['passed', 9]).map(({ path }) => path),
        [['A']],
        text,
      );
  });

  it('have from the last output, or by a variable, is left alone', () => {
    for (const timeout of [
      'timeout(time: 10, activity: true)',
      'timeout(params.LIMIT)',
      "timeout(time: 10, unit: 'FORTNIGHTS')",
      'timeout(0)',
    ])
      assert.deepEqual(close(inOptions(timeout), ['passed', 9]), [], timeout);
  });

  it('have is none where there is no history', () => {
    assert.deepEqual(close(inOptions('timeout(10)')), []);
  });

  it('have is marked without its body', () => {
    const text = inSteps("timeout(10) { sh 'a' }");
    const [found] = close(text, ['passed', 9]);
    assert.equal(text.slice(found?.range.start, found?.range.end).trim(), 'timeout(10)');
  });
});
