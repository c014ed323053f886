import { messageOf, UserError } from '../../base/errors';
import type { Marked } from '../lender';
import { putRight, TOLERANCE } from './clocks';
import { lenderOf, STEP, type Desk } from './desk';
import { giveBack } from './giveBack';
import { change, isMine, readLedger, type Lease } from './ledger';
import { judge } from './sweep';

/** What somebody should be told of a lease that this process owns. */
export type LeaseNews =
  /** Its end has come: it is being given back. */
  | { readonly kind: 'over'; readonly lease: Lease }
  /** Its lender has it no more, though its end has not come. */
  | { readonly kind: 'gone'; readonly lease: Lease }
  /** Its end could not be moved; it is tried again. */
  | { readonly kind: 'cannot extend'; readonly lease: Lease; readonly why: string };

/** How long, in milliseconds, a lender may take to move an end, or to say what it has. */
const PATIENCE = 2 * 60_000;

/**
 * Moves the ends of this process' leases forward, every minute, until it is disposed, and goes on with what could not
 * be given back.
 */
export function attend(desk: Desk, tell: (news: LeaseNews) => void): Disposable {
  const over = new AbortController();
  const busy = new Set<string>();
  let timer: Disposable | undefined;
  const next = (): void => {
    timer = desk.clock.after(60_000, () => {
      // Not waited for: a lender that does not answer keeps no other machine from being attended.
      // What goes wrong with a lease is told; else the ledger could not be read, and may be in a minute.
      void renew(desk, tell, over.signal, busy).catch(() => undefined);
      next();
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

/** One beat of `attend`; leases that an earlier one is `busy` with are left to that. */
export async function renew(
  desk: Desk,
  tell: (news: LeaseNews) => void,
  signal: AbortSignal,
  busy = new Set<string>(),
): Promise<void> {
  const mine = readLedger(desk.root).leases.filter(
    (lease) => isMine(lease) && lease.state.kind !== 'asked' && !busy.has(lease.id),
  );
  await Promise.all(
    mine.map(async (lease) => {
      busy.add(lease.id);
      try {
        await renewOne(desk, lease, tell, signal);
      } finally {
        busy.delete(lease.id);
      }
    }),
  );
}

/** Asks a lender something that others wait for. */
export async function inTime<T>(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(PATIENCE);
  try {
    return await ask(AbortSignal.any([signal, late]));
  } catch (cause) {
    if (!late.aborted || signal.aborted) throw cause;
    throw new UserError('its lender does not answer', { cause });
  }
}

async function renewOne(
  desk: Desk,
  found: Lease,
  tell: (news: LeaseNews) => void,
  signal: AbortSignal,
): Promise<void> {
  if (found.state.kind === 'returning') {
    // The ledger says what the matter is; it is tried again in a minute, or by a sweep.
    await giveBack(desk, found.id, { attempts: 1 }, signal).catch(() => undefined);
    return;
  }
  let lease = found;
  const list = async (): Promise<Marked[] | undefined> =>
    inTime(signal, (soon) => lenderOf(desk, found.lender).list(soon));
  try {
    // Nobody has told it so late an end: the clock here was set back. The lender's answer tells how far.
    if (found.until > desk.clock.now() + STEP + TOLERANCE) await list();
    lease = await putRight(desk, found);
    const now = desk.clock.now();
    const until = Math.min(lease.end, now + STEP);
    if (now < lease.end && (until <= lease.until || lease.until - now > STEP * 0.75)) return;
    if (now < lease.end) {
      await inTime(signal, (soon) => lenderOf(desk, found.lender).extend(lease, until, soon));
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
    const listed = await list().catch((error: unknown) => {
      // Where it cannot be asked, our own clock has to do: a machine costs money until it is seen gone.
      if (signal.aborted || desk.clock.now() < lease.end) throw error;
      return undefined;
    });
    lease = await putRight(desk, lease);
    const verdict = await judge(desk, lease, listed);
    if (verdict === 'lent') return;
    tell({ kind: verdict, lease });
    await giveBack(desk, lease.id, { attempts: 5 }, signal);
  } catch {
    // As above: what could not be given back is, in a minute.
  }
}
