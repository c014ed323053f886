// A program that borrows from the books, goes as far as it is told, says "there" and stays: to be killed.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock';
import { borrow, extend, markReady } from '../../../src/machines/leases/borrow';
import { estimate } from '../../../src/machines/leases/offers';
import { usualCaps } from '../../../src/machines/leases/caps';
import { STEP, type Desk } from '../../../src/machines/leases/desk';
import { renew } from '../../../src/machines/leases/attend';
import { giveBack } from '../../../src/machines/leases/giveBack';
import { whoWeAre } from '../../../src/machines/leases/ledger';
import { sweep } from '../../../src/machines/leases/sweep';
import { bookLender, smallOffer } from '../../bed/bookLender';

const [, , root = '', folder = '', where = ''] = process.argv;
const { signal } = new AbortController();
let ahead = 0;

function stay(): Promise<never> {
  process.stdout.write('there\n');
  setInterval(() => undefined, 1000);
  return new Promise(() => undefined);
}

const reached = async (step: string): Promise<void> => {
  if (where === 'sweep' && step === 'give back: asked')
    appendFileSync(join(root, 'given'), 'once\n');
  if (step === where) await stay();
};
const desk: Desk = {
  root,
  lenders: [bookLender({ folder, offers: [smallOffer], at: reached })],
  caps: usualCaps,
  clock: { ...systemClock, now: () => Date.now() + ahead },
  who: whoWeAre(),
};

if (where === 'sweep') {
  await sweep(desk, () => undefined, signal);
  process.stdout.write('there\n');
} else {
  const wanted = await estimate(desk, undefined, {}, 2, signal);
  const options = { keep: 'while this process lives', progress: () => undefined } as const;
  const { id } = await borrow(desk, wanted, options, signal);
  await reached('lent');
  await markReady(desk, id);
  await reached('ready');
  if (where === 'extended') await extend(desk, id, 1, signal);
  await reached('extended');
  ahead = STEP / 2;
  await renew(desk, () => undefined, signal);
  await reached('renewed');
  await giveBack(desk, id, { attempts: 5 }, signal);
}
