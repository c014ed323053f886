import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../base/errors';
import { claimFile } from '../claim';
import type { Handle, Price, SshAddress } from '../lender';
import { bornAt, isAlive } from '../processes';
import {
  entryFile,
  isEntryId,
  namesIn,
  readEntries,
  readEntry,
  replaceFile,
  unwritable,
} from './ledgerFiles';

/**
 * A borrowed machine, as it is written down in `leases/<id>.json` of the state directory: before the
 * lender is asked, and until the machine is seen gone. Moments are milliseconds since the epoch.
 */
export interface Lease {
  readonly version: 1;
  /** 12 letters and digits. */
  readonly id: string;
  /** The lender's name. */
  readonly lender: string;
  readonly owner: Owner;
  /** For people: `c3.small.x86 in Amsterdam (am)`. */
  readonly title: string;
  readonly price?: Price;
  readonly askedAt: number;
  /** Until when the person wants it, and has agreed to what it costs. */
  readonly end: number;
  /** Until when the lender lends it: moved towards `end` while the owner lives. */
  readonly until: number;
  /** When its lender ended it by itself, at the latest, where that was found out: it costs nothing since. */
  readonly endedAt?: number;
  /** Its end was moved once, since its lender had a later one than this machine's clock. */
  readonly prolonged?: boolean;
  /** Milliseconds that the lender's clock was ahead of this machine's when these moments were written, if it tells. */
  readonly clockAhead?: number;
  /** Empty until the lender tells it. */
  readonly handle: Handle;
  readonly state: LeaseState;
  /** What a recipe needs may be installed on it without asking. */
  readonly mayInstall?: boolean;
  readonly work: readonly Work[];
  /** The window that had it has closed, and the person is to be asked about it; `end` is no later than `until` then. */
  readonly letGo?: LetGo;
}

export interface LetGo {
  readonly at: number;
  /** The end that the person had agreed to. */
  readonly end: number;
  /** It goes back as soon as nobody uses it. */
  readonly returns?: boolean;
}

export type LeaseState =
  /** The lender is asked, or will be in a moment; there may be a machine. */
  | { readonly kind: 'asked' }
  /** Its SSH server answers; `problem` is what kept it from getting ready. */
  | { readonly kind: 'lent'; readonly ssh: SshAddress; readonly problem?: string }
  /** It has all that a recipe needs. */
  | { readonly kind: 'ready'; readonly ssh: SshAddress }
  /** It is given back, again and again until it is seen gone. `problem` is what kept it from that. */
  | {
      readonly kind: 'returning';
      /** Whether the lender ever said that the machine is there. */
      readonly wasLent: boolean;
      readonly attempts: number;
      readonly problem?: string;
      /** Until when it was asked for, where that was longer than at `askedAt`. */
      readonly askedUntil?: number;
    };

export interface Owner {
  /** `user@host`. */
  readonly who: string;
  /** The process that the machine is borrowed for; without one it is kept until its end. */
  readonly process?: OwnProcess;
}

export interface OwnProcess {
  readonly pid: number;
  readonly bornAt: string;
}

/** Something that runs on the machine. */
export interface Work extends OwnProcess {
  /** For people: `Reproducing networking/cilium #42`. */
  readonly words: string;
}

/** Who borrows on this machine: `user@host`. */
export function whoWeAre(): string {
  return `${userInfo().username}@${hostname()}`;
}

export function thisProcess(): OwnProcess {
  return { pid: process.pid, bornAt: bornAt(process.pid) ?? '' };
}

/** The lease as it is when somebody wants it again who let it go, or another one does. */
export function wanted({ letGo, ...lease }: Lease): Lease {
  return { ...lease, end: Math.max(letGo?.end ?? 0, lease.end) };
}

/** Whether it belongs to this process. */
export function isMine({ owner }: Lease): boolean {
  const me = thisProcess();
  return owner.process?.pid === me.pid && owner.process.bornAt === me.bornAt;
}

/** Whether something can be done on it. */
export function isThere({ state }: Pick<Lease, 'state'>): boolean {
  return state.kind === 'lent' || state.kind === 'ready';
}

/** @throws UserError where nobody can tell whether the owner of a lease lives: its machine would be given back in use. */
export function mustBeAbleToBorrow(): void {
  if (process.platform === 'win32')
    throw new UserError('Borrowing wants a Linux or macOS machine.', {
      advice: 'In WSL, a dev container or over SSH it works, on the command line and in VS Code.',
    });
}

/** Whether the process is of this machine, and lives. */
export function ownerLives({ who, process: owner }: Owner, here: string): boolean {
  return owner !== undefined && who === here && isAlive(owner.pid, owner.bornAt);
}

/** What runs on the machine, of those that still live. */
export function workOn(lease: Lease): Work[] {
  return lease.work.filter(({ pid, bornAt: born }) => isAlive(pid, born));
}

export function newLeaseId(): string {
  return randomBytes(9).toString('hex').slice(0, 12);
}

