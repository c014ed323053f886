import assert from 'node:assert/strict';
import { inOrder, newestRuns } from '../../../src/editor/runs/workspaceRuns';
import { connect } from '../../../src/jenkins/client';
import { startJenkins } from '../../bed/jenkins/double';
import type { RunSpec } from '../../bed/jenkins/world';
import { nodeOf, now } from './runs';
import { storeOf } from './stores';

describe('the runs to pick from', () => {
  it('are those of the own branch first, the newest first, and no passed or running ones', () => {
    const hour = 3_600_000;
    const nodes = [
      nodeOf({ number: 1, startedAt: now - 5 * hour }),
      nodeOf({ number: 2, startedAt: now - 1 * hour, branch: 'other' }),
      nodeOf({ number: 3, startedAt: now - 4 * hour, result: 'UNSTABLE' }),
      nodeOf({ number: 4, startedAt: now - 2 * hour, branch: 'other', result: 'ABORTED' }),
      nodeOf({ number: 5, result: 'SUCCESS' }),
      nodeOf({ number: 6, building: true, result: undefined }),
    ];
    const { own, others } = inOrder(nodes, 'master');
    assert.deepEqual(
      [own, others].map((part) => part.map(({ run }) => run.number)),
      [
        [3, 1],
        [2, 4],
      ],
    );
  });

  it('count a pull request of the own branch as its own', () => {
    const change = {
      id: '17',
      url: undefined,
      title: undefined,
      author: undefined,
      target: 'master',
      branch: 'topic',
      fork: false,
    };
    const { own } = inOrder([nodeOf({ branch: 'PR-17', change })], 'topic');
    assert.equal(own.length, 1);
  });

  it('are asked for the own branch and the broken ones of a multibranch project, and no others', async () => {
    const failed: RunSpec = { number: 1, result: 'FAILURE', startedAt: now };
    const passed: RunSpec = { number: 2, result: 'SUCCESS', startedAt: now };
    const jobs = [
      { name: 'main', runs: [passed] },
      { name: 'broken', runs: [failed] },
      { name: 'fine', runs: [passed] },
    ];
    await using jenkins = await startJenkins({
      world: { jobs: [{ name: 'moat', kind: 'multibranch', jobs }] },
    });
    using client = connect({ base: jenkins.base });
    const server = { url: jenkins.base, name: 'ci', user: undefined };
    using store = storeOf(client);
    const place = { server, url: `${jenkins.base}job/moat/` };
    const { signal } = new AbortController();
    const names = async (only: 'all' | 'checked out') =>
      (await newestRuns(store, place, 'main', only, signal)).map(({ run }) => run.job);
    assert.deepEqual(await names('all'), ['moat/main', 'moat/broken']);
    assert.deepEqual(await names('checked out'), ['moat/main']);
  });
});
