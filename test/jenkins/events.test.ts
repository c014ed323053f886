import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import type { JobEvent, Push } from '../../src/jenkins/events';
import type { ConnectOptions } from '../../src/jenkins/http';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import { manualClock, type ManualClock } from '../editor/runs/stores';

const users = {
  ada: { token: 't0ken', password: 'pass' },
  eve: { token: 't0ken', hidden: ['team/moat/feature%2Fx'] },
  bob: { token: 't0ken', read: false },
};

describe('the pushes of a server', () => {
  it('tell of jobs and runs by the address that was typed, whatever root URL the server believes to have', async () => {
    await using bed = await plant({ rootUrl: 'https://elsewhere.example/' });
    await bed.connected();
    bed.jenkins.enqueue('team/moat/feature%2Fx');
    bed.jenkins.finish('team/moat/feature%2Fx', 8, 'SUCCESS');
    bed.jenkins.addJob('team/moat', { name: 'new' });
    const jobUrl = `${bed.jenkins.base}job/team/job/moat/job/feature%252Fx/`;
    const queue: JobEvent = { kind: 'queue', jobUrl, run: undefined };
    const run: JobEvent = { kind: 'run', jobUrl, run: 8 };
    const made = `${bed.jenkins.base}job/team/job/moat/job/new/`;
    assert.deepEqual(await bed.next(6), [
      ...[queue, queue, queue, run, run],
      { kind: 'job', jobUrl: made, run: undefined },
    ]);
  });

  for (const [who, options] of Object.entries({
    'with a token': { user: 'ada', token: 't0ken' },
    'with a password, without a crumb': { user: 'ada', token: 'pass' },
    'for somebody who has not signed in': {},
  }))
    it(`are there ${who}, in three requests`, async () => {
      await using bed = await plant({ users }, options);
      await bed.connected();
      assert.deepEqual(bed.asked(), ['GET connect', 'GET listen', 'POST configure']);
      bed.jenkins.enqueue('plain');
      assert.equal((await bed.next(1))[0]?.kind, 'queue');
    });

  it('do not mind a session in which something was built', async () => {
    await using bed = await plant({ users }, { user: 'ada', token: 'pass' });
    await bed.client.doing.build(`${bed.jenkins.base}job/plain/`, undefined, bed.signal);
    await bed.connected();
    assert.equal(bed.jenkins.gateway.subscribed, 1);
  });

  it('are only of what one may see', async () => {
    await using bed = await plant({ users }, { user: 'eve', token: 't0ken' });
    await bed.connected();
    bed.jenkins.enqueue('team/moat/feature%2Fx');
    bed.jenkins.enqueue('plain');
    const [first] = await bed.next(1);
    assert.ok(first && 'jobUrl' in first);
    assert.equal(first.jobUrl, `${bed.jenkins.base}job/plain/`);
  });

  it('go on in one more request when a stream ends after its time, with what was meanwhile', async () => {
    await using bed = await plant();
    await bed.connected();
    bed.jenkins.gateway.timeOut();
    bed.jenkins.enqueue('plain');
    bed.turnWhenWaiting();
    assert.equal((await bed.next(4)).filter(({ kind }) => kind === 'queue').length, 3);
    assert.deepEqual(bed.asked().slice(3), ['GET listen']);
  });

  it('are subscribed to again, and that is told, where the server has forgotten the session', async () => {
    await using bed = await plant();
    await bed.connected();
    bed.jenkins.gateway.forget();
    bed.turnWhenWaiting();
    assert.deepEqual(await bed.next(1), [{ kind: 'connected' }]);
    assert.deepEqual(bed.asked().slice(3), ['GET listen', 'POST configure']);
    bed.jenkins.enqueue('plain');
    assert.equal((await bed.next(1))[0]?.kind, 'queue');
  });

  it('say at once that they break, and come again as the same client', async () => {
    await using bed = await plant();
    await bed.connected();
    bed.jenkins.gateway.cut();
    assert.deepEqual(await bed.next(1), [{ kind: 'broken' }]);
    bed.turnWhenWaiting();
    await bed.connected();
    const ids = bed.jenkins.requests.flatMap(
      ({ path }) => /(?:clientId=|listen\/)([\w-]+)/.exec(path)?.[1] ?? [],
    );
    assert.equal(ids.length, 4);
    assert.equal(new Set(ids).size, 1);
  });

  it('are asked for more and more rarely while the server does not answer', async () => {
    await using bed = await plant();
    await bed.connected();
    const fault = bed.jenkins.fault(/sse-gateway/, '503');
    bed.jenkins.gateway.cut();
    const pauses: (number | undefined)[] = [];
    let next = bed.next(1);
    for (let breaks = 0; breaks < 10; breaks++) {
      assert.deepEqual(await next, [{ kind: 'broken' }]);
      next = bed.next(1);
      await bed.waiting();
      pauses.push(bed.clock.next());
      if (breaks === 9) fault[Symbol.dispose]();
      bed.clock.turn(bed.clock.next() ?? 0);
    }
    assert.deepEqual(
      pauses.map((pause) => (pause ?? 0) / 1000),
      [2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
    );
    assert.deepEqual(await next, [{ kind: 'connected' }]);
  });

  for (const [what, options, fault] of [
    ['the plugin is missing', { events: false }, undefined],
    ['one may not read', { users, anonymous: false }, undefined],
    ['a page for signing in comes instead', {}, 'login'],
  ] as const)
    it(`end after one request where ${what}`, async () => {
      await using bed = await plant(options);
      if (fault) bed.jenkins.fault(/sse-gateway/, fault);
      assert.deepEqual(await bed.rest(), []);
      assert.deepEqual(bed.asked(), ['GET connect']);
    });

  it('end where something on the way holds all back', async () => {
    await using bed = await plant();
    bed.jenkins.fault(/listen/, 'silent');
    const rest = bed.rest();
    await bed.waiting();
    bed.clock.turn(15_000);
    assert.deepEqual(await rest, []);
  });

  it('pass over what is no event of a job, and go on', async () => {
    await using bed = await plant();
    await bed.connected();
    const { gateway } = bed.jenkins;
    for (const data of [
      'no JSON',
      '[]',
      'null',
      '{"jenkins_event":"constructor","job_name":"a"}',
      '{"jenkins_event":"job_run_started"}',
      '{"jenkins_event":"job_run_started","job_name":7}',
      `{"jenkins_event":"job_run_started","job_name":"${'x'.repeat(3000)}"}`,
      `{"jenkins_event":"job_run_started","job_name":"${'x'.repeat(100_000)}"}`,
    ])
      gateway.write(`event: job\ndata: ${data}\n\n`);
    gateway.write(': comment\r\nevent: other\r\ndata: {}\r\n\r\n');
    gateway.write('event: reload\n\n');
    gateway.write('event: job\ndata: {"jenkins_event":"job_run_ended","job_name":"../x"}\n\n');
    assert.deepEqual(await bed.next(2), [
      { kind: 'connected' },
      { kind: 'run', jobUrl: `${bed.jenkins.base}job/../job/x/`, run: undefined },
    ]);
  });

  it('end with the signal, and the server then keeps nothing for us', async () => {
    await using bed = await plant();
    await bed.connected();
    bed.cancel();
    await assert.rejects(bed.next(1), { name: 'AbortError' });
    assert.equal(bed.jenkins.gateway.subscribed, 0);
    assert.equal(bed.asked().at(-1), 'POST configure');
  });
});

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly client: ReturnType<typeof connect>;
  readonly clock: ManualClock;
  readonly signal: AbortSignal;
  cancel(): void;
  /** The next so many pushes. */
  next(count: number): Promise<Push[]>;
  /** All that come until they end. */
  rest(): Promise<Push[]>;
  /** Waits for the word that all is told from now on. */
  connected(): Promise<void>;
  /** Waits until the clock is waited for. */
  waiting(): Promise<void>;
  /** Turns the clock when it is waited for. */
  turnWhenWaiting(): void;
  /** What the gateway was asked, by method and action. */
  asked(): string[];
}

