/** What the double offers: metros, plans with prices, systems; in the API's own shapes. */
import { createHash } from 'node:crypto';

export interface PlanSpec {
  readonly slug: string;
  /** US dollars for an hour. */
  readonly hour: number;
  readonly memory: string;
  readonly cpus: number;
  /** Where it is, by the metros' codes, with the price there if it is another. */
  readonly metros: Readonly<Record<string, { hour?: number; spot?: number; stock?: number }>>;
}

export interface MetroSpec {
  readonly code: string;
  readonly name: string;
}

export const METROS: readonly MetroSpec[] = [
  { code: 'am', name: 'Amsterdam' },
  { code: 'da', name: 'Dallas' },
];

export const PLANS: readonly PlanSpec[] = [
  {
    slug: 'c3.small.x86',
    hour: 0.75,
    memory: '32GB',
    cpus: 1,
    metros: { am: { spot: 0.2 }, da: { hour: 0.8, spot: 0.25 } },
  },
  { slug: 'c3.medium.x86', hour: 1.5, memory: '64GB', cpus: 1, metros: { am: {} } },
  { slug: 'm3.large.x86', hour: 3.1, memory: '256GB', cpus: 1, metros: { da: {} } },
];

export const SYSTEMS: readonly string[] = ['debian_12', 'ubuntu_22_04', 'fedora_39'];

/** The schema Metro. */
export function metroJson({ code, name }: MetroSpec): object {
  return { id: uuidOf(`metro ${code}`), code, name, country: 'XX' };
}

/** The schema Plan. */
export function planJson(plan: PlanSpec): object {
  return {
    id: uuidOf(`plan ${plan.slug}`),
    slug: plan.slug,
    name: plan.slug,
    description: 'A server.',
    line: 'baremetal',
    class: plan.slug,
    legacy: false,
    categories: ['compute'],
    deployment_types: ['on_demand', 'spot_market'],
    pricing: { hour: plan.hour },
    specs: { cpus: [{ count: plan.cpus, type: 'A processor' }], memory: { total: plan.memory } },
    available_in: [],
    available_in_metros: Object.entries(plan.metros).map(([code, { hour }]) => ({
      href: metroHref(code),
      price: { hour: hour ?? plan.hour },
    })),
  };
}

/** The schema OperatingSystem. */
export function systemJson(slug: string): object {
  const [distro, ...version] = slug.split('_');
  return {
    id: uuidOf(`system ${slug}`),
    slug,
    name: slug,
    distro,
    version: version.join('.'),
    provisionable_on: PLANS.map((plan) => plan.slug),
  };
}

function metroHref(code: string): string {
  return `/metal/v1/locations/metros/${uuidOf(`metro ${code}`)}`;
}

/** The same for the same words. */
export function uuidOf(words: string): string {
  const digits = createHash('sha256').update(words).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
