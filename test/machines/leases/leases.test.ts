import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import type { Clock } from '../../../src/base/clock';
import { UserError } from '../../../src/base/errors';
import type { Lender, Marked, Wish } from '../../../src/machines/lender';
import { attend, renew, type LeaseNews } from '../../../src/machines/leases/attend';
import { borrow, extend, keepLease, markReady, working } from '../../../src/machines/leases/borrow';
import { costOf, usualCaps, type Caps, priceSoFar } from '../../../src/machines/leases/caps';
import { STEP, type Desk } from '../../../src/machines/leases/desk';
import { giveBack } from '../../../src/machines/leases/giveBack';
import {
  folderOf,
  leaseOf,
  readLedger,
  workOn,
  type Lease,
} from '../../../src/machines/leases/ledger';
import { estimate, estimates, offersAt } from '../../../src/machines/leases/offers';
import { sweep } from '../../../src/machines/leases/sweep';
import { QuickClock } from '../../bed/quickClock';
import { bookLender, machinesIn, smallOffer, type Books } from '../../bed/bookLender';

const HOUR = 3600_000;
const MINUTE = 60_000;
const quiet = (): void => undefined;

describe('Leases', () => {
  let root: string;
  let folder: string;
  let clock: QuickClock;
  /** The lender's own time; it has none of our mistakes. */
  let lendersTime: () => number;
  const { signal } = new AbortController();
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-leases-'));
    folder = join(root, 'books');
    clock = new QuickClock();
    lendersTime = clock.now;
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const deskOf = (books: Partial<Books> = {}, caps: Caps = usualCaps): Desk => ({
    root,
    lenders: [bookLender({ folder, offers: [smallOffer], now: () => lendersTime(), ...books })],
    caps,
    clock,
    who: 'ada@laptop',
  });
  const borrowOne = async (
    desk: Desk,
    hours = 2,
    keep: 'until its end' | 'while this process lives' = 'while this process lives',
    stop: AbortSignal = signal,
  ): Promise<Lease> => {
    const wanted = await estimate(desk, undefined, {}, hours, signal);
    return await borrow(desk, wanted, { keep, progress: quiet }, stop);
  };
  const machines = (): Marked[] => machinesIn(folder, lendersTime());
  const assertEmpty = (): void => {
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(readLedger(root), { leases: [], damaged: [] });
  };

  const spentOn = ({ id }: Lease): number | undefined => {
    const text = readFileSync(join(root, 'leases', 'spent'), 'utf8');
    return (JSON.parse(text) as Record<string, { amount: number }>)[id]?.amount;
  };

  describe('Borrowing', () => {
    it('writes down what is lent, for this user only', async () => {
      const desk = deskOf();
      const lease = await borrowOne(desk);
      assert.deepEqual(leaseOf(root, lease.id), lease);
      assert.deepEqual(
        [lease.state, lease.title, lease.price, lease.handle],
        [
          { kind: 'lent', ssh: { host: '127.0.0.1' } },
          'small, as lent',
          { amount: 0.5, currency: 'USD' },
          { number: `n-${lease.id}` },
        ],
      );
      assert.equal(statSync(join(root, 'leases', `${lease.id}.json`)).mode & 0o777, 0o600);
      assert.equal(statSync(folderOf(root, lease.id)).mode & 0o777, 0o700);
      await markReady(desk, lease.id);
      assert.equal(leaseOf(root, lease.id).state.kind, 'ready');
    });

    it('says what runs on the machine, while it does', async () => {
      const desk = deskOf();
      const { id } = await borrowOne(desk);
      {
        await using work = await working(desk, id, 'Reproducing cilium #42');
        assert.ok(work);
        assert.deepEqual(
          workOn(leaseOf(root, id)).map(({ words }) => words),
          ['Reproducing cilium #42'],
        );
      }
      assert.deepEqual(leaseOf(root, id).work, []);
    });

    it('leaves nothing where the lender refuses, and counts nothing', async () => {
      const desk = deskOf({ refuses: true }, { ...usualCaps, perDay: 1 });
      for (let attempt = 0; attempt < 2; attempt++)
        await assert.rejects(borrowOne(desk, 2), /There is none of these/);
      assertEmpty();
    });

    it('gives back what was made where the answer was lost', async () => {
      const at: Books['at'] = (step) => {
        if (step === 'borrow: made') throw new Error('socket hang up');
      };
      await assert.rejects(borrowOne(deskOf({ at })), /socket hang up/);
      assertEmpty();
    });

    it('gives back what was made where it is cancelled', async () => {
      const cancel = new AbortController();
      const at: Books['at'] = (step) => {
        if (step !== 'borrow: noted') return;
        cancel.abort();
        cancel.signal.throwIfAborted();
      };
      const lent = borrowOne(deskOf({ at }), 2, 'while this process lives', cancel.signal);
      await assert.rejects(lent, { name: 'AbortError' });
      assertEmpty();
    });

    it('gives back a machine that is dearer than was agreed', async () => {
      await assert.rejects(
        borrowOne(deskOf({ dearer: 5 })),
        /costs 5\.00 USD an hour, not 0\.50 USD/,
      );
      assertEmpty();
    });

    describe('of a lender that tells the price only with the machine', () => {
      const unpriced = { ...smallOffer, price: undefined };

      for (const [what, dearer, caps, reason] of [
        ['one lease', 500, usualCaps, /up to 1000\.00 USD, and no lease may cost more than 25\.00/],
        ['a day', 10, { ...usualCaps, perDay: 15 }, /more than the 15\.00 USD a day/],
      ] as const)
        it(`gives back what is above the cap of ${what}, and counts what that has cost`, async () => {
          const desk = deskOf({ offers: [unpriced], dearer }, caps);
          await assert.rejects(borrowOne(desk), reason);
          assertEmpty();
          const cheap = deskOf({ offers: [unpriced], dearer: 6 }, caps);
          await assert.rejects(borrowOne(cheap, 1), /With what was borrowed within 24 hours/);
        });

      it('says the price, and counts it', async () => {
        const desk = deskOf({ offers: [unpriced], dearer: 10 }, { ...usualCaps, perDay: 35 });
        const words: string[] = [];
        const wanted = await estimate(desk, undefined, {}, 2, signal);
        assert.equal(wanted.total, undefined);
        const options = {
          keep: 'until its end',
          progress: (one: string) => words.push(one),
        } as const;
        await borrow(desk, wanted, options, signal);
        assert.deepEqual(words, ['it costs 10.00 USD an hour']);
        await assert.rejects(borrowOne(desk), /could cost 40\.00 USD/);
      });

      it('gives back what is dearer than was wished', async () => {
        const desk = deskOf({ offers: [unpriced], dearer: 3 });
        const wanted = await estimate(desk, undefined, {}, 2, signal);
        const wished = { ...wanted, wish: { maxPrice: 2 } };
        const options = { keep: 'until its end', progress: quiet } as const;
        await assert.rejects(
          borrow(desk, wished, options, signal),
          /costs 3\.00 USD an hour, not 2 at most as wished/,
        );
        assertEmpty();
      });
    });

    it('tells the lender at most the price that was agreed to', async () => {
      const desk = deskOf();
      const [books] = desk.lenders;
      assert.ok(books);
      const wishes: Wish[] = [];
      const borrowing: Lender['borrow'] = (wish, ...more) => {
        wishes.push(wish);
        return books.borrow(wish, ...more);
      };
      const asking = { ...desk, lenders: [{ ...books, borrow: borrowing }] };
      const wanted = await estimate(asking, undefined, { maxPrice: 2 }, 1, signal);
      await borrow(asking, wanted, { keep: 'until its end', progress: quiet }, signal);
      assert.deepEqual(wishes, [{ offer: 'small', maxPrice: 0.5 }]);
    });

    it('gives back a machine that somebody gave back before it was there', async () => {
      let returned: Promise<void> | undefined;
      const at: Books['at'] = (step, id) => {
        if (step === 'borrow: told') returned = giveBack(desk, id, { attempts: 3 }, signal);
      };
      const desk = deskOf({ at });
      await assert.rejects(borrowOne(desk), /given back before it was there/);
      await returned;
      assertEmpty();
    });

    for (const step of ['borrow: asked', 'borrow: noted'] as const)
      it(`gives back a machine that was there only when it had been struck off (${step})`, async () => {
        const at: Books['at'] = async (reached, id) => {
          if (reached !== step) return;
          await giveBack(desk, id, { attempts: 3 }, signal);
          assert.deepEqual(readLedger(root).leases, []);
          if (step === 'borrow: noted')
            writeFileSync(join(folder, id), JSON.stringify({ lease: id, owner: '', handle: {} }));
        };
        const desk = deskOf({ at });
        await assert.rejects(borrowOne(desk), /given back before it was there/);
        assertEmpty();
      });

    it('does not believe that nothing was made before a request had time to come', async () => {
      const asked: number[] = [];
      let failed = 0;
      const at: Books['at'] = (step) => {
        if (step === 'give back: asked') asked.push(clock.now() - failed);
        if (step !== 'borrow: asked') return;
        clock.time += 25 * MINUTE;
        failed = clock.now();
        throw new Error('the program was ended');
      };
      await assert.rejects(borrowOne(deskOf({ at })), /the program was ended/);
      assert.ok((asked.at(-1) ?? 0) > 2 * MINUTE, `${asked.join()} ms later`);
      assertEmpty();
    });

    it('is refused where nobody can tell whether owners live: on Windows', async () => {
      const desk = deskOf();
      const { platform } = process;
      Object.defineProperty(process, 'platform', { value: 'win32' });
      try {
        await assert.rejects(borrowOne(desk), /wants a Linux or macOS machine/);
      } finally {
        Object.defineProperty(process, 'platform', { value: platform });
      }
      assertEmpty();
    });

    it('leaves it to the next start where it cannot be given back', async () => {
      let down = true;
      const at: Books['at'] = (step) => {
        if (step === 'borrow: noted') throw new Error('socket hang up');
        if (down && step === 'give back: asked') throw new Error('no route to host');
      };
      const desk = deskOf({ at });
      await assert.rejects(borrowOne(desk), /socket hang up/);
      assert.equal(readLedger(root).leases[0]?.state.kind, 'returning');
      down = false;
      clock.time += 3 * MINUTE;
      await sweep(desk, quiet, signal);
      assertEmpty();
    });
  });

  describe('What it costs', () => {
    it('is reckoned in hours that were begun', () => {
      const price = { amount: 0.4, currency: 'EUR' };
      assert.deepEqual(costOf(price, 2 * HOUR), { amount: 0.8, currency: 'EUR' });
      assert.deepEqual(costOf(price, 2.5 * HOUR), { amount: 1.2, currency: 'EUR' });
      assert.deepEqual(costOf(price, 0), price);
      assert.equal(costOf(undefined, HOUR), undefined);
    });

    it('is estimated for the first offer that fits, or for the one that is named', async () => {
      const big = {
        ...smallOffer,
        id: 'big',
        memory: 65_536,
        price: { amount: 2, currency: 'USD' },
      };
      const away = { ...smallOffer, id: 'away', available: false };
      const desk = deskOf({ offers: [away, smallOffer, big] });
      const chosen = async (what: string | undefined, memory?: number): Promise<unknown> => {
        const wish = memory === undefined ? {} : { memory };
        const { offer, total } = await estimate(desk, what, wish, 3, signal);
        return [offer.id, total?.amount];
      };
      assert.deepEqual(await chosen(undefined), ['small', 1.5]);
      assert.deepEqual(await chosen(undefined, 16_384), ['big', 6]);
      assert.deepEqual(await chosen('books/big'), ['big', 6]);
      await assert.rejects(chosen('away'), /No machine that fits/);
      await assert.rejects(chosen('huge'), /Nobody lends a "huge"/);
    });

    describe('of what is offered', () => {
      const usd = (amount: number) => ({ amount, currency: 'USD' });
      const offer = (id: string, more: object) => ({ ...smallOffer, id, title: id, ...more });
      const systems = ['debian_12', 'fedora_39'];
      const c3 = { plan: 'c3', systems, memory: 32_768 };
      const offers = [
        offer('c3@am/spot', { ...c3, metro: 'am', price: usd(0.2), spot: true }),
        offer('c3@am', { ...c3, metro: 'am', price: usd(0.75) }),
        offer('c3@da', { ...c3, metro: 'da', price: usd(0.8) }),
        offer('m3@da', { plan: 'm3', systems: ['debian_12'], metro: 'da', price: usd(3) }),
        offer('x1', {
          plan: 'x1',
          systems: ['debian_12'],
          metro: 'da',
          price: undefined,
          memory: undefined,
        }),
      ];
      const found = async (wanted: object, what?: string): Promise<string[]> =>
        (await estimates(deskOf({ offers }), what, wanted, 1, signal)).map(
          ({ offer: { id } }) => id,
        );

      const choices: [object, string[]][] = [
        [{}, ['c3@am', 'c3@da', 'm3@da', 'x1']],
        [{ memory: 4096 }, ['c3@am', 'c3@da', 'm3@da']],
        [{ maxPrice: 1000 }, ['c3@am', 'c3@da', 'm3@da']],
        [{ spot: true }, ['c3@am/spot']],
        [{ plan: 'c3' }, ['c3@am', 'c3@da']],
        [{ plan: 'c3', metro: 'da' }, ['c3@da']],
        [{ system: 'fedora_39' }, ['c3@am', 'c3@da']],
        [{ maxPrice: 0.75 }, ['c3@am']],
      ];
      for (const [wanted, ids] of choices)
        it(`is what ${JSON.stringify(wanted)} wants`, async () => {
          assert.deepEqual(await found(wanted), ids);
          assert.deepEqual(await found(wanted, 'books'), ids);
        });

      it('is on the spot market only for who asks for that, or names it', async () => {
        assert.deepEqual(await found({}, 'c3@am/spot'), ['c3@am/spot']);
        assert.deepEqual(await found({}, 'books/c3@am/spot'), ['c3@am/spot']);
        await assert.rejects(found({ maxPrice: 0.5 }), { advice: /^The cheapest costs 0\.75 USD/ });
      });

      const refusals: [object, RegExp][] = [
        [{ plan: 'x9' }, /^There is no plan "x9"\. There are: c3, m3, x1\n/],
        [{ plan: 'x1', memory: 1 }, /^Of none it is told how much memory it has\.\n/],
        [{ plan: 'x1', maxPrice: 9 }, /^Of none it is told what it costs\.\n/],
        [{ plan: 'm3', metro: 'am' }, /^There is none in "am"\. There are: da\n/],
        [{ system: 'dos' }, /^None can have the system "dos"\. There are: debian_12, fedora_39\n/],
        [{ memory: 1 << 20, plan: 'c3' }, /^The largest has 32768 MB of memory\.\n/],
        [{ plan: 'm3', spot: true }, /^Nothing of that is on the spot market;/],
      ];
      for (const [wanted, why] of refusals)
        it(`is nothing for ${JSON.stringify(wanted)}, and that is said`, async () => {
          await assert.rejects(found(wanted), { message: /No machine that fits/, advice: why });
        });

      it('has the cheapest first, whoever lends it and in whatever order', async () => {
        const desk = deskOf({ offers: offers.toReversed() });
        const free = offer('lab', { price: { amount: 0, currency: 'XXX' } });
        const lab: Lender = { ...bookLender({ folder, offers: [free] }), name: 'lab' };
        const both = { ...desk, lenders: [...desk.lenders, lab] };
        const ids = (await estimates(both, undefined, {}, 1, signal)).map(
          ({ offer: { id } }) => id,
        );
        assert.deepEqual(ids, ['lab', 'c3@am', 'c3@da', 'm3@da', 'x1']);
      });

      it('is named without what would move a cursor or begin a line', async () => {
        const hostile = offer('\u001b[2Jx\n9  y', { plan: '\u001b[2Jx\n9  y', available: false });
        const named = estimate(deskOf({ offers: [hostile] }), undefined, { plan: 'z' }, 1, signal);
        await assert.rejects(named, { advice: /^There is no plan "z"\. There are: \[2Jx 9 y\n/ });
        const taken = estimate(deskOf({ offers: [hostile] }), undefined, {}, 1, signal);
        await assert.rejects(taken, { advice: /^\[2Jx 9 y: not to be had at the moment\n/ });
      });

      it('is said whose, where several have one of the name', async () => {
        const desk = deskOf({ offers });
        const other: Lender = { ...bookLender({ folder, offers }), name: 'other' };
        const both = { ...desk, lenders: [...desk.lenders, other] };
        await assert.rejects(estimate(both, 'c3@am', {}, 1, signal), {
          message: 'Several lenders offer a "c3@am".',
          advice: 'Say whose: books/c3@am or other/c3@am',
        });
        const chosen = await estimate(both, 'other/c3@am', {}, 1, signal);
        assert.deepEqual([chosen.lender, chosen.total], ['other', usd(0.75)]);
      });
    });

    it('names who could not be asked, and shows what the others have', async () => {
      const desk = deskOf();
      const broken: Lender = {
        ...bookLender({ folder, offers: [] }),
        name: 'broken',
        offers: () => Promise.reject(new UserError('401', { advice: 'Set a token.' })),
      };
      const { offers, problems } = await offersAt(
        { ...desk, lenders: [broken, ...desk.lenders] },
        signal,
      );
      assert.deepEqual([offers.length, problems], [1, ['broken: 401 Set a token.']]);
    });

    it('so far is shown', async () => {
      const desk = deskOf();
      const lease = await borrowOne(desk);
      clock.time += 1.5 * HOUR;
      assert.deepEqual(priceSoFar(lease, clock.now()), { amount: 1, currency: 'USD' });
    });

    it('is over with its end, where its lender ended it while nobody looked', async () => {
      const desk = deskOf({}, { ...usualCaps, perDay: 6 });
      const lease = await borrowOne(desk, 4, 'until its end');
      clock.time += 13 * HOUR;
      const { returned } = await sweep(desk, quiet, signal);
      assert.deepEqual(
        returned.map(({ id }) => id),
        [lease.id],
      );
      assert.equal(spentOn(lease), 2);
    });

    it('is over with its end, too, where whoever had it has died', async () => {
      const desk = deskOf({ now: () => clock.now() });
      const lease = await borrowOne(desk, 4);
      const dead = { who: 'ada@laptop', process: { pid: 1 << 22, bornAt: 'x' } };
      writeFileSync(
        join(root, 'leases', `${lease.id}.json`),
        JSON.stringify({ ...lease, owner: dead }),
      );
      clock.time += 13 * HOUR;
      await sweep(desk, quiet, signal);
      assert.equal(spentOn(lease), 0.5);
    });

    it('goes on where its lender ends nothing', async () => {
      const desk = deskOf({ now: () => 0 });
      const lease = await borrowOne(desk, 4, 'until its end');
      clock.time += 13 * HOUR;
      await sweep(desk, quiet, signal);
      assert.equal(spentOn(lease), 6.5);
    });

    for (const [what, caps, reason] of [
      ['its hours', { ...usualCaps, hours: 2 }, /for more than 2 hours/],
      ['its price', { ...usualCaps, price: 1 }, /no lease may cost more than 1\.00 USD/],
      ['the day', { ...usualCaps, perDay: 1 }, /more than the 1\.00 USD a day/],
    ] as const)
      it(`is capped by ${what}, also when it is extended`, async () => {
        const desk = deskOf({}, caps);
        await assert.rejects(borrowOne(desk, 3), reason);
        assertEmpty();
        const { id, end } = await borrowOne(desk, 2);
        await assert.rejects(extend(desk, id, 1, signal), reason);
        assert.equal(leaseOf(root, id).end, end);
      });

    it('is capped for all that was borrowed within a day, also when two ask at once', async () => {
      const desk = deskOf({}, { ...usualCaps, perDay: 2 });
      const both = await Promise.allSettled([borrowOne(desk, 3), borrowOne(desk, 3)]);
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      clock.time += 25 * HOUR;
      await borrowOne(desk, 3);
    });

    it('counts as what it was, once it is given back', async () => {
      const desk = deskOf({}, { ...usualCaps, perDay: 2 });
      const { id } = await borrowOne(desk, 4);
      await assert.rejects(borrowOne(desk, 1), /a day/);
      await giveBack(desk, id, { attempts: 1 }, signal);
      await borrowOne(desk, 3);
    });
  });

  describe('The end', () => {
    it('is moved forward while the owner lives, in steps, and not beyond what was agreed', async () => {
      const desk = deskOf();
      const { id, askedAt, end } = await borrowOne(desk, 2);
      assert.equal(machines()[0]?.until, askedAt + STEP);
      const untils: number[] = [];
      for (let minutes = 0; minutes < 115; minutes += 5) {
        clock.time += 5 * MINUTE;
        await renew(desk, quiet, signal);
        const until = machines()[0]?.until ?? 0;
        assert.equal(leaseOf(root, id).until, until);
        assert.ok(until > clock.now());
        if (until !== untils.at(-1)) untils.push(until);
      }
      assert.equal(untils.at(-1), end);
      assert.ok(untils.length < 12, `${untils.length} calls`);
    });

    it('comes by itself where nobody moves it, and the lease is struck off', async () => {
      const desk = deskOf();
      await borrowOne(desk, 2);
      clock.time += STEP + MINUTE;
      assert.deepEqual(machines(), []);
      const news: LeaseNews[] = [];
      await renew(desk, (one) => news.push(one), signal);
      assert.deepEqual(
        news.map(({ kind }) => kind),
        ['cannot extend', 'gone'],
      );
      assertEmpty();
    });

    it('is told, and the machine given back', async () => {
      const desk = deskOf({ now: () => 0 });
      await borrowOne(desk, 1);
      clock.time += HOUR;
      const news: LeaseNews[] = [];
      await renew(desk, (one) => news.push(one), signal);
      assert.deepEqual(
        news.map(({ kind }) => kind),
        ['over'],
      );
      assertEmpty();
    });

    it('is tried again to be moved where the lender could not be reached', async () => {
      let down = true;
      const at: Books['at'] = (step) => {
        if (down && step.startsWith('extend')) throw new Error('no route to host');
      };
      const desk = deskOf({ at });
      const { id, until } = await borrowOne(desk, 2);
      clock.time += STEP / 2;
      const news: LeaseNews[] = [];
      await renew(desk, (one) => news.push(one), signal);
      assert.match(JSON.stringify(news), /"cannot extend".*no route to host/);
      assert.equal(leaseOf(root, id).until, until);
      down = false;
      await renew(desk, (one) => news.push(one), signal);
      assert.equal(leaseOf(root, id).until, clock.now() + STEP);
      assert.equal(news.length, 1);
    });

    it('has come where the lender cannot say what it has: the machine goes back all the same', async () => {
      const at: Books['at'] = (step) => {
        if (step === 'list: asked') throw new Error('one of its hosts is switched off');
      };
      const desk = deskOf({ at, now: () => 0 });
      await borrowOne(desk, 1);
      clock.time += HOUR;
      const news: LeaseNews[] = [];
      await renew(desk, (one) => news.push(one), signal);
      assert.deepEqual(
        news.map(({ kind }) => kind),
        ['over'],
      );
      assertEmpty();
    });

    it('is no matter for a minute where the lender cannot be asked and it has not come', async () => {
      const at: Books['at'] = (step) => {
        if (step === 'list: asked' || step === 'extend: asked') throw new Error('no route to host');
      };
      const desk = deskOf({ at });
      const { id } = await borrowOne(desk, 2);
      clock.time += STEP / 2;
      await renew(desk, quiet, signal);
      assert.equal(leaseOf(root, id).state.kind, 'lent');
    });

    it('is moved beside that of a machine whose lender never answers', async () => {
      let hanging = '';
      const at: Books['at'] = (step, id) =>
        step === 'extend: asked' && id === hanging ? new Promise(quiet) : undefined;
      const desk = deskOf({ at });
      hanging = (await borrowOne(desk, 2)).id;
      const { id } = await borrowOne(desk, 2);
      const beats: (() => void)[] = [];
      const beaten: Clock = {
        now: clock.now,
        after: (_milliseconds, run) => {
          beats.push(run);
          return { [Symbol.dispose]: quiet };
        },
      };
      const attending = attend({ ...desk, clock: beaten }, quiet);
      for (const minutes of [15, 30, 45]) {
        clock.time += 15 * MINUTE;
        beats.shift()?.();
        while (leaseOf(root, id).until !== clock.now() + STEP) await immediately();
        assert.equal(beats.length, 1, `after ${minutes} minutes`);
      }
      attending[Symbol.dispose]();
    });

    it('is attended until that is disposed', async () => {
      let gone: () => void = () => undefined;
      const returned = new Promise<void>((resolve) => (gone = resolve));
      const desk = deskOf({ at: (step) => (step === 'give back: gone' ? gone() : undefined) });
      const { end } = await borrowOne(desk, 2);
      const news: LeaseNews[] = [];
      const attending = attend(desk, (one) => news.push(one));
      await returned;
      attending[Symbol.dispose]();
      assert.ok(clock.now() >= end);
      assert.deepEqual(
        news.map(({ kind }) => kind),
        ['over'],
      );
    });

    it('is extended by so much, and kept where the window is closed', async () => {
      const desk = deskOf();
      const { id, end } = await borrowOne(desk, 2);
      await extend(desk, id, 1, signal);
      assert.equal(leaseOf(root, id).end, end + HOUR);
      await keepLease(desk, id, signal);
      const kept = leaseOf(root, id);
      assert.deepEqual([kept.owner, kept.until], [{ who: 'ada@laptop' }, end + HOUR]);
      assert.equal(machines()[0]?.until, end + HOUR);
      clock.time += 2.5 * HOUR;
      assert.deepEqual(await sweep(desk, quiet, signal), { returned: [], left: [], others: [] });
    });

    it('cannot be moved of what is being given back', async () => {
      const at: Books['at'] = (step) => {
        if (step.startsWith('give back')) throw new Error('503');
      };
      const desk = deskOf({ at });
      const { id } = await borrowOne(desk, 1);
      await assert.rejects(giveBack(desk, id, { attempts: 2 }, signal), /503/);
      await assert.rejects(extend(desk, id, 1, signal), /returning/);
    });
  });

  describe('Giving back', () => {
    it('is tried until the machine is seen gone, ever more rarely', async () => {
      let failures = 8;
      const at: Books['at'] = (step) => {
        if (step === 'give back: asked' && failures-- > 0) throw new Error('503');
      };
      const desk = deskOf({ at });
      const { id } = await borrowOne(desk, 1);
      const before = clock.now();
      await giveBack(desk, id, { attempts: Infinity }, signal);
      assert.equal(clock.now() - before, (1 + 2 + 4 + 8 + 16 + 32 + 60 + 60) * 1000);
      assertEmpty();
    });

    it('that failed is gone on with in each minute', async () => {
      let down = true;
      const at: Books['at'] = (step) => {
        if (down && step === 'give back: asked') throw new Error('no route to host');
      };
      const desk = deskOf({ at });
      const { id } = await borrowOne(desk, 1);
      await assert.rejects(giveBack(desk, id, { attempts: 2 }, signal), /no route to host/);
      await renew(desk, quiet, signal);
      const { state } = leaseOf(root, id);
      assert.deepEqual(state.kind === 'returning' && state.attempts, 3);
      down = false;
      await renew(desk, quiet, signal);
      assertEmpty();
    });

    it('that somebody has cancelled says so, and is gone on with', async () => {
      const cancel = new AbortController();
      const at: Books['at'] = (step) => {
        if (step !== 'give back: asked' || cancel.signal.aborted) return;
        cancel.abort();
        cancel.signal.throwIfAborted();
      };
      const desk = deskOf({ at });
      const { id } = await borrowOne(desk, 1);
      const returned = giveBack(desk, id, { attempts: 5 }, cancel.signal);
      await assert.rejects(returned, { name: 'AbortError' });
      const { state } = leaseOf(root, id);
      assert.equal(state.kind === 'returning' && state.problem, 'nobody waited until it was gone');
      await renew(desk, quiet, signal);
      assertEmpty();
    });

    it('of what another process gives back waits for that', async () => {
      const desk = deskOf();
      const { id } = await borrowOne(desk, 1);
      const times = [1, 2, 3].map(() => giveBack(desk, id, { attempts: 3 }, signal));
      await Promise.all(times);
      assertEmpty();
    });

    it('of a lender that the settings know no more is named', async () => {
      const desk = deskOf();
      await borrowOne(desk, 1, 'until its end');
      clock.time += 2 * HOUR;
      const { left } = await sweep({ ...desk, lenders: [] }, quiet, signal);
      assert.match(left.join(), /know no lender "books"/);
      assert.equal(readLedger(root).leases.length, 1);
    });
  });

  describe('A sweep', () => {
    it('lets be what has a living owner, and what is kept until its end', async () => {
      const desk = deskOf();
      await borrowOne(desk, 2);
      await borrowOne(desk, 2, 'until its end');
      clock.time += 10 * MINUTE;
      assert.deepEqual(await sweep(desk, quiet, signal), { returned: [], left: [], others: [] });
      assert.equal(machines().length, 2);
    });

    it('gives back what is past its end, though its lender never ends anything', async () => {
      const desk = deskOf({ now: () => 0 });
      await borrowOne(desk, 1, 'until its end');
      clock.time += HOUR + MINUTE;
      assert.equal((await sweep(desk, quiet, signal)).returned.length, 1);
      assertEmpty();
    });

    it('strikes off what its lender has ended while the laptop slept', async () => {
      const desk = deskOf();
      const { id } = await borrowOne(desk, 1, 'until its end');
      assert.ok(existsSync(folderOf(root, id)));
      clock.time += 9 * HOUR;
      await sweep(desk, quiet, signal);
      assertEmpty();
      assert.equal(existsSync(folderOf(root, id)), false);
    });

    it('lets be what is past its end by a clock that is wrong: the lender knows what is left', async () => {
      const desk = deskOf();
      const { id } = await borrowOne(desk, 2, 'until its end');
      const right = clock.now();
      clock.time += 30 * HOUR;
      const [books] = desk.lenders;
      assert.ok(books);
      lendersTime = () => right + HOUR;
      // As lenders do that know their own time: what is left, by our clock.
      const list: Lender['list'] = async (stop) =>
        (await books.list(stop))?.map((one) => ({ ...one, until: clock.now() + HOUR }));
      const { returned } = await sweep({ ...desk, lenders: [{ ...books, list }] }, quiet, signal);
      assert.deepEqual(returned, []);
      const lease = leaseOf(root, id);
      assert.equal(lease.end, clock.now() + HOUR);
      assert.deepEqual(priceSoFar(lease, clock.now()), { amount: 1, currency: 'USD' });
    });

    for (const [what, caps, lent] of [
      ['once, where the caps allow that', usualCaps, 4],
      ['not at all where they do not', { ...usualCaps, hours: 3 }, 2],
    ] as const)
      it(`lets a lender move the end that has a later one each time: ${what}`, async () => {
        const desk = deskOf({}, caps);
        const [books] = desk.lenders;
        assert.ok(books);
        const list: Lender['list'] = async (stop) =>
          (await books.list(stop))?.map((one) => ({ ...one, until: clock.now() + 24 * HOUR }));
        lendersTime = () => 0;
        const coarse = { ...desk, lenders: [{ ...books, list }] };
        await borrowOne(coarse, 2, 'until its end');
        const begun = clock.now();
        for (let hours = 0; hours < 24 && readLedger(root).leases.length > 0; hours++) {
          clock.time += HOUR;
          await sweep(coarse, quiet, signal);
        }
        assert.equal(clock.now() - begun, lent * HOUR);
        assertEmpty();
      });

    it('names the machines of others, and does not touch them', async () => {
      const desk = deskOf();
      const theirs: Marked = {
        lease: 'abcdefabcdef',
        owner: 'bob@desk',
        handle: {},
        title: 'theirs',
        until: undefined,
      };
      writeFileSync(join(folder, theirs.lease), JSON.stringify(theirs));
      const { others, returned } = await sweep(desk, quiet, signal);
      assert.deepEqual(
        [others.map(({ title, lender }) => [title, lender]), returned],
        [[['theirs', 'books']], []],
      );
      assert.equal(machines().length, 1);
    });

    it('names what another ledger of a namesake has, and does not touch it', async () => {
      const desk = deskOf();
      await borrowOne(desk, 2);
      const other = join(root, 'other');
      const { others, returned } = await sweep({ ...desk, root: other }, quiet, signal);
      await borrowOne({ ...desk, root: other }, 2);
      const again = await sweep({ ...desk, root: other }, quiet, signal);
      for (const swept of [others, again.others])
        assert.deepEqual(
          swept.map(({ owner }) => owner),
          ['ada@laptop'],
        );
      assert.deepEqual([returned, again.returned, machines().length], [[], [], 2]);
    });

    it('gives back what bears our ledger where this host has another name by now', async () => {
      await borrowOne(deskOf(), 2);
      rmSync(join(root, 'leases'), { recursive: true });
      const { returned } = await sweep({ ...deskOf(), who: 'ada@laptop.local' }, quiet, signal);
      assert.equal(returned.length, 1);
      assertEmpty();
    });

    it('names what is damaged, and keeps its key, where its lender was not asked', async () => {
      const { id } = await borrowOne(deskOf(), 2);
      const path = join(root, 'leases', `${id}.json`);
      const text = readFileSync(path, 'utf8');
      const tear = (length: number): void => writeFileSync(path, text.slice(0, length));
      rmSync(join(folder, id));
      // Its lender is in the first lines, or cannot be read any more.
      const [others] = deskOf().lenders;
      assert.ok(others);
      const cases = [
        [200, []],
        [200, [{ ...others, name: 'others' }]],
        [20, deskOf().lenders],
      ] as const;
      for (const [length, lenders] of cases) {
        tear(length);
        const { left } = await sweep({ ...deskOf(), lenders }, quiet, signal);
        assert.deepEqual(left, [
          `what was written of ${id} cannot be read: remove ${path} when no lender has a machine that bears ${id}`,
        ]);
        assert.ok(existsSync(folderOf(root, id)));
      }
      tear(200);
      assert.deepEqual((await sweep(deskOf(), quiet, signal)).left, []);
      assertEmpty();
    });

    it('does not judge by process numbers of another host', async () => {
      const lease = await borrowOne({ ...deskOf(), who: 'ada@desk' }, 1);
      writeFileSync(
        join(root, 'leases', `${lease.id}.json`),
        JSON.stringify({ ...lease, owner: { who: 'ada@desk', process: { pid: 1, bornAt: 'x' } } }),
      );
      assert.deepEqual((await sweep(deskOf(), quiet, signal)).returned, []);
      clock.time += 2 * HOUR;
      await sweep(deskOf(), quiet, signal);
      assertEmpty();
    });

    it('takes a lender that cannot tell what it lent at its word', async () => {
      const [books] = deskOf({ now: () => 0 }).lenders;
      assert.ok(books);
      const desk: Desk = {
        ...deskOf(),
        lenders: [{ ...books, list: () => Promise.resolve(undefined) }],
      };
      await borrowOne(desk, 1, 'until its end');
      assert.deepEqual(await sweep(desk, quiet, signal), { returned: [], left: [], others: [] });
      clock.time += 2 * HOUR;
      await sweep(desk, quiet, signal);
      assertEmpty();
    });
  });
});
