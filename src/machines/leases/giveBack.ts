import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { elapsed } from '../../base/clock';
import { messageOf, UserError } from '../../base/errors';
import { priceSoFar, settle, UnreadableSpent } from './caps';
import { lenderOf, type Desk } from './desk';
import { change, claimed, leasesIn, readLedger, strikeOff, type Lease } from './ledger';
import { UnwritableLedger } from './ledgerFiles';

/** How long, in milliseconds, one attempt may take: deleting a metal machine takes minutes. */
const PATIENCE = 10 * 60_000;

/** A request to make a machine may be under way so many milliseconds after it was sent, though nobody waits for it. */
const LATE = 2 * 60_000;

export interface GivingBack {
  readonly attempts: number;
  /** Until when the lender was asked for it, by whoever knows that. */
  readonly askedUntil?: number;
  /** Told why an attempt failed that is not the last one, and after how many milliseconds comes the next. */
  readonly trouble?: ((why: string, next: number) => void) | undefined;
}

/**
 * Gives a machine back, again and again until it is seen gone, and strikes its lease off. Other processes
 * wait for the one that does it. Rejects when the attempts are used up or the signal is aborted: then the
 * lease says what the matter is, and `sweep` goes on with it.
 */
export async function giveBack(
  desk: Desk,
  id: string,
  how: GivingBack,
  signal: AbortSignal,
): Promise<void> {
  const claim = join(leasesIn(desk.root), `${id}.giving`);
  try {
    while (!known(desk, id) || !claimed(claim)) {
      if (!known(desk, id)) return;
      if (how.attempts === 1) throw new UserError('another process gives it back');
      await elapsed(desk.clock, 1000, signal);
    }
    try {
      await untilGone(desk, id, how, signal);
    } finally {
      rmSync(claim, { force: true });
    }
  } catch (error) {
    const lease = known(desk, id);
    if (!(error instanceof UnwritableLedger) || !lease) throw error;
    // A machine costs money, whether that can be written down or not. It is struck off when it is given back again.
    await lenderOf(desk, lease.lender).giveBack(lease, signal);
    throw new UserError(
      `${lease.title} was given back, and cannot be struck off. ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

function known(desk: Desk, id: string): Lease | undefined {
  return readLedger(desk.root).leases.find((lease) => lease.id === id);
}

async function untilGone(
  desk: Desk,
  id: string,
  { attempts, askedUntil, trouble }: GivingBack,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    let lease = await change(desk.root, id, (one) => returning(one, askedUntil));
    if (!lease) return;
    let problem: string;
    let wait = Math.min(60_000, 1000 * 2 ** (attempt - 1));
    if (attempt === 1) await desk.leave?.(id, signal);
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      const lender = lenderOf(desk, lease.lender);
      const wasLent = lease.state.kind === 'returning' && lease.state.wasLent;
      if (!wasLent && (await lender.stop?.(id, patience))) {
        const stopped = desk.clock.now();
        lease = (await change(desk.root, id, (one) => returning(one, stopped))) ?? lease;
      }
      const seen = await lender.giveBack(lease, patience);
      const now = desk.clock.now();
      const asked = lease.state.kind === 'returning' ? lease.state.askedUntil : undefined;
      const age = now - (asked ?? lease.askedAt);
      // By a clock that was set back, the time may seem not to have come for ever.
      if (wasLent || seen || age > LATE || age < 0) {
        await settle(desk.root, lease, priceSoFar(lease, now), now).catch(unlessUnreadable);
        await strikeOff(desk.root, id);
        return;
      }
      problem = 'there is nothing yet; a request may still be under way';
      wait = LATE - age + 1;
      // To look again later is no failure.
      if (attempts > 1) attempt = 0;
    } catch (error) {
      problem = signal.aborted ? 'nobody waited until it was gone' : messageOf(error);
    }
    await change(desk.root, id, (one) => noted(one, problem));
    signal.throwIfAborted();
    if (attempt >= attempts) throw new UserError(problem);
    trouble?.(problem, wait);
    await elapsed(desk.clock, wait, signal);
  }
}

/** Whoever borrows is told of it; a machine that is gone is struck off all the same. */
function unlessUnreadable(error: unknown): void {
  if (!(error instanceof UnreadableSpent)) throw error;
}

function returning(lease: Lease, askedUntil: number | undefined): Lease | undefined {
  const { state } = lease;
  const asked = askedUntil === undefined ? {} : { askedUntil };
  if (state.kind !== 'returning') {
    const wasLent = state.kind !== 'asked';
    return { ...lease, state: { kind: 'returning', wasLent, attempts: 0, ...asked } };
  }
  return state.wasLent || askedUntil === undefined || askedUntil <= (state.askedUntil ?? 0)
    ? undefined
    : { ...lease, state: { ...state, ...asked } };
}

function noted(lease: Lease, problem: string): Lease | undefined {
  if (lease.state.kind !== 'returning') return undefined;
  return { ...lease, state: { ...lease.state, attempts: lease.state.attempts + 1, problem } };
}
