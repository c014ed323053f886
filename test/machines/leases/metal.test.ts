import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock';
import { renew } from '../../../src/machines/leases/attend';
import { borrow, extend } from '../../../src/machines/leases/borrow';
import { estimate } from '../../../src/machines/leases/offers';
import { usualCaps } from '../../../src/machines/leases/caps';
import { STEP, type Desk } from '../../../src/machines/leases/desk';
import { giveBack } from '../../../src/machines/leases/giveBack';
import { readLedger, type Lease } from '../../../src/machines/leases/ledger';
import { sweep } from '../../../src/machines/leases/sweep';
import { packetLender } from '../../../src/machines/lenders/packet';
import { openLocalMachine } from '../../../src/machines/local';
import { startMetal, type MetalDouble } from '../../bed/metal/double';

const HOUR = 3600_000;
const MINUTE = 60_000;
const quiet = (): void => undefined;
const { signal } = new AbortController();

describe('Leases of the Metal API', () => {
  let root: string;
  let metal: MetalDouble;
  /** Milliseconds that the clock of this machine seems to be ahead. */
  let ahead: number;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-metal-'));
    metal = await startMetal();
    ahead = 0;
  });
  afterEach(async () => {
    await metal[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  const desk = (): Desk => ({
    root,
    lenders: [
      packetLender({
        ...{ name: 'metal', address: metal.address, token: metal.token },
        ...{ retryDelay: 1, pollInterval: 5, goodbye: 50 },
        open: () =>
          Promise.resolve({
            ...openLocalMachine(),
            exec: () => Promise.resolve({ code: 0, stdout: '', stderr: '' }),
          }),
      }),
    ],
    caps: usualCaps,
    clock: {
      now: () => Date.now() + ahead,
      // Whoever waits has waited at once.
      after: (milliseconds, run) =>
        systemClock.after(0, () => {
          ahead += milliseconds;
          run();
        }),
    },
    who: 'ada@laptop',
  });
  const borrowOne = async (
    keep: 'until its end' | 'while this process lives' = 'while this process lives',
  ): Promise<Lease> => {
    const wanted = await estimate(desk(), undefined, {}, 2, signal);
    return await borrow(desk(), wanted, { keep, progress: quiet }, signal);
  };
  const assertEmpty = (): void => {
    const { devices, keys } = metal.books();
    assert.deepEqual({ devices, keys }, { devices: [], keys: [] });
    assert.deepEqual(readLedger(root), { leases: [], damaged: [] });
  };
  /** As if the owner had been killed. */
  const orphan = ({ id }: Lease): void => {
    const path = join(root, 'leases', `${id}.json`);
    const lease = JSON.parse(readFileSync(path, 'utf8')) as Lease;
    const owner = { ...lease.owner, process: { pid: 1, bornAt: 'long ago' } };
    writeFileSync(path, JSON.stringify({ ...lease, owner }));
  };

  it('end at the API in steps that are moved while the owner lives, and are extended there', async () => {
    const lease = await borrowOne();
    const [device] = metal.devices;
    assert.equal(device?.terminationTime, lease.askedAt + STEP);
    await extend(desk(), lease.id, 1, signal);
    ahead += STEP / 2;
    await renew(desk(), quiet, signal);
    const moved = metal.devices[0]?.terminationTime ?? 0;
    assert.ok(moved > lease.askedAt + STEP + 10 * MINUTE && moved <= lease.end + HOUR);
    await giveBack(desk(), lease.id, { attempts: 3 }, signal);
    assertEmpty();
  });

  it('end by themselves at the API, and are struck off with their keys', async () => {
    await borrowOne();
    await metal.advance(STEP + MINUTE);
    ahead += STEP + MINUTE;
    assert.deepEqual(metal.books().devices, []);
    await renew(desk(), quiet, signal);
    assertEmpty();
  });

  it('are given back where the owner died', async () => {
    orphan(await borrowOne());
    assert.equal((await sweep(desk(), quiet, signal)).returned.length, 1);
    assertEmpty();
  });

  it('are given back by their tags alone, where the ledger is lost', async () => {
    await borrowOne();
    rmSync(join(root, 'leases'), { recursive: true });
    await sweep(desk(), quiet, signal);
    assertEmpty();
  });

  it('are given back where the answer to their making is lost, and nothing can be asked for a while', async () => {
    const broken = metal.fault(/^POST .*\/devices/, { answer: 'cut', done: true, times: 1 });
    const down = metal.fault(/^GET .*\/devices/, { answer: { status: 503 } });
    await assert.rejects(borrowOne());
    assert.equal(readLedger(root).leases[0]?.state.kind, 'returning');
    broken[Symbol.dispose]();
    down[Symbol.dispose]();
    ahead += 5 * MINUTE;
    await sweep(desk(), quiet, signal);
    assertEmpty();
  });

  it('are tried again where they cannot be deleted for a while', async () => {
    const refused = metal.fault(/^DELETE/, { answer: { status: 500 } });
    orphan(await borrowOne());
    for (let attempt = 0; attempt < 2; attempt++)
      assert.equal((await sweep(desk(), quiet, signal)).left.length, 1);
    refused[Symbol.dispose]();
    await sweep(desk(), quiet, signal);
    assertEmpty();
  });

  it('are struck off only when they are seen gone', async () => {
    const lease = await borrowOne();
    const held = metal.hold();
    await assert.rejects(giveBack(desk(), lease.id, { attempts: 2 }, signal));
    assert.equal(readLedger(root).leases.length, 1);
    held[Symbol.dispose]();
    await giveBack(desk(), lease.id, { attempts: 3 }, signal);
    assertEmpty();
  });

  it('are kept where the clock of this machine jumped ahead: the API knows what is left', async () => {
    const { id } = await borrowOne('until its end');
    const real = Date.now;
    try {
      Date.now = () => real() + 30 * HOUR;
      // The double lives in this process; its own clock is right.
      await metal.advance(-30 * HOUR);
      const { returned } = await sweep(desk(), quiet, signal);
      assert.deepEqual(returned, []);
      const ends = readLedger(root).leases.map(
        (lease) => [lease.id, lease.end - Date.now()] as const,
      );
      assert.equal(ends[0]?.[0], id);
      assert.ok(Math.abs(ends[0][1] - 2 * HOUR) < 5 * MINUTE);
    } finally {
      Date.now = real;
    }
    assert.equal(metal.books().devices.length, 1);
  });

  it('of others are named, and let be', async () => {
    metal.addDevice({
      tags: ['ci-parity', 'ci-parity-lease=bbbbbbbbbbbb', 'ci-parity-owner=bob@desk'],
    });
    const { others } = await sweep(desk(), quiet, signal);
    assert.deepEqual(
      others.map(({ owner }) => owner),
      ['bob@desk'],
    );
    assert.equal(metal.books().devices.length, 1);
  });
});
