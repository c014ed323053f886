import assert from 'node:assert/strict';
import { makePlan } from '../../src/recipe/plan';
import { planDocument } from '../../src/recipe/planDocument';
import type { Recipe } from '../../src/recipe/recipe';

const JENKINSFILE = `pipeline {
  agent any
  stages {
    stage('Suites') {
      stages {
        stage('Boot') { steps { sh './boot' } }
        stage('Test') { steps { sh './test' } }
      }
      post { always { sh 'vagrant destroy -f' } }
    }
    stage('Kernels') {
      matrix {
        axes { axis { name 'KERNEL'; values '5.4', '6.1' } }
        stages {
          stage('Verify') { steps { sh './verify' } }
          stage('Report') { steps { sh './report' } }
        }
      }
    }
    stage('Last') { steps { sh './last' } }
  }
}`;

function recipe(name: string): Recipe {
  return {
    version: 1,
    run: undefined,
    repository: { directory: '/home/ada/moat', remoteUrl: undefined },
    commit: '0123456789abcdef0123456789abcdef01234567',
    withChanges: false,
    jenkinsfile: { path: 'Jenkinsfile', text: JENKINSFILE, source: 'commit' },
    select: { kind: 'stage', name },
    environment: {},
    parameters: [],
    overrides: {},
    keep: 'never',
    timeout: undefined,
  };
}

async function scripts(name: string): Promise<string[]> {
  const { items } = await makePlan(recipe(name), new AbortController().signal);
  return items.flatMap((item) => (item.kind === 'sh' ? item.script : []));
}

describe('A stage that is chosen', () => {
  it('is run alone: nothing of a stage that does not hold it, not even its post', async () => {
    assert.deepEqual(await scripts('Last'), ['./last']);
  });

  it('is run in each cell of the matrix around it, by its name or its path', async () => {
    assert.deepEqual(await scripts('Verify'), ['./verify', './verify']);
    assert.deepEqual(await scripts('Kernels / Verify'), ['./verify', './verify']);
  });

  it('is run with all that it holds', async () => {
    assert.deepEqual(await scripts('Suites'), ['./boot', './test', 'vagrant destroy -f']);
    assert.equal((await scripts('Kernels')).length, 4);
  });

  it('is run in the stages around it, whose post is run too', async () => {
    assert.deepEqual(await scripts('Suites / Test'), ['./test', 'vagrant destroy -f']);
  });

  it('leaves the others to one line of the plan', async () => {
    const chosen = recipe('Last');
    const page = planDocument(chosen, await makePlan(chosen, new AbortController().signal));
    assert.match(page, /### Skipped: 2 stages\n\nonly Last was chosen: `Suites`, `Kernels`\n/);
  });
});
