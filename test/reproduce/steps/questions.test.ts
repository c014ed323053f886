import assert from 'node:assert/strict';
import { runFacts } from '../recipes';
import { openWorkshop, printed, type Workshop } from '../workshop';

describe('What a reproduction asks', () => {
  let shop: Workshop;
  beforeEach(() => (shop = openWorkshop()));
  afterEach(() => shop[Symbol.dispose]());

  const deploy = `node {
  def answers = input message: 'Deploy?', id: 'go', ok: 'Yes', parameters: [
    string(name: 'WHERE', defaultValue: 'stage'),
    booleanParam(name: 'DRY', defaultValue: true),
    choice(name: 'SIZE', choices: ['s', 'm'])]
  sh "echo \${answers.WHERE} \${answers.DRY} \${answers.SIZE}"
}
`;

  it('asks the person at the terminal for input, with its parameters', async () => {
    const asked: string[] = [];
    const { output } = await shop.run(deploy, {
      answer: (question) => {
        asked.push(question);
        return question.startsWith('WHERE') ? 'prod' : question.startsWith('SIZE') ? 'm' : '';
      },
    });
    assert.deepEqual(printed(output), ['prod true m']);
    assert.deepEqual(asked, [
      'Deploy? [Yes/abort] ',
      'WHERE [stage]: ',
      'DRY [true]: ',
      'SIZE of s, m [s]: ',
    ]);
  });

  it('takes answers that were given beforehand, by id or line', async () => {
    const input = { 'go.WHERE': 'prod', 'go.DRY': 'false', 'go.SIZE': 'm' };
    const all = await shop.run(deploy, {}, { answers: { input } });
    assert.deepEqual(printed(all.output), ['prod false m']);
    const plain = await shop.run(deploy, {}, { answers: { input: { '2': 'ok' } } });
    assert.deepEqual(printed(plain.output), ['stage true s']);
  });

  it('ends the run ABORTED when the answer is no', async () => {
    const { verdict, output } = await shop.run(deploy, { answer: () => 'abort' });
    assert.equal(verdict.kind, 'failed');
    assert.equal(output, '');
  });

  it('says how to answer beforehand where nobody can be asked', async () => {
    const { verdict } = await shop.run(deploy);
    assert.equal(verdict.sentence, 'could not run: The Jenkinsfile asks at line 2: Deploy?');
    assert.match(verdict.details.join(), /--input go\.WHERE=… --input go\.DRY=…/);
  });

  it('gives a stage the answers to its input', async () => {
    const { output } = await shop.run(
      `pipeline {
  agent any
  stages {
    stage('S') {
      input {
        message 'Who?'
        parameters { string(name: 'WHO', defaultValue: 'nobody') }
      }
      steps { sh 'echo hello $WHO' }
    }
  }
}
`,
      {},
      { answers: { input: { '5': 'ada' } } },
    );
    assert.deepEqual(printed(output), ['hello ada']);
  });

  // The parameter is not told by Jenkins, so what hangs on it is not known.
  const fork = `node {
  if (tool('x')) {
    stage('Left') { sh 'echo left' }
  } else {
    stage('Right') { sh 'echo right' }
  }
}
`;
  const ran = (...names: string[]) =>
    runFacts(
      { stage: [names[0] ?? ''], command: undefined, tests: [] },
      { stages: names.map((name) => ({ path: [name], state: 'failed' }) as const) },
    );

  it('goes the way that CI’s record tells', async () => {
    for (const [name, wanted] of [
      ['Left', 'left'],
      ['Right', 'right'],
    ] as const) {
      const { output, said } = await shop.run(fork, {
        recipe: (recipe) => ({ ...recipe, run: ran(name) }),
      });
      assert.deepEqual(printed(output), [wanted]);
      assert.match(said, new RegExp(`line 2 depends on tool: .*#42 ran ${name}`));
    }
  });

  it('asks which way where the record does not tell, and believes --decide', async () => {
    assert.deepEqual(printed((await shop.run(fork, { answer: () => 'y' })).output), ['left']);
    const answers = { decide: { '2': true } };
    assert.deepEqual(printed((await shop.run(fork, {}, { answers })).output), ['left']);
    const alone = await shop.run(fork);
    assert.deepEqual(printed(alone.output), ['right']);
    assert.match(alone.said, /taken as false, nobody can be asked .* --decide 2=yes/);
  });
});