/** A lease's own folder, for its key. */
export function folderOf(root: string, id: string): string {
  return join(leasesIn(root), id);
}

/** All leases, the oldest first, and the ids of those whose file cannot be understood. */
export function readLedger(root: string): { leases: Lease[]; damaged: string[] } {
  const { entries: leases, damaged } = readEntries<Lease>(leasesIn(root), 'state');
  return { leases: leases.sort((a, b) => a.askedAt - b.askedAt), damaged };
}

/** @throws UserError where there is none. */
export function leaseOf(root: string, id: string): Lease {
  const lease = isEntryId(id) ? readLease(root, id) : undefined;
  if (lease === undefined || lease === 'damaged')
    throw new UserError(`There is no borrowed machine "${id}".`, {
      advice: 'See: ci-parity machines',
    });
  return lease;
}

/**
 * The lease that is meant by its id, its title, or the host that its machine is reached by.
 * @throws UserError where there is none, or more than one.
 */
export function leaseNamed(root: string, name: string): Lease {
  const [lease, ...more] = leasesCalled(root, name);
  if (!lease) return leaseOf(root, name);
  if (more.length === 0) return lease;
  const lines = [lease, ...more].map(({ id, title, lender }) => `${id}  ${title} of ${lender}`);
  throw new UserError(`Several borrowed machines are called "${name}".`, {
    advice: `Say which by its id:\n${lines.join('\n')}`,
  });
}

export function leasesCalled(root: string, name: string): Lease[] {
  const { leases } = readLedger(root);
  const known = leases.find(({ id }) => id === name);
  if (known) return [known];
  return leases.filter(
    ({ title, state }) => title === name || ('ssh' in state && state.ssh.host === name),
  );
}

/** Writes a lease down for the first time. Resolves with whether it was not there before. */
export async function enter(root: string, lease: Lease): Promise<boolean> {
  return await locked(root, lease.id, () => {
    if (typeof readLease(root, lease.id) === 'object') return false;
    replaceFile(fileOf(root, lease.id), lease);
    return true;
  });
}

/**
 * Changes what is written of a lease, while no other process does. `how` gives undefined to leave it.
 * Resolves with the lease as it is then; undefined where it was struck off.
 */
export async function change(
  root: string,
  id: string,
  how: (lease: Lease) => Lease | undefined,
): Promise<Lease | undefined> {
  if (readLease(root, id) === undefined) return undefined;
  return await locked(root, id, () => {
    const lease = readLease(root, id);
    if (lease === undefined || lease === 'damaged') return undefined;
    const changed = how(lease);
    if (changed) replaceFile(fileOf(root, id), changed);
    return changed ?? lease;
  });
}

/** Strikes a lease off, with its folder: the machine was seen gone. */
export async function strikeOff(root: string, id: string): Promise<void> {
  await locked(root, id, () => {
    // The key first: without its lease nobody would look for it any more.
    rmSync(folderOf(root, id), { recursive: true, force: true });
    rmSync(fileOf(root, id), { force: true });
  });
}

/** Does it while no other process does anything under this name. */
export async function locked<T>(root: string, name: string, work: () => T): Promise<T> {
  mkdirSync(leasesIn(root), { recursive: true, mode: 0o700 });
  const lock = join(leasesIn(root), `${name}.lock`);
  // All that is done under a lock takes milliseconds.
  const deadline = performance.now() + 20_000;
  while (!claimed(lock)) {
    if (performance.now() > deadline)
      throw new UserError(`Another process of CI Parity holds ${lock}.`, {
        advice: 'Close the window or terminal that does not respond.',
      });
    await delay(20);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Makes a file of the ledger that says that it is ours; false while a living process has it. */
export function claimed(path: string): boolean {
  try {
    return claimFile(path);
  } catch (error) {
    throw unwritable(error, path);
  }
}

/** Removes what processes that are dead were writing, or had claimed. */
export function removeDrafts(root: string): void {
  for (const name of namesIn(leasesIn(root))) {
    const path = join(leasesIn(root), name);
    const pid = /\.(\d+)-[0-9a-f]+(-dead)?$/.exec(name)?.[1];
    const dead =
      pid === undefined
        ? /\.(lock|giving)$/.test(name) && claimFile(path)
        : bornAt(Number(pid)) === undefined;
    if (dead) rmSync(path, { force: true });
  }
}

export function leasesIn(root: string): string {
  return join(root, 'leases');
}

/** The lender of a damaged lease, where that can still be read. */
export function lenderOfDamaged(root: string, id: string): string | undefined {
  const name = /"lender": ?("(?:[^"\\]|\\.)*")/.exec(readFileSync(fileOf(root, id), 'utf8'))?.[1];
  try {
    return name === undefined ? undefined : (JSON.parse(name) as string);
  } catch {
    return undefined;
  }
}

export function fileOf(root: string, id: string): string {
  return entryFile(leasesIn(root), id);
}

function readLease(root: string, id: string): Lease | 'damaged' | undefined {
  return readEntry<Lease>(leasesIn(root), id, 'state');
}
