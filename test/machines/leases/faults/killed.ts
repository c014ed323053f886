/** The owner is killed, and cannot do a thing about it: the next start does. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bed, Program } from '../../../bed/borrowing/bed';
import type { Row } from '../../../bed/borrowing/rows';
import { HOUR, MINUTE, nextStart, row, windowWithMachine } from './row';

/** At a request that is not answered any more, whether it was `done` or not. */
function borrowing(where: string, request: RegExp, done: boolean, machines: number): Row {
  return row(`killed while it borrows: ${where}`, async (bed) => {
    await bed.killedAt(bed.start(['borrow', '--yes']), request, done);
    assert.equal(bed.only().state.kind, 'asked');
    assert.equal(bed.metal.books().devices.length, machines);
    await nextStart(bed);
  });
}

function giving(where: string, request: RegExp, done: boolean): Row {
  return row(`killed while it gives back: ${where}`, async (bed) => {
    const { id } = await bed.borrow();
    await bed.killedAt(bed.start(['return', id]), request, done);
    assert.equal(bed.only().state.kind, 'returning');
    await nextStart(bed);
  });
}

function extending(where: string, request: RegExp, done: boolean): Row {
  return row(`killed while it extends: ${where}`, async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    window.ask('extend', { lease: id, hours: 1 }).catch(() => undefined);
    await bed.killedAt(window, request, done);
    assert.equal(bed.only().state.kind, 'lent');
    await nextStart(bed);
  });
}

/** Where the machine goes on living, the next start puts away there what ran on it. */
async function leftThere(bed: Bed, reproduction: Program): Promise<void> {
  await reproduction.kill();
  assert.notEqual(await bed.marked(), '', 'it runs on, with nobody there');
  const said = await bed.does(0, 'clean');
  assert.match(said, /left something: putting it away/);
  assert.equal(await bed.marked(), '');
  await bed.does(0, 'return', bed.only().id);
}

export const killed: Row[] = [
  borrowing('the key is asked for', /^POST .*ssh-keys/, false, 0),
  borrowing('the key is made', /^POST .*ssh-keys/, true, 0),
  borrowing('the machine is asked for', /^POST .projects.*devices/, false, 0),
  borrowing('the machine is made', /^POST .projects.*devices/, true, 1),
  borrowing('the machine is looked at', /^GET .devices/, true, 1),
  row(
    'killed while it borrows: the machine starts, and lets nobody in yet',
    async (bed) => {
      const program = bed.start(['borrow', '--yes']);
      await program.said(/it starts/);
      await program.kill();
      assert.equal(bed.only().state.kind, 'asked');
      await nextStart(bed);
    },
    { before: 'echo exit > /root/late' },
  ),
  row(
    'killed while it makes the machine ready: kept until its end, and not longer',
    async (bed) => {
      const hook = join(bed.clone, '.ci-parity', 'bootstrap.sh');
      mkdirSync(dirname(hook));
      writeFileSync(hook, 'echo preparing; sleep 300\n');
      bed.git('add', '--all');
      bed.git('commit', '-q', '-m', 'it wants something');
      const program = bed.start(['borrow', '--yes']);
      await program.said(/^preparing/m);
      await program.kill();
      await bed.does(0, 'machines');
      assert.equal(bed.only().state.kind, 'lent', 'it is kept');
      await bed.later(2 * HOUR);
      await nextStart(bed);
    },
    { lender: { install: true } },
  ),
  row('killed while a window has it, and does nothing', async (bed) => {
    const { window } = await windowWithMachine(bed);
    await window.kill();
    assert.equal(bed.only().state.kind, 'lent');
    await nextStart(bed);
  }),
  row('killed while it moves the end by itself', async (bed) => {
    const { window } = await windowWithMachine(bed);
    await Promise.all([bed.killedAt(window, /^PUT/, false), bed.later(15 * MINUTE)]);
    await nextStart(bed);
  }),
  extending('the machine is looked for', /^GET .*devices/, true),
  extending('the end is to be moved', /^PUT/, false),
  extending('the end is moved', /^PUT/, true),
  row('killed while the commit is carried there, with the window', async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    const program = bed.start(['reproduce', 'Jenkinsfile', '--on', id]);
    const there = bed.device().sshd;
    while (
      (await there.inside('ls -A /root/.cache/ci-parity/repositories 2> /dev/null; true')) === ''
    )
      assert.equal(program.child.exitCode, null);
    await program.kill();
    await window.kill();
    await nextStart(bed);
  }),
  row('killed while its step works there, and the window with it', async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    const program = await bed.reproducing(id);
    await window.kill();
    await program.kill();
    assert.deepEqual(bed.only().work.length, 1);
    await nextStart(bed);
  }),
  row(
    'the window is killed while its step works there: another one keeps the machine',
    async (bed) => {
      const { window, id } = await windowWithMachine(bed);
      const program = await bed.reproducing(id);
      await window.kill();
      const other = bed.attendant();
      assert.deepEqual(await other.ask('take', { leases: [id] }), [id]);
      await bed.does(0, 'machines');
      await bed.enough();
      assert.match((await program.ended).output, /Work failed with exit code 42/);
      await other.ask('return', { lease: id });
    },
  ),
  row('killed while its step works there: that is ended there too', async (bed) => {
    const { id } = await bed.borrow();
    await leftThere(bed, await bed.reproducing(id));
  }),
  row('killed while it puts away there', async (bed) => {
    const { id } = await bed.borrow();
    const program = await bed.reproducing(id);
    await bed.enough();
    await program.said(/Work failed|▸ failed/);
    await program.kill();
    await bed.does(0, 'clean');
    assert.equal(await bed.marked(), '');
    await bed.does(0, 'return', id);
  }),
  giving('nothing is asked yet', /^GET .*devices/, false),
  giving('it is to be deleted', /^DELETE .devices/, false),
  giving('it is deleted', /^DELETE .devices/, true),
  giving('the key is to be deleted', /^DELETE .ssh-keys/, false),
  giving('the key is deleted', /^DELETE .ssh-keys/, true),
  row('killed while it gives back: it is being deleted for a long time', async (bed) => {
    const { id } = await bed.borrow();
    using held = bed.metal.hold();
    const program = bed.start(['return', id]);
    await bed.metal.asked(/^DELETE/);
    await bed.metal.asked(/^GET .*devices/);
    await program.kill();
    assert.deepEqual(bed.metal.books().devices.length, 1);
    held[Symbol.dispose]();
    await nextStart(bed);
  }),
  row('killed while it sweeps what another one left', async (bed) => {
    const { window } = await windowWithMachine(bed);
    await window.kill();
    await bed.killedAt(bed.start(['machines']), /^DELETE .devices/, false);
    await bed.killedAt(bed.start(['machines']), /^DELETE .ssh-keys/, false);
    await nextStart(bed);
  }),
];
