import { isUserError, messageOf, messageWithAdvice } from '../../base/errors';
import type { Lender, Marked } from '../lender';
import { keepLease } from './borrow';
import { reserve } from './caps';
import { putRight } from './clocks';
import { lenderOf, type Desk } from './desk';
import { giveBack } from './giveBack';
import {
  change,
  enter,
  fileOf,
  isThere,
  lenderOfDamaged,
  ownerLives,
  readLedger,
  removeDrafts,
  strikeOff,
  type Lease,
} from './ledger';
import { isEntryId } from './ledgerFiles';
import { isOurs, whoIn } from './ownerMark';

/** How long, in milliseconds, a lender may take to say what it has. */
const PATIENCE = 60_000;

/** How long, in milliseconds, whoever waits for a sweep waits until a machine is gone; the next one goes on with it. */
export const HASTE = 45_000;

/** How long, in milliseconds, another host of ours has for giving back by itself what is past its end. */
const GRACE = 5 * 60_000;

export interface Swept {
  /** Seen gone. */
  readonly returned: readonly Lease[];
  /** Could not be given back, or asked about; each a sentence. */
  readonly left: readonly string[];
  /** Machines with the mark of CI Parity that others have borrowed, or we with another ledger; `owner` is for people. */
  readonly others: readonly (Marked & { readonly lender: string })[];
}

/**
 * Gives back what dead owners left, what is past its end, and machines that bear our mark and that no
 * ledger knows, as far as they are ours. Tells lenders until when a machine is kept, where that was not
 * possible before. It may be done by several processes at once. `patience`, in milliseconds, is how long it
 * waits to see machines gone.
 */
export async function sweep(
  desk: Desk,
  say: (words: string) => void,
  signal: AbortSignal,
  patience = Infinity,
): Promise<Swept> {
  const empty = readLedger(desk.root);
  removeDrafts(desk.root);
  if (desk.lenders.length + empty.leases.length + empty.damaged.length === 0)
    return { returned: [], left: [], others: [] };
  const left: string[] = [];
  // Asked before the ledger is read: what is in a list, but not in the ledger, is in none. The other
  // way round a machine that was borrowed in between would seem to be nobody's.
  const lists = new Map<string, Marked[] | undefined>();
  await Promise.all(
    desk.lenders.map(async (lender) => {
      try {
        lists.set(lender.name, await listOf(lender, signal));
      } catch (error) {
        signal.throwIfAborted();
        left.push(`${lender.name} could not be asked: ${messageWithAdvice(error)}`);
      }
    }),
  );
  const { leases, damaged } = readLedger(desk.root);
  const known = new Set(leases.map(({ id }) => id));
  const due: Lease[] = [];
  const short: Lease[] = [];
  for (const found of leases) {
    const lease = await putRight(desk, found);
    if (await isDue(desk, lease, lists)) {
      await noteEnded(desk, lease, lists.get(lease.lender));
      due.push(lease);
    } else if (isCutShort(desk, lease)) short.push(lease);
  }
  const others: (Marked & { lender: string })[] = [];
  for (const [lender, list] of lists)
    for (const marked of list ?? []) {
      if (known.has(marked.lease)) continue;
      if (!isOurs(desk.root, marked.owner) || !isEntryId(marked.lease)) {
        others.push({ ...marked, owner: whoIn(marked.owner), lender });
        continue;
      }
      const found = adopted(desk, lender, marked);
      if (await enter(desk.root, found)) due.push(found);
    }
  const returned: Lease[] = [];
  const late = patience === Infinity ? signal : AbortSignal.timeout(patience);
  const until = AbortSignal.any([signal, late]);
  await Promise.all([
    ...short.map(async ({ id, title, lender, until: end }) => {
      try {
        await keepLease(desk, id, AbortSignal.any([until, AbortSignal.timeout(PATIENCE)]));
      } catch (error) {
        signal.throwIfAborted();
        left.push(
          `${title} of ${lender} (${id}) may end at ${new Date(end).toLocaleTimeString()}: ${messageOf(error)}`,
        );
      }
    }),
    ...due.map(async (lease) => {
      say(`giving back ${lease.title} of ${lease.lender}, which nobody uses any more`);
      try {
        await giveBack(desk, lease.id, { attempts: 1 }, until);
        returned.push(lease);
      } catch (error) {
        signal.throwIfAborted();
        const why = late.aborted
          ? 'it is not gone yet; the next command looks again'
          : messageOf(error);
        left.push(`${lease.title} of ${lease.lender} (${lease.id}): ${why}`);
      }
    }),
  ]);
  for (const id of damaged) {
    // It is in the ledger again, by its mark.
    if (due.some((lease) => lease.id === id)) continue;
    // Its lender has none.
    const lender = lenderOfDamaged(desk.root, id);
    if (lender !== undefined && lists.get(lender)?.every(({ lease }) => lease !== id))
      await strikeOff(desk.root, id);
    else left.push(damagedWords(desk.root, id));
  }
  return { returned, left, others };
}

