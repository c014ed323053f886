import assert from 'node:assert/strict';
import { needSshd } from '../../bed/sshd';
import { collecting, never, openFar, type Far } from './far';

/** Process ids of the shells that wait for a script. */
const WAITING = `pgrep -f '^sh -c s=;n=' || true`;

async function waitingShells({ host }: Far): Promise<string[]> {
  return (await host.inside(WAITING)).split('\n').filter((line) => line !== '');
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('A shell on a far machine that waits for its script', function () {
  this.timeout(60_000);
  before(needSshd);

  it('is there before anybody wants it, one at a time, and ends with the connection', async () => {
    await using far = await openFar();
    for (let step = 0; step < 3; step++) {
      await until(async () => (await waitingShells(far)).length === 1);
      const o = collecting();
      assert.equal((await far.machine.run('#!/bin/sh\necho "$PPID"', o)).code, 0);
    }
    await far.machine[Symbol.asyncDispose]();
    await until(async () => (await waitingShells(far)).length === 0);
  });

  it('may end before, and whoever comes next gets another one', async () => {
    await using far = await openFar();
    for (const name of ['KILL', 'TERM', 'HUP']) {
      await until(async () => (await waitingShells(far)).length === 1);
      const [waiting] = await waitingShells(far);
      // Ended while it is wanted, or before.
      const running = name === 'HUP' ? undefined : far.machine.files.list('/root/none', never);
      await far.host.inside(`kill -${name} ${waiting ?? ''} || true`);
      assert.deepEqual(await (running ?? far.machine.files.list('/root/none', never)), []);
    }
    assert.equal((await far.machine.run('#!/bin/sh\nexit 3', collecting())).code, 3);
    assert.deepEqual(far.said, []);
  });

  for (const most of [1, 2])
    it(`is done without where a server allows ${most} on a connection`, async () => {
      await using far = await openFar({ config: [`MaxSessions ${most}`] });
      const exits = await Promise.all(
        [1, 2, 3, 4].map((code) => far.machine.run(`#!/bin/sh\nexit ${code}`, collecting())),
      );
      assert.deepEqual(
        exits.map((exit) => exit.code),
        [1, 2, 3, 4],
      );
      assert.deepEqual(far.said, []);
    });
});
