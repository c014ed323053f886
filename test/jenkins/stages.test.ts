import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import type { Stage } from '../../src/jenkins/run';
import { failedStage, stagesOfGraph } from '../../src/jenkins/stages';
import { startJenkins } from '../bed/jenkins/double';
import type { RunSpec } from '../bed/jenkins/world';

const { signal } = new AbortController();

const SOURCES = ['stages', 'pipeline-overview', 'wfapi', 'none'] as const;

async function stagesFrom(source: (typeof SOURCES)[number], run: RunSpec): Promise<Stage[]> {
  await using jenkins = await startJenkins({
    stages: source,
    world: { jobs: [{ name: 'a', runs: [run] }] },
  });
  using client = connect({ base: jenkins.base });
  return await client.stages(
    await client.run(`${jenkins.base}job/a/${run.number}/`, signal),
    signal,
  );
}

/** What all sources must agree on. */
function outline(stages: readonly Stage[]): unknown[] {
  return stages.map(({ path, state, children }) => [path.join(' / '), state, outline(children)]);
}

const failed: RunSpec = {
  number: 1,
  result: 'FAILURE',
  error: 'script returned exit code 2',
  stages: [
    { name: 'Declarative: Checkout SCM' },
    { name: 'Prepare', state: 'skipped', reason: 'when conditional' },
    {
      name: 'Checks',
      state: 'failed',
      parallel: true,
      children: [
        { name: 'lint', log: ['[Pipeline] sh', '+ make lint'] },
        { name: 'unit', state: 'failed', log: ['[Pipeline] sh', '+ make unit'] },
      ],
    },
    {
      name: 'Ship',
      state: 'skipped',
      reason: 'earlier failure(s)',
      children: [{ name: 'Pack', state: 'skipped', reason: 'earlier failure(s)' }],
    },
    { name: 'Declarative: Post Actions', log: ['[Pipeline] sh', '+ make clean'] },
  ],
};

const nested: RunSpec = {
  number: 2,
  result: 'FAILURE',
  stages: [
    {
      name: 'Outer',
      state: 'failed',
      children: [{ name: 'Inner' }, { name: 'Other', state: 'failed' }],
    },
    { name: 'After', state: 'skipped', reason: 'earlier failure(s)' },
  ],
};

