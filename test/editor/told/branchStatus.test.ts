import assert from 'node:assert/strict';
import { statusOf } from '../../../src/editor/told/branchStatus';
import type { BranchJobRuns } from '../../../src/editor/told/branchRuns';
import type { Run } from '../../../src/jenkins/run';
import { now, runWith } from '../runs/runs';

const HOUR = 3_600_000;
const passed = runWith({ number: 41, result: 'SUCCESS', startedAt: now - 3 * HOUR });
const failed = runWith();
const running = runWith({
  number: 43,
  building: true,
  result: undefined,
  startedAt: now - 6 * 60_000,
  estimatedDuration: 10 * 60_000,
});

describe('the status of the branch that is checked out', () => {
  const WHY = 'Test: ./test.sh → exit 1 — x.sh:53: want DENIED';
  const status = (...jobs: readonly BranchJobRuns[]) =>
    statusOf({ branch: 'main', jobs, problem: undefined }, () => WHY, now);

  it('is that of its newest run, with what failed first, for how long, and its age', () => {
    const one = status(job([failed, passed]));
    assert.deepEqual([one?.mark.icon, one?.label], ['error', 'CI #42']);
    assert.deepEqual(one?.tooltip, ['CI of main', '#42 failed · 2 h ago · new', WHY]);
    assert.equal(one.run, failed);
    assert.equal(one.failed, failed);
    assert.equal(status(job([passed]))?.mark.icon, 'pass');
    assert.equal(status(job([runWith({ result: 'UNSTABLE' })]))?.mark.icon, 'warning');
  });

  it('says how far a run is, and that the one before it failed', () => {
    const one = status(job([running, failed, passed]));
    assert.deepEqual([one?.mark.icon, one?.label], ['sync~spin', 'CI #43 60 %']);
    assert.deepEqual(one?.tooltip.slice(1), [
      '#43 is running: 60 percent, about 4 min left',
      '#42 failed · 2 h ago · new',
      WHY,
    ]);
    assert.equal(one.failed, failed);
    const late = { ...running, estimatedDuration: 60_000 };
    assert.equal(status(job([late]))?.label, 'CI #43');
  });

  it('keeps what was known while the server does not answer', () => {
    const problem = new Error('Cannot reach http://ci/: connection refused.');
    const one = status(job([failed, passed], { problem, heardAt: now - HOUR }));
    assert.deepEqual([one?.mark.icon, one?.label], ['debug-disconnect', 'CI #42']);
    assert.match(one?.tooltip.at(-1) ?? '', /^Cannot reach .* Heard of it 1 h ago\.$/);
    const none = statusOf({ branch: 'main', jobs: [], problem }, () => undefined, now);
    assert.deepEqual([none?.label, none?.tooltip[1]], ['CI', problem.message]);
  });

  it('is none where no job builds the branch, and without a run where there is none yet', () => {
    assert.equal(status(), undefined);
    assert.deepEqual(status(job([]))?.tooltip, ['CI of main', 'no runs yet']);
  });

  it('is that of a job that failed, of several that build the branch', () => {
    const nightly = runWith({ number: 7, job: 'nightly' });
    const one = status(job([passed]), job([nightly]));
    assert.equal(one?.run, nightly);
    assert.match(one.tooltip.join('\n'), /^cilium\/master #41 passed.*\nnightly #7 failed/m);
  });

  it('can be heard by a screen reader, without signs between the words', () => {
    const spoken = status(job([failed, passed]))?.spoken ?? '';
    assert.match(spoken, /^CI of main, #42 failed, 2 h ago, new/);
  });
});

function job(runs: readonly Run[], more: Partial<BranchJobRuns> = {}): BranchJobRuns {
  return {
    job: { url: 'http://ci/job/cilium/job/main/', name: 'main', how: 'branch' },
    runs,
    more: false,
    heardAt: now,
    problem: undefined,
    ...more,
  };
}
