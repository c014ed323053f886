import assert from 'node:assert/strict';
import type { RunStore } from '../../../src/editor/runs/runStore';
import type { DiskCache } from '../../../src/base/diskCache';
import { connect } from '../../../src/jenkins/client';
import { startJenkins, type JenkinsDouble } from '../../bed/jenkins/double';
import type { JobSpec, RunSpec, World } from '../../bed/jenkins/world';
import { diskCaches, INTERVAL, manualClock, storeOf, type ManualClock } from './stores';

const { signal } = new AbortController();

describe('the store of runs', () => {
  it('knows a project, its branches and their newest runs from one request', async () => {
    await using bed = await plant(project(20));
    const url = `${bed.jenkins.base}job/moat/`;
    const { kind, jobs } = await bed.store.inside(url, signal);
    assert.equal(kind, 'multibranch');
    for (const job of jobs) {
      const { runs, more } = await bed.store.runs(job.url, signal);
      assert.deepEqual([runs.map(({ number }) => number), more], [[5, 4, 3], true]);
    }
    assert.equal(bed.jenkins.requests.length, 1);
  });

  it('knows a plain job and its newest runs from one request, whatever it was taken for', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(12) }] });
    const url = `${bed.jenkins.base}job/a/`;
    assert.equal((await bed.store.inside(url, signal)).kind, 'job');
    assert.equal((await bed.store.runs(url, signal)).runs.length, 10);
    assert.equal(bed.jenkins.requests.length, 1);
    assert.equal((await bed.store.older(url, signal)).runs.length, 12);
    assert.equal(bed.jenkins.requests.length, 2);
  });

  it('asks once for what several want at once', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(2) }] });
    const url = `${bed.jenkins.base}job/a/`;
    await Promise.all([1, 2, 3].map(() => bed.store.runs(url, signal)));
    assert.equal(bed.jenkins.requests.length, 1);
  });

  it('looks at twenty visible jobs in at most twenty requests', async () => {
    await using bed = await plant(project(20));
    const { jobs } = await bed.store.inside(`${bed.jenkins.base}job/moat/`, signal);
    for (const { url } of jobs) bed.store.watch(url, 'visible');
    await bed.store.refresh();
    const before = bed.jenkins.requests.length;
    await bed.store.refresh();
    assert.equal(bed.jenkins.requests.length - before, 20);
  });

  it('tells of a change once, and of none where nothing changed', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: [{ number: 1, building: true }] }] });
    const url = `${bed.jenkins.base}job/a/`;
    await bed.store.runs(url, signal);
    bed.store.watch(url, 'visible');
    const told: string[] = [];
    bed.store.onDidChange((changed) => told.push(changed));
    await bed.store.refresh();
    assert.deepEqual(told, []);
    bed.jenkins.finish('a', 1, 'FAILURE');
    await bed.look(INTERVAL);
    assert.deepEqual(told, [url]);
    assert.equal(bed.store.known(url)?.runs[0]?.result, 'FAILURE');
  });

  it('keeps what it knew while the server does not answer, and rejects only where it knows nothing', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(2) }, { name: 'b' }] });
    const [a, b] = ['a', 'b'].map((name) => `${bed.jenkins.base}job/${name}/`);
    await bed.store.runs(a ?? '', signal);
    bed.jenkins.fault(/./, '500');
    bed.clock.turn(1);
    const known = await bed.store.runs(a ?? '', signal, 0);
    assert.equal(known.runs.length, 2);
    assert.match(String(known.problem), /HTTP 500/);
    await assert.rejects(bed.store.runs(b ?? '', signal), /HTTP 500/);
  });

  it('knows all jobs of a server, and what its folders hold, from one request', async () => {
    await using bed = await plant(server);
    const { base } = bed.jenkins;
    const { jobs } = await bed.store.index(base, signal);
    assert.deepEqual(
      jobs.map(({ fullName }) => fullName),
      ['alone', 'team', 'team/inner', 'team/inner/deep', 'team/moat', 'team/moat/feature%2Fx'],
    );
    const names = async (url: string) =>
      (await bed.store.inside(url, signal)).jobs.map(({ name }) => name);
    assert.deepEqual(await names(base), ['alone', 'team']);
    assert.deepEqual(await names(`${base}job/team/`), ['inner', 'moat']);
    assert.deepEqual(await names(`${base}job/team/job/moat/`), ['feature/x']);
    assert.equal(bed.jenkins.requests.length, 1);
  });

  it('has a project of the index looked at at once, since it tells more of its branches', async () => {
    await using bed = await plant(server);
    const { base } = bed.jenkins;
    await bed.store.index(base, signal);
    const [folder, project] = ['job/team/', 'job/team/job/moat/'].map((path) => base + path);
    bed.store.watch(folder ?? '', 'visible');
    assert.equal(bed.jenkins.requests.length, 1);
    const heard = new Promise((done) => bed.store.onDidLook(done));
    bed.store.watch(project ?? '', 'visible');
    assert.equal(await heard, project);
    const branch = `${project ?? ''}job/feature%252Fx/`;
    assert.equal(bed.store.known(branch)?.runs.length, 3);
  });

  it('tells only of folders in which something has changed, and keeps the others as they are', async () => {
    const running: RunSpec = { number: 1, building: true };
    const folder = (name: string): JobSpec => ({
      name,
      kind: 'folder',
      jobs: [{ name: 'job', runs: [running] }, { name: 'other' }],
    });
    await using bed = await plant({ jobs: [folder('a'), folder('b')] });
    const { base } = bed.jenkins;
    await bed.store.index(base, signal);
    bed.store.watch(base, 'visible');
    const inside = async (name: string) =>
      (await bed.store.inside(`${base}job/${name}/`, signal)).jobs;
    const before = { a: await inside('a'), b: await inside('b') };
    const told: string[] = [];
    bed.store.onDidChange((url) => told.push(url));
    bed.jenkins.finish('a/job', 1, 'FAILURE');
    await bed.store.refresh();
    assert.deepEqual(told, [`${base}job/a/`]);
    const after = { a: await inside('a'), b: await inside('b') };
    assert.equal(after.b, before.b);
    assert.equal(after.a[1], before.a[1]);
    assert.equal(after.a[0]?.state, 'failed');
  });

  it('looks also at an old run that goes on, in turn with the newest ones', async () => {
    const old: RunSpec = { number: 1, building: true };
    await using bed = await plant({ jobs: [{ name: 'a', runs: [...runs(30).slice(1), old] }] });
    const url = `${bed.jenkins.base}job/a/`;
    for (let pages = 0; pages < 3; pages++) await bed.store.older(url, signal);
    bed.store.watch(url, 'visible');
    bed.jenkins.finish('a', 1, 'ABORTED');
    await bed.store.refresh();
    await bed.store.refresh();
    const { runs: all = [] } = bed.store.known(url) ?? {};
    assert.equal(all.length, 30);
    assert.equal(all.at(-1)?.result, 'ABORTED');
  });

  it('holds no more than it must, however many runs the server has', async () => {
    await using bed = await plant(project(40, 60));
    const { jobs } = await bed.store.inside(`${bed.jenkins.base}job/moat/`, signal);
    const seen = jobs[0]?.url ?? '';
    bed.store.watch(seen, 'visible');
    for (const url of [seen, jobs[1]?.url ?? ''])
      for (let pages = 0; pages < 6; pages++) await bed.store.older(url, signal);
    assert.equal(bed.store.known(seen)?.runs.length, 60);
  });

  it('forgets a server, and tells nothing of what was still under way', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(2) }] });
    const url = `${bed.jenkins.base}job/a/`;
    await bed.store.runs(url, signal);
    bed.store.watch(url, 'visible');
    const looking = bed.store.refresh();
    bed.store.forget(bed.jenkins.base);
    await looking;
    assert.equal(bed.store.known(url), undefined);
    assert.equal((await bed.store.runs(url, signal)).runs.length, 2);
  });

  it('says since when a server answers nobody, and that it does again', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(2) }, { name: 'b' }] });
    const { base } = bed.jenkins;
    const [a = '', b = ''] = ['a', 'b'].map((name) => `${base}job/${name}/`);
    for (const url of [a, b]) {
      await bed.store.runs(url, signal);
      bed.store.watch(url, 'visible');
    }
    const told: string[] = [];
    bed.store.onDidChange((url) => told.push(url));
    bed.jenkins.fault(/job\/b/, '404');
    await bed.store.refresh();
    assert.equal(
      bed.store.trouble(base),
      undefined,
      'one job that is gone is no trouble of the server',
    );
    const since = bed.clock.now();
    const fault = bed.jenkins.fault(/./, 'reset');
    await bed.store.refresh();
    bed.clock.turn(1000);
    await bed.store.refresh();
    assert.equal(bed.store.trouble(base)?.since, since);
    fault[Symbol.dispose]();
    await bed.store.refresh();
    assert.equal(bed.store.trouble(base), undefined);
    assert.equal(told.filter((url) => url === base).length, 2);
  });

  it('lets who cancels go without spoiling it for others', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(2) }] });
    const url = `${bed.jenkins.base}job/a/`;
    const cancel = new AbortController();
    const first = bed.store.runs(url, cancel.signal);
    const second = bed.store.runs(url, signal);
    cancel.abort();
    await assert.rejects(first, { name: 'AbortError' });
    assert.equal((await second).runs.length, 2);
  });
});

