import assert from 'node:assert/strict';
import { makePlan } from '../../src/recipe/plan';
import { planDocument } from '../../src/recipe/planDocument';
import type { RunFacts } from '../../src/recipe/recipe';
import { recipeFor, runFacts } from '../reproduce/recipes';

const { signal } = new AbortController();

function recipeOf(text: string, run?: RunFacts) {
  return recipeFor({
    run,
    select: { kind: 'all' },
    jenkinsfile: { path: 'Jenkinsfile', text, source: run ? 'commit' : 'working tree' },
  });
}

async function consequences(text: string, run?: RunFacts) {
  const { problems } = await makePlan(recipeOf(text, run), signal);
  return problems.map(({ line, consequence }) => [line, consequence]);
}

const GOOD = `pipeline {
  agent any
  stages {
    stage('Build') {
      steps { sh 'make' }
      post { always { echo 'x' } }
    }
  }
}
`;
const REFUSED = GOOD.replace(/\n *post/, ' post');
/** What a plugin may add. */
const UNKNOWN = GOOD.replace('any', 'linux');

describe('The Plan of a Jenkinsfile that Jenkins would refuse', () => {
  it('says before all else that it is not run, and at its end what is refused, and where', async () => {
    const recipe = recipeOf(REFUSED);
    const page = planDocument(recipe, await makePlan(recipe, signal));
    const [before = '', after = ''] = page.split('## What would be run');
    assert.match(
      before,
      /^\*\*Jenkins would refuse this Jenkinsfile \(line 5\), so it is not run/m,
    );
    const [, wrong = ''] = after.split('## What is wrong with the Jenkinsfile');
    assert.match(
      wrong,
      /^- Line 5: "post" must begin .*\*\*Jenkins refuses the file for this\.\*\*$/m,
    );
  });

  it('still shows what it seems to mean', async () => {
    const plan = await makePlan(recipeOf(UNKNOWN), signal);
    assert.deepEqual(
      plan.items.flatMap((item) => (item.kind === 'sh' ? [item.script] : [])),
      ['make'],
    );
  });

  it('leaves it open where a plugin may allow what is not known here', async () => {
    assert.deepEqual(await consequences(UNKNOWN), [[2, 'perhaps refused']]);
    const post = GOOD.replace('always', 'onTuesdays');
    assert.deepEqual(await consequences(post), [[6, 'perhaps refused']]);
    const when = GOOD.replace('steps', 'when { onTuesdays() }\n steps');
    assert.deepEqual(await consequences(when), [[5, 'perhaps refused']]);
  });

  it('is refused where it cannot be compiled, scripted too, but not for a limit of ours', async () => {
    assert.deepEqual(await consequences("node {\n  sh 'make\n}\n"), [[2, 'refused']]);
    const deep = `node {\n  x = ${'('.repeat(2000)}1${')'.repeat(2000)}\n}\n`;
    assert.deepEqual(await consequences(deep), [[2, 'perhaps refused']]);
  });

  it('doubts our reading where CI has run it', async () => {
    assert.deepEqual(await consequences(REFUSED, runFacts()), [[5, 'taken']]);
    const without = { stages: [], failure: undefined };
    const green = runFacts({}, { ...without, result: 'SUCCESS' });
    assert.deepEqual(await consequences(REFUSED, green), [[5, 'taken']]);
    assert.deepEqual(await consequences(REFUSED, runFacts({}, without)), [[5, 'refused']]);
    const recipe = recipeOf(REFUSED, runFacts());
    const page = planDocument(recipe, await makePlan(recipe, signal));
    assert.doesNotMatch(page, /not run here/);
    assert.match(page, /took the file all the same: our reading of it may be wrong/);
  });

  it('has nothing to say of one that is well', async () => {
    assert.deepEqual(await consequences(GOOD), []);
  });
});
