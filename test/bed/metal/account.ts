/** One project at the double: its devices and keys, what is in stock, and its clock. */
import { randomUUID } from 'node:crypto';
import { fields, list, number, text } from '../../../src/base/json';
import { METROS, PLANS, SYSTEMS, type MetroSpec, type PlanSpec } from './catalogue';
import {
  deviceJson,
  newDevice,
  type BootDevice,
  type DeviceRecord,
  type DeviceWish,
} from './device';

export interface MetalOptions {
  readonly metros?: readonly MetroSpec[];
  readonly plans?: readonly PlanSpec[];
  /** What a device is; without it, it has an address and nothing there. */
  readonly boot?: BootDevice;
  /** Devices stay in `provisioning` until `finish`. */
  readonly slow?: boolean;
  /** Milliseconds that its clock is ahead of this machine's. */
  readonly clockAhead?: number;
  /** Whether `PUT` moves a termination time; true unless told. */
  readonly movesEnds?: boolean;
  /** Whether lists know the filter `tag`; true unless told. */
  readonly filters?: boolean;
  /** The most that a page has. */
  readonly pageSize?: number;
}

export interface Reply {
  readonly status: number;
  readonly body?: object;
}

export interface Books {
  /** `hostname (state)` of each device that is not gone. */
  readonly devices: readonly string[];
  /** The labels of the keys. */
  readonly keys: readonly string[];
  /** How many devices were ever made. */
  readonly made: number;
  /** US dollars, up to now. */
  readonly cost: number;
}

interface KeyRecord {
  readonly id: string;
  readonly label: string;
  readonly key: string;
  readonly tags: readonly string[];
}

const HOUR = 3_600_000;
const TWO_MINUTES = 120_000;

export type Account = ReturnType<typeof openAccount>;

