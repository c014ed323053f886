import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { record } from './recorder';

/** Stages of a pipeline on any agent. */
function pipeline(stages: string, more = ''): string {
  return `pipeline {\n agent any\n ${more}\n stages {\n ${stages}\n }\n}`;
}

describe('a Declarative pipeline', () => {
  it('carries out the Jenkinsfile of the Cilium family', async () => {
    const text = readFileSync(
      join(import.meta.dirname, 'jenkinsfiles', 'cilium2017.Jenkinsfile'),
      'utf8',
    );
    const recording = await record(text);
    assert.deepEqual(recording.log, [
      'agent label vagrant',
      'implicit checkout scm',
      'stage Build',
      'sh ./contrib/vagrant/start.sh',
      'end Build SUCCESS',
      'post',
      'sh vagrant destroy -f',
      'end post',
      'end agent',
    ]);
    assert.deepEqual(recording.environments.get('./contrib/vagrant/start.sh'), {
      WORKSPACE: '/ws',
      MEMORY: '4096',
      RUN_TEST_SUITE: '1',
    });
    assert.deepEqual(recording.environments.get('vagrant destroy -f'), { WORKSPACE: '/ws' });
    assert.equal(recording.scopes.get('./contrib/vagrant/start.sh')?.range.line, 15);
  });

  it('ends with the failing step’s message, and names the stages it does not enter', async () => {
    const recording = await record(
      pipeline(`stage('A') { steps { sh 'a' } }
        stage('B') { stages { stage('C') { steps { sh 'c' } } } }
        stage('P') { parallel { stage('Q') { steps { sh 'q' } } } }`),
      { sh: () => 3 },
    );
    assert.equal(recording.outcome, 'FAILURE');
    assert.equal(recording.error, 'script returned exit code 3');
    assert.deepEqual(
      recording.log.filter((line) => line.startsWith('not run')),
      ['B', 'B/C', 'P', 'P/Q'].map((path) => `not run ${path}: stage A failed`),
    );
  });

  it('skips what the effects skip, and goes on', async () => {
    const recording = await record(
      pipeline(
        `stage('A') { when { branch 'x' }; steps { sh 'a' } }; stage('B') { steps { sh 'b' } }`,
      ),
      { skip: ['A'] },
    );
    assert.deepEqual(recording.log.slice(2), [
      'skip A',
      'stage B',
      'sh b',
      'end B SUCCESS',
      'end agent',
    ]);
  });

  it('checks out for each agent that it takes, also for that of a stage', async () => {
    const recording = await record(`pipeline { agent none
      stages {
        stage('A') { agent { label 'one' }; steps { sh 'a' } }
        stage('B') { agent { docker { image 'node:20' } }; steps { sh 'b' } }
      } }`);
    assert.deepEqual(recording.log, [
      'stage A',
      'agent label one',
      'implicit checkout scm',
      'sh a',
      'end agent',
      'end A SUCCESS',
      'stage B',
      'agent docker node:20',
      'implicit checkout scm',
      'sh b',
      'end agent',
      'end B SUCCESS',
    ]);
  });

  it('does not check out with skipDefaultCheckout', async () => {
    const recording = await record(
      pipeline(`stage('A') { steps { checkout scm } }`, 'options { skipDefaultCheckout() }'),
    );
    assert.deepEqual(recording.log.slice(0, 3), ['agent any', 'stage A', 'checkout scm']);
  });

  it('checks out with skipDefaultCheckout(false)', async () => {
    const recording = await record(
      pipeline(`stage('A') { steps { sh 'a' } }`, 'options { skipDefaultCheckout(false) }'),
    );
    assert.ok(recording.log.includes('implicit checkout scm'));
  });

  it('checks out into the folder of checkoutToSubdirectory, and runs beside it', async () => {
    let folder = '';
    const recording = await record(
      pipeline(`stage('A') { steps { sh 'a' } }`, `options { checkoutToSubdirectory('src') }`),
      {
        step: (call, at) => {
          if (call.name === 'checkout') folder = at.directory;
          return null;
        },
      },
    );
    assert.equal(folder, 'src');
    assert.equal(recording.scopes.get('a')?.directory, '.');
  });

  it('sets what the checkout gives', async () => {
    const recording = await record(pipeline(`stage('A') { steps { sh 'a' } }`), {
      step: (call) => (call.name === 'checkout' ? new Map([['GIT_COMMIT', 'abc']]) : null),
    });
    assert.equal(recording.environments.get('a')?.['GIT_COMMIT'], 'abc');
  });

  it('fails a step that wants a node where there is no agent', async () => {
    const recording = await record(`pipeline { agent none
      stages { stage('A') { steps { echo 'works'; sh 'a' } } } }`);
    assert.equal(recording.outcome, 'FAILURE');
    assert.match(recording.error ?? '', /requires a node context/);
    assert.deepEqual(recording.log, ['stage A', 'echo works', 'end A FAILURE']);
  });

  it('gives the stages their path', async () => {
    const recording = await record(
      pipeline(`stage('A') { stages { stage('B') { steps { sh 'x' } } } }`),
    );
    assert.deepEqual(recording.scopes.get('x')?.stage, ['A', 'B']);
  });

  it('runs nested stages in order, with the values of their parent', async () => {
    const recording = await record(
      pipeline(`stage('A') { environment { V = 'a' }
        stages { stage('B') { steps { sh 'b' } }; stage('C') { environment { V = "\${V}c" }; steps { sh 'c' } } } }`),
    );
    assert.equal(recording.environments.get('b')?.['V'], 'a');
    assert.equal(recording.environments.get('c')?.['V'], 'ac');
  });

  it('runs all branches to their end though one fails', async () => {
    const recording = await record(
      pipeline(`stage('P') { parallel {
        stage('A') { steps { error 'x' }; post { failure { echo 'A failed' } } }
        stage('B') { steps { sleep 1; sh 'b' }; post { success { echo 'B passed' }; failure { echo 'wrong' } } } } }`),
    );
    assert.equal(recording.outcome, 'FAILURE');
    for (const line of ['sh b', 'echo A failed', 'echo B passed', 'end P FAILURE']) {
      assert.ok(recording.log.includes(line), line);
    }
    assert.ok(!recording.log.includes('echo wrong'));
  });

  for (const [way, options, failFast] of [
    ['failFast true', '', 'failFast true'],
    ['parallelsAlwaysFailFast', 'options { parallelsAlwaysFailFast() }', ''],
  ] as const) {
    it(`ends the other branches with ${way}`, async () => {
      const recording = await record(
        pipeline(
          `stage('P') { ${failFast}
          parallel {
            stage('A') { steps { error 'x' } }
            stage('B') { steps { sleep 100; sh 'b' }; post { aborted { echo 'B aborted' } } } } }`,
          options,
        ),
        { step: (call, at) => (call.name === 'sleep' ? aborted(at.signal) : null) },
      );
      assert.equal(recording.outcome, 'FAILURE');
      assert.ok(recording.log.includes('echo B aborted'));
      assert.ok(recording.log.includes('end P/B ABORTED'));
      assert.ok(!recording.log.includes('sh b'));
    });
  }

  it('goes on after currentBuild.result = FAILURE', async () => {
    const recording = await record(
      pipeline(
        `stage('A') { steps { script { currentBuild.result = 'FAILURE' } } }; stage('B') { steps { sh 'b' } }`,
      ),
    );
    assert.ok(recording.log.includes('sh b'));
    assert.equal(recording.outcome, 'FAILURE');
    assert.equal(recording.error, undefined);
  });

  it('goes on after UNSTABLE, unless skipStagesAfterUnstable', async () => {
    const stages = `stage('A') { steps { unstable 'x' } }; stage('B') { steps { sh 'b' } }`;
    assert.ok((await record(pipeline(stages))).log.includes('sh b'));
    const skipped = await record(pipeline(stages, 'options { skipStagesAfterUnstable() }'));
    assert.ok(skipped.log.includes('not run B: the run is unstable'));
    assert.equal(skipped.outcome, 'UNSTABLE');
  });

  it('runs all stages of a parent again with retry', async () => {
    let runs = 0;
    const recording = await record(
      pipeline(`stage('P') { options { retry(2) }
        stages { stage('A') { steps { sh 'a' } }; stage('B') { steps { sh 'b' } } } }`),
      { sh: (script) => (script === 'b' && ++runs < 2 ? 1 : 0) },
    );
    assert.equal(recording.outcome, 'SUCCESS');
    assert.deepEqual(
      recording.log.filter((line) => line.startsWith('sh')),
      ['sh a', 'sh b', 'sh a', 'sh b'],
    );
  });

  it('asks the effects for options that are steps, around the stages', async () => {
    const recording = await record(
      pipeline(
        `stage('A') { steps { sh 'a' } }`,
        'options { timestamps(); disableConcurrentBuilds() }',
      ),
    );
    assert.deepEqual(recording.log.slice(2, 4), ['timestamps', 'stage A']);
    assert.ok(!recording.log.includes('disableConcurrentBuilds'));
  });

  it('runs a matrix as one branch for each cell that is not excluded', async () => {
    const recording = await record(
      pipeline(`stage('M') { matrix {
        axes { axis { name 'OS'; values 'linux', 'mac' }; axis { name 'V'; values 1, 2 } }
        excludes { exclude { axis { name 'OS'; values 'mac' }; axis { name 'V'; values 1 } } }
        stages { stage('T') { steps { sh "\${OS}-\${V}" } } } } }`),
    );
    assert.deepEqual(recording.log.filter((line) => line.startsWith('sh')).sort(), [
      'sh linux-1',
      'sh linux-2',
      'sh mac-2',
    ]);
    assert.ok(recording.log.includes(`stage M/Matrix - OS = 'linux', V = '1'/T`));
  });
});

