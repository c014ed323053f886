import assert from 'node:assert/strict';
import { runLike42 } from '../bed/demo/demo';
import { assertNothingLeft, commitOnto, openBed, runCli, type E2eBed } from './bed';

describe('A machine that was provisioned before', function () {
  this.timeout('2m');
  let bed: E2eBed;

  before(async function () {
    bed = await openBed(this, { vagrant: 'podman' });
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  it('is never a pass, although `vagrant up` exits 0 on it without running a test', async () => {
    const demo = await bed.demo({
      prepare: (sample) => {
        const twice = '#!/bin/bash\nset -e\nRUN_TEST_SUITE= vagrant up\nvagrant up\n';
        const commit = commitOnto(sample, sample.commits.broken, {
          'contrib/vagrant/start.sh': twice,
        });
        return Promise.resolve([runLike42(45, commit, sample.origin)]);
      },
    });
    const { code, output } = await runCli(demo, bed.packaged, ['reproduce', demo.runUrl(45)]);
    assert.match(output, /Machine already provisioned/);
    assert.doesNotMatch(output, /=== RUN/);
    assert.match(output, /could not run: `vagrant up` met a machine that was already provisioned/);
    assert.equal(code, 3);
    await assertNothingLeft(demo);
  });
});