export function openAccount(options: MetalOptions) {
  const { metros = METROS, plans = PLANS, movesEnds = true } = options;
  const devices = new Map<string, DeviceRecord>();
  const keys = new Map<string, KeyRecord>();
  const stock = new Map<string, number>();
  const aside = new Set<string>();
  const boots = new Map<string, Promise<void>>();
  const under = new Set<Promise<void>>();
  let ahead = options.clockAhead ?? 0;
  let gate: Promise<void> | undefined;
  let made = 0;
  let spent = 0;

  const now = (): number => Date.now() + ahead;
  const place = (plan: string, metro: string): string => `${plan}@${metro}`;
  for (const plan of plans)
    for (const [metro, there] of Object.entries(plan.metros))
      stock.set(place(plan.slug, metro), there.stock ?? 5);

  /** What a device has cost since it was active. */
  const costOf = ({ activeSince, price }: DeviceRecord): number =>
    activeSince === undefined ? 0 : ((now() - activeSince) / HOUR) * price;

  const inBackground = (work: Promise<void>): void => {
    const tracked = work.finally(() => under.delete(tracked));
    under.add(tracked);
  };

  async function provision(device: DeviceRecord): Promise<void> {
    const authorizedKeys = device.keys.map(({ key }) => key);
    const machine = (await options.boot?.({ userdata: device.userdata, authorizedKeys })) ?? {
      address: '127.0.0.1',
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    device.machine = machine;
    // It may have been deleted while it booted.
    if (device.state === 'deprovisioning') return;
    device.state = 'active';
    device.activeSince = now();
  }

  async function remove(device: DeviceRecord): Promise<void> {
    if (device.state === 'deprovisioning') return;
    device.state = 'deprovisioning';
    await boots.get(device.id);
    await gate;
    await device.machine?.[Symbol.asyncDispose]();
    spent += costOf(device);
    devices.delete(device.id);
    const at = place(device.plan.slug, device.metro.code);
    stock.set(at, (stock.get(at) ?? 0) + 1);
  }

  const boot = (device: DeviceRecord): void => {
    const booted = provision(device);
    boots.set(device.id, booted);
    inBackground(booted);
  };

  /** Carries out what is due by now. */
  function settle(): void {
    for (const device of devices.values()) {
      if (device.terminationTime !== undefined && device.terminationTime <= now())
        inBackground(remove(device));
      else if (device.state === 'queued') {
        device.state = 'provisioning';
        if (options.slow !== true) boot(device);
      }
    }
  }

  function create(body: unknown, project: string): Reply {
    const asked = fields(body);
    const plan = plans.find(({ slug }) => slug === asked['plan']);
    const metro = metros.find(({ code }) => code === asked['metro']);
    const hostname = text(asked['hostname']) ?? '';
    const end = text(asked['termination_time']);
    const system = text(asked['operating_system']) ?? '';
    const wanted = list(asked['project_ssh_keys']).map((id) => keys.get(String(id)));
    if (!plan || !metro) return refused('plan and metro must be known');
    if (!SYSTEMS.includes(system)) return refused(`${system} is not a valid operating_system`);
    if (!/^[a-z\d.-]+$/i.test(hostname)) return refused('hostname is invalid');
    if (wanted.includes(undefined)) return refused('project_ssh_keys are unknown');
    const terminationTime = end === undefined ? undefined : Date.parse(end);
    if (terminationTime !== undefined && !(terminationTime > now()))
      return refused('termination_time must be in the future');
    const at = place(plan.slug, metro.code);
    const left = stock.get(at) ?? 0;
    if (left === 0) return refused(`no ${plan.slug} is available in ${metro.code}`);
    const spot = asked['spot_instance'] === true;
    const max = number(asked['spot_price_max']) ?? 0;
    if (spot && max < (plan.metros[metro.code]?.spot ?? Infinity))
      return refused('spot_price_max is below the price');
    stock.set(at, left - 1);
    const device = newDevice(
      {
        project,
        hostname,
        plan,
        metro,
        system,
        userdata: text(asked['userdata']) ?? '',
        keys: wanted.flatMap((key) => (key ? [key] : [])),
        spot: spot ? { max } : undefined,
        tags: list(asked['tags']).map(String),
        terminationTime,
      },
      now(),
    );
    made++;
    devices.set(device.id, device);
    return { status: 201, body: deviceJson(device) };
  }

  function update(device: DeviceRecord, body: unknown): Reply {
    const { tags, termination_time: end } = fields(body);
    if (Array.isArray(tags)) device.tags = tags.map(String);
    // An outbid device goes, whatever is wished.
    const outbid =
      device.spot && device.terminationTime !== undefined
        ? device.terminationTime <= now() + TWO_MINUTES
        : false;
    if (typeof end === 'string' && movesEnds && !outbid) device.terminationTime = Date.parse(end);
    return { status: 200, body: deviceJson(device) };
  }

  function createKey(body: unknown): Reply {
    const { label, key, tags } = fields(body);
    const open = text(key) ?? '';
    if (!/^ssh-ed25519 [\w+/]+=*/.test(open)) return refused('key is invalid');
    if ([...keys.values()].some((one) => one.key === open)) return refused('key is already in use');
    const record = {
      id: randomUUID(),
      label: text(label) ?? '',
      key: open,
      tags: list(tags).map(String),
    };
    keys.set(record.id, record);
    return { status: 201, body: record };
  }

  /** The schema CapacityList. */
  function capacity(): object {
    return Object.fromEntries(
      metros.map(({ code }) => [
        code,
        Object.fromEntries(
          plans.map(({ slug }) => {
            const left = stock.get(place(slug, code)) ?? 0;
            return [slug, { level: left === 0 ? 'unavailable' : left < 3 ? 'limited' : 'normal' }];
          }),
        ),
      ]),
    );
  }

  /** The schema CapacityCheckPerMetroInfo. */
  function checked(server: unknown): object {
    const { plan, metro } = fields(server);
    const left = stock.get(place(String(plan), String(metro))) ?? 0;
    return { ...fields(server), available: left > 0 };
  }

  /** The schema SpotMarketPricesPerMetroReport. */
  function spotPrices(): object {
    return Object.fromEntries(
      metros.map(({ code }) => [
        code,
        Object.fromEntries(
          plans.flatMap(({ slug, metros: there }) => {
            const price = there[code]?.spot;
            return price === undefined ? [] : [[slug, { price }]];
          }),
        ),
      ]),
    );
  }

  return {
    metros,
    plans,
    devices,
    keys,
    aside,
    now,
    settle,
    create,
    update,
    createKey,
    capacity,
    checked,
    spotPrices,
    remove: (device: DeviceRecord) => inBackground(remove(device)),
    over: () => Promise.all(under),
    advance: (milliseconds: number) => {
      ahead += milliseconds;
    },
    /** Until it is disposed, devices that were deleted stay as `deprovisioning`. */
    hold: (): Disposable => {
      let open = (): void => undefined;
      gate = new Promise((resolve) => (open = resolve));
      return { [Symbol.dispose]: () => open() };
    },
    finish: (state: 'active' | 'failed') => {
      settle();
      for (const device of devices.values()) {
        if (device.state !== 'provisioning') continue;
        if (state === 'failed') device.state = 'failed';
        else boot(device);
      }
    },
    outbid: (id: string) => {
      const device = devices.get(id);
      if (device?.spot) device.terminationTime = now() + TWO_MINUTES;
    },
    setAside: (id: string) => {
      devices.delete(id);
      aside.add(id);
    },
    setStock: (plan: string, metro: string, count: number) =>
      void stock.set(place(plan, metro), count),
    addDevice: (wish: Partial<DeviceWish>): DeviceRecord => {
      const [plan, metro] = [plans[0], metros[0]];
      if (!plan || !metro) throw new Error('The double has neither plans nor metros.');
      const device = newDevice(
        {
          project: 'theirs',
          hostname: 'somebody-elses',
          plan,
          metro,
          system: 'debian_12',
          userdata: '',
          keys: [],
          spot: undefined,
          tags: [],
          terminationTime: undefined,
          ...wish,
        },
        now(),
      );
      devices.set(device.id, device);
      return device;
    },
    books: (): Books => ({
      devices: [...devices.values()].map(({ hostname, state }) => `${hostname} (${state})`),
      keys: [...keys.values()].map(({ label }) => label),
      made,
      cost: [...devices.values()].reduce((sum, device) => sum + costOf(device), spent),
    }),
  };
}

function refused(why: string): Reply {
  return { status: 422, body: { errors: [why] } };
}
