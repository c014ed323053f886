import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoanRefused, type Lender, type Marked, type Offer } from '../../src/machines/lender';

/** Where a lender can be held up, or fail: before it does something, and after it, before it tells. */
export type Step =
  | 'borrow: asked'
  | 'borrow: made'
  | 'borrow: noted'
  | 'borrow: told'
  | 'extend: asked'
  | 'extend: moved'
  | 'give back: asked'
  | 'give back: gone'
  | 'list: asked'
  | 'list: read';

export interface Books {
  readonly folder: string;
  readonly offers: readonly Offer[];
  /** Called at each step; what it throws is the lender's failure. */
  readonly at?: (step: Step, lease: string) => void | Promise<void>;
  /** An hour's price that is told after the machine was made. */
  readonly dearer?: number;
  readonly refuses?: boolean;
  /** The lender's own time; it ends by itself what is past its end. */
  readonly now?: () => number;
}

export const smallOffer: Offer = {
  id: 'small',
  title: 'small in the books',
  price: { amount: 0.5, currency: 'USD' },
  memory: 8192,
  cpus: 4,
  available: true,
  spot: false,
};

/** A lender whose machines are files in a folder: several processes may use it, and it outlives them. */
export function bookLender({ folder, offers, at, dearer, refuses, now = Date.now }: Books): Lender {
  mkdirSync(folder, { recursive: true });
  const path = (lease: string): string => join(folder, lease);
  return {
    name: 'books',
    offers: () => Promise.resolve([...offers]),
    borrow: async (_wish, { id, owner, until, note }) => {
      await at?.('borrow: asked', id);
      if (refuses === true) throw new LoanRefused('There is none of these.');
      const handle = { number: `n-${id}` };
      const marked: Marked = { lease: id, owner, handle, title: 'small', until };
      writeFileSync(path(id), JSON.stringify(marked), { flag: 'wx' });
      await at?.('borrow: made', id);
      await note(handle);
      await at?.('borrow: noted', id);
      await at?.('borrow: told', id);
      const price = { amount: dearer ?? 0.5, currency: 'USD' };
      return { handle, ssh: { host: '127.0.0.1' }, price, title: 'small, as lent' };
    },
    extend: async ({ id }, until) => {
      await at?.('extend: asked', id);
      const machine = machinesIn(folder, now()).find(({ lease }) => lease === id);
      if (!machine) throw new Error('there is no such machine');
      writeFileSync(path(id), JSON.stringify({ ...machine, until }));
      await at?.('extend: moved', id);
    },
    giveBack: async ({ id }) => {
      await at?.('give back: asked', id);
      rmSync(path(id), { force: true });
      await at?.('give back: gone', id);
      return false;
    },
    list: async () => {
      await at?.('list: asked', '');
      const machines = machinesIn(folder, now());
      await at?.('list: read', '');
      return machines;
    },
  };
}

/** What is lent at the moment, by the lender's time. */
export function machinesIn(folder: string, now: number): Marked[] {
  return readdirSync(folder).flatMap((name): Marked[] => {
    const marked = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Marked;
    if ((marked.until ?? Infinity) > now) return [marked];
    rmSync(join(folder, name), { force: true });
    return [];
  });
}