describe('stages', () => {
  for (const [what, run] of [
    ['parallel and skipped stages', failed],
    ['stages in stages', nested],
  ] as const) {
    it(`are the same from every source: ${what}`, async () => {
      const expected = outline(await stagesFrom('stages', run));
      assert.ok(expected.length > 1);
      for (const source of SOURCES)
        assert.deepEqual(outline(await stagesFrom(source, run)), expected, source);
    });
  }

  it('in scripted branches, nested and interleaved, are read off the log', async () => {
    const log = [
      '[Pipeline] stage',
      '[Pipeline] { (Test)',
      '[Pipeline] parallel',
      '[Pipeline] { (Branch: linux)',
      '[Pipeline] { (Branch: mac)',
      '[Pipeline] node',
      '[Pipeline] node',
      '[Pipeline] {',
      '[Pipeline] sh',
      '+ make mac',
      'Error 2',
      '[Pipeline] }',
      '[Pipeline] // node',
      '[Pipeline] }',
      'Failed in branch mac',
      '[Pipeline] {',
      '[Pipeline] stage',
      '[Pipeline] { (Slow)',
      '[Pipeline] sh',
      '+ make linux',
      '[Pipeline] }',
      '[Pipeline] // stage',
      '[Pipeline] }',
      '[Pipeline] // node',
      '[Pipeline] }',
      '[Pipeline] // parallel',
      '[Pipeline] }',
      '[Pipeline] // stage',
      '[Pipeline] End of Pipeline',
      'ERROR: script returned exit code 2',
      'Finished: FAILURE',
      '',
    ].join('\n');
    const stages = await stagesFrom('none', { number: 1, result: 'FAILURE', log });
    const [test] = stages;
    assert.deepEqual([test?.name, test?.state], ['Test', 'failed']);
    assert.deepEqual(
      test?.children.map(({ name, state }) => [name, state]),
      [
        ['linux', 'passed'],
        ['mac', 'failed'],
      ],
    );
    assert.equal(stages.length, 1);
  });

  it('of a run that goes on are the same from every source', async () => {
    const run: RunSpec = {
      number: 1,
      building: true,
      stages: [{ name: 'A' }, { name: 'B', state: 'running' }],
    };
    for (const source of SOURCES) {
      assert.deepEqual(
        outline(await stagesFrom(source, run)),
        [
          ['A', 'passed', []],
          ['B', 'running', []],
        ],
        source,
      );
    }
  });

  it('of an aborted and an unstable run are blamed by the log as by the plugins', async () => {
    const aborted: RunSpec = {
      number: 1,
      result: 'ABORTED',
      stages: [{ name: 'A' }, { name: 'B', state: 'aborted' }],
    };
    const unstable: RunSpec = {
      number: 2,
      result: 'UNSTABLE',
      stages: [{ name: 'A', state: 'unstable', log: ['[Pipeline] junit'] }, { name: 'B' }],
    };
    for (const run of [aborted, unstable]) {
      const expected = outline(await stagesFrom('stages', run));
      for (const source of SOURCES)
        assert.deepEqual(outline(await stagesFrom(source, run)), expected, source);
    }
  });

  it('are asked of a plugin that is there only', async () => {
    const world = { jobs: [{ name: 'a', runs: [failed] }] };
    await using jenkins = await startJenkins({ stages: 'wfapi', world });
    using client = connect({ base: jenkins.base });
    const run = await client.run(`${jenkins.base}job/a/1/`, signal);
    await client.stages(run, signal);
    const before = jenkins.requests.length;
    await client.stages(run, signal);
    assert.deepEqual(
      jenkins.requests.slice(before).map(({ path }) => path.replace(/.*\/1\//, '')),
      ['wfapi/describe', 'consoleText'],
    );
  });

  it('of many runs come at once where Stage View tells them, and else are asked run by run', async () => {
    const runs = Array.from({ length: 12 }, (_, at) => ({ ...failed, number: at + 1 }));
    for (const [source, expected] of [
      ['wfapi', 10],
      ['stages', 'each'],
      ['none', 'by logs'],
    ] as const) {
      await using jenkins = await startJenkins({
        stages: source,
        world: { jobs: [{ name: 'a', runs }] },
      });
      using client = connect({ base: jenkins.base });
      const run = await client.run(`${jenkins.base}job/a/12/`, signal);
      await client.stages(run, signal);
      const recent = await client.recentStages(run.jobUrl, signal);
      assert.equal(typeof recent === 'string' ? recent : recent.size, expected);
      if (typeof recent === 'string') continue;
      const states = new Map(recent.get(12)?.map(({ name, state }) => [name, state]));
      assert.deepEqual([states.get('unit'), states.get('Prepare')], ['failed', 'skipped']);
    }
  });

  it('come from the next source when a plugin is broken', async () => {
    const world = { jobs: [{ name: 'a', runs: [failed] }] };
    await using jenkins = await startJenkins({ world });
    using client = connect({ base: jenkins.base });
    jenkins.fault(/stages\/tree/, '500');
    const run = await client.run(`${jenkins.base}job/a/1/`, signal);
    assert.equal(failedStage(await client.stages(run, signal))?.name, 'unit');
  });

  it('are none for a run that is no Pipeline', async () => {
    const run: RunSpec = { number: 1, result: 'SUCCESS', log: 'Building\nFinished: SUCCESS\n' };
    assert.deepEqual(await stagesFrom('none', run), []);
  });

  it('of Graph View lose its made-up parents', () => {
    const branch = { id: '8', name: 'B', type: 'PARALLEL', state: 'success', children: [] };
    const data = {
      stages: [
        {
          id: '5',
          name: 'Parallel',
          type: 'PARALLEL_BLOCK',
          synthetic: false,
          state: 'success',
          children: [branch],
        },
        {
          id: '6',
          name: 'System Generated',
          placeholder: true,
          synthetic: true,
          state: 'failure',
          children: [],
        },
      ],
    };
    assert.deepEqual(outline(stagesOfGraph({ status: 'ok', data })), [['B', 'passed', []]]);
  });
});
