import { messageOf } from '../../base/errors';
import { putRight, TOLERANCE } from './clocks';
import { lenderOf, STEP, type Desk } from './desk';
import { giveBack } from './giveBack';
import { change, readLedger, thisProcess, type Lease } from './ledger';
import { judge } from './sweep';

/** What somebody should be told of a lease that this process owns. */
export type LeaseNews =
  /** Its end has come: it is being given back. */
  | { readonly kind: 'over'; readonly lease: Lease }
  /** Its lender has it no more, though its end has not come. */
  | { readonly kind: 'gone'; readonly lease: Lease }
  /** Its end could not be moved; it is tried again. */
  | { readonly kind: 'cannot extend'; readonly lease: Lease; readonly why: string };

/** Moves the ends of this process' leases forward, every minute, until it is disposed. */
export function attend(desk: Desk, tell: (news: LeaseNews) => void): Disposable {
  const over = new AbortController();
  let timer: Disposable | undefined;
  const next = (): void => {
    timer = desk.clock.after(60_000, () => {
      // What goes wrong with a lease is told; else the ledger could not be read, and may be in a minute.
      void renew(desk, tell, over.signal)
        .catch(() => undefined)
        .then(() => {
          if (!over.signal.aborted) next();
        });
    });
  };
  next();
  return {
    [Symbol.dispose]: () => {
      over.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

/** One beat of `attend`. */
export async function renew(
  desk: Desk,
  tell: (news: LeaseNews) => void,
  signal: AbortSignal,
): Promise<void> {
  const me = thisProcess();
  const mine = readLedger(desk.root).leases.filter(
    ({ owner, state }) =>
      owner.process?.pid === me.pid &&
      owner.process.bornAt === me.bornAt &&
      (state.kind === 'lent' || state.kind === 'ready'),
  );
  await Promise.all(mine.map((lease) => renewOne(desk, lease, tell, signal)));
}

async function renewOne(
  desk: Desk,
  found: Lease,
  tell: (news: LeaseNews) => void,
  signal: AbortSignal,
): Promise<void> {
  let lease = found;
  try {
    // Nobody has told it so late an end: the clock here was set back. The lender's answer tells how far.
    if (found.until > desk.clock.now() + STEP + TOLERANCE)
      await lenderOf(desk, found.lender).list(signal);
    lease = await putRight(desk, found);
    const now = desk.clock.now();
    const until = Math.min(lease.end, now + STEP);
    if (now < lease.end && (until <= lease.until || lease.until - now > STEP * 0.75)) return;
    if (now < lease.end) {
      await lenderOf(desk, lease.lender).extend(lease, until, signal);
      // It has told its clock with that.
      await putRight(desk, lease);
      await change(desk.root, lease.id, (one) => ({ ...one, until }));
      return;
    }
  } catch (error) {
    if (signal.aborted) return;
    tell({ kind: 'cannot extend', lease, why: messageOf(error) });
  }
  // The clock here may be wrong, and a laptop that slept knows nothing: the lender decides.
  try {
    const listed = await lenderOf(desk, lease.lender).list(signal);
    lease = await putRight(desk, lease);
    const verdict = await judge(desk, lease, listed);
    if (verdict === 'lent') return;
    tell({ kind: verdict, lease });
    await giveBack(desk, lease.id, { attempts: 5 }, signal);
  } catch {
    // The ledger says what the matter is; it is tried again in a minute, or by a sweep.
  }
}
