import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { sentenceOf, type Diagnosis } from '../../src/jenkins/diagnosis';
import { startJenkins, type FaultKind } from '../bed/jenkins/double';
import type { RunSpec, StepSpec } from '../bed/jenkins/world';

const { signal } = new AbortController();
const CODE = { type: 'hudson.AbortException', message: 'script returned exit code 2' };

/** What is told of a run, and what was asked for that beside the log. */
async function explained(
  run: RunSpec,
  stages: 'stages' | 'pipeline-overview' | 'wfapi',
  faults: Readonly<Record<string, FaultKind>> = {},
): Promise<{ diagnosis: Diagnosis; says: string; asked: string[] }> {
  await using jenkins = await startJenkins({
    stages,
    world: { jobs: [{ name: 'a', runs: [run] }] },
  });
  using client = connect({ base: jenkins.base });
  const found = await client.run(`${jenkins.base}job/a/${run.number}/`, signal);
  const known = await client.stages(found, signal);
  const before = jenkins.requests.length;
  for (const [path, kind] of Object.entries(faults)) jenkins.fault(new RegExp(path), kind);
  const { diagnosis } = await client.explain(found, known, signal);
  const asked = jenkins.requests
    .slice(before)
    .map(({ path }) => path.replace(/.*\/job\/a\/1\//, '').replace(/\d+/g, 'N'))
    .filter((path) => !/^(?:testReport|consoleText)/.test(path));
  return { diagnosis, says: sentenceOf(diagnosis), asked };
}

function broken(log: readonly string[], ...steps: readonly StepSpec[]): RunSpec {
  return {
    ...{ number: 1, result: 'FAILURE', error: 'script returned exit code 2' },
    stages: [{ name: 'Build', state: 'failed', log, steps }],
  };
}

const HIDDEN = broken(
  ['[Pipeline] sh', '+ set +x', 'Error: the token has expired'],
  { title: 'Print Message', given: 'hello' },
  { title: 'Shell Script', given: 'set +x\n./login.sh\n', error: CODE },
);

describe("a server's record of the steps", () => {
  for (const source of ['stages', 'pipeline-overview', 'wfapi'] as const) {
    it(`tells the command that a script hides (${source})`, async () => {
      const { says, asked } = await explained(HIDDEN, source);
      assert.equal(says, 'Build: ./login.sh → exit 2 — Error: the token has expired');
      assert.equal(asked.length, 1);
    });

    it(`is what is left where the log may not be read (${source})`, async () => {
      const { diagnosis, says } = await explained(HIDDEN, source, { consoleText: '404' });
      assert.equal(says, 'Build: ./login.sh → exit 2');
      assert.deepEqual([diagnosis.kind, diagnosis.step], ['command', 'sh']);
      assert.deepEqual(diagnosis.evidence, []);
    });

    it(`tells an error of the Jenkinsfile itself (${source})`, async () => {
      const message = 'No such property: x for class: WorkflowScript';
      const error = { type: 'groovy.lang.MissingPropertyException', message };
      const run = broken([], { title: 'Print Message', given: 'x', error });
      const { diagnosis } = await explained(run, source, { consoleText: '404' });
      assert.deepEqual([diagnosis.kind, diagnosis.message], ['pipeline', message]);
    });
  }

  it('tells whose command is whose among branches, whose lines are mixed', async () => {
    const run: RunSpec = {
      ...{ number: 1, result: 'FAILURE' },
      stages: [
        {
          ...{ name: 'Checks', state: 'failed', parallel: true },
          children: [
            {
              ...{ name: 'a', state: 'failed' },
              steps: [{ title: 'Shell Script', given: './first.sh --quick', error: CODE }],
            },
            { name: 'b' },
          ],
        },
      ],
      log: [
        '[Pipeline] stage\n[Pipeline] { (Checks)\n[Pipeline] parallel',
        '[Pipeline] { (Branch: a)\n[Pipeline] { (Branch: b)',
        '[Pipeline] stage\n[Pipeline] { (a)\n[Pipeline] stage\n[Pipeline] { (b)',
        '[Pipeline] sh\n[Pipeline] sh\n+ ./first.sh --quick\n+ ./second.sh',
        'second is fine\nfirst.c:1:1: error: no',
        '[Pipeline] }\n[Pipeline] // stage\n[Pipeline] }\nFailed in branch a',
        '[Pipeline] }\n[Pipeline] // stage\n[Pipeline] }',
        '[Pipeline] // parallel\n[Pipeline] }\n[Pipeline] // stage\n[Pipeline] End of Pipeline',
        'ERROR: script returned exit code 2\nFinished: FAILURE\n',
      ].join('\n'),
    };
    const { says } = await explained(run, 'stages');
    assert.equal(says, 'Checks / a: ./first.sh --quick → exit 2 — first.c:1:1: error: no');
  });

  it('is not asked where the log tells all', async () => {
    const run = broken(['[Pipeline] sh', '+ make', 'a.c:1:1: error: no']);
    const { says, asked } = await explained(run, 'stages');
    assert.equal(says, 'Build: make → exit 2 — a.c:1:1: error: no');
    assert.deepEqual(asked, []);
  });

  it('may be missing', async () => {
    const { says } = await explained(HIDDEN, 'stages', { 'stages/steps': '500' });
    assert.equal(says, 'Build: sh step → exit 2 — Error: the token has expired');
  });
});
