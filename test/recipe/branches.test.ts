import assert from 'node:assert/strict';
import { branchChooser, failedBranch } from '../../src/recipe/branches';
import { recipeFor, runFacts } from '../reproduce/recipes';

describe('Branches of a recipe', () => {
  const declarative = `pipeline {
  agent any
  stages {
    stage('Build') { steps { sh 'b' } }
    stage('Tests') {
      parallel {
        stage('linux') { stages { stage('Unit') { steps { sh 'u' } } } }
        stage('mac') { steps { sh 'm' } }
      }
    }
  }
}
`;
  const failedAt = (stage: readonly string[], text = declarative) =>
    recipeFor({
      run: runFacts({ stage }),
      jenkinsfile: { path: 'Jenkinsfile', text, source: 'commit' },
    });

  it('have one that failed, also where CI tells only the stage’s last name', () => {
    assert.equal(failedBranch(failedAt(['Tests', 'linux', 'Unit'])), 'linux');
    assert.equal(failedBranch(failedAt(['Unit'])), 'linux');
    assert.equal(failedBranch(failedAt(['mac'])), 'mac');
    assert.equal(failedBranch(failedAt(['Build'])), undefined);
    assert.equal(failedBranch(failedAt(["Matrix - OS = 'x'", 'Build'])), "Matrix - OS = 'x'");
    const scripted = "parallel(a: { sh 'a' }, b: { sh 'b' })";
    assert.equal(failedBranch(failedAt(['b'], scripted)), 'b');
    assert.equal(failedBranch(failedAt(['b'], "stage('b') { sh 'b' }")), undefined);
  });

  it('are chosen by the failure or by name; a parallel that holds none of the chosen is run whole', () => {
    const of = (recipe: ReturnType<typeof failedAt>) => branchChooser(recipe);
    const failed = of({ ...failedAt(['Unit']), branches: { kind: 'failed' } });
    assert.ok(failed);
    assert.deepEqual(failed(['linux', 'mac']), ['linux']);
    assert.deepEqual(failed(['x', 'y']), ['x', 'y']);
    const named = of({
      ...failedAt(['Unit']),
      branches: { kind: 'named', names: ['mac', 'A=1,B=2'] },
    });
    assert.ok(named);
    assert.deepEqual(named(['linux', 'mac']), ['mac']);
    const cells = ["Matrix - A = '1', B = '2'", "Matrix - A = '1', B = '3'"];
    assert.deepEqual(named(cells), cells.slice(0, 1));
    assert.equal(of(failedAt(['Unit'])), undefined);
  });
});
