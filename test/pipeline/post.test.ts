import assert from 'node:assert/strict';

import { StepError } from '../../src/pipeline/effects';
import type { Outcome } from '../../src/pipeline/effects';
import { record } from './recorder';
import type { World } from './recorder';

const ALL = [
  'cleanup',
  'notBuilt',
  'failure',
  'unstable',
  'unsuccessful',
  'success',
  'aborted',
  'regression',
  'fixed',
  'changed',
  'always',
];

/** Every condition, in an order that is not Jenkins', each echoing its name. */
function every(extra: Readonly<Record<string, string>> = {}): string {
  const bodies = ALL.map((name) => `${name} { echo '${name}'; ${extra[name] ?? ''} }`);
  return `post { ${bodies.join('\n')} }`;
}

async function conditions(
  steps: string,
  options: { extra?: Readonly<Record<string, string>>; previous?: Outcome; of?: 'stage' } = {},
): Promise<string[]> {
  const post = every(options.extra);
  const recording = await record(
    `pipeline { agent any
      stages { stage('S') { steps { ${steps} }
        ${options.of === 'stage' ? post : ''} } }
      ${options.of === 'stage' ? '' : post} }`,
    options.previous === undefined ? {} : { previous: options.previous },
  );
  return recording.log.filter((line) => line.startsWith('echo ')).map((line) => line.slice(5));
}