describe('the store of runs with a disk', () => {
  const disks = diskCaches();

  it('knows the next day what it knew, also while the server is down', async () => {
    await using bed = await plant(server, disks.open());
    const { base } = bed.jenkins;
    const project = `${base}job/team/job/moat/`;
    const branch = `${project}job/feature%252Fx/`;
    await bed.store.index(base, signal);
    await bed.store.inside(project, signal, 0);
    await bed.restart();
    bed.jenkins.fault(/./, 'reset');
    assert.equal((await bed.store.index(base, signal)).jobs.length, 6);
    const { runs: known, heardAt } = await bed.store.runs(branch, signal);
    assert.deepEqual([known.map(({ number }) => number), heardAt], [[5, 4, 3], undefined]);
    const { jobs } = await bed.store.inside(project, signal, 0);
    assert.equal(jobs[0]?.name, 'feature/x');
  });

  it('tells what is on the disk at once, and then what the server says', async () => {
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(3) }] }, disks.open());
    const url = `${bed.jenkins.base}job/a/`;
    await bed.store.runs(url, signal);
    await bed.restart();
    const changed = new Promise((done) => bed.store.onDidChange(done));
    bed.jenkins.enqueue('a');
    assert.equal((await bed.store.runs(url, signal)).runs.length, 3);
    assert.equal(await changed, url);
    assert.equal(bed.store.known(url)?.runs.length, 4);
  });

  it('keeps no run that goes on, since nobody knows how it will have ended', async () => {
    const going: RunSpec = { number: 4, building: true };
    await using bed = await plant(
      { jobs: [{ name: 'a', runs: [going, ...runs(3)] }] },
      disks.open(),
    );
    const url = `${bed.jenkins.base}job/a/`;
    await bed.store.runs(url, signal);
    await bed.restart();
    bed.jenkins.fault(/./, 'reset');
    assert.equal((await bed.store.runs(url, signal)).runs.length, 3);
  });

  it('forgets what was kept of a server with the server', async () => {
    const cache = disks.open();
    await using bed = await plant({ jobs: [{ name: 'a', runs: runs(3) }] }, cache);
    const url = `${bed.jenkins.base}job/a/`;
    await bed.store.runs(url, signal);
    bed.store.forget(bed.jenkins.base);
    await bed.restart();
    assert.equal(await cache.get(`runs ${url}`), undefined);
  });
});

