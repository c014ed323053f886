/** The API answers wrongly, or what it answers is lost. */
import assert from 'node:assert/strict';
import type { Bed } from '../../../bed/borrowing/bed';
import type { Row } from '../../../bed/borrowing/rows';
import type { Fault } from '../../../bed/metal/faults';
import { MINUTE, nextStart, row } from './row';

const MAKING = /^POST .projects.*devices/;
const ASKING = /^GET .*devices/;
const DELETING = /^DELETE/;

/** What is made without our hearing of it is found by its tags, and is the only one. */
function lostMaking(what: string, answer: Fault['answer']): Row {
  return row(
    `${what} when a machine was made: it is found, and no second one is made`,
    async (bed) => {
      const { id } = await bed.during(MAKING, { answer, done: true, times: 1 }, () => bed.borrow());
      assert.equal(bed.metal.books().made, 1);
      await bed.does(0, 'return', id);
    },
  );
}

/** Given back as soon as that is possible, by the same command. */
function failingDeletes(what: string, answer: Fault['answer'], done = false): Row {
  return row(
    `${what} for a while when it is to be deleted: that is asked until it is gone`,
    async (bed) => {
      const { id } = await bed.borrow();
      const fault = { answer, done, times: 7 };
      const output = await bed.during(DELETING, fault, () => bed.does(0, 'return', id));
      assert.match(output, /is gone/);
    },
  );
}

/** The program that gives back is killed after a while, and the API goes on refusing it meanwhile. */
async function inVain(bed: Bed): Promise<void> {
  const program = bed.start(['return', '--all']);
  await bed.metal.asked(DELETING);
  await bed.metal.asked(DELETING);
  await program.kill();
}

export const answers: Row[] = [
  lostMaking('the answer is cut off', 'cut'),
  lostMaking('503', { status: 503 }),
  lostMaking('a page for people', { status: 200, body: '<html>' }),
  row('the answer is lost when its key was made', async (bed) => {
    const { id } = await bed.during(
      /^POST .*ssh-keys/,
      { answer: 'cut', done: true, times: 1 },
      () => bed.borrow(),
    );
    assert.equal(bed.metal.books().keys.length, 1);
    await bed.does(0, 'return', id);
  }),
  row(
    '503 when a machine was made, and nothing can be asked: it goes back when that is over',
    async (bed) => {
      const program = bed.start(['borrow', '--yes']);
      await bed.during(MAKING, { answer: { status: 503 }, done: true }, () =>
        bed.during(ASKING, { answer: { status: 503 } }, async () => {
          await program.said(/giving back what may have been made/);
          await program.kill();
        }),
      );
      assert.equal(bed.metal.books().devices.length, 1);
      await nextStart(bed);
    },
  ),
  row(
    'the answer is lost, and the machine shows only much later: it is not believed gone before',
    async (bed) => {
      await bed.killedAt(bed.start(['borrow', '--yes']), MAKING, false);
      const { id } = bed.only();
      const owner = await bed.mark();
      const output = await bed.does(0, 'machines');
      assert.match(output, /a request may still be under way/);
      const tags = ['ci-parity', `ci-parity-lease=${id}`, `ci-parity-owner=${owner}`];
      bed.metal.addDevice({ tags, project: bed.metal.project });
      await nextStart(bed);
    },
  ),
  row(
    'the answer is lost, and the machine shows after its lease was struck off: its tags are enough',
    async (bed) => {
      await bed.killedAt(bed.start(['borrow', '--yes']), MAKING, false);
      const { id } = bed.only();
      const owner = await bed.mark();
      await nextStart(bed);
      bed.isEmpty();
      const tags = ['ci-parity', `ci-parity-lease=${id}`, `ci-parity-owner=${owner}`];
      bed.metal.addDevice({ tags, project: bed.metal.project });
      await nextStart(bed);
    },
  ),
  row(
    'the machine cannot be made: nothing is owed',
    async (bed) => {
      const program = bed.start(['borrow', '--yes']);
      await bed.metal.asked(/^GET .devices/);
      await bed.metal.finish('failed');
      const { code, output } = await program.ended;
      assert.deepEqual([code, /could not make the machine/.test(output)], [3, true], output);
    },
    { slow: true },
  ),
  failingDeletes('500', { status: 500 }),
  failingDeletes('422', { status: 422, body: '{"errors":["it is being provisioned"]}' }),
  failingDeletes('429', { status: 429, headers: { 'Retry-After': '1' } }),
  failingDeletes('no answer', 'cut'),
  failingDeletes('the answer is lost', 'cut', true),
  row('500 for longer than anybody waits when it is to be deleted', async (bed) => {
    await bed.borrow();
    await bed.during(DELETING, { answer: { status: 500 } }, async () => {
      await inVain(bed);
      const { code, output } = await bed.run(['machines'], { pace: 'limit 45000:3000,1000:50' });
      assert.equal(code, 0, output);
      assert.match(output, /it is not gone yet; the next command looks again/);
      assert.match(output, /being given back/);
    });
    await nextStart(bed);
  }),
  row(
    'the token is refused for a while: it is said, and goes back when it is accepted',
    async (bed) => {
      const { id } = await bed.borrow();
      await bed.during(/./, { answer: { status: 401, body: '{"error":"no"}' } }, async () => {
        const { output, code } = await bed.run(['machines']);
        assert.equal(code, 0);
        assert.match(output, /does not know this token/);
        assert.equal(bed.only().id, id);
      });
      await bed.does(0, 'return', id);
    },
  ),
  row('it is seen gone only after a while', async (bed) => {
    const { id } = await bed.borrow();
    using held = bed.metal.hold();
    const program = bed.start(['return', id]);
    await bed.metal.asked(DELETING);
    for (let look = 0; look < 3; look++) await bed.metal.asked(ASKING);
    assert.equal(bed.only().state.kind, 'returning');
    held[Symbol.dispose]();
    assert.equal((await program.ended).code, 0);
  }),
  row('its end cannot be moved: the window is told, and it ends there by itself', async (bed) => {
    const window = bed.attendant();
    await window.ask('borrow', { lender: 'metal', offer: 'c3.small.x86@am', hours: 2 });
    await bed.during(/^PUT/, { answer: { status: 503 } }, async () => {
      await bed.later(15 * MINUTE);
      await window.said(/"kind":"cannot extend"/);
      await bed.later(30 * MINUTE);
    });
    await window.said(/"kind":"gone"/);
    await window.close('keep');
    await nextStart(bed);
  }),
];
