/**
 * What the Metal v1 API speaks of, as far as we use it. The names are those of its OpenAPI document
 * (schemas Device, Plan, Metro, OperatingSystem, SSHKey, Project, CapacityList …, as published with the
 * SDKs equinix-labs/metal-python 0.11 and packethost/packngo) in the camel case of its TypeScript SDK.
 * Readers give what is there: of what is missing or has another shape they give nothing. All text in it
 * is the server's: data, never markup, a path or a part of a shell line.
 */
import { fields, list, number, printable, text } from '../../base/json';

/** Schema Device, `state`. `deleted` ends it; what is new to us is `unknown`. */
export type DeviceState = (typeof STATES)[number] | 'unknown';
const STATES = [
  'queued',
  'provisioning',
  'deprovisioning',
  'reinstalling',
  'active',
  'inactive',
  'failed',
  'powering_on',
  'powering_off',
  'deleted',
] as const;

/** Schema Device. Neither `userdata` nor `root_password` is read: both are secrets. */
export interface Device {
  readonly id: string;
  readonly hostname: string | undefined;
  readonly state: DeviceState;
  readonly tags: readonly string[];
  readonly ipAddresses: readonly IPAssignment[];
  /** Percent, only while it is provisioned. */
  readonly provisioningPercentage: number | undefined;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly terminationTime: number | undefined;
  readonly createdAt: number | undefined;
  readonly spotInstance: boolean;
  /** The most that is paid for an hour. */
  readonly spotPriceMax: number | undefined;
  readonly plan: Plan | undefined;
  readonly metro: Metro | undefined;
  /** Whose end only gives the machine back to the reservation, which goes on costing. */
  readonly hardwareReservation: string | undefined;
  /** The user to log in as. */
  readonly user: string | undefined;
}

/** Schema IPAssignment. */
export interface IPAssignment {
  readonly address: string;
  readonly addressFamily: 4 | 6;
  readonly public: boolean;
  /** One of those that the device has from its beginning to its end. */
  readonly management: boolean;
}

/** Schema Plan. */
export interface Plan {
  readonly slug: string;
  readonly name: string | undefined;
  /** Such as `on_demand` and `spot_market`. */
  readonly deploymentTypes: readonly string[];
  /** US dollars for an hour, where a metro has no price of its own. */
  readonly hour: number | undefined;
  readonly availableInMetros: readonly PlanInMetro[];
  /** Megabytes. */
  readonly memory: number | undefined;
  readonly cpus: number | undefined;
}

export interface PlanInMetro {
  /** The metro's id: the last part of the `href`. */
  readonly id: string;
  readonly hour: number | undefined;
}

/** Schema Metro. */
export interface Metro {
  readonly id: string | undefined;
  /** Two letters, such as `am`. */
  readonly code: string;
  readonly name: string | undefined;
}

/** Schema OperatingSystem. */
export interface OperatingSystem {
  readonly slug: string;
  readonly name: string | undefined;
  readonly distro: string | undefined;
  readonly version: string | undefined;
  /** The slugs of plans. */
  readonly provisionableOn: readonly string[];
}

/** Schema SSHKey. */
export interface SSHKey {
  readonly id: string;
  readonly label: string | undefined;
  readonly key: string | undefined;
  readonly tags: readonly string[];
}

/** Schema Project. */
export interface Project {
  readonly id: string;
  readonly name: string | undefined;
}

/** Schema CapacityList: the level (`unavailable`, `limited`, `normal`) by metro's code and plan's slug. */
export type CapacityList = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Schema SpotMarketPricesPerMetroList: US dollars for an hour by metro's code and plan's slug. */
export type SpotPrices = ReadonlyMap<string, ReadonlyMap<string, number>>;

export function readDevice(value: unknown): Device | undefined {
  const device = fields(value);
  const id = text(device['id']);
  if (id === undefined) return undefined;
  const state = text(device['state']);
  const reservation = fields(device['hardware_reservation']);
  return {
    id,
    hostname: text(device['hostname']),
    state: STATES.find((one) => one === state) ?? 'unknown',
    tags: texts(device['tags']),
    ipAddresses: all(device['ip_addresses'], readAddress),
    provisioningPercentage: number(device['provisioning_percentage']),
    terminationTime: time(device['termination_time']),
    createdAt: time(device['created_at']),
    spotInstance: device['spot_instance'] === true,
    spotPriceMax: number(device['spot_price_max']),
    plan: readPlan(device['plan']),
    metro: readMetro(device['metro']),
    hardwareReservation: text(reservation['id']) ?? lastPart(reservation['href']),
    user: text(device['user']),
  };
}

