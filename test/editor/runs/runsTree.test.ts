import assert from 'node:assert/strict';
import { RunDetails } from '../../../src/editor/runs/runDetails';
import { rowOf } from '../../../src/editor/runs/runRows';
import { RunsTree, type RunsNode, type RunsSource } from '../../../src/editor/runs/runsTree';
import type { Server } from '../../../src/editor/frame/settings';
import { connect, type Client } from '../../../src/jenkins/client';
import type { RunStore } from '../../../src/editor/runs/runStore';
import { ciliumWorld } from '../../bed/jenkins/cilium';
import { startJenkins, type FaultKind, type JenkinsDouble } from '../../bed/jenkins/double';
import type { RunSpec, World } from '../../bed/jenkins/world';
import { manualClock, storeOf } from './stores';

const commits = { broken: 'b'.repeat(40), mended: 'c'.repeat(40) };
const cilium = ciliumWorld({ commits, originUrl: 'https://host/cilium.git' });

describe('the tree of runs', () => {
  it('is server, job, branches, runs, stages and what broke, each read when it is unfolded', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    assert.equal(bed.jenkins.requests.length, 0);
    const [server] = await bed.tree.children(undefined);
    const [job] = await bed.tree.children(server);
    assert.equal(bed.jenkins.requests.length, 0, 'a chosen job is known without asking');
    const branches = await bed.tree.children(job);
    assert.deepEqual(bed.labels(branches), ['master', 'PR-17', 'feature/any-direction']);
    assert.ok(
      branches[0]?.kind === 'job' && branches[0].current,
      'what is checked out comes first',
    );
    const first = await bed.tree.children(branches[0]);
    assert.deepEqual(bed.labels(first), ['#43', '#42', '#41', 'Show more runs…']);
    const asked = bed.jenkins.requests.filter(({ path }) => path.includes('api/json'));
    assert.equal(asked.length, 1, 'one request told all that');
    await bed.next((node) => node === branches[0]);
    const runs = await bed.tree.children(branches[0]);
    assert.deepEqual(bed.labels(runs), ['#43', '#42', '#41', '#40', '#39', '#38']);
    const stages = await bed.tree.children(runs[1]);
    assert.deepEqual(bed.labels(stages).slice(0, 2), ['Declarative: Checkout SCM', 'Build']);
    const why = await bed.tree.children(stages[1]);
    assert.deepEqual(bed.labels(why), ['./contrib/vagrant/start.sh', 'TestPolicyEgressDeny']);
  });

  it('names the stage in which the newest broken run broke', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    const master = await bed.open('master');
    const told = bed.next((node) => node?.kind === 'run' && node.run.number === 42);
    const [, broken] = await bed.tree.children(master);
    await told;
    assert.ok(broken?.kind === 'run');
    assert.equal(bed.tree.brokenIn(broken.run), 'Build');
  });

  it('shows more runs when it is asked to', async () => {
    const runs = Array.from({ length: 25 }, (_, n): RunSpec => ({
      number: n + 1,
      result: 'SUCCESS',
    }));
    await using bed = await plant({ world: { jobs: [{ name: 'a', runs }] }, jobs: ['job/a/'] });
    const job = await bed.open();
    const first = await bed.tree.children(job);
    assert.equal(first.length, 11);
    const more = first.at(-1);
    assert.ok(more?.kind === 'more');
    await bed.tree.showMore(more.job);
    assert.deepEqual(bed.changes, [job]);
    assert.equal((await bed.tree.children(job)).length, 21);
  });

  it('asks no server that the person has not connected to, and offers to connect', async () => {
    await using bed = await plant({ world: cilium, jobs: ['https://evil.example/jenkins/job/x/'] });
    const roots = await bed.tree.children(undefined);
    assert.deepEqual(
      roots.map(({ kind }) => kind),
      ['server', 'stranger'],
    );
    assert.match(bed.labels(roots)[1] ?? '', /^Connect to evil\.example/);
  });

  it('is empty without a job, so that the view can say what to do', async () => {
    await using bed = await plant({ world: cilium, jobs: [] });
    assert.deepEqual(await bed.tree.children(undefined), []);
  });

  const faults: [FaultKind, string][] = [
    ['401', 'Sign in again…'],
    ['403', 'Sign in…'],
    ['login-redirect', 'Sign in…'],
    ['html', 'Try again'],
    ['truncated', 'Try again'],
    ['500', 'Try again'],
    ['reset', 'Try again'],
  ];
  for (const [fault, label] of faults)
    it(`shows an answer of ${fault} as a node that says what to do`, async () => {
      await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
      const job = await bed.open();
      bed.jenkins.fault(/cilium/, fault);
      const [problem, ...rest] = await bed.tree.children(job);
      assert.ok(problem?.kind === 'problem');
      assert.deepEqual(rest, []);
      const row = rowOf(problem, () => undefined, Date.now());
      assert.equal(row.label, label);
      assert.ok((row.tooltip?.length ?? 0) > 1, 'it has advice');
    });

  it('tells a look that failed once, keeps what it had, and mends itself', async () => {
    const world: World = { jobs: [{ name: 'a', runs: [{ number: 1, result: 'SUCCESS' }] }] };
    await using bed = await plant({ world, jobs: ['job/a/'] });
    const job = await bed.open();
    await bed.tree.children(job);
    const fault = bed.jenkins.fault(/./, '500');
    await bed.store.refresh();
    await bed.store.refresh();
    assert.equal(bed.changes.length, 1, 'told once');
    assert.deepEqual(kinds(await bed.tree.children(job)), ['problem', 'run']);
    fault[Symbol.dispose]();
    await bed.store.refresh();
    assert.equal(bed.changes.length, 2);
    assert.deepEqual(kinds(await bed.tree.children(job)), ['run']);
  });

  it('has unfolded jobs alone looked at, and sees a run end', async () => {
    const running: RunSpec = { number: 1, building: true, stages: [{ name: 'Build' }] };
    const world: World = { jobs: [{ name: 'a', runs: [running] }] };
    await using bed = await plant({ world, jobs: ['job/a/'] });
    const job = await bed.open();
    await bed.tree.children(job);
    bed.jenkins.finish('a', 1, 'FAILURE');
    await bed.store.refresh();
    assert.deepEqual(bed.changes, [job]);
    const [run] = await bed.tree.children(job);
    assert.ok(run?.kind === 'run' && run.run.result === 'FAILURE');
    bed.tree.fold(job, false);
    const asked = bed.jenkins.requests.length;
    await bed.store.refresh();
    assert.equal(bed.jenkins.requests.length, asked);
  });

  it('has nothing looked at while it is hidden, nor what lies in something folded', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    const branch = await bed.open('master');
    await bed.tree.children(branch);
    const project = await bed.open();
    const looked = async (): Promise<number> => {
      const before = bed.jenkins.requests.length;
      await bed.store.refresh();
      return bed.jenkins.requests.length - before;
    };
    await looked();
    assert.equal(await looked(), 2, 'the project and its branch');
    bed.tree.fold(project, false);
    assert.equal(await looked(), 0);
    bed.tree.fold(project, true);
    assert.equal(await looked(), 2);
    bed.tree.see(false);
    assert.equal(await looked(), 0);
  });

  it('tells of an unfolded run that goes on with each look', async () => {
    const running: RunSpec = { number: 1, building: true, stages: [{ name: 'Build' }] };
    await using bed = await plant({
      world: { jobs: [{ name: 'a', runs: [running] }] },
      jobs: ['job/a/'],
    });
    const [run] = await bed.tree.children(await bed.open());
    await bed.store.refresh();
    assert.deepEqual(bed.changes, []);
    await bed.tree.children(run);
    await bed.store.refresh();
    assert.deepEqual(bed.changes, [run]);
  });
});

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly tree: RunsTree;
  readonly store: RunStore;
  /** The nodes of which a change was told. */
  readonly changes: (RunsNode | undefined)[];
  labels(nodes: readonly RunsNode[]): string[];
  /** The only job, or its branch of that name. */
  open(branch?: string): Promise<RunsNode>;
  next(match: (node: RunsNode | undefined) => boolean): Promise<void>;
}