async function plant(
  options: Partial<JenkinsOptions> = {},
  who: Partial<ConnectOptions> = {},
): Promise<Bed> {
  const runs = [{ number: 7, result: 'SUCCESS' }] as const;
  const jenkins = await startJenkins({
    world: {
      jobs: [
        { name: 'plain', runs },
        {
          name: 'team',
          kind: 'folder',
          jobs: [{ name: 'moat', kind: 'multibranch', jobs: [{ name: 'feature%2Fx', runs }] }],
        },
      ],
    },
    events: true,
    ...options,
  });
  const client = connect({ base: jenkins.base, ...who });
  const turned = manualClock();
  let wake: () => void = () => undefined;
  const clock: ManualClock = {
    ...turned,
    after(milliseconds, run) {
      const timer = turned.after(milliseconds, run);
      wake();
      return timer;
    },
  };
  const waiting = async (): Promise<void> => {
    while (clock.next() === undefined) await new Promise<void>((resolve) => (wake = resolve));
  };
  const life = new AbortController();
  const pushes = client.pushes(clock, life.signal)[Symbol.asyncIterator]();
  const next = async (count: number): Promise<Push[]> => {
    const all: Push[] = [];
    while (all.length < count) {
      const told = await pushes.next();
      if (told.done === true) break;
      all.push(told.value);
    }
    return all;
  };
  return {
    jenkins,
    client,
    clock,
    signal: life.signal,
    cancel: () => life.abort(),
    next,
    rest: () => next(Infinity),
    connected: async () => assert.deepEqual(await next(1), [{ kind: 'connected' }]),
    waiting,
    turnWhenWaiting: () => void waiting().then(() => clock.turn(clock.next() ?? 0)),
    asked: () =>
      jenkins.requests.flatMap(({ method, path }) => {
        const [, action] = /sse-gateway\/(\w+)/.exec(path) ?? [];
        return action === undefined ? [] : [`${method} ${action}`];
      }),
    [Symbol.asyncDispose]: async () => {
      life.abort();
      // Otherwise what it holds open would be held for ever.
      await pushes.return?.();
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}
