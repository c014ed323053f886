import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import {
  LoanRefused,
  type Borrowed,
  type Handle,
  type LeaseRequest,
  type Lender,
  type Lent,
  type Marked,
  type SshAddress,
  type Wish,
} from '../lender';
import type { Machine } from '../machine';
import { openMetal } from '../metal/metal';
import { isMetalError, type MetalError } from '../metal/metalError';
import type { Metal } from '../metal/operations';
import type { Device, SSHKey } from '../metal/shapes';
import type { MetalOptions } from '../metal/wire';
import { newSshKey, type SshKeyPair } from '../sshKey';
import { moveEnd, userDataFor } from '../userData';
import { fitting, packetOffers, titleOf, type OfferFilter, type PacketOffer } from './packetOffers';

export interface PacketOptions extends MetalOptions, OfferFilter {
  /** The lender's, as the settings name it. */
  readonly name: string;
  /** A project's id or name; the only one that the token opens unless told. */
  readonly project?: string | undefined;
  /** The operating system's slug; `debian_12` unless told. */
  readonly system?: string | undefined;
  /** A script that makes a machine ready, run at its first start. */
  readonly bootstrap?: string | undefined;
  /** Connects to a machine; rejects where it does not answer yet, or shows another key than it may. */
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
  /** Milliseconds between two looks at a machine; 5 seconds unless told. */
  readonly pollInterval?: number | undefined;
  /** Milliseconds that making a machine may take; 45 minutes unless told. */
  readonly patience?: number | undefined;
  /** Milliseconds in which a machine that is given back must be gone; 10 minutes unless told. */
  readonly goodbye?: number | undefined;
}

/** One that can always tell what bears our mark. */
export interface PacketLender extends Lender {
  list(signal: AbortSignal): Promise<Marked[]>;
}

const MARK = 'ci-parity';
const LEASE = 'ci-parity-lease=';
const OWNER = 'ci-parity-owner=';
const UNTIL = 'ci-parity-until=';
const MINUTE = 60_000;

/**
 * Lends machines of a server that speaks the Metal v1 API. A lease's machine and key are known by their
 * tags there, so that they are found also when nobody was told what their making came to.
 * @throws MetalError where the address cannot be asked.
 */
