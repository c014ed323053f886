/** The way to the machine is lost while a step works there, or the machine itself is. */
import assert from 'node:assert/strict';
import type { Bed, Program } from '../../../bed/borrowing/bed';
import type { Row } from '../../../bed/borrowing/rows';
import { MINUTE, row, windowWithMachine } from './row';

/** The step ends with its exit code, and all that it has said has come. */
async function goesOn(bed: Bed, program: Program): Promise<void> {
  await bed.enough();
  const { code, output } = await program.ended;
  assert.equal(code, 1, output.slice(-2000));
  assert.match(output, /Work failed with exit code 42/);
  assert.match(output, /was lost\. What runs there goes on/);
  assert.match(output, /The connection to .* is back/);
  bed.isWhole(output);
  await bed.does(0, 'return', bed.only().id);
}

/** Instead of being silent, the machine is told of as not being there. */
async function refusing(bed: Bed): Promise<void> {
  const refuse = 'iptables -I INPUT -p tcp --dport 22 -j REJECT --reject-with tcp-reset';
  await bed.device().sshd.inside(`${refuse}; iptables -D INPUT 2; iptables -F OUTPUT`);
}

export const network: Row[] = [
  row(
    'nothing comes through for longer than it is looked for ever more rarely: the step is whole',
    async (bed) => {
      const { id } = await bed.borrow();
      // Its own patience, in seconds as they are.
      const program = await bed.reproducing(id, { pace: '*:1' });
      const there = bed.device().sshd;
      await there.drop();
      await program.said(/was lost/);
      // From now on it is answered that nobody is there.
      await refusing(bed);
      await program.said(/is still away\. It is looked for every 10 seconds, for 30 minutes more/);
      await there.heal();
      await goesOn(bed, program);
    },
  ),
  row('nothing comes through for minutes by its own clock: the step is whole', async (bed) => {
    const { id } = await bed.borrow();
    const program = await bed.reproducing(id, { pace: '*:10' });
    await bed.device().sshd.drop();
    await program.said(/It is looked for every 10 seconds, for 2[5-8] minutes more/);
    await bed.device().sshd.heal();
    await goesOn(bed, program);
  }),
  row('cut fifty times: the step is whole', async (bed) => {
    const { id } = await bed.borrow();
    const program = await bed.reproducing(id);
    const backs = (): number => program.so().split(' is back').length - 1;
    for (let cuts = 0; cuts < 50; cuts++) {
      while ((await bed.device().sshd.cut()) === 0) await program.more();
      while (backs() <= cuts) await program.more();
      // A machine that hangs up at once is not asked without a pause.
      const from = program.so().length;
      while (program.so().length < from + 10_000) await program.more();
    }
    await goesOn(bed, program);
  }),
  row(
    'the machine stays away for longer than it is waited for: it is said, and put away later',
    async (bed) => {
      const { id } = await bed.borrow();
      const program = await bed.reproducing(id, { pace: '4000:300,random:150' });
      await bed.device().sshd.drop();
      await program.said(/was lost/);
      await refusing(bed);
      const { code, output } = await program.ended;
      assert.equal(code, 3, output.slice(-2000));
      assert.match(output, /has been away for (29|3\d) minutes/);
      assert.match(output, /put it away with: ci-parity clean/);
      await bed.device().sshd.heal();
      assert.notEqual(await bed.marked(), '', 'it runs on');
      await bed.does(0, 'clean');
      assert.equal(await bed.marked(), '');
      await bed.does(0, 'return', id);
    },
  ),
  row('the machine is started anew: it is said, and nothing of it is left there', async (bed) => {
    const { id } = await bed.borrow();
    const program = await bed.reproducing(id);
    await bed.device().sshd.reboot();
    const { code, output } = await program.ended;
    assert.equal(code, 3, output.slice(-2000));
    assert.match(output, /was restarted while the step ran/);
    assert.equal(await bed.marked(), '');
    await bed.does(0, 'return', id);
  }),
  row(
    'the API cannot be reached for minutes: the step does not notice, and the end is moved afterwards',
    async (bed) => {
      const { window, id } = await windowWithMachine(bed);
      const program = await bed.reproducing(id);
      const before = bed.metal.devices[0]?.terminationTime ?? 0;
      await bed.during(/./, { answer: 'cut' }, async () => {
        await bed.later(15 * MINUTE);
        await window.said(/"kind":"cannot extend"/);
      });
      await bed.metal.asked(/^PUT/);
      await bed.enough();
      const { output } = await program.ended;
      assert.match(output, /Work failed with exit code 42/);
      bed.isWhole(output);
      assert.ok((bed.metal.devices[0]?.terminationTime ?? 0) > before + 10 * MINUTE);
      await window.ask('return', { lease: id });
    },
  ),
];
