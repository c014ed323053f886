import { elapsed } from '../../base/clock';
import { inTime, renew, type LeaseNews } from './attend';
import { keepLease } from './borrow';
import { lenderOf, STEP, type Desk } from './desk';
import { giveBack } from './giveBack';
import { sweep } from './sweep';
import {
  change,
  isMine,
  isThere,
  ownerLives,
  readLedger,
  thisProcess,
  wanted,
  workOn,
  type Lease,
  type Owner,
} from './ledger';

/** What becomes of a window's machines when it closes; `ask` lets the next start of the editor ask. */
export type OnClose = 'keep' | 'return' | 'ask';

/** Milliseconds that a window has to come back, as one that is reloaded does, before its machines are given back. */
const RETURNS = 30_000;

/**
 * Lets go of this process' leases, since whoever wanted them leaves. Those that are kept have their
 * agreed end from now on; others end by themselves within `STEP`, unless somebody takes or uses them.
 */
export async function letGo(desk: Desk, onClose: OnClose, signal: AbortSignal): Promise<void> {
  await Promise.allSettled(
    mine(desk).map(async (lease) => {
      if (!isThere(lease)) {
        await disown(desk, lease);
        return;
      }
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
              letGo: { at, end: one.end, ...(onClose === 'return' && { returns: true }) },
            }
          : undefined,
      );
      if (onClose === 'ask') return;
      await new Promise<void>((resolve) => desk.clock.after(RETURNS, resolve));
      const after = readLedger(desk.root).leases.find(({ id }) => id === lease.id);
      if (after?.letGo?.at === at && !isUsed(desk, after))
        await giveBack(desk, lease.id, { attempts: 5 }, signal);
    }),
  );
}

/** Milliseconds between two looks at what was let go. */
const LOOK = 20_000;

/**
 * Waits for the ends of leases that were let go, and has them given back then, unless somebody has taken them before:
 * not every lender ends a machine by itself, and perhaps nobody starts us again. While one is used, its end is moved.
 * Resolves when nothing is left to wait for, and rejects when it is aborted; the next start goes on with that.
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
    // What cannot be given back or extended, or whose lender cannot be asked, is tried again.
    await Promise.allSettled(left.map((lease) => goOn(desk, lease, signal)));
    const now = desk.clock.now();
    const next = Math.min(...left.map((lease) => (isThere(lease) ? lease.end : now))) - now;
    if (next <= 0) await sweep(desk, () => undefined, signal).catch(() => undefined);
    await elapsed(desk.clock, next <= 0 ? LOOK : Math.min(LOOK, next + 1000), signal);
  }
}

async function goOn(desk: Desk, lease: Lease, signal: AbortSignal): Promise<void> {
  if (!isThere(lease)) return;
  if (!lease.letGo) await inTime(signal, (soon) => keepLease(desk, lease.id, soon));
  else if (isUsed(desk, lease)) await hold(desk, lease, lease.letGo.end, signal);
  else if (lease.letGo.returns && desk.clock.now() >= lease.letGo.at + RETURNS)
    await giveBack(desk, lease.id, { attempts: 1 }, signal);
}

/** Moves the end of a lease that was let go and is used, as if it had an owner. */
async function hold(desk: Desk, lease: Lease, end: number, signal: AbortSignal): Promise<void> {
  const now = desk.clock.now();
  const until = Math.min(end, now + STEP);
  if (until <= lease.until || lease.until - now > STEP * 0.75) return;
  await inTime(signal, (soon) => lenderOf(desk, lease.lender).extend(lease, until, soon));
  await change(desk.root, lease.id, (one) =>
    one.letGo?.at === lease.letGo?.at && isThere(one) ? { ...one, until, end: until } : undefined,
  );
}

/** Whether something runs on it, or it serves as somebody's agent. */
function isUsed(desk: Desk, lease: Lease): boolean {
  return workOn(lease).length > 0 || (desk.serves?.(lease.id) ?? false);
}

/** The ids of this process' leases, also of those that it could not give back yet. */
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
    await change(desk.root, id, (lease) =>
      isThere(lease) && isFree(desk, lease.owner)
        ? { ...wanted(lease), owner: { who: desk.who, process } }
        : undefined,
    );
  await renew(desk, tell, signal);
  return mine(desk).flatMap((lease) =>
    ids.includes(lease.id) && isThere(lease) ? [lease.id] : [],
  );
}

/** Of another host one cannot say whether its process lives. */
function isFree(desk: Desk, owner: Owner): boolean {
  return !owner.process || (owner.who === desk.who && !ownerLives(owner, desk.who));
}

/** Where the lender's own end cannot be moved, `seeOut` and sweeps try it again. */
async function keep(desk: Desk, lease: Lease, signal: AbortSignal): Promise<void> {
  try {
    await inTime(signal, (soon) => keepLease(desk, lease.id, soon));
  } catch {
    await disown(desk, lease);
  }
}

async function disown(desk: Desk, { id }: Lease): Promise<void> {
  await change(desk.root, id, (one) =>
    isMine(one) ? { ...one, owner: { who: desk.who } } : undefined,
  );
}

function mine(desk: Desk): Lease[] {
  return readLedger(desk.root).leases.filter(
    (lease) => isMine(lease) && lease.state.kind !== 'asked',
  );
}
