import assert from 'node:assert/strict';
import { Looks, type LookResult } from '../../../src/editor/runs/looks';
import { INTERVAL, manualClock } from './stores';

const IDLE: LookResult = { look: 'idle' };
const BUSY: LookResult = { look: 'busy' };
const DOWN: LookResult = { look: 'failed', everywhere: true };

describe('looks at what is watched', () => {
  it('come at once, then soon while something runs and ten times less often where nothing does', async () => {
    using bed = plant();
    bed.looks.watch('a/job', 'visible', undefined);
    assert.deepEqual(bed.took(), ['a/job']);
    await bed.end('a/job', BUSY);
    assert.equal(bed.clock.next(), INTERVAL);
    bed.clock.turn(INTERVAL);
    await bed.end('a/job', IDLE);
    assert.equal(bed.clock.next(), 10 * INTERVAL);
  });

  it('wait where it was heard of a short while ago', () => {
    using bed = plant();
    bed.looks.watch('a/job', 'visible', { at: bed.clock.now() - 4000, result: BUSY });
    assert.deepEqual(bed.took(), []);
    assert.equal(bed.clock.next(), INTERVAL - 4000);
    bed.looks.heard('a/job', BUSY);
    assert.equal(bed.clock.next(), INTERVAL);
  });

  it('are rarer in the background, and still rarer without the focus', async () => {
    using bed = plant();
    bed.looks.watch('a/job', 'background', undefined);
    await bed.end('a/job', BUSY);
    assert.equal(bed.clock.next(), 4 * INTERVAL);
    bed.looks.attend(false);
    assert.equal(bed.clock.next(), 16 * INTERVAL);
    bed.looks.watch('a/job', 'visible', undefined);
    assert.equal(bed.clock.next(), 4 * INTERVAL);
    bed.looks.attend(true);
    assert.equal(bed.clock.next(), INTERVAL);
  });

  it('end when nobody watches any more', async () => {
    using bed = plant();
    const watches = [1, 2].map(() => bed.looks.watch('a/job', 'visible', undefined));
    await bed.end('a/job', BUSY);
    watches[0]?.[Symbol.dispose]();
    assert.equal(bed.clock.next(), INTERVAL);
    watches[1]?.[Symbol.dispose]();
    assert.equal(bed.clock.next(), undefined);
  });

  it('are two at once at a server, also when all are due after a sleep', async () => {
    using bed = plant();
    const jobs = ['a/1', 'a/2', 'a/3', 'a/4', 'b/1'];
    for (const job of jobs) bed.looks.watch(job, 'visible', { at: bed.clock.now(), result: IDLE });
    bed.clock.turn(24 * 3_600_000);
    assert.deepEqual(bed.took(), ['a/1', 'a/2', 'b/1']);
    await bed.end('a/2', IDLE);
    assert.deepEqual(bed.took(), ['a/3']);
  });

  it('leave a server alone that answers nobody, longer and longer, and then one tries for all', async () => {
    using bed = plant();
    for (const job of ['a/1', 'a/2', 'a/3', 'b/1']) bed.looks.watch(job, 'visible', undefined);
    assert.deepEqual(bed.took(), ['a/1', 'a/2', 'b/1']);
    await bed.end('a/1', DOWN);
    await bed.end('b/1', BUSY);
    assert.deepEqual(bed.took(), [], 'a/3 waits');
    bed.clock.turn(INTERVAL);
    assert.deepEqual(bed.took(), ['b/1'], 'another server goes on');
    await bed.end('a/2', DOWN);
    await bed.end('b/1', IDLE);
    bed.clock.turn(4 * INTERVAL);
    assert.deepEqual(bed.took(), ['a/3'], 'one tries');
    await bed.end('a/3', DOWN);
    assert.equal(bed.clock.next(), 4 * INTERVAL, 'twice as long as before');
    bed.clock.turn(4 * INTERVAL);
    const [first] = bed.took();
    await bed.end(first ?? '', IDLE);
    assert.equal(bed.took().length, 2, 'it answers again, so the others follow');
  });

  it('wait as long as the server has asked to be left alone', async () => {
    using bed = plant();
    bed.looks.watch('a/1', 'visible', undefined);
    await bed.end('a/1', { look: 'failed', everywhere: true, retryAfter: 500_000 });
    assert.equal(bed.clock.next(), 500_000);
  });

  it('slow down for one job alone where only that job cannot be read', async () => {
    using bed = plant();
    for (const job of ['a/1', 'a/2']) bed.looks.watch(job, 'visible', undefined);
    bed.took();
    await bed.end('a/1', { look: 'failed', everywhere: false });
    await bed.end('a/2', BUSY);
    bed.clock.turn(INTERVAL);
    assert.deepEqual(bed.took(), ['a/2']);
    await bed.end('a/2', BUSY);
    bed.clock.turn(INTERVAL);
    assert.deepEqual(bed.took(), ['a/1', 'a/2']);
  });

  it('do not hurry after one of which nobody told what it found', async () => {
    using bed = plant();
    bed.looks.watch('a/1', 'visible', undefined);
    bed.took();
    await bed.end('a/1', undefined);
    assert.deepEqual(bed.took(), []);
    assert.equal(bed.clock.next(), 2 * INTERVAL);
  });

  it('are spread by chance', async () => {
    using bed = plant(() => 0.5);
    bed.looks.watch('a/1', 'visible', undefined);
    await bed.end('a/1', BUSY);
    assert.equal(bed.clock.next(), 1.05 * INTERVAL);
  });
});

/** Jobs whose server is what stands before the slash; a look goes on until `end`. */
function plant(random = () => 0) {
  const clock = manualClock();
  const begun: string[] = [];
  const open = new Map<string, () => void>();
  const looks: Looks = new Looks({
    look: (url) => {
      begun.push(url);
      return new Promise((done) => open.set(url, done));
    },
    server: (url) => url.split('/')[0] ?? '',
    interval: () => INTERVAL,
    clock,
    random,
  });
  return {
    looks,
    clock,
    /** The looks that have begun since this was asked. */
    took: () => begun.splice(0),
    /** Ends a look, and waits until that was noticed. */
    end: async (url: string, result: LookResult | undefined) => {
      if (result) looks.heard(url, result);
      open.get(url)?.();
      for (let turns = 0; turns < 5; turns++) await Promise.resolve();
    },
    [Symbol.dispose]: () => looks[Symbol.dispose](),
  };
}
