import { messageWithAdvice, UserError } from '../../base/errors';
import {
  LoanRefused,
  type Borrowed,
  type LeaseRequest,
  type Lender,
  type Lent,
  type Marked,
  type Offer,
  type Price,
  type SshAddress,
  type Wish,
} from '../lender';
import { whoIn } from '../leases/ownerMark';
import type { Machine } from '../machine';
import { cleanHost } from './poolClean';
import { LOCK, LOCK_SCRIPT } from './poolLock';

export interface PoolOptions {
  readonly name: string;
  readonly hosts: readonly SshAddress[];
  /** Whether what a recipe needs may be installed on them without asking. */
  readonly install?: boolean;
  /** Logs in at a host. Whoever gets the machine disposes it. */
  readonly open: (address: SshAddress, signal: AbortSignal) => Promise<Machine>;
}

/** They cost nothing in any currency: ISO 4217 calls that XXX. */
const FREE: Price = { amount: 0, currency: 'XXX' };

/** Lends hosts of one's own, each to one lease at a time: a lock on the host itself says to which. */
export function poolLender({ name, hosts, install = false, open }: PoolOptions): Lender {
  const on = async <T>(
    address: SshAddress,
    signal: AbortSignal,
    work: (machine: Machine) => Promise<T>,
  ): Promise<T> => {
    await using machine = await open(address, signal);
    return await work(machine);
  };
  /** The host that a lease has; all that it may have where that is not known. */
  const hostsOf = ({ handle: { host } }: Lent): readonly SshAddress[] => {
    if (host === undefined) return hosts;
    const address = hosts.find((one) => idOf(one) === host);
    if (!address)
      throw new UserError(`${host} is no host of "${name}" any more.`, {
        advice: 'Name it in lenders.json until it is given back.',
      });
    return [address];
  };
  const borrow = async (
    wish: Wish,
    lease: LeaseRequest,
    signal: AbortSignal,
  ): Promise<Borrowed> => {
    const held: string[] = [];
    for (const address of hosts) {
      const id = idOf(address);
      if (wish.offer !== undefined && wish.offer !== id) continue;
      lease.progress(`asking ${id}`);
      await lease.note({ host: id });
      const title = await on(address, signal, async (machine) => {
        const seen = await lock(machine, 'look', lease.id, lease.owner, 0, signal);
        if ((seen.memory ?? 0) < (wish.memory ?? 0)) return undefined;
        const seconds = (lease.until - Date.now()) / 1000;
        const { state, by } = await lock(machine, 'take', lease.id, lease.owner, seconds, signal);
        if (state === 'held') held.push(`${id} is lent to ${whoIn(by)}`);
        if (state !== 'taken' && state !== 'taken over') return undefined;
        if (state === 'taken over') {
          lease.progress('clearing away what its last lease left');
          await cleanHost(machine, seen.holder, signal);
        }
        return titleOf(id, seen);
      });
      if (title !== undefined)
        return {
          ...{ handle: { host: id }, ssh: address, price: FREE, title },
          mayInstall: install,
        };
    }
    throw new LoanRefused(`No host of "${name}" is free.`, {
      advice: held.join('\n') || undefined,
    });
  };
  return {
    name,
    borrow,
    offers: (signal) =>
      Promise.all(
        hosts.map(async (address): Promise<Offer> => {
          // Nobody can choose what runs on them.
          const fixed = { price: FREE, spot: false, systems: [] };
          const offer = { id: idOf(address), ...fixed };
          try {
            const seen = await on(address, signal, (machine) =>
              lock(machine, 'look', '', '', 0, signal),
            );
            const { cpus, memory, state, by } = seen;
            const title = `${titleOf(offer.id, seen)}${state === 'held' ? `, lent to ${whoIn(by)}` : ''}`;
            return { ...offer, title, cpus, memory, available: state !== 'held' };
          } catch (error) {
            signal.throwIfAborted();
            const problem = messageWithAdvice(error);
            const unknown = { cpus: undefined, memory: undefined, available: false };
            return { ...offer, ...unknown, title: offer.id, problem };
          }
        }),
      ),
    extend: async (lease, until, signal) => {
      for (const address of hostsOf(lease)) {
        const seconds = (until - Date.now()) / 1000;
        const { state } = await on(address, signal, (machine) =>
          lock(machine, 'extend', lease.id, '', seconds, signal),
        );
        if (state === 'moved') return;
      }
      throw new UserError(`No host of "${name}" is lent to this lease any more.`);
    },
    giveBack: async (lease, signal) => {
      let seen = false;
      for (const address of hostsOf(lease))
        await on(address, signal, async (machine) => {
          const { state, holder } = await lock(machine, 'look', lease.id, '', 0, signal);
          if (state === 'free' || holder !== lease.id) return;
          await cleanHost(machine, lease.id, signal);
          await lock(machine, 'release', lease.id, '', 0, signal);
          seen = true;
        });
      return seen;
    },
    list: async (signal) => {
      const all = await Promise.all(
        hosts.map((address) =>
          on(address, signal, async (machine): Promise<Marked[]> => {
            const seen = await lock(machine, 'look', '', '', 0, signal);
            if (seen.state === 'free' || seen.holder === '') return [];
            const id = idOf(address);
            // What is left by the host's clock, from now on by ours.
            const until = Date.now() + seen.left * 1000;
            const { holder, by } = seen;
            return [
              { lease: holder, owner: by, handle: { host: id }, title: titleOf(id, seen), until },
            ];
          }),
        ),
      );
      return all.flat();
    },
  };
}