export function packetLender(options: PacketOptions): PacketLender {
  const { name, pollInterval = 5000, patience = 45 * MINUTE, goodbye = 10 * MINUTE } = options;
  const metal = openMetal(options);

  async function borrow(wish: Wish, lease: LeaseRequest, signal: AbortSignal): Promise<Borrowed> {
    const project = await projectOf(metal, options, signal).catch(refuse);
    const offers = await packetOffers(metal, project, options, signal).catch(refuse);
    const chosen = fitting(offers, wish);
    if (chosen.length === 0) throw nothingFits(name, wish);
    const keys = { user: newSshKey(MARK), host: newSshKey(MARK) };
    const keyFile = join(lease.folder, 'id_ed25519');
    await mkdir(lease.folder, { recursive: true, mode: 0o700 });
    await writeFile(keyFile, keys.user.privateKey, { mode: 0o600 });
    let handle: Handle = { at: metal.address, project, keyFile, hostKey: keys.host.publicKey };
    const note = async (more: Handle): Promise<void> => {
      handle = { ...handle, ...more };
      await lease.note(handle);
    };
    await note({});
    lease.progress('a key is made for it');
    const key = await makeKey(project, keys.user, lease);
    await note({ key: key.id });
    lease.progress('the machine is asked for');
    const { device, offer } = await makeDevice(
      chosen,
      { project, key, keys, wish, lease },
      signal,
    ).catch(async (error: unknown) => {
      if (!(error instanceof LoanRefused)) throw error;
      // It is a refusal only when nothing is left, the key included.
      await metal.keys.deleteSSHKey(key.id, signal);
      throw error;
    });
    await note({ device: device.id });
    // What was cancelled while it was asked for is known now, and can be given back.
    signal.throwIfAborted();
    const active = await untilActive(device, lease, signal);
    const ssh = addressOf(active, handle);
    await note({ host: ssh.host, user: ssh.user ?? '' });
    await untilOpen(active, ssh, lease, signal);
    return { handle, ssh, price: offer.price, title: titleOf(active) };
  }

  /** Sent to its end, also when somebody cancels: nobody could say otherwise whether there is one. */
  async function makeKey(
    project: string,
    { publicKey }: SshKeyPair,
    lease: LeaseRequest,
  ): Promise<SSHKey> {
    const { signal } = new AbortController();
    const label = `${LEASE}${lease.id}`;
    const wish = { label, key: publicKey, tags: [...tagsOf(lease), untilTag(lease)] };
    try {
      return await metal.keys.createProjectSSHKey(project, wish, signal);
    } catch (error) {
      if (!isMetalError(error)) throw error;
      if (!error.undecided) throw refusal(error);
      const [made] = await keysOf(project, lease.id, signal);
      if (made === undefined) throw error;
      return made;
    }
  }

  /** Of the first offer that can be had. Asking is never repeated for the same offer. */
  async function makeDevice(
    chosen: readonly PacketOffer[],
    made: {
      project: string;
      key: SSHKey;
      keys: { user: SshKeyPair; host: SshKeyPair };
      wish: Wish;
      lease: LeaseRequest;
    },
    signal: AbortSignal,
  ): Promise<{ device: Device; offer: PacketOffer }> {
    const { project, key, keys, wish, lease } = made;
    let refused: MetalError | undefined;
    for (const offer of chosen) {
      const server = { plan: offer.plan, metro: offer.metro };
      if ((await metal.capacity.checkCapacityForMetro(server, signal).catch(refuse)) === false)
        continue;
      const price = wish.maxPrice ?? offer.price?.amount;
      try {
        const device = await metal.devices.createDevice(
          project,
          {
            ...server,
            operatingSystem: wish.system ?? options.system ?? 'debian_12',
            hostname: `${MARK}-${lease.id.toLowerCase()}`,
            tags: tagsOf(lease),
            terminationTime: lease.until + metal.clockSkew,
            projectSshKeys: [key.id],
            userdata: userDataFor({
              hostKey: keys.host,
              authorizedKey: keys.user.publicKey,
              seconds: (lease.until - Date.now()) / 1000,
              bootstrap: options.bootstrap,
            }),
            ...(offer.spot && {
              spotInstance: true,
              ...(price !== undefined && { spotPriceMax: price }),
            }),
          },
          // To its end too: a device that nobody was told of costs money.
          new AbortController().signal,
        );
        return { device, offer };
      } catch (error) {
        if (!isMetalError(error)) throw error;
        if (error.undecided) {
          const [device] = await devicesOf(project, lease.id, new AbortController().signal);
          if (device === undefined) throw unknownOutcome(name, error);
          return { device, offer };
        }
        refused = error;
        // Another offer helps only where this one is gone.
        const left = await metal.capacity.checkCapacityForMetro(server, signal).catch(refuse);
        if (left !== false) break;
      }
    }
    throw refused === undefined ? nothingFits(name, wish) : refusal(refused);
  }

  async function untilActive(
    made: Device,
    { progress }: LeaseRequest,
    signal: AbortSignal,
  ): Promise<Device> {
    const end = Date.now() + patience;
    let device = made;
    while (device.state !== 'active') {
      if (device.state === 'failed')
        throw new UserError(`${name} could not make the machine.`, {
          advice: 'Try again: it is mostly the one piece of hardware.',
        });
      if (Date.now() > end) throw tooLong(name, patience);
      const percent = device.provisioningPercentage;
      const far = percent === undefined ? '' : ` (${Math.floor(percent)} %)`;
      progress(`the machine is being made${far}`);
      await wait(pollInterval, undefined, { signal });
      device = await stillThere(made, device, signal);
    }
    return device;
  }

  /** As it is now, or as it was where the server does not tell for the moment. */
  async function stillThere(made: Device, before: Device, signal: AbortSignal): Promise<Device> {
    const device = await metal.devices.findDeviceById(made.id, signal).catch((error: unknown) => {
      if (isPassing(error)) return before;
      throw error;
    });
    if (device !== undefined && !isGoing(device)) return device;
    throw new UserError(
      made.spotInstance
        ? `Somebody pays more for the machine than its limit: ${name} took it away.`
        : `${name} took the machine away.`,
      made.spotInstance ? { advice: 'Borrow one that is not on the spot market.' } : {},
    );
  }

  /** Until it shows its key, and has been told when it ends: its own count began when it first started. */
  async function untilOpen(
    device: Device,
    ssh: SshAddress,
    { progress, until }: LeaseRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const end = Date.now() + patience;
    for (;;) {
      progress('it starts');
      try {
        await tellEnd(ssh, until, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        // Before its user data has run, it shows a key of its own.
        if (Date.now() > end) throw tooLong(name, patience, error);
      }
      await wait(pollInterval, undefined, { signal });
      await stillThere(device, device, signal);
    }
  }

  async function extend(lease: Lent, until: number, signal: AbortSignal): Promise<void> {
    const [device] = await devicesOf(
      await projectOfLease(lease, signal),
      lease.id,
      signal,
      lease.handle['device'],
    );
    if (device === undefined || isGoing(device))
      throw new UserError(`${name} has no machine for this lease any more.`);
    const terminationTime = until + metal.clockSkew;
    const moved = await metal.devices.updateDevice(device.id, { terminationTime }, signal);
    const left = (moved.terminationTime ?? Infinity) - metal.clockSkew;
    // A spot machine that was outbid keeps its end; and not every server moves one.
    if (left < until - MINUTE)
      throw new UserError(`${name} does not move the machine's end.`, {
        advice: `It ends at ${new Date(left).toLocaleTimeString()}.`,
      });
    await tellEnd(addressOf(moved, lease.handle), until, signal);
  }

  async function tellEnd(ssh: SshAddress, until: number, signal: AbortSignal): Promise<void> {
    await using machine = await options.open(ssh, signal);
    await moveEnd(machine, (until - Date.now()) / 1000, signal);
  }

  async function giveBack(lease: Lent, signal: AbortSignal): Promise<void> {
    const project = await projectOfLease(lease, signal);
    const end = Date.now() + goodbye;
    // Whoever does not know of a device may have asked for one a moment ago.
    let looks = lease.handle['device'] === undefined && lease.handle['key'] !== undefined ? 2 : 1;
    for (;;) {
      let trouble: unknown;
      try {
        const left = await devicesOf(project, lease.id, signal, lease.handle['device']);
        if (left.length === 0 && --looks === 0) break;
        for (const device of left)
          if (device.state !== 'deprovisioning')
            await metal.devices.deleteDevice(device.id, signal);
      } catch (error) {
        // While one is made, it may not be deleted yet.
        if (!isPassing(error) && !isMetalError(error, 'refused')) throw error;
        trouble = error;
      }
      if (Date.now() > end)
        throw new UserError(`${name} was not seen to take the machine back.`, {
          cause: trouble,
          advice: trouble === undefined ? undefined : printable(messageOf(trouble), 300),
        });
      await wait(pollInterval, undefined, { signal });
    }
    for (const key of await keysOf(project, lease.id, signal))
      await metal.keys.deleteSSHKey(key.id, signal);
  }

  async function list(signal: AbortSignal): Promise<Marked[]> {
    const project = await projectOf(metal, options, signal);
    const devices = await metal.devices.findProjectDevices(project, { tag: MARK }, signal);
    const keys = await metal.keys.findProjectSSHKeys(project, { query: LEASE }, signal);
    const machines = devices.filter(isThere).flatMap((device) =>
      marked(device.tags, {
        handle: { at: metal.address, project, device: device.id },
        title: titleOf(device),
        until: device.terminationTime,
      }),
    );
    const alone = keys.flatMap((key) =>
      marked(key.tags, {
        handle: { at: metal.address, project, key: key.id },
        title: 'a key without a machine',
        until: Date.parse(tagged(key.tags, UNTIL) ?? '') || undefined,
      }),
    );
    const known = new Set(machines.map(({ lease }) => lease));
    return [...machines, ...alone.filter(({ lease }) => !known.has(lease))].map((one) => ({
      ...one,
      until: one.until === undefined ? undefined : one.until - metal.clockSkew,
    }));
  }

  /** A lease's devices that are not gone; also one that is known by its id, if its tags were changed. */
  async function devicesOf(
    project: string,
    lease: string,
    signal: AbortSignal,
    id?: string,
  ): Promise<Device[]> {
    const found = await metal.devices.findProjectDevices(
      project,
      { tag: `${LEASE}${lease}` },
      signal,
    );
    const known =
      id === undefined || found.some((device) => device.id === id)
        ? undefined
        : await metal.devices.findDeviceById(id, signal);
    return [...found, ...(known === undefined ? [] : [known])].filter(isThere);
  }

  async function keysOf(project: string, lease: string, signal: AbortSignal): Promise<SSHKey[]> {
    const label = `${LEASE}${lease}`;
    const found = await metal.keys.findProjectSSHKeys(project, { query: label }, signal);
    return found.filter((key) => key.label === label);
  }

  /** Where the lease's machine was borrowed, whatever the settings say by now: elsewhere it would pass for gone. */
  async function projectOfLease({ handle }: Lent, signal: AbortSignal): Promise<string> {
    const { at = metal.address, project } = handle;
    if (at !== metal.address)
      throw new UserError(`The machine was borrowed from ${printable(at)}, not from ${name}.`, {
        advice: `Let the lender ${name} have that address until the machine is given back.`,
      });
    return project ?? projectOf(metal, options, signal);
  }

  function untilTag({ until }: LeaseRequest): string {
    return `${UNTIL}${new Date(until + metal.clockSkew).toISOString()}`;
  }

  return {
    name,
    offers: async (signal) =>
      packetOffers(metal, await projectOf(metal, options, signal), options, signal),
    borrow,
    extend,
    giveBack,
    list,
  };
}

async function projectOf(
  metal: Metal,
  { name, project }: PacketOptions,
  signal: AbortSignal,
): Promise<string> {
  if (project !== undefined && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(project))
    return project;
  const all = await metal.projects.findProjects(signal);
  const found = all.filter((one) => project === undefined || one.name === project);
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first.id;
  const names = all.map((one) => printable(one.name ?? one.id, 40)).slice(0, 10);
  throw new UserError(`It is not clear in which project ${name} is to lend.`, {
    advice:
      names.length === 0
        ? 'The token opens none.'
        : `Name one in the settings: ${names.join(', ')}.`,
  });
}

function tagsOf({ id, owner }: LeaseRequest): string[] {
  return [MARK, `${LEASE}${id}`, `${OWNER}${printable(owner, 80)}`];
}

function tagged(tags: readonly string[], name: string): string | undefined {
  return tags.find((tag) => tag.startsWith(name))?.slice(name.length);
}

function marked(
  tags: readonly string[],
  rest: Pick<Marked, 'handle' | 'title' | 'until'>,
): Marked[] {
  const lease = tagged(tags, LEASE);
  // Anybody in the project can write tags: what is no id of ours is none.
  if (lease === undefined || !/^[\da-z]{12}$/i.test(lease)) return [];
  return [{ lease, owner: printable(tagged(tags, OWNER) ?? '', 80), ...rest }];
}

/** The public address that it has for all its life, IPv4 before IPv6. */
function addressOf({ ipAddresses, user }: Device, handle: Handle): SshAddress {
  const own = ipAddresses.filter((one) => one.public);
  const [best] = [
    ...own.filter((one) => one.management && one.addressFamily === 4),
    ...own.filter((one) => one.addressFamily === 4),
    ...own,
    ...ipAddresses,
  ];
  if (best === undefined) throw new UserError('The machine has no address.');
  const { keyFile, hostKey } = handle;
  return {
    host: best.address,
    // A name from outside: it is given to an SSH client.
    user: user !== undefined && /^[a-z_][\w-]{0,31}$/.test(user) ? user : 'root',
    ...(keyFile !== undefined && { keyFile }),
    hostKeys: hostKey === undefined ? [] : [hostKey],
  };
}

function isThere({ state }: Device): boolean {
  return state !== 'deleted';
}

function isGoing({ state }: Device): boolean {
  return state === 'deprovisioning' || state === 'deleted';
}

/** Whether it may be otherwise in a moment. */
function isPassing(error: unknown): boolean {
  return isMetalError(error, 'unreachable', 'server', 'busy', 'unreadable');
}

/** Before anything was asked for, whatever goes wrong means that there is nothing. */
function refuse(error: unknown): never {
  throw error instanceof UserError ? refusal(error) : error;
}

function refusal(cause: UserError): LoanRefused {
  return new LoanRefused(cause.message, { cause, advice: cause.advice });
}

function nothingFits(name: string, { offer }: Wish): LoanRefused {
  return new LoanRefused(
    offer === undefined
      ? `${name} has no machine at the moment that fits.`
      : `${name} does not have ${printable(offer)} at the moment.`,
    { advice: 'See what can be borrowed with `ci-parity machines`.' },
  );
}

function unknownOutcome(name: string, cause: MetalError): UserError {
  return new UserError(`${name} did not tell whether it makes the machine.`, {
    cause,
    advice: 'Whatever it made is given back as soon as it shows.',
  });
}

function tooLong(name: string, patience: number, cause?: unknown): UserError {
  return new UserError(
    `${name} did not have the machine ready within ${Math.round(patience / MINUTE)} minutes.`,
    {
      cause,
      ...(cause !== undefined && { advice: printable(messageOf(cause), 300) }),
    },
  );
}
