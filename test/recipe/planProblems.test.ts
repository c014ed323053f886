import assert from 'node:assert/strict';
import { makePlan } from '../../src/recipe/plan';
import { planDocument } from '../../src/recipe/planDocument';
import { recipeFor } from '../reproduce/recipes';

const { signal } = new AbortController();

function recipeOf(text: string) {
  return recipeFor({
    run: undefined,
    select: { kind: 'all' },
    jenkinsfile: { path: 'Jenkinsfile', text, source: 'working tree' },
  });
}

const REFUSED = `pipeline {
  agent linux
  stages {
    stage('Build') {
      steps { sh 'make' }
    }
  }
}
`;

describe('The Plan of a Jenkinsfile that Jenkins would refuse', () => {
  it('says what Jenkins refuses, where, and what that means', async () => {
    const recipe = recipeOf(REFUSED);
    const plan = await makePlan(recipe, signal);
    assert.deepEqual(
      plan.problems.map(({ line, refused }) => [line, refused]),
      [[2, true]],
    );
    const [, wrong = ''] = planDocument(recipe, plan).split(
      '## What is wrong with the Jenkinsfile',
    );
    assert.match(
      wrong,
      /^- Line 2: Only "agent any".*\*\*Jenkins refuses the file for this\.\*\*$/m,
    );
  });

  it('still shows what would be run: a plugin may allow it', async () => {
    const plan = await makePlan(recipeOf(REFUSED), signal);
    assert.deepEqual(
      plan.items.flatMap((item) => (item.kind === 'sh' ? [item.script] : [])),
      ['make'],
    );
  });

  it('does not say so of what could only not be read', async () => {
    const plan = await makePlan(recipeOf('pipeline {\n  agent any\n  stages {\n'), signal);
    assert.ok(plan.problems.length > 0);
    assert.ok(plan.problems.every(({ refused }) => !refused));
  });

  it('has nothing to say of one that is well', async () => {
    const plan = await makePlan(recipeOf(REFUSED.replace('linux', 'any')), signal);
    assert.deepEqual(plan.problems, []);
  });
});