async function plant(options: { world: World; jobs: readonly string[] }): Promise<Bed> {
  const jenkins = await startJenkins({ world: options.world });
  const client: Client = connect({ base: jenkins.base });
  const server: Server = { url: jenkins.base, name: 'ci', user: undefined };
  const jobs = options.jobs.map((job) => (job.startsWith('http') ? job : jenkins.base + job));
  const store = storeOf(client, manualClock());
  const source: RunsSource = {
    servers: () => [server],
    jobs: () => jobs,
    showsAll: () => false,
    branch: () => Promise.resolve('master'),
    store,
    details: new RunDetails(() => Promise.resolve(client)),
  };
  const changes: (RunsNode | undefined)[] = [];
  const waiting: { match: (node: RunsNode | undefined) => boolean; done: () => void }[] = [];
  const tree = new RunsTree(source, (node) => {
    changes.push(node);
    for (const { match, done } of waiting) if (match(node)) done();
  });
  tree.see(true);
  return {
    jenkins,
    tree,
    store,
    changes,
    labels: (nodes) => nodes.map((node) => rowOf(node, () => undefined, Date.now()).label),
    open: async (branch) => {
      const [root] = await tree.children(undefined);
      const [job] = await tree.children(root);
      const inside = branch === undefined ? [] : await tree.children(job);
      const found = inside.find((node) => node.kind === 'job' && node.job?.name === branch) ?? job;
      assert.ok(found);
      return found;
    },
    next: (match) => new Promise((done) => waiting.push({ match, done })),
    [Symbol.asyncDispose]: async () => {
      tree[Symbol.dispose]();
      store[Symbol.dispose]();
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

function kinds(nodes: readonly RunsNode[]): string[] {
  return nodes.map(({ kind }) => kind);
}
