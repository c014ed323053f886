import { randomUUID } from 'node:crypto';
import {
  metroJson,
  planJson,
  systemJson,
  uuidOf,
  type MetroSpec,
  type PlanSpec,
} from './catalogue';

/** The machine behind a device. */
export interface DeviceMachine extends AsyncDisposable {
  readonly address: string;
}

/** Boots a device: runs its user data for real, and lets its keys in. */
export type BootDevice = (boot: {
  readonly userdata: string;
  readonly authorizedKeys: readonly string[];
}) => Promise<DeviceMachine>;

/** One device of the double, from `queued` to gone. Times are of the double's clock, in milliseconds. */
export interface DeviceRecord {
  readonly id: string;
  readonly project: string;
  readonly hostname: string;
  readonly plan: PlanSpec;
  readonly metro: MetroSpec;
  readonly system: string;
  readonly userdata: string;
  readonly keys: readonly { id: string; key: string }[];
  readonly createdAt: number;
  readonly spot: { max: number } | undefined;
  /** For an hour. */
  readonly price: number;
  tags: readonly string[];
  terminationTime: number | undefined;
  state: 'queued' | 'provisioning' | 'active' | 'inactive' | 'deprovisioning' | 'failed';
  percentage: number;
  activeSince: number | undefined;
  machine: DeviceMachine | undefined;
}

export type DeviceWish = Pick<
  DeviceRecord,
  'project' | 'hostname' | 'plan' | 'metro' | 'system' | 'userdata' | 'keys' | 'spot' | 'tags'
> & { readonly terminationTime: number | undefined };

export function newDevice(wish: DeviceWish, now: number): DeviceRecord {
  const there = wish.plan.metros[wish.metro.code];
  const price = wish.spot ? there?.spot : there?.hour;
  return {
    ...wish,
    id: randomUUID(),
    createdAt: now,
    price: price ?? wish.plan.hour,
    state: 'queued',
    percentage: 0,
    activeSince: undefined,
    machine: undefined,
  };
}

/** The schema Device. */
export function deviceJson(device: DeviceRecord): object {
  const address = device.machine?.address;
  return {
    id: device.id,
    short_id: device.id.slice(0, 8),
    href: `/metal/v1/devices/${device.id}`,
    hostname: device.hostname,
    state: device.state,
    tags: device.tags,
    billing_cycle: 'hourly',
    user: 'root',
    locked: false,
    created_at: new Date(device.createdAt).toISOString(),
    ...(device.state === 'provisioning' && { provisioning_percentage: device.percentage }),
    ...(device.terminationTime !== undefined && {
      termination_time: new Date(device.terminationTime).toISOString(),
    }),
    spot_instance: device.spot !== undefined,
    ...(device.spot && { spot_price_max: device.spot.max }),
    ip_addresses: [
      ...(address === undefined ? [] : [assignment(address, 4, true)]),
      assignment('10.66.0.2', 4, false),
    ],
    plan: planJson(device.plan),
    metro: metroJson(device.metro),
    operating_system: systemJson(device.system),
    project: { href: `/metal/v1/projects/${device.project}` },
    ssh_keys: device.keys.map(({ id }) => ({ href: `/metal/v1/ssh-keys/${id}` })),
    userdata: device.userdata,
    volumes: [],
  };
}

/** The schema IPAssignment. */
function assignment(address: string, family: 4 | 6, open: boolean): object {
  return {
    id: uuidOf(`address ${address}`),
    address,
    address_family: family,
    public: open,
    management: true,
    enabled: true,
    manageable: true,
    cidr: 31,
  };
}