function runs(count: number): RunSpec[] {
  return Array.from({ length: count }, (_, n) => ({ number: n + 1, result: 'SUCCESS' }));
}

/** A job, and a folder with a folder and a project in it. */
const server: World = {
  jobs: [
    { name: 'alone' },
    {
      name: 'team',
      kind: 'folder',
      jobs: [
        { name: 'inner', kind: 'folder', jobs: [{ name: 'deep' }] },
        { name: 'moat', kind: 'multibranch', jobs: [{ name: 'feature%2Fx', runs: runs(5) }] },
      ],
    },
  ],
};

function project(branches: number, each = 5): World {
  const jobs = Array.from({ length: branches }, (_, n): JobSpec => ({
    name: `branch-${n}`,
    runs: runs(each),
  }));
  return { jobs: [{ name: 'moat', kind: 'multibranch', jobs }] };
}

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly store: RunStore;
  readonly clock: ManualClock;
  /** Ends the store, when all is on the disk, and begins another. */
  restart(): Promise<void>;
  /** Turns the clock, and waits until something was looked at. */
  look(milliseconds: number): Promise<void>;
}

async function plant(world: World, cache?: DiskCache): Promise<Bed> {
  const jenkins = await startJenkins({ world });
  const client = connect({ base: jenkins.base });
  const clock = manualClock();
  let store = storeOf(client, clock, cache);
  return {
    jenkins,
    get store() {
      return store;
    },
    clock,
    restart: async () => {
      store[Symbol.dispose]();
      await cache?.[Symbol.asyncDispose]();
      store = storeOf(client, clock, cache);
    },
    look: (milliseconds) =>
      new Promise((done) => {
        const once = store.onDidLook(() => {
          once[Symbol.dispose]();
          done();
        });
        clock.turn(milliseconds);
      }),
    [Symbol.asyncDispose]: async () => {
      store[Symbol.dispose]();
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}
