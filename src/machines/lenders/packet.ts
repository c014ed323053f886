import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { Lender, Lent, Marked } from '../lender';
import { openMetal } from '../metal/metal';
import { isMetalError } from '../metal/metalError';
import type { MetalOptions } from '../metal/wire';
import { borrowDevice } from './packetBorrow';
import { MARK, marked, untilOf } from './packetMarks';
import { packetOffers, titleOf, type OfferFilter } from './packetOffers';
import { devicesOf, isThere, keysOf, projectOf } from './packetProject';
import { addressOf, isGoing, isPassing, tellEnd, type Looks } from './packetReady';

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

  async function extend(lease: Lent, until: number, signal: AbortSignal): Promise<void> {
    const [device] = await devicesOf(
      metal,
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

  async function giveBack(lease: Lent, signal: AbortSignal): Promise<boolean> {
    const project = await projectOfLease(lease, signal);
    const end = Date.now() + goodbye;
    // Whoever does not know of a device may have asked for one a moment ago.
    let looks = lease.handle['device'] === undefined && lease.handle['key'] !== undefined ? 2 : 1;
    let seen = lease.handle['device'] !== undefined;
    for (;;) {
      let trouble: unknown;
      try {
        const left = await devicesOf(metal, project, lease.id, signal, lease.handle['device']);
        seen ||= left.length > 0;
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
    for (const key of await keysOf(metal, project, lease.id, signal))
      await metal.keys.deleteSSHKey(key.id, signal);
    return seen;
  }

  async function list(signal: AbortSignal): Promise<Marked[]> {
    const project = await projectOf(metal, options, signal);
    const devices = await metal.devices.findProjectDevices(project, { tag: MARK }, signal);
    // What the API's search finds by a part of a label, it does not say: all are looked at.
    const keys = await metal.keys.findProjectSSHKeys(project, {}, signal);
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
    borrow: (wish, lease, signal) => borrowDevice({ metal, options, looks }, wish, lease, signal),
    extend,
    giveBack,
    list,
    clockAhead: () => (metal.clockTold ? metal.clockSkew : undefined),
  };
}
