import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { RunStore } from '../../../src/editor/runs/runStore';
import { connect, type Client } from '../../../src/jenkins/client';
import type { Push } from '../../../src/jenkins/events';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../../bed/jenkins/double';
import { INTERVAL, manualClock, storeOf, type ManualClock } from './stores';

describe('the store of a server that pushes', () => {
  it('does not ask for what runs as long as nothing is told of it, and says that it goes on', async () => {
    await using bed = await plant();
    await bed.watch('busy');
    await bed.settle();
    assert.deepEqual(await bed.asked(INTERVAL), ['busy'], 'for the time before it listened');
    for (let looks = 0; looks < 8; looks++) {
      const looked = bed.looked();
      assert.deepEqual(await bed.asked(INTERVAL), []);
      assert.equal(await looked, bed.url('busy'));
    }
    assert.deepEqual(await bed.asked(2 * INTERVAL), ['busy'], 'after the pace of what is idle');
  });

  it('asks once for all that happens to a job within a moment, and for no other', async () => {
    await using bed = await plant();
    await bed.watch('busy');
    await bed.watch('idle');
    await bed.settle();
    const { jenkins, store } = bed;
    jenkins.enqueue('idle');
    await bed.told('run');
    assert.deepEqual(await bed.asked(300), ['idle']);
    assert.equal(store.known(bed.url('idle'))?.runs[0]?.building, true);
    jenkins.finish('idle', 4, 'FAILURE');
    await bed.told('run');
    assert.deepEqual(await bed.asked(300), [], 'a job is not asked again at once');
    assert.deepEqual(await bed.asked(2000), ['idle']);
    assert.equal(store.known(bed.url('idle'))?.runs[0]?.result, 'FAILURE');
  });

  it('asks for nothing where nobody watches what is told of', async () => {
    await using bed = await plant();
    await bed.watch('busy');
    await bed.settle();
    bed.jenkins.enqueue('idle');
    await bed.told('run');
    assert.deepEqual(await bed.asked(2000), []);
  });

  it('asks for the project around a job, once a pace however much happens there', async () => {
    await using bed = await plant();
    await bed.watch('moat');
    await bed.settle();
    bed.jenkins.addJob('moat', { name: 'new' });
    await bed.told('job');
    assert.deepEqual(await bed.asked(300), ['moat']);
    for (let runs = 1; runs < 4; runs++) {
      bed.jenkins.enqueue('moat/new');
      await bed.told('run');
      bed.jenkins.finish('moat/new', runs, 'SUCCESS');
      await bed.told('run');
    }
    assert.deepEqual(await bed.asked(2000), []);
    assert.deepEqual(await bed.asked(INTERVAL), ['moat']);
    assert.equal(bed.store.known(bed.url('moat/new'))?.runs.length, 3);
  });

  it('asks for the jobs of the whole server only where one is made or goes', async () => {
    await using bed = await plant();
    await bed.watch('');
    await bed.settle();
    bed.jenkins.enqueue('idle');
    await bed.told('run');
    assert.deepEqual(await bed.asked(2000), []);
    bed.jenkins.addJob('', { name: 'new' });
    await bed.told('job');
    assert.deepEqual(await bed.asked(300), ['']);
  });

  it('looks at all at once when the stream breaks, and goes on at the usual pace', async () => {
    await using bed = await plant();
    await bed.watch('busy');
    await bed.watch('idle');
    await bed.settle();
    await bed.asked(INTERVAL);
    bed.jenkins.fault(/sse-gateway/, '503');
    bed.jenkins.gateway.cut();
    await bed.told('broken');
    assert.deepEqual((await bed.asked(0)).sort(), ['busy', 'idle']);
    assert.deepEqual(await bed.asked(INTERVAL), ['busy']);
    assert.deepEqual(await bed.asked(INTERVAL), ['busy']);
  });

  it('looks at all once when the stream is there again', async () => {
    await using bed = await plant();
    await bed.watch('idle');
    await bed.settle();
    bed.jenkins.gateway.cut();
    await bed.told('broken');
    assert.deepEqual(await bed.asked(0), ['idle']);
    const again = bed.told('connected');
    bed.clock.turn(2000);
    await again;
    assert.deepEqual(await bed.asked(0), ['idle']);
  });

  it('listens once to a server, only while something can be seen, and then takes its leave', async () => {
    await using bed = await plant();
    const background = bed.store.watch(bed.url('idle'), 'background');
    const [first, second] = [await bed.watch('busy'), await bed.watch('idle')];
    await bed.settle();
    assert.equal(bed.gateway('connect'), 1);
    first[Symbol.dispose]();
    second[Symbol.dispose]();
    const third = await bed.watch('busy');
    bed.clock.turn(5000);
    assert.equal(bed.jenkins.gateway.subscribed, 1, 'one row was folded, another unfolded');
    third[Symbol.dispose]();
    const ended = bed.ended();
    bed.clock.turn(1000);
    await ended;
    assert.deepEqual([bed.jenkins.gateway.subscribed, bed.gateway('connect')], [0, 1]);
    background[Symbol.dispose]();
  });

  it('finds out once that the plugin is missing, and asks again after a refresh or an hour', async () => {
    await using bed = await plant({ events: false });
    const absent = bed.ended();
    const watch = await bed.watch('busy');
    await absent;
    (await bed.watch('idle'))[Symbol.dispose]();
    assert.deepEqual(await bed.asked(INTERVAL), ['busy'], 'at the usual pace');
    watch[Symbol.dispose]();
    assert.equal(bed.gateway('connect'), 1);
    const refreshed = bed.ended();
    const other = await bed.watch('idle');
    await bed.store.refresh();
    await refreshed;
    assert.equal(bed.gateway('connect'), 2);
    other[Symbol.dispose]();
    bed.clock.turn(3_600_000);
    const later = bed.ended();
    await bed.watch('idle');
    await later;
    assert.equal(bed.gateway('connect'), 3);
  });

  it('is not listened to where that is not wanted', async () => {
    await using bed = await plant({}, () => false);
    await bed.watch('busy');
    assert.deepEqual(await bed.asked(INTERVAL), ['busy']);
    assert.equal(bed.gateway('connect'), 0);
  });

  it('is listened to anew when it is forgotten, and no more when the store ends', async () => {
    await using bed = await plant();
    await bed.watch('busy');
    await bed.settle();
    const connected = bed.told('connected');
    bed.store.forget();
    await bed.ended();
    await connected;
    assert.equal(bed.gateway('connect'), 2);
    const ended = bed.ended();
    bed.store[Symbol.dispose]();
    await ended;
    assert.equal(bed.jenkins.gateway.subscribed, 0);
  });
});

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly store: RunStore;
  readonly clock: ManualClock;
  /** The address of a job by its full name; the server's of nothing. */
  url(name: string): string;
  /** Has a job seen, and waits until it is known. */
  watch(name: string): Promise<Disposable>;
  /** Waits until the server tells all that happens. */
  settle(): Promise<void>;
  /** Waits until the next push of a kind was told to the store. */
  told(kind: Push['kind']): Promise<void>;
  /** Waits until the server is not listened to any more. */
  ended(): Promise<void>;
  /** The next address that is looked at. */
  looked(): Promise<string>;
  /** Turns the clock, waits for what is asked then, and gives the names of the jobs that are. */
  asked(milliseconds: number): Promise<string[]>;
  /** How often the gateway was asked for that. */
  gateway(action: string): number;
}

