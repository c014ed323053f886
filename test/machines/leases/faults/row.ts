/** What the rows of the table of faults share. */
import {
  openBed,
  type Attendant,
  type Bed,
  type BorrowingOptions,
} from '../../../bed/borrowing/bed';
import type { Row } from '../../../bed/borrowing/rows';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const SMALL = { lender: 'metal', offer: 'c3.small.x86@am', hours: 2 };

/** A row on a bed of its own; whatever it does, nothing is lent and nothing is owed then. */
export function row(
  name: string,
  run: (bed: Bed) => Promise<void>,
  options: BorrowingOptions = {},
): Row {
  return {
    name,
    run: async () => {
      await using bed = await openBed(options);
      await inTime(bed, async () => {
        await run(bed);
        bed.isEmpty();
        await bed.putAway();
      });
    },
  };
}

/** Of a row that does not end, one wants to know what its programs have said. */
async function inTime(bed: Bed, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It does not end.\n${bed.status()}`)), 100_000);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What anybody does next, some time after the owner is gone. */
export async function nextStart(bed: Bed): Promise<void> {
  await bed.later(5 * MINUTE);
  await bed.does(0, 'machines');
  await bed.does(0, 'clean');
}

/** A window that has borrowed a machine. */
export async function windowWithMachine(bed: Bed): Promise<{ window: Attendant; id: string }> {
  const window = bed.attendant();
  const { id } = await window.ask('borrow', SMALL);
  return { window, id };
}
