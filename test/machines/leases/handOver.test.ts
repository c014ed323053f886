import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Marked } from '../../../src/machines/lender';
import { borrow, extend, working } from '../../../src/machines/leases/borrow';
import { usualCaps } from '../../../src/machines/leases/caps';
import { STEP, type Desk } from '../../../src/machines/leases/desk';
import { giveBack } from '../../../src/machines/leases/giveBack';
import { letGo, ownLeases, seeOut, take } from '../../../src/machines/leases/handOver';
import { leaseOf, readLedger, type Lease } from '../../../src/machines/leases/ledger';
import { estimate } from '../../../src/machines/leases/offers';
import { sweep } from '../../../src/machines/leases/sweep';
import { bookLender, machinesIn, smallOffer, type Books } from '../../bed/bookLender';
import { QuickClock } from '../../bed/quickClock';

const HOUR = 3600_000;
const MINUTE = 60_000;
const quiet = (): void => undefined;

describe('A window that closes', () => {
  let root: string;
  let folder: string;
  let clock: QuickClock;
  const { signal } = new AbortController();
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-leases-'));
    folder = join(root, 'books');
    clock = new QuickClock();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const deskOf = (at?: Books['at'], more: Partial<Desk> = {}): Desk => ({
    root,
    lenders: [
      bookLender({ folder, offers: [smallOffer], now: () => clock.now(), ...(at && { at }) }),
    ],
    caps: usualCaps,
    clock,
    who: 'ada@laptop',
    ...more,
  });
  const borrowOne = async (desk: Desk, hours = 8): Promise<Lease> => {
    const wanted = await estimate(desk, undefined, {}, hours, signal);
    const options = { keep: 'while this process lives', progress: quiet } as const;
    return await borrow(desk, wanted, options, signal);
  };
  const machines = (): Marked[] => machinesIn(folder, clock.now());
  const assertEmpty = (): void => {
    assert.deepEqual(machines(), []);
    assert.deepEqual(readLedger(root), { leases: [], damaged: [] });
  };
  /** So many minutes after the window has closed, while its program sees to what it let go. */
  const seenOut = async (desk: Desk, minutes: number): Promise<void> => {
    const over = new AbortController();
    const stop = clock.now() + minutes * MINUTE;
    const limited: Desk = {
      ...desk,
      clock: {
        now: clock.now,
        after: (milliseconds, run) => {
          if (clock.time >= stop) over.abort();
          return clock.after(milliseconds, run);
        },
      },
    };
    const ids = readLedger(root).leases.map(({ id }) => id);
    await seeOut(limited, ids, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
  };

  it('gives back what nobody comes back for', async () => {
    const desk = deskOf();
    await borrowOne(desk);
    await letGo(desk, 'return', signal);
    assertEmpty();
  });

  it('keeps until its end what its lender could not be told of at that moment', async () => {
    let down = true;
    const at: Books['at'] = (step) => {
      if (down && step === 'extend: asked') throw new Error('no route to host');
    };
    const desk = deskOf(at);
    const { id, end } = await borrowOne(desk);
    await letGo(desk, 'keep', signal);
    assert.deepEqual(leaseOf(root, id).owner, { who: 'ada@laptop' });
    await seenOut(desk, 5);
    assert.ok(leaseOf(root, id).until < end);
    down = false;
    await seenOut(desk, 5);
    assert.deepEqual([leaseOf(root, id).until, machines()[0]?.until], [end, end]);
  });

  it('has the next start tell the lender of what is kept', async () => {
    let down = true;
    const at: Books['at'] = (step) => {
      if (down && step === 'extend: asked') throw new Error('no route to host');
    };
    const desk = deskOf(at);
    const { id, end } = await borrowOne(desk);
    await letGo(desk, 'keep', signal);
    const { left } = await sweep(desk, quiet, signal);
    assert.match(left.join(), /may end at .*: no route to host/);
    down = false;
    assert.deepEqual((await sweep(desk, quiet, signal)).left, []);
    assert.deepEqual([leaseOf(root, id).until, machines()[0]?.until], [end, end]);
  });

  it('strikes off what was to be kept, and was gone before its lender could be told', async () => {
    const desk = deskOf((step) => {
      if (step === 'extend: asked') throw new Error('no route to host');
    });
    await borrowOne(desk);
    await letGo(desk, 'keep', signal);
    clock.time += STEP + MINUTE;
    assert.equal((await sweep(desk, quiet, signal)).returned.length, 1);
    assertEmpty();
  });

  it('goes on with what it could not give back', async () => {
    let down = true;
    const at: Books['at'] = (step) => {
      if (down && step === 'give back: asked') throw new Error('no route to host');
    };
    const desk = deskOf(at);
    const { id } = await borrowOne(desk);
    await assert.rejects(giveBack(desk, id, { attempts: 1 }, signal), /no route to host/);
    assert.deepEqual(ownLeases(desk), [id]);
    await letGo(desk, 'keep', signal);
    await seenOut(desk, 5);
    assert.equal(leaseOf(root, id).state.kind, 'returning');
    down = false;
    await seenOut(desk, 5);
    assertEmpty();
  });

  for (const onClose of ['ask', 'return'] as const)
    it(`leaves a machine that is used to that (${onClose})`, async () => {
      const desk = deskOf();
      const { id, end } = await borrowOne(desk);
      {
        await using work = await working(desk, id, 'Reproducing cilium #42');
        assert.ok(work);
        await letGo(desk, onClose, signal);
        await seenOut(desk, 120);
        assert.equal(machines().length, 1);
        assert.ok(leaseOf(root, id).end < end, 'it is still let go');
      }
      await seenOut(desk, onClose === 'return' ? 1 : 45);
      assertEmpty();
    });

  it('leaves the agent of a Jenkins to that until the end that was agreed to', async () => {
    const desk = deskOf(undefined, { serves: () => true });
    const { id, end } = await borrowOne(desk, 3);
    await letGo(desk, 'return', signal);
    await seenOut(desk, 170);
    assert.deepEqual([leaseOf(root, id).end, machines()[0]?.until], [end, end]);
    await seenOut(desk, 20);
    assertEmpty();
  });

  for (const [agreed, name] of [
    [8, 'counts from the end that was agreed to'],
    [0.5, 'is not undone by keeping it'],
  ] as const)
    it(`lets go what is extended then: that ${name}`, async () => {
      const desk = deskOf();
      const { id, end } = await borrowOne(desk, agreed);
      await letGo(desk, 'ask', signal);
      await extend(desk, id, 3, signal);
      assert.deepEqual(
        [leaseOf(root, id).end, leaseOf(root, id).letGo],
        [end + 3 * HOUR, undefined],
      );
      assert.deepEqual(await take(desk, [id], quiet, signal), [id]);
      assert.equal(leaseOf(root, id).end, end + 3 * HOUR);
    });

  it('has what it let go be taken also where this host has another name by now', async () => {
    const { id } = await borrowOne(deskOf());
    await letGo(deskOf(), 'ask', signal);
    const renamed = deskOf(undefined, { who: 'ada@laptop.local' });
    assert.deepEqual(await take(renamed, [id], quiet, signal), [id]);
    assert.equal(leaseOf(root, id).owner.who, 'ada@laptop.local');
  });

  it('does not have taken what a process of another host may have', async () => {
    const desk = deskOf();
    const lease = await borrowOne(desk);
    const owner = { who: 'ada@desk', process: { pid: 1, bornAt: 'x' } };
    writeFileSync(join(root, 'leases', `${lease.id}.json`), JSON.stringify({ ...lease, owner }));
    assert.deepEqual(await take(desk, [lease.id], quiet, signal), []);
  });
});
