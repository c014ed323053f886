/** Two windows, or programs, on one ledger. */
import assert from 'node:assert/strict';
import type { Attendant, Bed } from '../../../bed/borrowing/bed';
import { change } from '../../../../src/machines/leases/ledger';
import type { Row } from '../../../bed/borrowing/rows';
import { PLANS } from '../../../bed/metal/catalogue';
import { HOUR, MINUTE, nextStart, row, SMALL, windowWithMachine } from './row';

/** A window closes; its program stays until the end of what it has let go, or until another window takes that. */
async function letGo(bed: Bed, window: Attendant): Promise<void> {
  window.child.stdin?.end(`${JSON.stringify({ onClose: 'ask', tokens: {} })}\n`);
  await bed.ledgerSays((lease) => lease.letGo !== undefined);
}

export const windows: Row[] = [
  row(
    'two borrow at once where the caps allow one',
    async (bed) => {
      const both = await Promise.all([
        bed.run(['borrow', '--yes']),
        bed.run(['borrow', '--yes']),
        bed.run(['borrow', '--yes']),
      ]);
      assert.deepEqual(both.map(({ code }) => code).sort(), [0, 3, 3]);
      assert.match(both.map(({ output }) => output).join(), /more than the 2\.00 USD a day/);
      assert.equal(bed.metal.books().made, 1);
      await bed.does(0, 'return', bed.only().id);
    },
    { caps: { perDay: 2 } },
  ),
  row('two borrow at once where one machine is left', async (bed) => {
    for (const { slug, metros } of PLANS)
      for (const metro of Object.keys(metros))
        bed.metal.stock(slug, metro, slug === 'c3.small.x86' && metro === 'am' ? 1 : 0);
    const both = await Promise.all([bed.run(['borrow', '--yes']), bed.run(['borrow', '--yes'])]);
    assert.deepEqual(both.map(({ code }) => code).sort(), [0, 3]);
    await bed.does(0, 'return', bed.only().id);
  }),
  row('two give the same back at once: it is deleted once, and both see it gone', async (bed) => {
    const { id } = await bed.borrow();
    const both = await Promise.all([bed.run(['return', id]), bed.run(['return', '--all'])]);
    for (const { code, output } of both)
      assert.ok(code === 0 || /There is no borrowed machine/.test(output), output);
    const deleted = bed.metal.requests.filter(({ line }) => /^DELETE .devices/.test(line));
    assert.equal(deleted.length, 1);
  }),
  row('this computer has another name by now: what that leaves is named', async (bed) => {
    const { id } = await bed.borrow();
    await change(bed.state, id, (lease) => ({ ...lease, owner: { who: 'ada@renamed' } }));
    const { code, output } = await bed.run(['return', '--all']);
    assert.equal(code, 3);
    assert.match(output, new RegExp(`another name of it.*${id} .* ada@renamed`, 's'));
    await bed.does(0, 'return', id);
  }),
  row('two sweep at once what a third one left', async (bed) => {
    const { window } = await windowWithMachine(bed);
    await window.kill();
    await bed.later(5 * MINUTE);
    const [one, other] = [bed.attendant(), bed.attendant()];
    await Promise.all([one.ask('sweep', {}), other.ask('sweep', {}), bed.does(0, 'machines')]);
    bed.isEmpty();
  }),
  row('one extends what the other gives back', async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    // Whether it comes first or too late.
    const extended = window.ask('extend', { lease: id, hours: 1 }).catch(() => undefined);
    await bed.does(0, 'return', id);
    await extended;
    bed.isEmpty();
  }),
  row('one moves the end by itself of what the other gives back', async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    const moved = bed.metal.asked(/^PUT/);
    await bed.later(15 * MINUTE);
    await moved;
    await bed.does(0, 'return', id);
    await window.ask('sweep', {});
    await window.close('keep');
  }),
  row(
    'one gives back what another one reproduces on: it is refused, and told what runs there',
    async (bed) => {
      const { id } = await bed.borrow();
      const program = await bed.reproducing(id);
      for (const which of [id, '--all']) {
        const { code, output } = await bed.run(['return', which]);
        assert.equal(code, 3);
        assert.match(
          output,
          /Something runs on what was to be given back.*Reproducing Jenkinsfile/s,
        );
      }
      assert.equal(bed.metal.books().devices.length, 1);
      await bed.enough();
      const { output } = await program.ended;
      assert.match(output, /Work failed with exit code 42/);
      bed.isWhole(output);
      await bed.does(0, 'return', id);
    },
  ),
  row(
    'one gives it back all the same: the other is told why it cannot go on, and waits for nothing',
    async (bed) => {
      const { id } = await bed.borrow();
      const program = await bed.reproducing(id, { pace: '4000:300,5000:150' });
      await bed.does(0, 'return', id, '--yes');
      const { code, output } = await program.ended;
      assert.equal(code, 3, output);
      assert.match(output, /could not run: .*was given back while something ran on it/);
      await bed.does(0, 'clean');
    },
  ),
  row('one window closes and lets go; the next one takes it, and gives it back', async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    await letGo(bed, window);
    const [one, other] = [bed.attendant(), bed.attendant()];
    const taken = await Promise.all([
      one.ask('take', { leases: [id] }),
      other.ask('take', { leases: [id] }),
    ]);
    assert.deepEqual(taken.flat(), [id], 'one of them has it');
    await bed.does(0, 'return', id);
  }),
  row('one window closes and lets go, and nobody takes it: it ends by itself', async (bed) => {
    const { window } = await windowWithMachine(bed);
    await letGo(bed, window);
    await bed.later(HOUR);
    assert.deepEqual(bed.metal.books().devices, []);
    await nextStart(bed);
  }),
  row('one window is closed while it borrows', async (bed) => {
    const window = bed.attendant();
    const asked = bed.metal.asked(/^GET .devices/);
    window.ask('borrow', SMALL).catch(() => undefined);
    await asked;
    await window.close('return');
    await nextStart(bed);
  }),
];
