import { readFileSync } from 'node:fs';
import { codeOf, UserError } from '../../base/errors';
import { usualCaps, type Caps } from '../leases/caps';
import type { Offer, SshAddress } from '../lender';
import { fromHome, priceOf, sshOf, type CommandLender } from './command';
import { Fields } from './fields';

/** Who lends, and how much may be spent: `lenders.json`, read by editor and command line alike. */
export interface LendingSettings {
  readonly caps: Caps;
  readonly lenders: readonly LenderSettings[];
}

/**
 * `install` of each: whether what a recipe needs is installed on its machines without asking. It is, unless
 * told, but for hosts of one's own.
 */
export type LenderSettings = PacketSettings | PoolSettings | CommandSettings;

/** The Metal v1 API. Its token is never in the settings. */
export interface PacketSettings {
  readonly kind: 'packet';
  readonly name: string;
  /** Equinix' own, which was switched off on 2026-06-30, unless told. */
  readonly address?: string;
  /** The project's id or name; the only one that the token opens unless told. */
  readonly project?: string;
  /** Only these metros, by their codes; any unless told. */
  readonly metros?: readonly string[];
  /** Only these plans, by their slugs; any unless told. */
  readonly plans?: readonly string[];
  /** The operating system's slug. */
  readonly system?: string;
  /** Whether the spot market is offered too. */
  readonly spot: boolean;
  readonly install: boolean;
}

/** Hosts of one's own. */
export interface PoolSettings {
  readonly kind: 'pool';
  readonly name: string;
  readonly hosts: readonly SshAddress[];
  /** Patterns of names that the person's OpenSSH configuration gives to hosts: those are lent too. */
  readonly fromSshConfig?: readonly string[];
  readonly install: boolean;
}

export interface CommandSettings extends CommandLender {
  readonly kind: 'command';
  /** What the commands see beside the environment of CI Parity. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Nobody lends where there is no file. @throws UserError where it cannot be read or understood. */
export function readLendingSettings(path: string): LendingSettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return { caps: usualCaps, lenders: [] };
    throw new UserError(`${path} cannot be read.`, { cause });
  }
  const parsed = parseLendingSettings(text);
  if (parsed.kind === 'understood') return parsed.settings;
  throw new UserError(`${path} is not understood.`, { advice: parsed.problems.join('\n') });
}

export type ParsedSettings =
  | { readonly kind: 'understood'; readonly settings: LendingSettings }
  /** Each a sentence with the path of what is wrong: `lenders[1].hosts is missing`. */
  | { readonly kind: 'not understood'; readonly problems: readonly string[] };

export function parseLendingSettings(text: string): ParsedSettings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'not understood', problems: [`it is no JSON: ${(error as Error).message}`] };
  }
  const problems: string[] = [];
  const fields = new Fields(value, '', problems);
  // For editors: where the schema is.
  fields.text('$schema');
  const caps = capsOf(fields.object('caps'));
  const lenders = fields.list('lenders', (one, path) => lenderOf(one, path, problems)) ?? [];
  fields.refuseOthers();
  const names = lenders.flatMap((lender) => (lender ? [lender.name] : []));
  for (const [at, name] of names.entries())
    if (names.indexOf(name) < at) problems.push(`lenders[${at}].name: "${name}" is there twice`);
  if (problems.length > 0) return { kind: 'not understood', problems };
  const settings = { caps, lenders: lenders.filter((lender) => lender !== undefined) };
  return { kind: 'understood', settings };
}

function capsOf(fields: Fields | undefined): Caps {
  if (!fields) return usualCaps;
  const caps = {
    hours: fields.number('hours', 0.1, 10_000) ?? usualCaps.hours,
    price: fields.number('price', 0, 1e6) ?? usualCaps.price,
    perDay: fields.number('perDay', 0, 1e6) ?? usualCaps.perDay,
  };
  fields.refuseOthers();
  return caps;
}

function lenderOf(value: unknown, path: string, problems: string[]): LenderSettings | undefined {
  const fields = new Fields(value, path, problems);
  const kind = fields.needed('kind', /^(packet|pool|command)$/, '"packet", "pool" or "command"');
  const name = fields.needed('name', /^[A-Za-z0-9][\w.-]{0,39}$/, 'a name of letters and digits');
  const lender =
    kind === 'packet'
      ? packetOf(fields, name)
      : kind === 'pool'
        ? poolOf(fields, name, problems)
        : kind === 'command'
          ? commandOf(fields, name, problems)
          : undefined;
  if (lender) fields.refuseOthers();
  return lender;
}

