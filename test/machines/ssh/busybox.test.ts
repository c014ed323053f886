import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { collecting, never, openFar } from './far';
import { needSshd } from '../../bed/sshd';
import { without } from '../../bed/without';

describe('A far machine whose shell is busybox', () => {
  before(needSshd);
  before(function () {
    if (!existsSync('/bin/busybox'))
      without(this, 'busybox is missing: apt-get install busybox-static');
  });

  it('runs steps, ends them, and has files', async () => {
    await using far = await openFar({ shell: '/bin/busybox' });
    const { machine } = far;
    const o = collecting();
    const exit = await machine.run('#!/bin/sh\nreadlink /bin/sh; echo err >&2; exit 4', o);
    assert.equal(exit.code, 4);
    assert.equal(o.text(), '/bin/busybox\nerr\n');
    const killed = await machine.run('#!/bin/sh\nkill -KILL $$', collecting());
    assert.equal(killed.signal, 'SIGKILL');

    const cancel = new AbortController();
    const interrupted = await machine.run(
      `#!/bin/sh\ntrap 'exit 3' INT\necho ready; while :; do sleep 0.1; done`,
      collecting({ signal: cancel.signal, grace: 20_000, onOutput: () => cancel.abort() }),
    );
    assert.equal(interrupted.code, 3);

    await machine.files.write('/root/new', 'text', { exclusive: true, mode: 0o600 }, never);
    await assert.rejects(machine.files.write('/root/new', 'x', { exclusive: true }, never), {
      code: 'EEXIST',
    });
    await assert.rejects(machine.files.write('/no/folder/x', 'x', {}, never), { code: 'ENOENT' });
    const found = await machine.files.find('/root', { includes: 'new' }, never);
    assert.deepEqual(
      found.map(({ path, size }) => [path, size]),
      [['new', 4]],
    );
    const run = await machine.exec(['cat'], { input: 'in', signal: never });
    assert.deepEqual(run, { code: 0, stdout: 'in', stderr: '' });
  });
});
