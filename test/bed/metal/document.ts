/**
 * What the Metal API's OpenAPI document says of the operations that we use, in our own words: which requests and
 * answers there are, and what is in them. It is read off the document that the last SDK was made from
 * (equinix-labs/metal-python 0.11, of 2024-09-04), and has what that has, whether we use it or not: so the double
 * neither tells what the API would not, nor takes what it would not know.
 */
import { Ajv, type ValidateFunction } from 'ajv';

const text = { type: 'string' };
const flag = { type: 'boolean' };
const whole = { type: 'integer' };
const amount = { type: 'number' };
const thing = { type: 'object' };
const uuid = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' };
const moment = {
  type: 'string',
  pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`,
};
const day = { type: 'string', pattern: String.raw`^\d{4}-\d\d-\d\d$` };
const oneOf = (...words: string[]) => ({ type: 'string', enum: words });
const several = (items: object) => ({ type: 'array', items });
const byName = (additionalProperties: object) => ({ type: 'object', additionalProperties });
/** Nothing else is in it. */
const object = (properties: object, ...required: string[]) => ({
  ...{ type: 'object', properties, required, additionalProperties: false },
});

const href = object({ href: text }, 'href');
const price = object({ hour: amount });
const pricedPlace = object({ href: text, price });

const error = {
  ...object({ error: text, errors: several(text) }),
  oneOf: [{ required: ['error'] }, { required: ['errors'] }],
};

const meta = object({
  ...{ first: href, last: href, next: href, previous: href, self: href },
  ...{ total: whole, current_page: whole, last_page: whole },
});

const metro = object({ id: uuid, code: text, country: text, name: text });

const plan = object({
  ...{ id: uuid, slug: text, name: text, description: text, class: text, line: text, legacy: flag },
  type: oneOf('standard', 'workload_optimized', 'custom'),
  categories: several(text),
  deployment_types: { ...several(oneOf('on_demand', 'spot_market')), uniqueItems: true },
  pricing: thing,
  available_in: several(pricedPlace),
  available_in_metros: several(pricedPlace),
  specs: object({
    cpus: several(object({ count: whole, type: text })),
    memory: object({ total: text }),
    drives: several(object({ count: whole, type: text, size: text, category: text })),
    nics: several(object({ count: whole, type: text })),
    features: object({ raid: flag, txt: flag, uefi: flag }),
  }),
});

const system = object({
  ...{ id: uuid, slug: text, name: text, distro: text, distro_label: text, version: text },
  ...{ build_date: day, deprecation_date: day, end_of_life_date: day, end_of_service_date: day },
  ...{ release_date: day, release_notes: text, lifecycle_state: text, licensed: flag },
  ...{ preinstallable: flag, default_operating_system: flag, pricing: thing },
  provisionable_on: several(text),
});

const assignment = object({
  ...{ id: uuid, href: text, address: text, address_family: whole, cidr: whole, gateway: text },
  ...{ netmask: text, network: text, next_hop: text, created_at: moment, assigned_to: href, metro },
  ...{ enabled: flag, global_ip: flag, manageable: flag, management: flag, public: flag },
  state: oneOf('pending', 'active', 'deleting'),
  parent_block: thing,
});

const project = object({
  ...{ id: uuid, href: text, url: text, created_at: moment, updated_at: moment, customdata: thing },
  name: { type: 'string', minLength: 1, maxLength: 80 },
  type: oneOf('default', 'vmce'),
  ...{ bgp_config: href, payment_method: href, organization: thing, network_status: thing },
  ...{ devices: several(href), invitations: several(href), members: several(href) },
  ...{ memberships: several(href), ssh_keys: several(href), volumes: several(href) },
  ...{ max_devices: thing, tags: several(text) },
});

const key = object({
  ...{ id: uuid, href: text, label: text, key: text, fingerprint: text, tags: several(text) },
  ...{ created_at: moment, updated_at: moment, entity: href },
});

const device = object({
  ...{
    id: uuid,
    short_id: text,
    href: text,
    hostname: text,
    description: text,
    tags: several(text),
  },
  state: oneOf(
    ...['queued', 'provisioning', 'deprovisioning', 'reinstalling', 'active', 'inactive', 'failed'],
    ...['powering_on', 'powering_off', 'deleted'],
  ),
  ...{ created_at: moment, updated_at: moment, termination_time: moment, created_by: thing },
  ...{ provisioning_percentage: amount, provisioning_events: several(thing) },
  ...{ spot_instance: flag, spot_price_max: amount, billing_cycle: text, locked: flag },
  ...{ plan, metro, project, project_lite: href, operating_system: system, facility: thing },
  ...{ ip_addresses: several(assignment), ssh_keys: several(href), volumes: several(href) },
  ...{ user: text, root_password: text, userdata: text, customdata: thing, sos: text, iqn: text },
  ...{ always_pxe: flag, ipxe_script_url: text, image_url: text, firmware_set_id: uuid },
  ...{
    bonding_mode: whole,
    network_frozen: flag,
    network_ports: several(thing),
    switch_uuid: text,
  },
  ...{ hardware_reservation: thing, storage: thing },
  actions: several(object({ type: text, name: text })),
});

/** Of a device that is made, and of one that is there. */
const deviceWish = {
  ...{ hostname: text, description: text, tags: several(text), userdata: text, customdata: thing },
  ...{ always_pxe: flag, ipxe_script_url: text, locked: flag, network_frozen: flag },
  spot_instance: flag,
};

const newDevice = object(
  {
    ...deviceWish,
    ...{ metro: text, plan: text, operating_system: text, termination_time: moment },
    billing_cycle: oneOf('hourly', 'daily', 'monthly', 'yearly'),
    ...{ project_ssh_keys: several(uuid), user_ssh_keys: several(uuid), ssh_keys: several(thing) },
    ...{ no_ssh_keys: flag, spot_price_max: amount, hardware_reservation_id: text, storage: thing },
    ...{ features: several(text), ip_addresses: several(thing) },
    ...{ private_ipv4_subnet_size: whole, public_ipv4_subnet_size: whole },
  },
  ...['metro', 'plan', 'operating_system'],
);

const changedDevice = object({
  ...deviceWish,
  ...{ billing_cycle: text, firmware_set_id: text },
  // The one thing that is not in its schema: the document tells of the field of a device that it may be set.
  termination_time: moment,
});

const newKey = object({
  label: text,
  key: text,
  tags: several(text),
  instances_ids: several(uuid),
});

const servers = (more: object) =>
  object({ servers: several(object({ metro: text, plan: text, quantity: text, ...more })) });

const capacity = object({
  // The document has no type for the number.
  capacity: byName(byName(object({ level: text, available_servers: {} }))),
});

/** Its metros and plans are those of an earlier day: any may be there. */
const spotPrices = object({ spot_market_prices: byName(byName(object({ price: amount }))) });

interface Operation {
  /** `METHOD /path`, with `*` for a part that is told. */
  readonly asked: string;
  /** The names of what may be in the query. */
  readonly query?: readonly string[];
  readonly body?: object;
  /** By their status; undefined where there is no body. */
  readonly answers: Readonly<Record<number, object | undefined>>;
}

const pages = ['page', 'per_page', 'include', 'exclude'];
const locked = { 401: error };
const barred = { ...locked, 403: error, 404: error };

export const OPERATIONS: readonly Operation[] = [
  {
    asked: 'GET /projects',
    query: [...pages, 'name'],
    answers: { 200: object({ projects: several(project), meta }), ...locked },
  },
  {
    asked: 'GET /projects/*/plans',
    query: ['include', 'exclude'],
    answers: { 200: object({ plans: several(plan) }), ...barred },
  },
  {
    asked: 'GET /projects/*/devices',
    query: [
      ...[...pages, 'search', 'categories', 'facility', 'metro', 'hostname', 'reserved', 'tag'],
      ...['type', 'has_termination_time', 'mac_address'],
    ],
    answers: { 200: object({ devices: several(device), meta }), ...barred },
  },
  {
    asked: 'POST /projects/*/devices',
    query: ['include', 'exclude'],
    body: newDevice,
    answers: { 201: device, ...barred, 422: error },
  },
  { asked: 'GET /devices/*', query: ['include', 'exclude'], answers: { 200: device, ...barred } },
  {
    asked: 'PUT /devices/*',
    query: ['include', 'exclude'],
    body: changedDevice,
    answers: { 200: device, ...barred, 422: error },
  },
  {
    asked: 'DELETE /devices/*',
    query: ['force_delete'],
    answers: { 204: undefined, ...barred, 422: error },
  },
  {
    asked: 'GET /projects/*/ssh-keys',
    query: ['query', 'include'],
    answers: { 200: object({ ssh_keys: several(key) }), ...locked },
  },
  {
    asked: 'POST /projects/*/ssh-keys',
    query: ['include'],
    body: newKey,
    answers: { 201: key, ...locked, 422: error },
  },
  { asked: 'DELETE /ssh-keys/*', answers: { 204: undefined, ...barred } },
  {
    asked: 'GET /locations/metros',
    answers: { 200: object({ metros: several(metro) }), ...locked },
  },
  {
    asked: 'GET /operating-systems',
    answers: { 200: object({ operating_systems: several(system) }), ...locked },
  },
  { asked: 'GET /capacity/metros', answers: { 200: capacity, ...locked } },
  {
    asked: 'POST /capacity/metros',
    body: servers({ facility: text }),
    answers: { 200: servers({ available: flag }), ...locked, 422: error },
  },
  {
    asked: 'GET /market/spot/prices/metros',
    query: ['metro', 'plan'],
    answers: { 200: spotPrices, ...locked, 422: error },
  },
];

export interface Exchange {
  readonly method: string;
  /** Below the API's address. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly reply: { readonly status: number; readonly body?: unknown };
}

/** What of a request or its answer is not as the document has it; empty where all is. */
export function unlikeDocument({ method, path, query, body, reply }: Exchange): string[] {
  const operation = find(method, path);
  if (!operation) return [`there is no ${method} ${path}`];
  const { asked, answers } = operation;
  const unknown = [...query.keys()].filter((name) => !operation.query?.includes(name));
  return [
    ...unknown.map((name) => `${asked} has no ?${name}`),
    ...problems(operation.body, body, `the body of ${asked}`),
    ...(reply.status in answers
      ? problems(answers[reply.status], reply.body, `${reply.status} of ${asked}`)
      : [`${asked} is not answered by ${reply.status}`]),
  ];
}

function find(method: string, path: string): Operation | undefined {
  const parts = `${method} ${path}`.split('/');
  return OPERATIONS.find(({ asked }) => {
    const wanted = asked.split('/');
    return (
      wanted.length === parts.length &&
      wanted.every((part, at) => (part === '*' ? parts[at] !== '' : part === parts[at]))
    );
  });
}

const ajv = new Ajv({ allErrors: true });
const validators = new Map<object, ValidateFunction>();

function problems(schema: object | undefined, value: unknown, what: string): string[] {
  if (schema === undefined) return value === undefined ? [] : [`${what} has none`];
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  // As it is on the wire.
  const told: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  if (validate(told)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${what}: ${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
  );
}
