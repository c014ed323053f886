import assert from 'node:assert/strict';
import { actionsFor } from '../../../src/editor/told/actions';
import { statusOf } from '../../../src/editor/told/branchStatus';
import type { Run } from '../../../src/jenkins/run';
import { now, runWith } from '../runs/runs';

describe('what the status bar offers', () => {
  it('begins with the failure where the branch is red, also while another run goes on', () => {
    assert.deepEqual(offered([runWith()]).slice(0, 3), [
      'Reproduce #42',
      'Open the Log at the Failure #42',
      'Show Failing Tests in Test Explorer #42',
    ]);
    const both = offered([running, runWith()]);
    assert.equal(both[0], 'Reproduce #42');
    assert.ok(both.includes('Open the Log #43') && both.includes('Stop… #43'), both.join());
  });

  it('has nothing to reproduce or to stop where the branch is green', () => {
    const green = offered([runWith({ result: 'SUCCESS' })]);
    assert.equal(green[0], 'Open the Log #42');
    assert.ok(green.every((label) => !/Reproduce|Stop/.test(label)));
    assert.ok(green.includes('Build… cilium/master'));
  });

  it('has a way back for who did not want to be told', () => {
    assert.equal(offered([runWith()], true).at(-1)?.trim(), 'Tell When the Branch Turns');
  });
});

const running = runWith({ number: 43, building: true, result: undefined });

function offered(runs: readonly Run[], quiet = false): string[] {
  const job = { url: 'http://ci/job/cilium/job/main/', name: 'main', how: 'branch' } as const;
  const jobs = [{ job, runs, more: false, heardAt: now, problem: undefined }];
  const status = statusOf({ branch: 'main', jobs, problem: undefined }, () => undefined, now);
  assert.ok(status);
  return actionsFor(status, quiet).map(({ label, description }) => `${label} ${description}`);
}
