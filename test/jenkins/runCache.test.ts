import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskCache } from '../../src/base/diskCache';
import { connect, type Client } from '../../src/jenkins/client';
import { openRunCache } from '../../src/jenkins/runCache';
import { startJenkins, type JenkinsDouble } from '../bed/jenkins/double';
import type { RunSpec, World } from '../bed/jenkins/world';

const { signal } = new AbortController();
const sha = 'b'.repeat(40);

const failed: RunSpec = {
  number: 2,
  result: 'FAILURE',
  error: 'script returned exit code 1',
  script: 'pipeline { }',
  preamble: [`Obtained Jenkinsfile from ${sha}`],
  checkouts: [
    { sha, remoteUrls: ['https://host/moat.git'] },
    { sha: 'c'.repeat(40), remoteUrls: ['https://host/library.git'] },
  ],
  stages: [{ name: 'Build', state: 'failed', log: ['[Pipeline] sh', '+ make', 'make: Error 1'] }],
};
const world: World = {
  jobs: [{ name: 'moat', runs: [{ number: 1, result: 'SUCCESS' }, failed] }],
};

describe('answers about runs that have ended', () => {
  it('are asked for once, by all who share the cache', async () => {
    await using bed = await plant(world);
    const first = await bed.all(bed.client());
    await bed.written();
    const asked = bed.jenkins.requests.length;
    const again = await bed.all(bed.client());
    assert.deepEqual(again, first);
    const more = bed.jenkins.requests.slice(asked).map(({ path }) => path);
    assert.equal(more.length, 1, 'whether it is still the same run is asked');
    assert.match(more[0] ?? '', /moat\/2\/api\/json/);
  });

  it('are known while the server is down, with the right commit for each workspace', async () => {
    await using bed = await plant(world);
    const client = bed.client();
    const run = await client.run(bed.url, signal);
    const known = await bed.all(client);
    await client.keep(run, signal);
    await bed.written();
    bed.jenkins.fault(/./, 'reset');
    const offline = bed.client();
    assert.deepEqual(await bed.all(offline), known);
    const ours = await offline.run(bed.url, signal, ['https://host/library.git']);
    assert.equal(ours.commit?.sha, 'c'.repeat(40));
    const [before] = await offline.runs(run.jobUrl, { limit: 1, olderThan: 2 }, signal);
    assert.equal(before?.result, 'SUCCESS');
  });

  it('are not taken for those of a running one', async () => {
    const running: RunSpec = { number: 1, building: true, stages: [{ name: 'Build' }] };
    await using bed = await plant({ jobs: [{ name: 'moat', runs: [running] }] });
    const client = bed.client();
    const url = `${bed.jenkins.base}job/moat/1/`;
    const stages = async () => client.stages(await client.run(url, signal), signal);
    await stages();
    bed.jenkins.finish('moat', 1, 'FAILURE', [{ name: 'Build', state: 'failed' }]);
    assert.equal((await stages())[0]?.state, 'failed');
  });

  it('are asked for anew of a job that was deleted and made again', async () => {
    await using bed = await plant(world);
    await bed.all(bed.client());
    await bed.written();
    const again = { ...failed, startedAt: 5, stages: [{ name: 'Other' }] };
    await using other = await startJenkins({
      world: { jobs: [{ name: 'moat', runs: [again] }] },
      port: await bed.close(),
    });
    assert.ok(other.base);
    const { stages } = await bed.all(bed.client());
    assert.deepEqual(
      stages.map(({ name }) => name),
      ['Other'],
    );
  });

  it('are not what a server says that the run is gone', async () => {
    await using bed = await plant(world);
    await bed.all(bed.client());
    await bed.written();
    bed.jenkins.fault(/moat\/2\/api/, '404');
    await assert.rejects(bed.client().run(bed.url, signal), { kind: 'not-found' });
  });

  it('are asked for again where a part of them could not be had', async () => {
    await using bed = await plant(world);
    const run = await bed.client().run(bed.url, signal);
    const fault = bed.jenkins.fault(/stages\/tree|pipeline-overview/, '500');
    const [poor] = await bed.client().stages(run, signal);
    assert.equal(poor?.startedAt, undefined, 'the log knows no times');
    fault[Symbol.dispose]();
    await bed.written();
    const [better] = await bed.client().stages(run, signal);
    assert.ok(better?.startedAt !== undefined);
    await bed.written();
    const asked = bed.jenkins.requests.length;
    await bed.client().stages(run, signal);
    assert.equal(bed.jenkins.requests.length, asked);
  });

  it('are gone with the end of their cache, and are no other user’s', async () => {
    await using bed = await plant(world);
    await bed.all(bed.client());
    await bed.written();
    bed.jenkins.fault(/./, 'reset');
    await assert.rejects(bed.client('eve').run(bed.url, signal), { kind: 'network' });
    await bed.cache().end();
    await assert.rejects(bed.client().run(bed.url, signal), { kind: 'network' });
  });
});

async function plant(of: World) {
  const root = await mkdtemp(join(tmpdir(), 'ci-parity-cache-'));
  const jenkins: JenkinsDouble = await startJenkins({ world: of });
  const clients: Client[] = [];
  const url = `${jenkins.base}job/moat/2/`;
  const caches: DiskCache[] = [];
  const cache = (user?: string) => {
    const opened = openRunCache(jenkins.base, user, root);
    caches.push(opened);
    return opened;
  };
  return {
    jenkins,
    url,
    cache,
    /** A client as another window, or the same one tomorrow, has it. */
    client(user?: string): Client {
      const client = connect({ base: jenkins.base }, cache(user));
      clients.push(client);
      return client;
    },
    /** Waits until what is to be kept is on the disk. */
    written: async () => {
      for (const each of caches) await each[Symbol.asyncDispose]();
    },
    /** What browsing and reproducing run #2 want to know. */
    async all(client: Client) {
      const run = await client.run(url, signal, ['https://host/moat.git']);
      const stages = await client.stages(run, signal);
      const explanation = await client.explain(run, stages, signal);
      const jenkinsfile = await client.jenkinsfile(run, signal);
      const libraries = await client.libraries(run, signal);
      // Values that are undefined are missing in JSON.
      const all = { run, stages, explanation, jenkinsfile, libraries };
      return JSON.parse(JSON.stringify(all)) as typeof all;
    },
    /** Closes the server, and gives its port. */
    async close(): Promise<number> {
      await jenkins.close();
      return Number(new URL(jenkins.base).port);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client[Symbol.dispose]();
      for (const each of caches) await each[Symbol.asyncDispose]();
      await jenkins.close().catch(() => undefined);
      await rm(root, { recursive: true, force: true });
    },
  };
}
