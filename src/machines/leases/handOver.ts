import { elapsed } from '../../base/clock';
import { renew, type LeaseNews } from './attend';
import { keepLease } from './borrow';
import type { Desk } from './desk';
import { giveBack } from './giveBack';
import { sweep } from './sweep';
import { change, ownerLives, readLedger, thisProcess, type Lease } from './ledger';

/** What becomes of a window's machines when it closes; `ask` lets the next start of the editor ask. */
export type OnClose = 'keep' | 'return' | 'ask';

/** Milliseconds that a window has to come back, as one that is reloaded does, before its machines are given back. */
const RETURNS = 30_000;

/**
 * Lets go of this process' leases, since whoever wanted them leaves. Those that are kept have their
 * agreed end from now on; others end by themselves within `STEP`, unless somebody takes them.
 */
export async function letGo(desk: Desk, onClose: OnClose, signal: AbortSignal): Promise<void> {
  await Promise.allSettled(
    mine(desk).map(async (lease) => {
      if (onClose === 'keep') {
        await keep(desk, lease, signal);
        return;
      }
      const at = desk.clock.now();
      await change(desk.root, lease.id, (one) =>
        isMine(one) && isThere(one)
          ? {
              ...one,
              owner: { who: desk.who },
              end: Math.min(one.end, one.until),
              letGo: { at, end: one.end },
            }
          : undefined,
      );
      if (onClose === 'ask') return;
      await new Promise<void>((resolve) => desk.clock.after(RETURNS, resolve));
      const after = readLedger(desk.root).leases.find(({ id }) => id === lease.id);
      if (after?.letGo?.at === at) await giveBack(desk, lease.id, { attempts: 5 }, signal);
    }),
  );
}

/** Milliseconds between two looks at what was let go. */
const LOOK = 20_000;

/**
 * Waits for the ends of leases that were let go, and has them given back then, unless somebody has taken them before:
 * not every lender ends a machine by itself, and perhaps nobody starts us again. Resolves when nothing is left to wait
 * for, and rejects when it is aborted; the next start goes on with that.
 */
export async function seeOut(
  desk: Desk,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const left = readLedger(desk.root).leases.filter(
      (lease) => ids.includes(lease.id) && !lease.owner.process,
    );
    if (left.length === 0) return;
    const next = Math.min(...left.map(({ end }) => end)) - desk.clock.now();
    // What cannot be given back, or whose lender cannot be asked, is tried again.
    if (next <= 0) await sweep(desk, () => undefined, signal).catch(() => undefined);
    await elapsed(desk.clock, next <= 0 ? LOOK : Math.min(LOOK, next + 1000), signal);
  }
}

/** The ids of this process' leases. */
export function ownLeases(desk: Desk): string[] {
  return mine(desk).map(({ id }) => id);
}

/**
 * Makes leases this process' own, which no living process has, and gives the ids of those that are now.
 * Their ends are moved from now on; where that fails it is told.
 */
export async function take(
  desk: Desk,
  ids: readonly string[],
  tell: (news: LeaseNews) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const process = thisProcess();
  for (const id of ids)
    await change(desk.root, id, ({ letGo: before, ...lease }) =>
      isThere(lease) && lease.owner.who === desk.who && !ownerLives(lease.owner, desk.who)
        ? { ...lease, owner: { who: desk.who, process }, end: before?.end ?? lease.end }
        : undefined,
    );
  await renew(desk, tell, signal);
  return mine(desk).flatMap(({ id }) => (ids.includes(id) ? [id] : []));
}

/** Where the lender's own end cannot be moved, the machine ends earlier than agreed, but it ends. */
async function keep(desk: Desk, lease: Lease, signal: AbortSignal): Promise<void> {
  try {
    await keepLease(desk, lease.id, signal);
  } catch {
    await change(desk.root, lease.id, (one) =>
      isMine(one) ? { ...one, owner: { who: desk.who } } : undefined,
    );
  }
}

function mine(desk: Desk): Lease[] {
  return readLedger(desk.root).leases.filter((lease) => isMine(lease) && isThere(lease));
}

function isMine({ owner }: Lease): boolean {
  const me = thisProcess();
  return owner.process?.pid === me.pid && owner.process.bornAt === me.bornAt;
}

function isThere({ state }: Lease): boolean {
  return state.kind === 'lent' || state.kind === 'ready';
}
