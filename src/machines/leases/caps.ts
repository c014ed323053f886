import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, UserError } from '../../base/errors';
import type { Price } from '../lender';
import { leasesIn, locked, type Lease } from './ledger';
import { replaceFile } from './ledgerFiles';

/** What a person has limited borrowing to. Amounts are in the offer's currency, each for itself. */
export interface Caps {
  /** The longest that one machine is lent, with all extensions. */
  readonly hours: number;
  /** The most that one lease may cost. */
  readonly price: number;
  /** The most that all leases may cost that were asked for within 24 hours. */
  readonly perDay: number;
}

export const usualCaps: Caps = { hours: 12, price: 25, perDay: 50 };

const HOUR = 3600_000;

/** What so many milliseconds cost. Hours that were begun count as whole: most lenders reckon so. */
export function costOf(price: Price | undefined, milliseconds: number): Price | undefined {
  if (!price) return undefined;
  // A moment that was lost between asking and reckoning begins no new hour.
  const hours = Math.max(1, Math.ceil((milliseconds - 60_000) / HOUR));
  return { amount: Math.round(price.amount * hours * 10_000) / 10_000, currency: price.currency };
}

/** What the machine has cost until now; nothing while none is known of. */
export function priceSoFar(lease: Lease, now: number): Lease['price'] {
  const { state, handle } = lease;
  const wasLent = state.kind === 'returning' ? state.wasLent : state.kind !== 'asked';
  if (!wasLent && Object.keys(handle).length === 0) return undefined;
  return costOf(lease.price, Math.min(now, lease.endedAt ?? now) - lease.askedAt);
}

/** For people: `1.50 USD`. */
export function priceText({ amount, currency }: Price): string {
  return `${amount.toFixed(2)} ${currency}`;
}

/** What an hour costs: `1.50 USD an hour`. */
export function hourText(price: Price | undefined): string {
  return price === undefined || price.amount === 0
    ? costText(price)
    : `${priceText(price)} an hour`;
}

/** What it costs at most: `up to 3.00 USD`. */
export function costText(total: Price | undefined): string {
  if (!total) return 'no price is known';
  return total.amount === 0 ? 'free' : `up to ${priceText(total)}`;
}

/**
 * Writes down what a lease will cost at most.
 * @throws UserError where that is more than the caps allow.
 */
export async function reserve(
  root: string,
  caps: Caps,
  lease: Pick<Lease, 'id' | 'askedAt' | 'end' | 'price'>,
  now: number,
): Promise<void> {
  const cost = costOf(lease.price, lease.end - lease.askedAt);
  checkCaps(caps, (lease.end - lease.askedAt) / HOUR, cost);
  if (!cost) return;
  const { currency } = cost;
  await changeSpent(root, now, (spent) => {
    let sum = cost.amount;
    for (const [id, one] of spent)
      if (id !== lease.id && one.currency === currency) sum += one.amount;
    if (sum > caps.perDay)
      throw new UserError(
        `With what was borrowed within 24 hours that could cost ${priceText({ amount: sum, currency })}, more than the ${priceText({ amount: caps.perDay, currency })} a day that are allowed.`,
        { advice: RAISE },
      );
    spent.set(lease.id, { at: lease.askedAt, ...cost });
  });
}

const RAISE = 'The caps are in lenders.json: "caps".';

/**
 * What can be told of one lease before it is asked for: how long it is, and what it costs at most.
 * @throws UserError where that is more than the caps allow.
 */
export function checkCaps(caps: Caps, hours: number, cost: Price | undefined): void {
  if (hours > caps.hours + 0.02)
    throw new UserError(`No machine may be lent for more than ${caps.hours} hours.`, {
      advice: RAISE,
    });
  if (!cost || cost.amount <= caps.price) return;
  const most = priceText({ amount: caps.price, currency: cost.currency });
  throw new UserError(
    `That would cost up to ${priceText(cost)}, and no lease may cost more than ${most}.`,
    { advice: RAISE },
  );
}

/** What was reserved for a lease is what it has cost, once it is over; undefined where it cost nothing. */
export async function settle(
  root: string,
  lease: Pick<Lease, 'id' | 'askedAt'>,
  cost: Price | undefined,
  now: number,
): Promise<void> {
  await changeSpent(root, now, (spent) => {
    // Also what nothing was reserved for, since its price was told too late, or was too high.
    if (cost) spent.set(lease.id, { at: lease.askedAt, ...cost });
    else spent.delete(lease.id);
  });
}

/** What was spent today is not known, so no more may be. */
export class UnreadableSpent extends UserError {}

type Spent = Map<string, Price & { readonly at: number }>;

async function changeSpent(root: string, now: number, how: (spent: Spent) => void): Promise<void> {
  mkdirSync(leasesIn(root), { recursive: true, mode: 0o700 });
  const path = join(leasesIn(root), 'spent');
  await locked(root, 'spent', () => {
    const spent = readSpent(path);
    for (const [id, { at }] of spent) if (Math.abs(now - at) > 24 * HOUR) spent.delete(id);
    how(spent);
    replaceFile(path, Object.fromEntries(spent));
  });
}

function readSpent(path: string): Spent {
  try {
    const text = readFileSync(path, 'utf8');
    return new Map(Object.entries(JSON.parse(text) as Record<string, Price & { at: number }>));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map();
    throw new UnreadableSpent(`${path} cannot be read: it holds what was spent today.`, {
      cause: error,
      advice: 'Remove it to begin anew.',
    });
  }
}
