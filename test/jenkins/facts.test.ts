import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { failedRuns, factsOf, MOST_FACTS, runFacts } from '../../src/jenkins/facts';
import type { Explanation } from '../../src/jenkins/failure';
import { startJenkins } from '../bed/jenkins/double';
import type { RunSpec, World } from '../bed/jenkins/world';
import { runWith } from '../editor/runs/runs';

const { signal } = new AbortController();

const broken = (number: number): RunSpec => ({
  ...{ number, result: 'FAILURE', error: 'script returned exit code 2' },
  parameters: [
    { name: 'ARCH', value: 'arm64' },
    { name: 'TOKEN', kind: 'Password' },
  ],
  tests: [
    { group: 'moat', name: 'TestEgress', status: 'FAILED', details: 'no', failedSince: number - 2 },
  ],
  stages: [
    { name: 'Fetch' },
    {
      ...{ name: 'Build', state: 'failed' },
      log: [
        '[Pipeline] sh',
        '+ make',
        ...lines(40),
        'a.c:1:1: error: no',
        ...lines(300),
        'make: *** [a.o] Error 1',
      ],
    },
  ],
});

function lines(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `line ${at}`);
}

const WORLD: World = {
  jobs: [
    {
      ...{ name: 'team', kind: 'folder' },
      jobs: [
        { name: 'broken', runs: [{ number: 1, result: 'SUCCESS' }, broken(2), broken(3)] },
        { name: 'fine', runs: [{ number: 1, result: 'SUCCESS' }] },
        {
          ...{ name: 'many', kind: 'multibranch' },
          jobs: [
            { name: 'main', runs: [{ number: 7, result: 'SUCCESS' }, broken(8)] },
            { name: 'PR-1', runs: [{ number: 1, result: 'SUCCESS' }] },
          ],
        },
      ],
    },
  ],
};

describe('the facts of a run', () => {
  it('are its diagnosis, its tests with their age, its stages, and the log around the evidence', async () => {
    await using jenkins = await startJenkins({ world: WORLD });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/team/job/broken/3/`, signal);
    const facts = await runFacts(client, run, signal);
    assert.equal(facts.diagnosis.sentence, 'Build: make → exit 2 — a.c:1:1: error: no');
    assert.deepEqual(facts.run.parameters, { ARCH: 'arm64', TOKEN: null });
    assert.deepEqual(facts.failedTests, [
      { group: 'moat', name: 'TestEgress', details: 'no', failingSince: 1, runs: 3 },
    ]);
    assert.deepEqual(
      facts.stages.map(({ stage, state }) => [stage, state]),
      [
        ['Fetch', 'passed'],
        ['Build', 'failed'],
      ],
    );
    const texts = facts.log.map(({ text }) => text);
    for (const told of ['+ make', 'a.c:1:1: error: no', 'make: *** [a.o] Error 1', 'line 39'])
      assert.ok(texts.includes(told), told);
    assert.ok(!texts.includes('line 100'));
    assert.deepEqual(facts.cut, []);
  });

  it('are short whatever the run says, and name what was left out', () => {
    const many = 'ü'.repeat(3000);
    const explanation: Explanation = {
      failure: {
        ...{ stage: ['Build'], command: many, exitCode: 1, lines: [] },
        tests: Array.from({ length: 500 }, (_, at) => ({
          group: many,
          name: `${at}`,
          details: many,
        })),
      },
      diagnosis: {
        ...{
          kind: 'command',
          stage: [many],
          step: 'sh',
          command: many,
          exitCode: 1,
          message: many,
        },
        evidence: Array.from({ length: 10 }, (_, at) => ({ line: at, offset: at, text: many })),
      },
      excerpt: Array.from({ length: 100 }, (_, at) => ({ line: at, offset: at, text: many })),
    };
    const parameters = Array.from({ length: 90 }, (_, at) => ({
      name: `${at}${many}`,
      value: many,
      kind: '',
    }));
    const facts = factsOf(runWith({ parameters, causes: [many] }), [], explanation);
    assert.ok(Buffer.byteLength(JSON.stringify(facts)) <= MOST_FACTS);
    assert.ok(
      facts.cut.some((left) => /^failedTests: \d+ of 500/.test(left)),
      facts.cut.join(),
    );
    assert.ok(facts.cut.includes('parameters: 20 of 90'));
  });

  it('are not to be had of a run that has not failed', async () => {
    await using jenkins = await startJenkins({ world: WORLD });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/team/job/fine/1/`, signal);
    await assert.rejects(runFacts(client, run, signal), /#1 did not fail/);
  });
});

describe('the runs that failed', () => {
  for (const [what, path, expected] of [
    [
      'in a job',
      'job/team/job/broken/',
      [
        ['team/broken', 3, 'since #2'],
        ['team/broken', 2, 'the first to fail'],
      ],
    ],
    ['in a project', 'job/team/job/many/', [['team/many/main', 8, 'new']]],
    [
      'in a folder',
      'job/team/',
      [
        ['team/broken', 3, 'since #2'],
        ['team/many/main', 8, 'new'],
      ],
    ],
    [
      'on a server',
      '',
      [
        ['team/broken', 3, 'since #2'],
        ['team/many/main', 8, 'new'],
      ],
    ],
  ] as const) {
    it(`${what} are told with since when they fail`, async () => {
      await using jenkins = await startJenkins({ world: WORLD });
      using client = connect({ base: jenkins.base });
      const { runs, cut } = await failedRuns(client, jenkins.base + path, 15, signal);
      const told = runs.map(({ job, number, failing }) => [job, number, failing]);
      assert.deepEqual(told.sort(byJob), [...expected]);
      assert.deepEqual(cut, []);
    });
  }

  it('are bounded, and what was not looked at is named', async () => {
    await using jenkins = await startJenkins({ world: WORLD });
    using client = connect({ base: jenkins.base });
    const { runs, cut } = await failedRuns(client, jenkins.base, 1, signal);
    assert.equal(runs.length, 1);
    assert.deepEqual(cut, ['2 jobs fail, of which 1 were looked at']);
  });
});

function byJob(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]).localeCompare(String(b[0])) || Number(b[1]) - Number(a[1]);
}
