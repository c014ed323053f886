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
  type Wish,
} from '../lender';
import { openMetal } from '../metal/metal';
import { isMetalError, type MetalError } from '../metal/metalError';
import type { Metal } from '../metal/operations';
import type { Device, SSHKey } from '../metal/shapes';
import type { MetalOptions } from '../metal/wire';
import { newSshKey, type SshKeyPair } from '../sshKey';
import { userDataFor } from '../userData';
import { leaseTag, MARK, marked, tagsOf, untilOf, untilTag } from './packetMarks';
import { fitting, packetOffers, titleOf, type OfferFilter, type PacketOffer } from './packetOffers';
import {
  addressOf,
  isGoing,
  isPassing,
  tellEnd,
  untilActive,
  untilOpen,
  type Looks,
} from './packetReady';

export interface PacketOptions extends MetalOptions, OfferFilter, Pick<Looks, 'open'> {
  /** The lender's, as the settings name it. */
  readonly name: string;
  /** A project's id or name; the only one that the token opens unless told. */
  readonly project?: string | undefined;
  /** The operating system's slug; `debian_12` unless told. */
  readonly system?: string | undefined;
  /** A script that makes a machine ready, run at its first start. */
  readonly bootstrap?: string | undefined;
  /** Whether more may be installed later without asking; it may unless told. */
  readonly install?: boolean;
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

const MINUTE = 60_000;

/**
 * Lends machines of a server that speaks the Metal v1 API. A lease's machine and key are known by their
 * tags there, so that they are found also when nobody was told what their making came to.
 * @throws MetalError where the address cannot be asked.
 */
export function packetLender(options: PacketOptions): PacketLender {
  const { name, pollInterval = 5000, patience = 45 * MINUTE, goodbye = 10 * MINUTE } = options;
  const metal = openMetal(options);
  const looks: Looks = { name, metal, open: options.open, pollInterval, patience };

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
    const active = await untilActive(device, lease, looks, signal);
    const ssh = addressOf(active, handle);
    await note({ host: ssh.host, user: ssh.user ?? '' });
    await untilOpen(active, ssh, lease, looks, signal);
    const mayInstall = options.install ?? true;
    return { handle, ssh, price: offer.price, title: titleOf(active), mayInstall };
  }

  /** Sent to its end, also when somebody cancels: nobody could say otherwise whether there is one. */
  async function makeKey(
    project: string,
    { publicKey }: SshKeyPair,
    lease: LeaseRequest,
  ): Promise<SSHKey> {
    const { signal } = new AbortController();
    const label = leaseTag(lease.id);
    const wish = {
      label,
      key: publicKey,
      tags: [...tagsOf(lease), untilTag(lease.until + metal.clockSkew)],
    };
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
    await tellEnd(addressOf(moved, lease.handle), until, looks, signal);
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
    const keys = await metal.keys.findProjectSSHKeys(project, { query: leaseTag('') }, signal);
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
        until: untilOf(key.tags),
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
    const found = await metal.devices.findProjectDevices(project, { tag: leaseTag(lease) }, signal);
    const known =
      id === undefined || found.some((device) => device.id === id)
        ? undefined
        : await metal.devices.findDeviceById(id, signal);
    return [...found, ...(known === undefined ? [] : [known])].filter(isThere);
  }

  async function keysOf(project: string, lease: string, signal: AbortSignal): Promise<SSHKey[]> {
    const label = leaseTag(lease);
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

function isThere({ state }: Device): boolean {
  return state !== 'deleted';
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
