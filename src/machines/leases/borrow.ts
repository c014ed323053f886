import { mkdirSync } from 'node:fs';
import { messageOf, UserError } from '../../base/errors';
import { isLoanRefused, type Price } from '../lender';
import { costOf, hourText, priceText, reserve, settle } from './caps';
import { clockNote, putRight } from './clocks';
import { lenderOf, STEP, type Desk } from './desk';
import { giveBack } from './giveBack';
import {
  change,
  enter,
  folderOf,
  leaseOf,
  mustBeAbleToBorrow,
  newLeaseId,
  strikeOff,
  thisProcess,
  wanted,
  type Lease,
  type Work,
} from './ledger';
import type { Estimate } from './offers';
import { ownerMark } from './ownerMark';

export interface BorrowOptions {
  /** Kept until its end, or only as long as this process lives and `attend` moves its end. */
  readonly keep: 'until its end' | 'while this process lives';
  readonly progress: (words: string) => void;
}

/**
 * Borrows what was estimated, and the person has agreed to. When it rejects, the machine was given
 * back, or the ledger knows that it has to be.
 */
export async function borrow(
  desk: Desk,
  { lender: name, offer, wish, hours }: Estimate,
  { keep, progress }: BorrowOptions,
  signal: AbortSignal,
): Promise<Lease> {
  mustBeAbleToBorrow();
  const lender = lenderOf(desk, name);
  const now = desk.clock.now();
  const end = now + hours * 3600_000;
  const asked: Lease = {
    version: 1,
    id: newLeaseId(),
    lender: name,
    owner: { who: desk.who, process: thisProcess() },
    title: offer.title,
    ...(offer.price ? { price: offer.price } : {}),
    askedAt: now,
    end,
    until: keep === 'until its end' ? end : Math.min(end, now + STEP),
    ...clockNote(desk, name),
    handle: {},
    state: { kind: 'asked' },
    work: [],
  };
  const { id, until } = asked;
  const owner = await ownerMark(desk.root, desk.who);
  await reserve(desk.root, desk.caps, asked, now);
  await enter(desk.root, asked);
  try {
    const folder = folderOf(desk.root, id);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    /** Somebody may have given it back meanwhile: that stands, also where it seemed to be gone already. */
    const told = async (
      handle: Lease['handle'],
      how: (lease: Lease) => Lease,
      kind: Lease['state']['kind'],
    ): Promise<Lease> => {
      const lease = await change(desk.root, id, (one) => ({
        ...(one.state.kind === 'asked' ? how(one) : one),
        handle,
      }));
      if (lease?.state.kind === kind) return lease;
      const state = { kind: 'returning', wasLent: true, attempts: 0 } as const;
      if (!lease) await enter(desk.root, { ...asked, handle, state });
      throw new UserError('The machine was given back before it was there.');
    };
    const note = async (handle: Lease['handle']): Promise<void> => {
      await told(handle, (lease) => lease, 'asked');
    };
    const request = { id, owner, until, folder, progress, note };
    const maxPrice = offer.price?.amount ?? wish.maxPrice;
    const wanted = { ...wish, offer: offer.id, ...(maxPrice !== undefined && { maxPrice }) };
    const borrowed = await lender.borrow(wanted, request, signal);
    const lent = await told(
      borrowed.handle,
      (lease) => ({
        ...lease,
        owner: keep === 'until its end' ? { who: desk.who } : lease.owner,
        title: borrowed.title,
        ...(borrowed.price ? { price: borrowed.price } : {}),
        mayInstall: borrowed.mayInstall ?? false,
        state: { kind: 'lent', ssh: borrowed.ssh },
      }),
      'lent',
    );
    const { price } = borrowed;
    if (price) checkPrice(price, offer.price, maxPrice);
    if (price && !offer.price) {
      progress(`it costs ${hourText(price)}`);
      await reserve(desk.root, desk.caps, lent, desk.clock.now());
    }
    return lent;
  } catch (error) {
    if (isLoanRefused(error)) {
      await settle(desk.root, asked, undefined, desk.clock.now());
      await strikeOff(desk.root, id);
      throw error;
    }
    progress('giving back what may have been made');
    // Also where the person has cancelled; but nobody is held for ever, since the next start goes on with it.
    const returning = { attempts: 5, askedUntil: desk.clock.now() };
    await giveBack(desk, id, returning, AbortSignal.timeout(5 * 60_000)).catch((why: unknown) => {
      progress(`it could not be seen gone: ${messageOf(why)}; the next start tries again`);
    });
    throw error;
  }
}

