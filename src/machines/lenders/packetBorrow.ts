import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors';
import { printable } from '../../base/json';
import { LoanRefused, type Borrowed, type Handle, type LeaseRequest, type Wish } from '../lender';
import { isMetalError, type MetalError } from '../metal/metalError';
import type { Metal } from '../metal/operations';
import type { Device, SSHKey } from '../metal/shapes';
import { newSshKey, type SshKeyPair } from '../sshKey';
import { userDataFor } from '../userData';
import type { PacketOptions } from './packet';
import { leaseTag, MARK, tagsOf, untilTag } from './packetMarks';
import { fitting, packetOffers, titleOf, type PacketOffer } from './packetOffers';
import { devicesOf, keysOf, projectOf } from './packetProject';
import { addressOf, untilActive, untilOpen, type Looks } from './packetReady';

/** Of whom a machine is borrowed. */
export interface PacketSource {
  readonly metal: Metal;
  readonly options: PacketOptions;
  readonly looks: Looks;
}

/** See `Lender.borrow`. */
export async function borrowDevice(
  from: PacketSource,
  wish: Wish,
  lease: LeaseRequest,
  signal: AbortSignal,
): Promise<Borrowed> {
  const { metal, options, looks } = from;
  const project = await projectOf(metal, options, signal).catch(refuse);
  const offers = await packetOffers(metal, project, options, signal).catch(refuse);
  const system = wish.system ?? options.system ?? 'debian_12';
  const able = fitting(offers, wish);
  if (able.length === 0) throw nothingFits(options.name, wish);
  const chosen = able.filter(({ systems }) => systems.length === 0 || systems.includes(system));
  if (chosen.length === 0) throw noSuchSystem(options.name, system, able);
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
  const key = await makeKey(from, project, keys.user, lease);
  await note({ key: key.id });
  lease.progress('the machine is asked for');
  const { device, offer } = await makeDevice(
    from,
    chosen,
    { project, system, key, keys, wish, lease },
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
  { metal }: PacketSource,
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
    const [made] = await keysOf(metal, project, lease.id, signal);
    if (made === undefined) throw error;
    return made;
  }
}

/** Of the first offer that can be had. Asking is never repeated for the same offer. */
async function makeDevice(
  { metal, options }: PacketSource,
  chosen: readonly PacketOffer[],
  made: {
    project: string;
    system: string;
    key: SSHKey;
    keys: { user: SshKeyPair; host: SshKeyPair };
    wish: Wish;
    lease: LeaseRequest;
  },
  signal: AbortSignal,
): Promise<{ device: Device; offer: PacketOffer }> {
  const { name } = options;
  const { project, system, key, keys, wish, lease } = made;
  let refused: MetalError | undefined;
  for (const offer of chosen) {
    const server = { plan: offer.plan, metro: offer.metro };
    if ((await metal.capacity.checkCapacityForMetro(server, signal).catch(refuse)) === false)
      continue;
    const most = wish.maxPrice ?? offer.price?.amount;
    try {
      const device = await metal.devices.createDevice(
        project,
        {
          ...server,
          operatingSystem: system,
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
            ...(most !== undefined && { spotPriceMax: most }),
          }),
        },
        // To its end too: a device that nobody was told of costs money.
        new AbortController().signal,
      );
      return { device, offer };
    } catch (error) {
      if (!isMetalError(error)) throw error;
      if (error.undecided) {
        const [device] = await devicesOf(metal, project, lease.id, new AbortController().signal);
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

/** Before anything was asked for, whatever goes wrong means that there is nothing. */
function refuse(error: unknown): never {
  throw error instanceof UserError ? refusal(error) : error;
}

function refusal(cause: UserError): LoanRefused {
  return new LoanRefused(cause.message, { cause, advice: cause.advice });
}

function nothingFits(name: string, { offer, maxPrice }: Wish): LoanRefused {
  const price = maxPrice === undefined ? '' : ` for at most ${maxPrice} an hour`;
  return new LoanRefused(
    offer === undefined
      ? `${name} has no machine at the moment that fits.`
      : `${name} does not have ${printable(offer)}${price} at the moment.`,
    { advice: 'See what can be borrowed with `ci-parity machines`.' },
  );
}

/** Said before anything is made. */
function noSuchSystem(name: string, system: string, able: readonly PacketOffer[]): LoanRefused {
  const systems = [...new Set(able.flatMap((offer) => offer.systems))].map((slug) =>
    printable(slug, 40),
  );
  return new LoanRefused(`${name} has no operating system "${printable(system, 40)}" for that.`, {
    advice: `There are: ${systems.slice(0, 20).join(', ')}${systems.length > 20 ? ' …' : ''}`,
  });
}

function unknownOutcome(name: string, cause: MetalError): UserError {
  return new UserError(`${name} did not tell whether it makes the machine.`, {
    cause,
    advice: 'Whatever it made is given back as soon as it shows.',
  });
}
