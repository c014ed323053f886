import { messageWithAdvice, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { Offer, Price, Wish } from '../lender';
import { costOf, priceText } from './caps';
import type { Desk } from './desk';

/** An offer with who makes it. */
export interface Offered {
  readonly lender: string;
  readonly offer: Offer;
}

/** What a machine will cost; shown to the person before it is borrowed. */
export interface Estimate extends Offered {
  readonly wish: Wish;
  readonly hours: number;
  /** At most, for the whole; undefined where no price is told. */
  readonly total: Price | undefined;
}

/** What somebody wants of an offer, beside what its lender must know to lend it. */
export interface Wanted extends Wish {
  /** What the lender calls that kind of machine: `c3.small.x86`. */
  readonly plan?: string;
  /** The code of the place: `am`. */
  readonly metro?: string;
  /** On the spot market; without it only an offer that was named itself may be there. */
  readonly spot?: boolean;
}

/** What may be borrowed, in the order of the lenders; and who could not be asked, with the reason. */
export async function offersAt(
  desk: Desk,
  signal: AbortSignal,
): Promise<{ offers: Offered[]; problems: string[] }> {
  const answers = await Promise.allSettled(desk.lenders.map((lender) => lender.offers(signal)));
  signal.throwIfAborted();
  const offers: Offered[] = [];
  const problems: string[] = [];
  for (const [at, answer] of answers.entries()) {
    const lender = desk.lenders[at]?.name ?? '';
    if (answer.status === 'rejected')
      problems.push(`${lender}: ${messageWithAdvice(answer.reason)}`);
    else offers.push(...answer.value.map((offer) => ({ lender, offer })));
  }
  return { offers, problems };
}

/**
 * The prices of all offers that fit, the cheapest first, those without a price last: never none. `what` is a
 * lender's name, an offer's id, or `lender/offer`; any unless told.
 * @throws UserError where none fits, with why, or where `what` may mean the offers of several lenders.
 */
export async function estimates(
  desk: Desk,
  what: string | undefined,
  wanted: Wanted,
  hours: number,
  signal: AbortSignal,
): Promise<[Estimate, ...Estimate[]]> {
  const { offers, problems } = await offersAt(desk, signal);
  const isLender = desk.lenders.some(({ name }) => name === what);
  const named = offers.filter(({ lender, offer }) =>
    isLender ? lender === what : [undefined, offer.id, `${lender}/${offer.id}`].includes(what),
  );
  const seen = 'See what is offered: ci-parity machines';
  if (named.length === 0)
    throw new UserError(
      what === undefined || isLender
        ? 'No machine can be borrowed at the moment.'
        : `Nobody lends a "${what}".`,
      { advice: [...problems, seen].join('\n') },
    );
  const lenders = new Set(named.map(({ lender }) => lender));
  if (what !== undefined && lenders.size > 1)
    throw new UserError(`Several lenders offer a "${what}".`, {
      advice: `Say whose: ${[...lenders].map((lender) => `${lender}/${what}`).join(' or ')}`,
    });
  const isNamed = what !== undefined && !isLender;
  let left: readonly Offered[] = named;
  for (const demand of demandsOf(wanted, isNamed)) {
    const fitting = left.filter(({ offer }) => demand.met(offer));
    if (fitting.length === 0)
      throw new UserError('No machine that fits can be borrowed at the moment.', {
        advice: [demand.unmet(left.map(({ offer }) => offer)), ...problems, seen].join('\n'),
      });
    left = fitting;
  }
  const { memory, system, maxPrice } = wanted;
  const wish: Wish = {
    ...(memory !== undefined && { memory }),
    ...(system !== undefined && { system }),
    ...(maxPrice !== undefined && { maxPrice }),
  };
  return left
    .toSorted((a, b) => amountOf(a.offer) - amountOf(b.offer))
    .map((one) => {
      const total = costOf(one.offer.price, hours * 3600_000);
      return { ...one, wish, hours, total };
    }) as [Estimate, ...Estimate[]];
}

/** The cheapest of `estimates`. */
export async function estimate(...args: Parameters<typeof estimates>): Promise<Estimate> {
  const [first] = await estimates(...args);
  return first;
}

interface Demand {
  readonly met: (offer: Offer) => boolean;
  /** Why none of those that met the demands before meets this one. */
  readonly unmet: (offers: readonly Offer[]) => string;
}

function demandsOf(wanted: Wanted, isNamed: boolean): Demand[] {
  const { offer: id, plan, metro, system, memory, maxPrice, spot = false } = wanted;
  const demands: Demand[] = [];
  const demand = (met: Demand['met'], unmet: Demand['unmet']): void =>
    void demands.push({ met, unmet });
  if (id !== undefined)
    demand(
      (offer) => offer.id === id,
      () => `There is no "${id}".`,
    );
  if (plan !== undefined)
    demand(
      (offer) => plan === (offer.plan ?? offer.id),
      (offers) => `There is no plan "${plan}". ${listed(offers.map((one) => one.plan ?? one.id))}`,
    );
  if (metro !== undefined)
    demand(
      (offer) => offer.metro === metro,
      (offers) => `There is none in "${metro}". ${listed(offers.map((one) => one.metro))}`,
    );
  if (system !== undefined)
    demand(
      // One that does not tell may refuse.
      ({ systems }) => systems === undefined || systems.includes(system),
      (offers) =>
        `None can have the system "${system}". ${listed(offers.flatMap((one) => one.systems ?? []))}`,
    );
  if (memory !== undefined)
    demand(
      // Of what is not told, nobody knows whether it is enough; so it is with the price below.
      ({ memory: has = 0 }) => has >= memory,
      (offers) => {
        const most = Math.max(...offers.map(({ memory: has = 0 }) => has));
        return most > 0
          ? `The largest has ${most} MB of memory.`
          : 'Of none it is told how much memory it has.';
      },
    );
  if (spot)
    demand(
      (offer) => offer.spot,
      () =>
        'Nothing of that is on the spot market; a lender of kind packet offers it with "spot": true in lenders.json.',
    );
  else if (!isNamed)
    demand(
      (offer) => !offer.spot,
      () => 'What there is is on the spot market, where others may outbid it: --spot takes it.',
    );
  if (maxPrice !== undefined) demand((offer) => amountOf(offer) <= maxPrice, cheapest);
  demand(
    ({ available }) => available !== false,
    (offers) =>
      offers.map(({ title }) => `${printable(title)}: not to be had at the moment`).join('\n'),
  );
  return demands;
}

function listed(names: readonly (string | undefined)[]): string {
  const known = [...new Set(names)].flatMap((name) =>
    name === undefined ? [] : [printable(name, 80)],
  );
  if (known.length === 0) return '';
  return `There are: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ' …' : ''}`;
}

/** Of an hour, whatever the currency; what has no price may cost anything. */
function amountOf({ price }: Offer): number {
  return price?.amount ?? Infinity;
}

function cheapest(offers: readonly Offer[]): string {
  const [first] = offers.toSorted((a, b) => amountOf(a) - amountOf(b));
  return first?.price
    ? `The cheapest costs ${priceText(first.price)} an hour.`
    : 'Of none it is told what it costs.';
}
