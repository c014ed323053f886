/** Clocks that are wrong, and a laptop that slept. */
import assert from 'node:assert/strict';
import type { Bed, Program } from '../../../bed/borrowing/bed';
import type { Row } from '../../../bed/borrowing/rows';
import { HOUR, MINUTE, nextStart, row, windowWithMachine } from './row';

/** When the API ends the machine, from now on: what is true, whatever the clock here says. */
function left(bed: Bed): number {
  const [device] = bed.metal.devices;
  assert.ok(device?.terminationTime !== undefined, 'the machine is there');
  return device.terminationTime - bed.metal.now();
}

/** Milliseconds, by a machine that is busy. */
function isAbout(seen: number, wanted: number): void {
  const minutes = [seen, wanted].map((one) => Math.round(one / MINUTE));
  assert.ok(Math.abs(seen - wanted) < 3 * MINUTE, minutes.join(' minutes, not '));
}

/** The laptop sleeps for so long. */
async function asleep(bed: Bed, programs: readonly Program[], milliseconds: number): Promise<void> {
  for (const { child } of programs) child.kill('SIGSTOP');
  await bed.later(milliseconds);
  for (const { child } of programs) child.kill('SIGCONT');
}

/** The clock here is wrong from the beginning, and stays so. */
function wrong(what: string, by: number): Row {
  return row(`the clock here is ${what}: it lasts as long as was agreed`, async (bed) => {
    bed.skew(by);
    const { window } = await windowWithMachine(bed);
    isAbout(left(bed), 40 * MINUTE);
    for (let quarters = 0; quarters < 6; quarters++) {
      const moved = bed.metal.asked(/^PUT/);
      await bed.later(15 * MINUTE);
      await moved;
      await bed.does(0, 'machines');
    }
    isAbout(left(bed), 30 * MINUTE);
    await bed.later(31 * MINUTE);
    await window.said(/"kind":"(over|gone)"/);
    await nextStart(bed);
  });
}

/** It is set while a window has a machine. */
function set(what: string, by: number): Row {
  return row(
    `the clock is set ${what} while a window has it: it lasts as long as was agreed`,
    async (bed) => {
      const { window } = await windowWithMachine(bed);
      const moved = bed.ledgerSays(({ clockAhead = 0 }) => Math.abs(clockAhead + by) < MINUTE);
      bed.skew(by);
      await moved;
      const { end } = bed.only();
      isAbout(end - bed.now(), 2 * HOUR);
      await bed.does(0, 'machines');
      assert.ok(left(bed) > 0 && left(bed) <= 41 * MINUTE);
      for (let quarters = 0; quarters < 6; quarters++) {
        const asked = bed.metal.asked(/^PUT/);
        await bed.later(15 * MINUTE);
        await asked;
      }
      isAbout(left(bed), 30 * MINUTE);
      await bed.later(31 * MINUTE);
      await window.said(/"kind":"(over|gone)"/);
      await nextStart(bed);
    },
  );
}

function setWhileKept(what: string, by: number): Row {
  return row(`the clock is set ${what} while it is kept: it ends when it was to`, async (bed) => {
    const { id } = await bed.borrow();
    bed.skew(by);
    await bed.does(0, 'machines');
    assert.equal(bed.only().id, id);
    isAbout(bed.only().end - bed.now(), 2 * HOUR);
    const cost = await bed.does(0, 'extend', id, '--for', '1h');
    assert.match(cost, /(3 h|2 h 59 min) more, up to 2\.25 USD in all/);
    isAbout(left(bed), 3 * HOUR);
    const { code, output } = await bed.run(['extend', id, '--for', '10h']);
    assert.equal(code, 3, output);
    await bed.later(3 * HOUR + MINUTE);
    await nextStart(bed);
  });
}

export const clocks: Row[] = [
  wrong('five hours ahead', 5 * HOUR),
  wrong('five hours behind', -5 * HOUR),
  set('forward by three hours', 3 * HOUR),
  set('back by three hours', -3 * HOUR),
  setWhileKept('forward by a day', 24 * HOUR),
  setWhileKept('back by a day', -24 * HOUR),
  row('asleep past the end: the API has ended it, and the window says so', async (bed) => {
    const { window } = await windowWithMachine(bed);
    await asleep(bed, [window], 3 * HOUR);
    assert.deepEqual(bed.metal.books().devices, []);
    await window.said(/"kind":"(over|gone)"/);
    await bed.does(0, 'machines');
  }),
  row('asleep past the end in the middle of a step: whoever reproduces is told', async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    const program = await bed.reproducing(id, { pace: '4000:300,20000:2000' });
    await asleep(bed, [window, program], 3 * HOUR);
    const { code, output } = await program.ended;
    assert.equal(code, 3, output.slice(-2000));
    assert.match(output, /was given back while something ran on it/);
    await nextStart(bed);
  }),
  row(
    'asleep for a while in the middle of a step, with the network gone: it goes on',
    async (bed) => {
      const { window, id } = await windowWithMachine(bed);
      const program = await bed.reproducing(id, { pace: '4000:300,20000:2000' });
      await bed.device().sshd.drop();
      await program.said(/was lost/);
      await asleep(bed, [window, program], 35 * MINUTE);
      const moved = bed.metal.asked(/^PUT/);
      await bed.device().sshd.heal();
      await moved;
      await program.said(/is back/);
      await bed.enough();
      const { output } = await program.ended;
      assert.match(output, /Work failed with exit code 42/);
      bed.isWhole(output);
      await window.ask('return', { lease: id });
    },
  ),
  row('asleep, and it ends by its own hand before the API ends it', async (bed) => {
    const { window } = await windowWithMachine(bed);
    window.child.kill('SIGSTOP');
    const { sshd } = bed.device();
    await sshd.inside(
      'cd /run; echo 1 > ci-parity-end.new; mv ci-parity-end.new ci-parity-end.told',
    );
    await bed.over();
    await bed.later(HOUR);
    assert.deepEqual(bed.metal.books().devices, []);
    window.child.kill('SIGCONT');
    await window.said(/"kind":"gone"/);
    await bed.does(0, 'machines');
  }),
];