async function plant(
  options: Partial<JenkinsOptions> = {},
  pushes = (): boolean => true,
): Promise<Bed> {
  const jenkins = await startJenkins({
    world: {
      jobs: [
        { name: 'busy', runs: [{ number: 1, building: true }] },
        { name: 'idle', runs: [{ number: 3, result: 'SUCCESS' }] },
        { name: 'moat', kind: 'multibranch', jobs: [{ name: 'main' }] },
      ],
    },
    events: true,
    ...options,
  });
  const real = connect({ base: jenkins.base });
  const clock = manualClock();
  const url = (name: string): string =>
    jenkins.base +
    name
      .split('/')
      .flatMap((part) => (part === '' ? [] : [`job/${part}/`]))
      .join('');
  const asked: string[] = [];
  let open = 0;
  async function noted<T>(at: string, answer: Promise<T>): Promise<T> {
    asked.push(at.slice(jenkins.base.length).replace(/job\/|\/$/g, ''));
    open++;
    try {
      return await answer;
    } finally {
      open--;
    }
  }
  const come = signals();
  async function* listened(clock: Parameters<Client['pushes']>[0], signal: AbortSignal) {
    try {
      for await (const push of real.pushes(clock, signal)) {
        yield push;
        come.note(push.kind);
      }
    } finally {
      come.note('end');
    }
  }
  const client: Client = {
    ...real,
    index: (signal) => noted(real.base, real.index(signal)),
    contents: (at, signal) => noted(at, real.contents(at, signal)),
    newestRuns: (at, limit, signal) => noted(at, real.newestRuns(at, limit, signal)),
    pushes: listened,
  };
  const store = storeOf(client, clock, undefined, pushes);
  const looked = (): Promise<string> =>
    new Promise((done) => {
      const once = store.onDidLook((at) => {
        once[Symbol.dispose]();
        done(at);
      });
    });
  const quiet = async (): Promise<void> => {
    // What ends may have something else begin.
    for (let turns = 0; turns < 5; turns++) {
      await setImmediate();
      if (open > 0) turns = 0;
    }
  };
  return {
    jenkins,
    store,
    clock,
    url,
    async watch(name) {
      const watch = store.watch(url(name), 'visible');
      await quiet();
      asked.length = 0;
      return watch;
    },
    settle: () => come.wait('connected'),
    told: (kind) => come.wait(kind),
    ended: () => come.wait('end'),
    looked,
    async asked(milliseconds) {
      clock.turn(milliseconds);
      await quiet();
      return asked.splice(0);
    },
    gateway: (action) =>
      jenkins.requests.filter(({ path }) => path.includes(`sse-gateway/${action}`)).length,
    [Symbol.asyncDispose]: async () => {
      store[Symbol.dispose]();
      real[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

/** Lets tests wait for what is noted; each note is waited for once, also where it was there before. */
function signals() {
  const unseen: string[] = [];
  const waiting = new Set<() => void>();
  return {
    note(what: string): void {
      unseen.push(what);
      for (const wake of waiting) wake();
      waiting.clear();
    },
    async wait(what: string): Promise<void> {
      while (!unseen.includes(what)) await new Promise<void>((wake) => waiting.add(wake));
      unseen.splice(unseen.indexOf(what), 1);
    },
  };
}
