import { printable } from '../../base/json';
import type { Offer, Wish } from '../lender';
import { isMetalError } from '../metal/metalError';
import type { Metal } from '../metal/operations';
import type { Device, Metro, Plan, SpotPrices } from '../metal/shapes';

/** An offer of a server that speaks the Metal API: a plan in a metro, for good or on the spot market. */
export interface PacketOffer extends Offer {
  readonly plan: string;
  readonly metro: string;
  /** None where the server tells of no systems. */
  readonly systems: readonly string[];
}

/** What of all that is offered somebody wants to see; everything unless told. */
export interface OfferFilter {
  /** Codes, such as `am`. */
  readonly metros?: readonly string[] | undefined;
  /** Slugs, such as `c3.small.x86`. */
  readonly plans?: readonly string[] | undefined;
  /** Whether machines that others may outbid are offered too. */
  readonly spot?: boolean | undefined;
}

/** The API tells prices in US dollars and names no currency. */
export const CURRENCY = 'USD';

/** The cheapest first, those without a price last. */
export async function packetOffers(
  metal: Metal,
  project: string,
  filter: OfferFilter,
  signal: AbortSignal,
): Promise<PacketOffer[]> {
  const [plans, metros, capacity, systems, spot] = await Promise.all([
    metal.plans.findPlansByProject(project, signal),
    metal.metros.findMetros(signal),
    metal.capacity.findCapacityForMetro(signal),
    metal.systems.findOperatingSystems(signal),
    filter.spot === true ? spotPrices(metal, signal) : undefined,
  ]);
  const offers = plans.flatMap((plan) => {
    const slugs = systems
      .filter(({ provisionableOn: on }) => on.length === 0 || on.includes(plan.slug))
      .map(({ slug }) => slug);
    return plan.availableInMetros.flatMap(({ id, hour = plan.hour }) => {
      const metro = metros.find((one) => one.id === id || one.code === id);
      if (!metro || !isWanted(plan, metro, filter)) return [];
      const level = capacity.get(metro.code)?.get(plan.slug);
      const available = level === undefined ? undefined : level !== 'unavailable';
      const bid = spot?.get(metro.code)?.get(plan.slug);
      return [
        ...(offered(plan, 'on_demand') ? [offer(plan, metro, slugs, { hour, available })] : []),
        ...(bid !== undefined && offered(plan, 'spot_market')
          ? [offer(plan, metro, slugs, { hour: bid, available, spot: true })]
          : []),
      ];
    });
  });
  return offers.sort((a, b) => (a.price?.amount ?? Infinity) - (b.price?.amount ?? Infinity));
}

/** Those of the offers that a wish allows, in their order. What may cost anything is too dear for a limit. */
export function fitting(offers: readonly PacketOffer[], wish: Wish): PacketOffer[] {
  return offers.filter(
    ({ id, available, memory, price }) =>
      (wish.offer === undefined ? available !== false : id === wish.offer) &&
      (wish.memory === undefined || (memory ?? 0) >= wish.memory) &&
      (wish.maxPrice === undefined || (price?.amount ?? Infinity) <= wish.maxPrice),
  );
}

/** `c3.small.x86 in Amsterdam (am)` */
export function titleOf({ plan, metro }: Pick<Device, 'plan' | 'metro'>): string {
  return `${named(plan?.slug)} in ${placeOf(metro)}`;
}

function offer(
  plan: Plan,
  metro: Metro,
  systems: readonly string[],
  told: { hour: number | undefined; available: boolean | undefined; spot?: boolean },
): PacketOffer {
  const { hour, available, spot = false } = told;
  return {
    id: `${plan.slug}@${metro.code}${spot ? '/spot' : ''}`,
    title: `${titleOf({ plan, metro })}${spot ? ', on the spot market' : ''}`,
    price: hour === undefined ? undefined : { amount: hour, currency: CURRENCY },
    memory: plan.memory,
    cpus: plan.cpus,
    available,
    spot,
    plan: plan.slug,
    metro: metro.code,
    systems,
  };
}

function isWanted(plan: Plan, metro: Metro, { plans, metros }: OfferFilter): boolean {
  return (
    (plans === undefined || plans.includes(plan.slug)) &&
    (metros === undefined || metros.includes(metro.code))
  );
}

/** A server that tells no types of deployment has but one. */
function offered({ deploymentTypes }: Plan, type: string): boolean {
  return deploymentTypes.length === 0 ? type === 'on_demand' : deploymentTypes.includes(type);
}

/** None where there is no such market: Equinix closed its own a year before the rest. */
async function spotPrices(metal: Metal, signal: AbortSignal): Promise<SpotPrices | undefined> {
  try {
    return await metal.spotMarket.findMetroSpotMarketPrices(signal);
  } catch (error) {
    if (isMetalError(error, 'notFound', 'refused', 'forbidden')) return undefined;
    throw error;
  }
}

function placeOf(metro: Metro | undefined): string {
  if (metro === undefined) return 'a place that is not told';
  const code = named(metro.code);
  return metro.name === undefined ? code : `${printable(metro.name, 40)} (${code})`;
}

function named(slug: string | undefined): string {
  return slug === undefined ? 'a machine' : printable(slug, 40);
}