/** Never more than what the person agreed to, whatever the lender says afterwards; `most` is of an hour. */
function checkPrice(told: Price, offered: Price | undefined, most = Infinity): void {
  const isSame = offered === undefined || told.currency === offered.currency;
  if (isSame && told.amount <= most * 1.0001) return;
  const agreed = offered ? `${priceText(offered)} as offered` : `${most} at most as wished`;
  throw new UserError(
    `The machine costs ${priceText(told)} an hour, not ${agreed}: it is given back.`,
  );
}

/** Moves a lease's end by so many hours. @throws UserError where the caps or the lender do not allow it. */
export async function extend(
  desk: Desk,
  id: string,
  hours: number,
  signal: AbortSignal,
): Promise<Lease> {
  const found = leaseOf(desk.root, id);
  if (found.state.kind !== 'lent' && found.state.kind !== 'ready')
    throw new UserError(`${found.title} is ${found.state.kind}: it cannot be extended.`);
  const lender = lenderOf(desk, found.lender);
  // So that it tells its clock: hours are added to an end that is right.
  if (lender.clockAhead) await lender.list(signal);
  const lease = await putRight(desk, found);
  const now = desk.clock.now();
  // Of one that was let go, the end that was agreed to counts: whoever extends it wants it.
  const end = wanted(lease).end + hours * 3600_000;
  await reserve(desk.root, desk.caps, { ...lease, end }, now);
  const until = lease.owner.process ? Math.min(end, now + STEP) : end;
  try {
    if (until > lease.until) await lender.extend(lease, until, signal);
  } catch (error) {
    await settle(desk.root, lease, costOf(lease.price, lease.end - lease.askedAt), now);
    throw error;
  }
  return (
    (await change(desk.root, id, (one) => ({
      ...wanted(one),
      end,
      until: Math.max(until, one.until),
    }))) ?? lease
  );
}

/**
 * Keeps a machine until its end, though the process ends that it was borrowed for. To be called again where the lender
 * could not be told.
 */
export async function keepLease(desk: Desk, id: string, signal: AbortSignal): Promise<void> {
  const lease = leaseOf(desk.root, id);
  if (!lease.owner.process && lease.until >= lease.end) return;
  if (lease.end > lease.until) await lenderOf(desk, lease.lender).extend(lease, lease.end, signal);
  await change(desk.root, id, (one) => ({
    ...one,
    owner: { who: one.owner.who },
    until: Math.max(lease.end, one.until),
  }));
}

/** Notes that the machine has all that a recipe needs. */
export async function markReady(desk: Pick<Desk, 'root'>, id: string): Promise<void> {
  await change(desk.root, id, (lease) =>
    lease.state.kind === 'lent'
      ? { ...lease, state: { kind: 'ready', ssh: lease.state.ssh } }
      : undefined,
  );
}

/** Notes what keeps a machine from getting ready; undefined where that is not known any more. */
export async function markUnready(
  desk: Pick<Desk, 'root'>,
  id: string,
  problem: string | undefined,
): Promise<void> {
  await change(desk.root, id, (lease) => {
    if (lease.state.kind !== 'lent' || lease.state.problem === problem) return undefined;
    const { ssh } = lease.state;
    return { ...lease, state: { kind: 'lent', ssh, ...(problem !== undefined && { problem }) } };
  });
}

/** Notes what runs on the machine, for people; disposing it says that it has ended. */
export async function working(
  desk: Pick<Desk, 'root'>,
  id: string,
  words: string,
): Promise<AsyncDisposable> {
  const mine: Work = { words, ...thisProcess() };
  const others = (lease: Lease): Work[] =>
    lease.work.filter(({ pid, words: told }) => pid !== mine.pid || told !== words);
  await change(desk.root, id, (lease) => ({ ...lease, work: [...others(lease), mine] }));
  return {
    [Symbol.asyncDispose]: async () => {
      await change(desk.root, id, (lease) => ({ ...lease, work: others(lease) }));
    },
  };
}
