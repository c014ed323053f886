/**
 * What may go wrong with a borrowed machine, and what it comes to: the real program, real machines, and a
 * double of the API that lends them. At the end of each row nothing is lent and nothing is owed.
 */
import assert from 'node:assert/strict';
import { openBed, type Bed, type BorrowingOptions } from '../../bed/borrowing/bed';
import { rowsOf, type Row } from '../../bed/borrowing/rows';
import { needSshd } from '../../bed/sshd';

const MINUTE = 60_000;

/** A row on a bed of its own; whatever it does, the books are empty then. */
function row(name: string, run: (bed: Bed) => Promise<void>, options: BorrowingOptions = {}): Row {
  return {
    name,
    run: async () => {
      await using bed = await openBed(options);
      await run(bed);
      bed.isEmpty();
    },
  };
}

/** What anybody does next, some time after the owner is gone. */
async function nextStart(bed: Bed): Promise<void> {
  await bed.later(5 * MINUTE);
  await bed.does(0, 'machines');
  await bed.does(0, 'clean');
}

/** A window that has borrowed a machine. */
async function windowWithMachine(bed: Bed) {
  const window = bed.attendant();
  const wish = { lender: 'metal', offer: 'c3.small.x86@am', hours: 2 };
  const { id } = await window.ask('borrow', wish);
  return { window, id };
}

/** The owner of a machine is killed at a request that is not answered any more; whether it was `done` or not. */
function killedBorrowing(where: string, request: RegExp, done: boolean, machines: number): Row {
  return row(`killed while it borrows: ${where}`, async (bed) => {
    await bed.killedAt(bed.start(['borrow', '--yes']), request, done);
    assert.equal(bed.only().state.kind, 'asked');
    assert.equal(bed.metal.books().devices.length, machines);
    await nextStart(bed);
  });
}

function killedReturning(where: string, request: RegExp, done: boolean): Row {
  return row(`killed while it gives back: ${where}`, async (bed) => {
    const { id } = await bed.borrow();
    await bed.killedAt(bed.start(['return', id]), request, done);
    assert.equal(bed.only().state.kind, 'returning');
    await nextStart(bed);
  });
}

function killedExtending(where: string, request: RegExp, done: boolean): Row {
  return row(`killed while it extends: ${where}`, async (bed) => {
    const { window, id } = await windowWithMachine(bed);
    window.ask('extend', { lease: id, hours: 1 }).catch(() => undefined);
    await bed.killedAt(window, request, done);
    assert.equal(bed.only().state.kind, 'lent');
    await nextStart(bed);
  });
}

const killed: Row[] = [
  killedBorrowing('the key is asked for', /^POST .*ssh-keys/, false, 0),
  killedBorrowing('the key is made', /^POST .*ssh-keys/, true, 0),
  killedBorrowing('the machine is asked for', /^POST .projects.*devices/, false, 0),
  killedBorrowing('the machine is made', /^POST .projects.*devices/, true, 1),
  killedBorrowing('the machine is looked at', /^GET .devices/, true, 1),
  killedExtending('the machine is looked for', /^GET .*devices/, true),
  killedExtending('the end is to be moved', /^PUT/, false),
  killedExtending('the end is moved', /^PUT/, true),
  killedReturning('nothing is asked yet', /^GET .*devices/, false),
  killedReturning('it is to be deleted', /^DELETE .devices/, false),
  killedReturning('it is deleted', /^DELETE .devices/, true),
  killedReturning('the key is to be deleted', /^DELETE .ssh-keys/, false),
  killedReturning('the key is deleted', /^DELETE .ssh-keys/, true),
];

describe('A borrowed machine', function () {
  this.timeout(120_000);
  before(needSshd);
  rowsOf([...killed], 4);
});
