/** From a device that was asked for to a machine that answers. */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { Handle, LeaseRequest, SshAddress } from '../lender';
import type { Machine } from '../machine';
import { isMetalError } from '../metal/metalError';
import type { Metal } from '../metal/operations';
import type { Device } from '../metal/shapes';
import { moveEnd } from '../userData';
import { deviceOf } from './packetProject';

/** How a machine is looked at. */
export interface Looks {
  /** The lender's name. */
  readonly name: string;
  readonly metal: Metal;
  /** Connects to a machine; rejects where it does not answer yet, or shows another key than it may. */
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
  /** Milliseconds between two looks at a machine. */
  readonly pollInterval: number;
  /** Milliseconds that making it, and its start, may take. */
  readonly patience: number;
}

/** Rejects with a UserError where it cannot be made, or is taken away. */
export async function untilActive(
  made: Device,
  { progress }: LeaseRequest,
  looks: Looks,
  signal: AbortSignal,
): Promise<Device> {
  const { name, pollInterval, patience } = looks;
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
    device = await stillThere(made, device, looks, signal);
  }
  return device;
}

/** As it is now, or as it was where the server does not tell for the moment. */
async function stillThere(
  made: Device,
  before: Device,
  { name, metal }: Looks,
  signal: AbortSignal,
): Promise<Device> {
  const device = await deviceOf(metal, made.id, signal).catch((error: unknown) => {
    if (isPassing(error)) return before;
    throw error;
  });
  if (device !== undefined && !isGoing(device)) return device;
  throw new UserError(
    made.spotInstance
      ? `Somebody pays more for the machine than its limit: ${name} took it away.`
      : `${name} took the machine away.`,
    {
      advice: made.spotInstance
        ? 'Borrow one that is not on the spot market.'
        : 'Try again: it may not have been possible to make this one.',
    },
  );
}

/** Until it shows its key, and has been told when it ends: its own count began when it first started. */
export async function untilOpen(
  device: Device,
  ssh: SshAddress,
  { progress, until }: LeaseRequest,
  looks: Looks,
  signal: AbortSignal,
): Promise<void> {
  const { name, pollInterval, patience } = looks;
  const end = Date.now() + patience;
  for (;;) {
    progress('it starts');
    try {
      await tellEnd(ssh, until, looks, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      // Before its user data has run, it shows a key of its own.
      if (Date.now() > end) throw tooLong(name, patience, error);
    }
    await wait(pollInterval, undefined, { signal });
    await stillThere(device, device, looks, signal);
  }
}

/** Has the machine itself know when it ends, by what is left of the lease. */
export async function tellEnd(
  ssh: SshAddress,
  until: number,
  { open }: Looks,
  signal: AbortSignal,
): Promise<void> {
  // Others wait for this: a machine that is away is not looked for.
  const late = AbortSignal.timeout(NO_ANSWER);
  const either = AbortSignal.any([signal, late]);
  try {
    await using machine = await open(ssh, either);
    await moveEnd(machine, (until - Date.now()) / 1000, either);
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    throw new UserError('The machine does not answer.', { cause: error });
  }
}

/** Milliseconds in which a machine must have been told when it ends. */
const NO_ANSWER = 25_000;

/** The public address that it has for all its life, IPv4 before IPv6. */
export function addressOf({ ipAddresses, user }: Device, handle: Handle): SshAddress {
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

export function isGoing({ state }: Device): boolean {
  return state === 'deprovisioning' || state === 'deleted';
}

/** Whether it may be otherwise in a moment. */
export function isPassing(error: unknown): boolean {
  return isMetalError(error, 'unreachable', 'server', 'busy', 'unreadable');
}

function tooLong(name: string, patience: number, cause?: unknown): UserError {
  return new UserError(
    `${name} did not have the machine ready within ${Math.round(patience / 60_000)} minutes.`,
    {
      cause,
      ...(cause !== undefined && { advice: printable(messageOf(cause), 300) }),
    },
  );
}