export function readPlan(value: unknown): Plan | undefined {
  const plan = fields(value);
  const slug = readSlug(plan['slug']);
  if (slug === undefined) return undefined;
  const specs = fields(plan['specs']);
  return {
    slug,
    name: text(plan['name']),
    deploymentTypes: texts(plan['deployment_types']),
    hour: amount(fields(plan['pricing'])['hour']),
    availableInMetros: all(plan['available_in_metros'], (one) => {
      const id = lastPart(fields(one)['href']);
      return id === undefined
        ? undefined
        : { id, hour: amount(fields(fields(one)['price'])['hour']) };
    }),
    memory: megabytes(fields(specs['memory'])['total']),
    cpus: all(specs['cpus'], (one) => number(fields(one)['count'])).reduce(
      (sum: number | undefined, count) => (sum ?? 0) + count,
      undefined,
    ),
  };
}

export function readMetro(value: unknown): Metro | undefined {
  const metro = fields(value);
  const code = readSlug(metro['code']);
  return code === undefined
    ? undefined
    : { id: text(metro['id']), code, name: text(metro['name']) };
}

export function readOperatingSystem(value: unknown): OperatingSystem | undefined {
  const system = fields(value);
  const slug = readSlug(system['slug']);
  return slug === undefined
    ? undefined
    : {
        slug,
        name: text(system['name']),
        distro: text(system['distro']),
        version: text(system['version']),
        provisionableOn: texts(system['provisionable_on']),
      };
}

export function readKey(value: unknown): SSHKey | undefined {
  const key = fields(value);
  const id = text(key['id']);
  return id === undefined
    ? undefined
    : { id, label: text(key['label']), key: text(key['key']), tags: texts(key['tags']) };
}

export function readProject(value: unknown): Project | undefined {
  const project = fields(value);
  const id = text(project['id']);
  return id === undefined ? undefined : { id, name: text(project['name']) };
}

export function readCapacity(value: unknown): CapacityList {
  return byMetroAndPlan(fields(value)['capacity'], (one) => text(fields(one)['level']));
}

export function readSpotPrices(value: unknown): SpotPrices {
  return byMetroAndPlan(fields(value)['spot_market_prices'], (one) => amount(fields(one)['price']));
}

/** What is there of a list, in its order. */
export function all<T>(value: unknown, read: (one: unknown) => T | undefined): T[] {
  return list(value).flatMap((one) => {
    const found = read(one);
    return found === undefined ? [] : [found];
  });
}

function byMetroAndPlan<T>(
  value: unknown,
  read: (one: unknown) => T | undefined,
): Map<string, Map<string, T>> {
  const metros = Object.entries(fields(value)).map(([metro, plans]) => {
    const found = Object.entries(fields(plans)).flatMap(([plan, one]): [string, T][] => {
      const told = read(one);
      return told === undefined ? [] : [[plan, told]];
    });
    return [metro, new Map(found)] as const;
  });
  return new Map(metros);
}

function readAddress(value: unknown): IPAssignment | undefined {
  const one = fields(value);
  const address = text(one['address']);
  const family = one['address_family'];
  // It is given to the SSH client: what is no address would be taken for something else there.
  if (address === undefined || !/^[\da-f.:]+$/i.test(address)) return undefined;
  if (family !== 4 && family !== 6) return undefined;
  return {
    address,
    addressFamily: family,
    public: one['public'] === true,
    management: one['management'] === true,
  };
}

function texts(value: unknown): string[] {
  return all(value, text);
}

/** People choose by it, and it goes back to the server as it is: what cannot be shown so is none. */
function readSlug(value: unknown): string | undefined {
  const slug = text(value);
  return slug !== undefined && slug === printable(slug, 80) ? slug : undefined;
}

/** Money: a price below nothing is none. */
function amount(value: unknown): number | undefined {
  const told = typeof value === 'string' ? Number.parseFloat(value) : number(value);
  return told !== undefined && told >= 0 ? told : undefined;
}

function time(value: unknown): number | undefined {
  const told = text(value);
  // Without a zone it is UTC, says the schema.
  const zoned = told !== undefined && !/(Z|[+-]\d\d:?\d\d)$/i.test(told) ? `${told}Z` : told;
  const read = Date.parse(zoned ?? '');
  return Number.isNaN(read) ? undefined : read;
}

/** `32GB` or `32 GB` */
function megabytes(value: unknown): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?) ?([MGT])i?B$/i.exec(text(value) ?? '') ?? [];
  const factor = { m: 1, g: 1024, t: 1024 * 1024 }[unit?.toLowerCase() ?? ''];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}

/** The id at the end of `/metal/v1/locations/metros/5afb3744…` */
function lastPart(href: unknown): string | undefined {
  return text(href)?.split('/').at(-1);
}