describe('when', () => {
  async function runs(when: string, environment: Record<string, string> = {}): Promise<string> {
    const recording = await record(pipeline(`stage('A') { when { ${when} }; steps { sh 'a' } }`), {
      when: true,
      environment,
    });
    const unknown = recording.log.find((line) => line.startsWith('when '));
    return unknown ?? String(recording.log.includes('sh a'));
  }

  it('compares the branch as a path glob without regard to case', async () => {
    assert.equal(await runs(`branch 'Main'`, { BRANCH_NAME: 'main' }), 'true');
    assert.equal(await runs(`branch 'release/*'`, { BRANCH_NAME: 'release/1' }), 'true');
    assert.equal(await runs(`branch 'release/*'`, { BRANCH_NAME: 'release/1/x' }), 'false');
    assert.equal(await runs(`branch 'release/**'`, { BRANCH_NAME: 'release/1/x' }), 'true');
    assert.equal(await runs(`branch 'main'`, {}), 'false');
  });

  it('uses the local branch when there is no branch name', async () => {
    assert.equal(await runs(`branch 'main'`, { GIT_LOCAL_BRANCH: 'main' }), 'true');
  });

  it('compares by another comparator', async () => {
    const name = { BRANCH_NAME: 'release-12' };
    assert.equal(
      await runs(`branch pattern: 'release-\\\\d+', comparator: 'REGEXP'`, name),
      'true',
    );
    assert.equal(await runs(`branch pattern: 'release-*', comparator: 'EQUALS'`, name), 'false');
  });

  it('compares with Groovy’s ==, so that 2 is not "2"', async () => {
    assert.equal(await runs(`equals expected: 2, actual: 2`), 'true');
    assert.equal(await runs(`equals expected: 2, actual: '2'`), 'false');
  });

  it('combines several conditions as allOf, and knows not and anyOf', async () => {
    const main = { BRANCH_NAME: 'main', X: '1' };
    assert.equal(await runs(`branch 'main'; environment name: 'X', value: '2'`, main), 'false');
    assert.equal(await runs(`not { branch 'main' }`, main), 'false');
    assert.equal(
      await runs(`anyOf { branch 'x'; environment name: 'X', value: '1' }`, main),
      'true',
    );
  });

  it('runs an expression with the values of the run', async () => {
    assert.equal(await runs(`expression { return env.X == 'y' && X == 'y' }`, { X: 'y' }), 'true');
    assert.equal(await runs(`expression { env.X }`), 'false');
  });

  it('does not see the environment of its stage', async () => {
    const recording = await record(
      pipeline(`stage('A') { environment { X = 'stage' }
        when { environment name: 'X', value: 'stage' }; steps { sh 'a' } }`),
      { when: true },
    );
    assert.ok(recording.log.includes('skip A'));
  });

  it('knows changeRequest and buildingTag by the run’s variables', async () => {
    const change = { CHANGE_ID: '7', CHANGE_TARGET: 'main' };
    assert.equal(await runs('changeRequest()', change), 'true');
    assert.equal(await runs(`changeRequest target: 'dev'`, change), 'false');
    assert.equal(await runs('changeRequest()'), 'false');
    assert.equal(await runs('buildingTag()', { TAG_NAME: 'v1' }), 'true');
  });

  it('is unknown where only CI can tell', async () => {
    assert.equal(await runs(`changeset '**/*.go'`), 'when the condition changeset');
    assert.equal(await runs(`not { changeset '**/*.go' }`), 'when the condition changeset');
    assert.equal(await runs(`changeset '**/*.go'; branch 'x'`, { BRANCH_NAME: 'y' }), 'false');
  });

  it('fails the stage when its expression fails', async () => {
    const recording = await record(
      pipeline(`stage('A') { when { expression { error 'no' } }; steps { sh 'a' } }`),
      {
        effects: {
          stage: async (stage, _at, body) => {
            await stage.when?.();
            await body();
          },
        },
      },
    );
    assert.equal(recording.outcome, 'FAILURE');
    assert.ok(!recording.log.includes('sh a'));
  });
});

/** Never resolves; rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
}