/** Milliseconds for what takes a moment; also where the way to a host is lost meanwhile, which may come back. */
const PATIENCE = 60_000;

interface Seen {
  readonly state: 'free' | 'held' | 'stale' | 'taken' | 'taken over' | 'moved' | 'lost';
  /** The lease that has the host; empty where that is not known. */
  readonly holder: string;
  /** Its owner. */
  readonly by: string;
  /** Seconds until its end. */
  readonly left: number;
  readonly cpus: number | undefined;
  /** Megabytes. */
  readonly memory: number | undefined;
}

async function lock(
  machine: Machine,
  verb: 'look' | 'take' | 'extend' | 'release',
  lease: string,
  owner: string,
  seconds: number,
  signal: AbortSignal,
): Promise<Seen> {
  const words = [verb, LOCK, lease, owner, String(Math.max(0, Math.round(seconds)))];
  const command = ['sh', '-c', LOCK_SCRIPT, 'sh', ...words];
  const late = AbortSignal.timeout(PATIENCE);
  const until = AbortSignal.any([signal, late]);
  const { code, stdout, stderr } = await machine
    .exec(command, { signal: until })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (!late.aborted) throw error;
      throw new UserError(`${machine.name} does not answer.`, { cause: error });
    });
  const [state = '', holder = '', by = '', left = '', cpus = '', memory = ''] = stdout.split('\n');
  if (code !== 0 || !isState(state))
    throw new UserError(`The lease of ${machine.name} cannot be told: ${shown(stderr)}`);
  return {
    state,
    holder: /^[a-z0-9]{12}$/.test(holder) ? holder : '',
    by: shown(by),
    left: Number(left) || 0,
    cpus: Number(cpus) || undefined,
    memory: Number(memory) || undefined,
  };
}

function isState(text: string): text is Seen['state'] {
  return ['free', 'held', 'stale', 'taken', 'taken over', 'moved', 'lost'].includes(text);
}

function idOf({ host, port }: SshAddress): string {
  return port === undefined ? host : `${host}:${port}`;
}

function titleOf(id: string, { cpus, memory }: Seen): string {
  const has = [
    ...(cpus === undefined ? [] : [`${cpus} CPUs`]),
    ...(memory === undefined ? [] : [`${Math.round(memory / 102.4) / 10} GB`]),
  ];
  return has.length > 0 ? `${id} (${has.join(', ')})` : id;
}

/** What a host says, for people. */
function shown(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
