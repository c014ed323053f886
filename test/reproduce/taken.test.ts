import assert from 'node:assert/strict';
import { runFacts } from './recipes';
import { openWorkshop, type Workshop } from './workshop';

const REFUSED = `pipeline {
  agent any
  stages {
    stage('Build') { steps { sh 'make' } post { always { sh 'echo post was run' } } }
  }
}
`;

describe('A reproduction of a Jenkinsfile that our reading finds wrong', () => {
  let workshop: Workshop;
  beforeEach(() => {
    workshop = openWorkshop();
  });
  afterEach(() => {
    workshop[Symbol.dispose]();
  });

  it('makes nothing where Jenkins would refuse it', async () => {
    const { verdict, events, output } = await workshop.run(REFUSED);
    assert.equal(verdict.kind, 'could not run');
    assert.match(verdict.sentence, /would refuse this Jenkinsfile: line 4: "post" must begin/);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['started', 'verdict', 'ended'],
    );
    assert.equal(output, '');
  });

  it('runs it where CI ran it, and says that the reading may be wrong', async () => {
    const { said, output } = await workshop.run(REFUSED, {
      recipe: (recipe) => ({ ...recipe, run: runFacts() }),
    });
    assert.match(said, /^Jenkins took this Jenkinsfile, so our reading .* line 4: "post" must/m);
    assert.match(output, /post was run/);
  });
});
