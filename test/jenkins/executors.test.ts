import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { executingOf } from '../../src/jenkins/executors';
import { startJenkins } from '../bed/jenkins/double';
import type { World } from '../bed/jenkins/world';

const { signal } = new AbortController();
const world: World = {
  agents: [
    { name: 'agent-1', executors: 2 },
    { name: 'agent-2', executors: 1, offline: true },
  ],
  jobs: [
    { name: 'moat', runs: [{ number: 7, building: true, agent: 'agent-1' }] },
    { name: 'nightly', kind: 'freestyle', runs: [{ number: 3, building: true, agent: 'agent-1' }] },
    { name: 'waits', runs: [{ number: 1, building: true }] },
  ],
};

describe('what agents work on', () => {
  it('is told by run, below the address the user typed; a Pipeline without an agent has none', async () => {
    await using jenkins = await startJenkins({ world, rootUrl: 'https://internal/' });
    using client = connect({ base: jenkins.base });
    assert.deepEqual(await client.executing(signal), [
      { agent: 'agent-1', runUrl: `${jenkins.base}job/moat/7/`, progress: 50 },
      { agent: 'agent-1', runUrl: `${jenkins.base}job/nightly/3/`, progress: 50 },
    ]);
  });

  it('is nothing where we may not see the agents', async () => {
    await using jenkins = await startJenkins({ world });
    using client = connect({ base: jenkins.base });
    jenkins.fault(/computer/, '404');
    assert.deepEqual(await client.executing(signal), []);
  });

  it('is read from any shape of answer without an exception', () => {
    const busy = { currentExecutable: { url: 'http://x/job/a/1/' }, progress: -1 };
    for (const odd of [null, 7, 'x', [], {}, { currentExecutable: 'x' }])
      assert.deepEqual(executingOf({ computer: [odd, { executors: [odd, busy] }] }, 'http://ci/'), [
        { agent: '', runUrl: 'http://ci/job/a/1/', progress: undefined },
      ]);
  });
});