describe('post', () => {
  it('runs its conditions in Jenkins’ order, whatever the text says', async () => {
    assert.deepEqual(await conditions(`error 'no'`), [
      'always',
      'changed',
      'unsuccessful',
      'failure',
      'cleanup',
    ]);
  });

  it('runs success after a run that passed, and changed on the first run', async () => {
    assert.deepEqual(await conditions(`sh 'x'`), ['always', 'changed', 'success', 'cleanup']);
  });

  it('runs neither changed nor fixed nor regression when the result is as before', async () => {
    assert.deepEqual(await conditions(`sh 'x'`, { previous: 'SUCCESS' }), [
      'always',
      'success',
      'cleanup',
    ]);
  });

  it('is fixed after FAILURE or UNSTABLE, but not after ABORTED', async () => {
    assert.ok((await conditions(`sh 'x'`, { previous: 'FAILURE' })).includes('fixed'));
    assert.ok((await conditions(`sh 'x'`, { previous: 'UNSTABLE' })).includes('fixed'));
    assert.ok(!(await conditions(`sh 'x'`, { previous: 'ABORTED' })).includes('fixed'));
  });

  it('is a regression when the result is worse than before', async () => {
    assert.ok((await conditions(`error 'x'`, { previous: 'UNSTABLE' })).includes('regression'));
    assert.ok(!(await conditions(`error 'x'`, { previous: 'ABORTED' })).includes('regression'));
  });

  it('is unstable after unstable()', async () => {
    const done = await conditions(`unstable 'so so'`);
    assert.ok(done.includes('unstable') && done.includes('unsuccessful'));
    assert.ok(!done.includes('success') && !done.includes('failure'));
  });

  it('lets an error in always suppress success and fire failure', async () => {
    assert.deepEqual(await conditions(`sh 'x'`, { extra: { always: `error 'late'` } }), [
      'always',
      'changed',
      'unsuccessful',
      'failure',
      'cleanup',
    ]);
  });

  it('fires failure after an error in success', async () => {
    const done = await conditions(`sh 'x'`, { extra: { success: `error 'late'` } });
    assert.deepEqual(done.slice(-4), ['success', 'unsuccessful', 'failure', 'cleanup']);
  });

  it('goes on after an error in one condition, and keeps the first error', async () => {
    const recording = await record(`pipeline { agent any
      stages { stage('S') { steps { error 'first' } } }
      post { always { error 'second' }; cleanup { echo 'still' } } }`);
    assert.equal(recording.error, 'first');
    assert.ok(recording.log.includes('echo still'));
  });

  it('shows the combined result inside, and puts it back afterwards', async () => {
    const recording = await record(`pipeline { agent any
      stages {
        stage('A') { steps { echo "\${currentBuild.result}" }
          post { always { echo "\${currentBuild.result}" } } }
        stage('B') { steps { echo "\${currentBuild.result}" } }
      } }`);
    assert.deepEqual(
      recording.log.filter((line) => line.startsWith('echo')),
      ['echo null', 'echo SUCCESS', 'echo null'],
    );
  });

  it('keeps a result that it changed itself', async () => {
    const recording = await record(`pipeline { agent any
      stages { stage('A') { steps { sh 'x' }
          post { always { script { currentBuild.result = 'unstable' } } } } }
      post { unstable { echo 'seen' } } }`);
    assert.ok(recording.log.includes('echo seen'));
    assert.equal(recording.outcome, 'UNSTABLE');
  });

  it('never makes a result better', async () => {
    const recording = await record(`pipeline { agent any
      stages { stage('A') { steps { script {
        currentBuild.result = 'FAILURE'
        currentBuild.result = 'SUCCESS' } } } } }`);
    assert.equal(recording.outcome, 'FAILURE');
  });

  it('counts in a stage what catchError marked it with, but not for changed', async () => {
    const steps = `catchError(buildResult: 'SUCCESS', stageResult: 'FAILURE') { error 'x' }`;
    const done = await conditions(steps, { of: 'stage', previous: 'SUCCESS' });
    assert.deepEqual(done, ['always', 'unsuccessful', 'failure', 'cleanup']);
    assert.deepEqual(await conditions(steps, { previous: 'SUCCESS' }), [
      'always',
      'success',
      'cleanup',
    ]);
  });

  it('does not run in a stage that was skipped', async () => {
    const recording = await record(`pipeline { agent any
      stages {
        stage('A') { steps { error 'x' } }
        stage('B') { steps { sh 'b' }; post { always { echo 'never' } } }
      } }`);
    assert.ok(!recording.log.includes('echo never'));
    assert.ok(recording.log.includes('not run B: stage A failed'));
  });

  it('of a stage runs inside its environment and directory', async () => {
    const recording = await record(`pipeline { agent any
      stages { stage('A') {
        environment { V = 'stage' }
        steps { sh 'a' }
        post { always { sh 'after' } } } } }`);
    assert.equal(recording.environments.get('after')?.['V'], 'stage');
  });

  it('of a parallel stage runs outside of its own environment', async () => {
    const recording = await record(`pipeline { agent any
      stages { stage('P') {
        environment { V = 'parent' }
        parallel { stage('A') { steps { sh 'a' } } }
        post { always { sh 'after' } } } } }`);
    assert.equal(recording.environments.get('a')?.['V'], 'parent');
    assert.equal(recording.environments.get('after')?.['V'], undefined);
  });

  it('of a stage with stages runs inside of its environment', async () => {
    const recording = await record(`pipeline { agent any
      stages { stage('P') {
        environment { V = 'parent' }
        stages { stage('A') { steps { sh 'a' } } }
        post { always { sh 'after' } } } } }`);
    assert.equal(recording.environments.get('after')?.['V'], 'parent');
  });

  it('of the pipeline runs inside of its agent and environment', async () => {
    const recording = await record(`pipeline { agent any
      environment { V = 'pipeline' }
      stages { stage('A') { steps { sh 'a' } } }
      post { always { sh 'after' } } }`);
    assert.equal(recording.environments.get('after')?.['V'], 'pipeline');
    assert.ok(recording.log.indexOf('sh after') < recording.log.indexOf('end agent'));
    assert.deepEqual(recording.scopes.get('after')?.stage, []);
  });

  it('of the pipeline runs outside of the agent when that failed', async () => {
    const world: World = {
      step: (call) => {
        if (call.name === 'checkout') throw new StepError('no repository');
        return null;
      },
    };
    const recording = await record(
      `pipeline { agent any
      stages { stage('A') { steps { sh 'a' } } }
      post { failure { echo 'told' } } }`,
      world,
    );
    assert.deepEqual(recording.log.slice(-4), ['end agent', 'post', 'echo told', 'end post']);
    assert.equal(recording.outcome, 'FAILURE');
  });

  it('is run once an attempt by a retry of the pipeline', async () => {
    let runs = 0;
    const recording = await record(
      `pipeline { agent any
      options { retry(3) }
      stages { stage('A') { steps { sh 'a' } }; stage('B') { steps { sh 'b' } } }
      post { always { echo 'post' }; failure { echo 'failed' } } }`,
      { sh: (script) => (script === 'b' && ++runs < 3 ? 1 : 0) },
    );
    assert.equal(recording.outcome, 'SUCCESS');
    assert.equal(recording.log.filter((line) => line === 'sh a').length, 3);
    assert.equal(recording.log.filter((line) => line === 'echo post').length, 3);
    assert.equal(recording.log.filter((line) => line === 'echo failed').length, 2);
  });
});