function packetOf(fields: Fields, name: string): PacketSettings {
  const slug = /^[\w.-]{1,80}$/;
  // A token goes there: in clear only to this machine.
  const web = /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$))[^\s?#]*$/;
  const address = fields.text('address', web, 'an address that begins with https://');
  const project = fields.text('project');
  const metros = fields.texts('metros', slug, 'the code of a metro');
  const plans = fields.texts('plans', slug, 'the slug of a plan');
  const system = fields.text('system', slug, 'the slug of an operating system');
  return {
    kind: 'packet',
    name,
    ...(address === undefined ? {} : { address: address.replace(/(?<!\/)\/+$/, '') }),
    ...(project === undefined ? {} : { project }),
    ...(metros ? { metros } : {}),
    ...(plans ? { plans } : {}),
    ...(system === undefined ? {} : { system }),
    spot: fields.flag('spot') ?? false,
    install: fields.flag('install') ?? true,
  };
}

function poolOf(fields: Fields, name: string, problems: string[]): PoolSettings {
  const fromSshConfig = patternsOf(fields);
  if (!fields.has('hosts') && !fromSshConfig) fields.needed('hosts');
  const hosts = fields.list('hosts', (value, path) => {
    const host = new Fields(typeof value === 'string' ? { host: value } : value, path, problems);
    const address = sshOf(host);
    host.refuseOthers();
    return address;
  });
  return {
    ...{ kind: 'pool', name, hosts: hosts ?? [] },
    ...(fromSshConfig && { fromSshConfig }),
    install: fields.flag('install') ?? false,
  };
}

/** `true` for all hosts that have a name, a pattern, or several. */
function patternsOf(fields: Fields): readonly string[] | undefined {
  const like = /^!?[\w.:%*?-]{1,255}$/;
  const words = 'a pattern of host names such as "lab-*"';
  switch (fields.kindOf('fromSshConfig')) {
    case 'boolean':
      return fields.flag('fromSshConfig') === true ? ['*'] : undefined;
    case 'string':
      return [fields.text('fromSshConfig', like, words) ?? ''];
    default:
      return fields.texts('fromSshConfig', like, words);
  }
}

function commandOf(fields: Fields, name: string, problems: string[]): CommandSettings {
  const words = (verb: string): string[] | undefined => {
    const found = fields.texts(verb)?.map(fromHome);
    if (found?.length === 0) problems.push(`${verb} of "${name}" has no words`);
    return found;
  };
  for (const verb of ['borrow', 'return']) if (!fields.has(verb)) fields.needed(verb);
  const extend = words('extend');
  const list = words('list');
  const offers = fields.list('offers', (value, path) => offerOf(value, path, problems));
  const environment = Object.entries(fields.record('environment') ?? {});
  return {
    kind: 'command',
    name,
    borrow: words('borrow') ?? [],
    return: words('return') ?? [],
    ...(extend ? { extend } : {}),
    ...(list ? { list } : {}),
    offers: offers ?? [{ ...unknownOffer, id: name, title: name }],
    timeoutMinutes: fields.number('timeoutMinutes', 0.01, 24 * 60) ?? 30,
    environment: Object.fromEntries(environment.map(([key, value]) => [key, fromHome(value)])),
    install: fields.flag('install') ?? true,
  };
}

const unknownOffer = {
  price: undefined,
  memory: undefined,
  cpus: undefined,
  available: undefined,
  spot: false,
} as const;

function offerOf(value: unknown, path: string, problems: string[]): Offer {
  const fields = new Fields(value, path, problems);
  const id = fields.needed('id');
  const price = fields.object('price');
  const offer: Offer = {
    id,
    title: fields.text('title') ?? id,
    price: priceOf(price),
    memory: fields.number('memory', 1, 1e9),
    cpus: fields.number('cpus', 1, 1e5),
    available: undefined,
    spot: false,
  };
  price?.refuseOthers();
  fields.refuseOthers();
  return offer;
}