/**
 * What becomes of a lease whose time seems to be over, or whose lender seems to have lost it. The lender
 * decides: if it has the machine and an end of its own that has not come, the lease is put right.
 */
export async function judge(
  desk: Desk,
  lease: Lease,
  listed: readonly Marked[] | undefined,
): Promise<'lent' | 'over' | 'gone'> {
  const now = desk.clock.now();
  const ended = now < lease.end ? 'gone' : 'over';
  const marked = listed?.find((one) => one.lease === lease.id);
  if (listed && !marked) {
    await noteEnded(desk, lease, listed);
    return ended;
  }
  const until = marked?.until;
  if (until === undefined) return now < lease.end ? 'lent' : 'over';
  // What is left of it then is on its way out, or is a key.
  if (until <= now) return ended;
  if (now < lease.end) return 'lent';
  // By a clock that is right, whoever moved the end there was not us.
  if (lease.clockAhead !== undefined && lenderOf(desk, lease.lender).clockAhead) return 'over';
  return (await prolong(desk, lease, until)) ? 'lent' : 'over';
}

/**
 * Once more as long as it was lent for, at the most, and within the caps: the clock here was wrong then. Only once,
 * since a lender whose ends are coarse has a later one each time.
 */
async function prolong(desk: Desk, lease: Lease, until: number): Promise<boolean> {
  if (lease.prolonged) return false;
  const now = desk.clock.now();
  const length = lease.end - lease.askedAt;
  const moved = { askedAt: now - length, end: Math.min(until, now + length) };
  try {
    await reserve(desk.root, desk.caps, { ...lease, ...moved }, now);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return false;
  }
  await change(desk.root, lease.id, (one) =>
    one.prolonged ? undefined : { ...one, ...moved, until: moved.end, prolonged: true },
  );
  return true;
}

/** What its lender has no more cost something until its end there, at the latest. */
async function noteEnded(
  desk: Desk,
  { id }: Lease,
  listed: readonly Marked[] | undefined,
): Promise<void> {
  if (!listed || listed.some(({ lease }) => lease === id)) return;
  const now = desk.clock.now();
  await change(desk.root, id, (one) =>
    one.endedAt === undefined ? { ...one, endedAt: Math.min(now, one.until) } : undefined,
  );
}

async function isDue(
  desk: Desk,
  lease: Lease,
  lists: ReadonlyMap<string, Marked[] | undefined>,
): Promise<boolean> {
  const { owner, state } = lease;
  // Of another host one cannot say whether its owner lives; but one's own home may be there too.
  const away = owner.who !== desk.who;
  const now = desk.clock.now();
  if (state.kind === 'returning') return !away || now > lease.end + GRACE;
  if (ownerLives(owner, desk.who)) return false;
  if (owner.process && !away) return true;
  // One that is kept is gone before its end where its lender could not be told of that.
  if (now < (away ? lease.end + GRACE : Math.min(lease.end, lease.until))) return false;
  return (await judge(desk, lease, lists.get(lease.lender))) !== 'lent';
}

function damagedWords(root: string, id: string): string {
  const path = fileOf(root, id);
  return `what was written of ${id} cannot be read: remove ${path} when no lender has a machine that bears ${id}`;
}

/** It is kept, and its lender does not know yet until when. */
function isCutShort(desk: Desk, { owner, state, until, end }: Lease): boolean {
  return owner.who === desk.who && !owner.process && isThere({ state }) && until < end;
}

async function listOf(lender: Lender, signal: AbortSignal): Promise<Marked[] | undefined> {
  return await lender.list(AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]));
}

/** A lease for a machine of ours that none was written for, so that it is not forgotten again. */
function adopted(desk: Desk, lender: string, { lease, title, handle, until }: Marked): Lease {
  const now = desk.clock.now();
  return {
    version: 1,
    id: lease,
    lender,
    owner: { who: desk.who },
    title,
    askedAt: now - 24 * 3600_000,
    end: until ?? now,
    until: until ?? now,
    handle,
    state: { kind: 'returning', wasLent: true, attempts: 0 },
    work: [],
  };
}
