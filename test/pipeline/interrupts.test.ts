import assert from 'node:assert/strict';

import { declarative, record, steps } from './recorder';

/** Signals of which the first script `at` sets one off. */
function signals(which: 'cancel' | 'kill', at: string) {
  const cancel = new AbortController();
  const kill = new AbortController();
  const controllers = { cancel, kill };
  return {
    signals: { cancel: cancel.signal, kill: kill.signal },
    sh: (script: string) => {
      if (script === at) controllers[which].abort();
      return 0;
    },
  };
}

const POST = `post { always { sh 'always' }; aborted { sh 'aborted' }; failure { sh 'failure' }; cleanup { sh 'cleanup' } }`;

describe('cancelling', () => {
  it('ends the step, then runs post: always, aborted, cleanup', async () => {
    const recording = await record(declarative(`sh 'a'; sh 'b'`, POST), signals('cancel', 'a'));
    assert.deepEqual(steps(recording), [
      'sh a',
      'post',
      'sh always',
      'sh aborted',
      'sh cleanup',
      'end post',
    ]);
    assert.equal(recording.outcome, 'ABORTED');
  });

  it('runs the post of the stage, too, and does not enter the next stage', async () => {
    const recording = await record(
      `pipeline { agent any; stages {
        stage('A') { steps { sh 'a' }; post { aborted { sh 'post of A' } } }
        stage('B') { steps { sh 'b' } } } }`,
      signals('cancel', 'a'),
    );
    assert.ok(recording.log.includes('sh post of A'));
    assert.ok(recording.log.includes('not run B: stage A failed'));
  });

  it('reaches a finally block, which runs to its end', async () => {
    const recording = await record(
      `node { try { sh 'a' } finally { sh 'f'; sh 'g' } }`,
      signals('cancel', 'a'),
    );
    assert.deepEqual(recording.log, ['agent any', 'sh a', 'sh f', 'sh g', 'end agent']);
    assert.equal(recording.outcome, 'ABORTED');
  });

  it('is not retried', async () => {
    const recording = await record(declarative(`retry(3) { sh 'a' }`), signals('cancel', 'a'));
    assert.deepEqual(steps(recording), ['sh a']);
  });

  it('ends every branch', async () => {
    const recording = await record(
      `pipeline { agent any; stages { stage('P') { parallel {
        stage('A') { steps { sh 'a'; sh 'a2' } }
        stage('B') { steps { sh 'b'; sh 'b2' } } } } }
        ${POST} }`,
      signals('cancel', 'b'),
    );
    assert.ok(!recording.log.includes('sh a2') && !recording.log.includes('sh b2'));
    assert.ok(recording.log.includes('sh aborted'));
    assert.equal(recording.outcome, 'ABORTED');
  });

  it('does nothing more, also no post, when killed', async () => {
    const recording = await record(declarative(`sh 'a'; sh 'b'`, POST), signals('kill', 'a'));
    assert.deepEqual(steps(recording), ['sh a']);
    assert.equal(recording.outcome, 'ABORTED');
  });

  it('can be killed in post', async () => {
    const recording = await record(declarative(`sh 'a'`, POST), signals('kill', 'always'));
    assert.deepEqual(steps(recording), ['sh a', 'post', 'sh always', 'end post']);
  });
});

describe('timeout', () => {
  const hanging = {
    sh: (script: string, at: { signal: AbortSignal }) =>
      script === 'hang'
        ? new Promise<number>((_, reject) => {
            at.signal.addEventListener('abort', () => {
              reject(new DOMException('aborted', 'AbortError'));
            });
          })
        : 0,
  };

  it('aborts the step that runs, and the run is ABORTED', async () => {
    const recording = await record(
      declarative(`timeout(time: 5, unit: 'MILLISECONDS') { sh 'hang' }; sh 'b'`, POST),
      hanging,
    );
    assert.deepEqual(steps(recording).slice(0, 4), ['sh hang', 'post', 'sh always', 'sh aborted']);
    assert.equal(recording.outcome, 'ABORTED');
    assert.match(recording.error ?? '', /Timeout has been exceeded/);
  });

  it('of the pipeline’s options does not end its post', async () => {
    const recording = await record(
      declarative(`sh 'hang'`, `options { timeout(time: 5, unit: 'MILLISECONDS') }; ${POST}`),
      hanging,
    );
    assert.deepEqual(steps(recording).slice(-5), [
      'post',
      'sh always',
      'sh aborted',
      'sh cleanup',
      'end post',
    ]);
  });

  it('can be caught', async () => {
    const recording = await record(
      `node { try { timeout(time: 5, unit: 'MILLISECONDS') { sh 'hang' } }
        catch (org.jenkinsci.plugins.workflow.steps.FlowInterruptedException e) { sh 'caught' } }`,
      hanging,
    );
    assert.ok(recording.log.includes('sh caught'));
    assert.equal(recording.outcome, 'SUCCESS');
  });

  it('inside of retry is retried', async () => {
    const recording = await record(
      declarative(`retry(2) { timeout(time: 5, unit: 'MILLISECONDS') { sh 'hang' } }`),
      hanging,
    );
    assert.deepEqual(steps(recording), ['sh hang', 'sh hang']);
  });

  it('does not outlive its body', async () => {
    const recording = await record(
      declarative(`timeout(time: 1, unit: 'DAYS') { sh 'a' }; sh 'b'`),
    );
    assert.equal(recording.outcome, 'SUCCESS');
  });
});
