import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Favourite } from '../../../src/editor/runs/favourites';
import { RunDetails } from '../../../src/editor/runs/runDetails';
import { rowOf } from '../../../src/editor/runs/runRows';
import {
  idOf,
  type JobNode,
  type RunNode,
  type RunsNode,
} from '../../../src/editor/runs/runsNodes';
import type { RunStore } from '../../../src/editor/runs/runStore';
import { RunsTree, type RunsSource } from '../../../src/editor/runs/runsTree';
import type { Server } from '../../../src/editor/frame/settings';
import { connect, type Client } from '../../../src/jenkins/client';
import { ciliumWorld } from '../../bed/jenkins/cilium';
import {
  startJenkins,
  type FaultKind,
  type JenkinsDouble,
  type JenkinsOptions,
} from '../../bed/jenkins/double';
import type { JobSpec, RunSpec, World } from '../../bed/jenkins/world';
import { manualClock, storeOf } from './stores';

const commits = { broken: 'b'.repeat(40), mended: 'c'.repeat(40) };
const cilium = ciliumWorld({ commits, originUrl: 'https://host/cilium.git' });

describe('the tree of runs', () => {
  it('is workspace, job, branches, runs and what broke, each read when it is unfolded', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    assert.equal(bed.jenkins.requests.length, 0);
    const [workspace] = await bed.tree.children(undefined);
    const [job] = await bed.tree.children(workspace);
    assert.equal(bed.jenkins.requests.length, 0, 'a chosen job is known without asking');
    const branches = await bed.tree.children(job);
    assert.deepEqual(bed.labels(branches), ['master', 'Pull requests', 'feature/any-direction']);
    assert.ok(
      branches[0]?.kind === 'job' && branches[0].current,
      'what is checked out comes first',
    );
    const first = await bed.tree.children(branches[0]);
    assert.deepEqual(bed.labels(first), ['#43', '#42', '#41', 'Show more runs…']);
    const asked = bed.jenkins.requests.filter(({ path }) => path.includes('tree=name'));
    assert.equal(asked.length, 1, 'one request told all that');
    await bed.next((node) => node === branches[0]);
    const runs = await bed.tree.children(branches[0]);
    assert.deepEqual(bed.labels(runs), ['#43', '#42', '#41', '#40', '#39', '#38']);
  });

  it('shows below a failed run at once its stages, and then what failed first and the tests', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    const [, broken] = await bed.tree.children(await bed.open('master'));
    assert.ok(broken?.kind === 'run');
    const first = await bed.tree.children(broken);
    assert.deepEqual(kinds(first), ['diagnosis', 'stage', 'stage', 'stage']);
    const [diagnosis, ...rest] = await bed.settled(broken, (below) => below[1]?.kind === 'test');
    assert.match(
      bed.labels([diagnosis!])[0] ?? '',
      /^Build: \.\/contrib\/vagrant\/start\.sh → exit 1/,
    );
    assert.deepEqual(bed.labels(rest), [
      'TestPolicyEgressDeny',
      'Declarative: Checkout SCM',
      'Build',
      'Declarative: Post Actions',
    ]);
    const evidence = await bed.tree.children(diagnosis);
    assert.ok(evidence.length > 0 && evidence.every(({ kind }) => kind === 'evidence'));
  });

  it('groups pull requests, with title, author, target and fork', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    const [, group] = await bed.tree.children(await bed.open());
    const [change] = await bed.tree.children(group);
    assert.ok(change);
    const { label, description } = bed.row(change);
    assert.equal(label, '#17 policy: a line may be about both directions');
    assert.equal(description, 'by ada · into master · from a fork');
    assert.deepEqual(bed.labels(await bed.tree.children(change)), ['#3']);
  });

  it('marks the pull request that comes from the branch that is checked out', async () => {
    const jobs = ['job/networking/job/cilium/'];
    await using bed = await plant({ world: cilium, jobs, branch: 'any-direction' });
    const project = await bed.open();
    const [first] = await bed.settled(project, ([node]) => node?.kind === 'job' && node.current);
    assert.equal(bed.row(first!).label, '#17 policy: a line may be about both directions');
    assert.match(bed.row(first!).description ?? '', /^checked out · /);
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
    await using bed = await plant({ world: { jobs: [job('a', runs(25))] }, jobs: ['job/a/'] });
    const node = await bed.open();
    const first = await bed.tree.children(node);
    assert.equal(first.length, 11);
    const more = first.at(-1);
    assert.ok(more?.kind === 'more');
    await bed.tree.showMore(more.job);
    assert.deepEqual(bed.changes, [node]);
    assert.equal((await bed.tree.children(node)).length, 21);
  });

  it('shows what waits to become a run, and the run that it became', async () => {
    await using bed = await plant({
      world: { jobs: [job('a', runs(1))] },
      jobs: ['job/a/'],
      jenkins: { waits: true },
    });
    bed.jenkins.enqueue('a', { why: 'Waiting for next available executor' });
    const node = await bed.open();
    const [waiting] = await bed.settled(node, ([first]) => first?.kind === 'queued');
    assert.equal(bed.row(waiting!).label, 'waiting to begin');
    assert.match(bed.row(waiting!).description ?? '', /^Waiting for next available executor · /);
    bed.jenkins.start();
    bed.turn(10_000);
    await bed.store.refresh();
    const began = await bed.settled(node, ([first]) => first?.kind === 'run');
    assert.deepEqual(bed.labels(began), ['#2', '#1']);
  });

  it('shows all that waits with different parameters once the job is unfolded', async () => {
    await using bed = await plant({
      world: { jobs: [job('a', runs(1))] },
      jobs: ['job/a/'],
      jenkins: { waits: true },
    });
    for (const value of ['x', 'y'])
      bed.jenkins.enqueue('a', { parameters: [{ name: 'TARGET', value }] });
    const node = await bed.open();
    const both = await bed.settled(node, ([, second]) => second?.kind === 'queued');
    assert.deepEqual(kinds(both), ['queued', 'queued', 'run']);
    bed.jenkins.start(bed.jenkins.queue[0]?.id);
    bed.turn(10_000);
    await bed.store.refresh();
    await bed.settled(node, (below) => below.length === 3 && below[1]?.kind === 'run');
  });

  it('sees also on a server whose Pipelines are silent about it what waits, and that it began', async () => {
    await using bed = await plant({
      world: { jobs: [job('a', runs(1))] },
      jobs: ['job/a/'],
      jenkins: { waits: true, silentPipelines: true },
    });
    bed.jenkins.enqueue('a');
    const node = await bed.open();
    await bed.settled(node, ([first]) => first?.kind === 'queued');
    bed.jenkins.start();
    bed.turn(10_000);
    await bed.store.refresh();
    const began = await bed.settled(node, ([first]) => first?.kind === 'run');
    assert.deepEqual(bed.labels(began), ['#2', '#1']);
  });

  it('looks at twenty visible jobs, some running and some waiting, in twenty requests', async () => {
    const names = Array.from({ length: 20 }, (_, nth) => `job-${nth}`);
    const running: RunSpec = { number: 1, building: true, stages: [{ name: 'Build' }] };
    const world: World = {
      jobs: names.map((name, nth) => job(name, nth % 3 === 0 ? [running] : runs(2))),
    };
    await using bed = await plant({
      world,
      jobs: names.map((name) => `job/${name}/`),
      jenkins: { waits: true },
    });
    for (const name of names.slice(0, 5)) bed.jenkins.enqueue(name);
    const [section] = await bed.tree.children(undefined);
    const shown = await bed.tree.children(section);
    const read = async () =>
      (await Promise.all(shown.map((each) => bed.tree.children(each)))).flat();
    await read();
    for (const look of [() => bed.store.refresh(), () => bed.tree.refresh()]) {
      bed.turn(60_000);
      await bed.store.refresh();
      bed.turn(5_000);
      const before = bed.jenkins.requests.length;
      await look();
      const rows = await read();
      assert.equal(bed.jenkins.requests.length - before, 20);
      assert.equal(rows.filter(({ kind }) => kind === 'queued').length, 5);
      assert.equal(rows.filter(({ kind }) => kind === 'run').length, 7 + 2 * 13);
    }
  });

  it('asks no server that the person has not connected to, and offers to connect', async () => {
    await using bed = await plant({ world: cilium, jobs: ['https://evil.example/jenkins/job/x/'] });
    const roots = await bed.tree.children(undefined);
    assert.deepEqual(kinds(roots), ['stranger']);
    assert.match(bed.labels(roots)[0] ?? '', /^Connect to evil\.example/);
    assert.equal(bed.jenkins.requests.length, 0);
  });

  it('is empty without a job, so that the view can say what to do', async () => {
    await using bed = await plant({ world: cilium });
    assert.deepEqual(await bed.tree.children(undefined), []);
  });

  it('suggests the jobs that are named as the repository is, once the server has told them', async () => {
    await using bed = await plant({ world: cilium, repositories: ['git@host:acme/cilium.git'] });
    const found = bed.next((node) => node === undefined);
    assert.deepEqual(await bed.tree.children(undefined), []);
    await found;
    const [workspace] = await bed.tree.children(undefined);
    const suggestions = await bed.tree.children(workspace);
    assert.deepEqual(bed.labels(suggestions), ['Use networking/cilium?', 'Choose another job…']);
    assert.equal(bed.jenkins.requests.length, 1);
  });

  it('shows all jobs of the servers from one request when they are wanted', async () => {
    await using bed = await plant({ world: cilium, showsAll: true });
    const [server] = await bed.tree.children(undefined);
    const jobs = await bed.tree.children(server);
    assert.deepEqual(bed.labels(jobs), ['networking', 'nightly']);
    assert.deepEqual(bed.labels(await bed.tree.children(jobs[0])), ['cilium']);
    assert.equal(bed.jenkins.requests.length, 1);
  });

  it('has favourites, jobs and folders, and shows how the jobs are without unfolding them', async () => {
    const world: World = {
      jobs: [job('a', runs(1, 'FAILURE')), { name: 'team', kind: 'folder', jobs: [job('b')] }],
    };
    await using bed = await plant({
      world,
      favourites: [
        { url: 'job/a/', kind: 'job', name: 'a' },
        { url: 'job/team/', kind: 'folder', name: 'the team' },
        { url: 'https://elsewhere.example/job/x/', kind: 'job', name: 'x' },
      ],
    });
    const [favourites] = await bed.tree.children(undefined);
    const told = bed.next((node) => node?.kind === 'job');
    const [a, team, ...rest] = await bed.tree.children(favourites);
    assert.deepEqual(rest, [], 'nobody is asked to whom the person has not connected');
    await told;
    assert.equal(bed.row(a!).mark?.icon, 'error');
    assert.equal(bed.row(team!).label, 'the team');
    assert.deepEqual(
      [bed.row(a!).context, bed.row(team!).context],
      ['job.runs.favourite', 'job.holder.favourite'],
    );
    assert.deepEqual(bed.labels(await bed.tree.children(team)), ['b']);
  });

  it('has an id of its own for a job in each part, and in a report that names a test twice', async () => {
    const test = { group: 'g', name: 'twice', status: 'FAILED' } as const;
    const failed: RunSpec = { number: 1, result: 'FAILURE', tests: [test, test] };
    await using bed = await plant({
      world: { jobs: [job('a', [failed])] },
      jobs: ['job/a/'],
      favourites: [{ url: 'job/a/', kind: 'job', name: 'a' }],
      showsAll: true,
    });
    const ids: string[] = [];
    const walk = async (node: RunsNode | undefined): Promise<void> => {
      for (const child of await bed.tree.children(node)) {
        ids.push(idOf(child));
        await walk(child);
      }
    };
    const told = bed.next((node) => node?.kind === 'run');
    await walk(undefined);
    await told;
    ids.length = 0;
    await walk(undefined);
    assert.ok(ids.some((id) => id.includes('twice')));
    assert.equal(new Set(ids).size, ids.length);
  });

  const faults: [FaultKind, string][] = [
    ['401', 'Sign in…'],
    ['403', 'Sign in…'],
    ['login-redirect', 'Sign in…'],
    ['html', 'Try again'],
    ['truncated', 'Try again'],
    ['500', 'Try again'],
    ['reset', 'Try again'],
  ];
  for (const [fault, label] of faults)
    it(`shows an answer of ${fault} as one node that says what to do`, async () => {
      await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
      const node = await bed.open();
      bed.jenkins.fault(/cilium/, fault);
      const below = await bed.tree.children(node);
      const [section] = await bed.tree.children(undefined);
      const told = [...(await bed.tree.children(section)), ...below].filter(
        ({ kind }) => kind === 'problem' || kind === 'trouble',
      );
      assert.equal(told.length, 1);
      const row = bed.row(told[0]!);
      assert.equal(row.label, label);
      assert.ok((row.tooltip?.length ?? 0) > 1, 'it has advice');
    });

  it('tells a look that failed once, keeps what it had, and mends itself', async () => {
    await using bed = await plant({ world: { jobs: [job('a', runs(1))] }, jobs: ['job/a/'] });
    const node = await bed.open();
    await bed.tree.children(node);
    const fault = bed.jenkins.fault(/./, '500');
    await bed.store.refresh();
    await bed.store.refresh();
    assert.equal(bed.changes.length, 1, 'told once');
    assert.deepEqual(kinds(await bed.tree.children(node)), ['problem', 'run']);
    fault[Symbol.dispose]();
    await bed.store.refresh();
    assert.equal(bed.changes.length, 2);
    assert.deepEqual(kinds(await bed.tree.children(node)), ['run']);
  });

  it('tells once what a server answers everybody with, since when and until when, and where its jobs are', async () => {
    const world: World = { jobs: [job('a', runs(1)), job('b', runs(1)), job('c', runs(1))] };
    const jobs = ['job/a/', 'job/b/'];
    const favourites: Favourite[] = [{ url: 'job/c/', kind: 'job' }];
    await using bed = await plant({ world, jobs, favourites });
    const shown = async () => {
      const sections = await bed.tree.children(undefined);
      const below = await Promise.all(sections.map((section) => bed.tree.children(section)));
      const inside = await Promise.all(
        below.flat().map(async (each) => kinds(await bed.tree.children(each))),
      );
      return { below: below.map(kinds), inside: inside.flat(), first: below[0]?.[0] };
    };
    const before = await shown();
    const down = await bed.jenkins.down();
    await bed.store.refresh();
    const { below, inside, first } = await shown();
    assert.deepEqual(below, [['trouble', 'job', 'job'], ['job']]);
    assert.deepEqual(inside, before.inside);
    const words = bed.row(first!).description ?? '';
    assert.match(words, /^connection refused · since \d\d:\d\d · tries again at \d\d:\d\d$/);
    await down[Symbol.asyncDispose]();
    const mended = bed.next((node) => node === undefined);
    bed.turn(60_000);
    await mended;
    assert.deepEqual((await shown()).below, before.below);
  });

  it('tells at the line of the server what it answers everybody with, and leaves its jobs below it', async () => {
    await using bed = await plant({ world: cilium, showsAll: true, jobs: ['job/nightly/'] });
    const [section, server] = await bed.tree.children(undefined);
    const [job] = await bed.tree.children(section);
    await bed.tree.children(job);
    const before = kinds(await bed.tree.children(server));
    const down = await bed.jenkins.down();
    await bed.store.refresh();
    assert.deepEqual(kinds(await bed.tree.children(server)), ['trouble', ...before]);
    assert.deepEqual(kinds(await bed.tree.children(section)), ['job']);
    assert.equal(bed.row(server!).mark?.color, 'testing.iconErrored');
    await down[Symbol.asyncDispose]();
  });

  it('tells where one job alone cannot be read only there', async () => {
    const world: World = { jobs: [job('a', runs(1)), job('b', runs(1))] };
    await using bed = await plant({ world, jobs: ['job/a/', 'job/b/'] });
    const [section] = await bed.tree.children(undefined);
    const both = await bed.tree.children(section);
    for (const each of both) await bed.tree.children(each);
    bed.jenkins.fault(/job\/a/, '500');
    for (let looks = 0; looks < 3; looks++) await bed.store.refresh();
    assert.deepEqual(kinds(await bed.tree.children(section)), ['job', 'job']);
    assert.deepEqual(kinds(await bed.tree.children(both[0])), ['problem', 'run']);
    assert.deepEqual(kinds(await bed.tree.children(both[1])), ['run']);
  });

  it('tells once of a problem with a project and all of its branches, and of a branch alone there', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    const branch = await bed.open('master');
    await bed.tree.children(branch);
    const project = await bed.open();
    const [section] = await bed.tree.children(undefined);
    const shown = async () => {
      const below = await Promise.all(
        [section, project, branch].map((node) => bed.tree.children(node)),
      );
      return below.map((nodes) => kinds(nodes).filter((kind) => /problem|trouble/.test(kind)));
    };
    const everywhere = bed.jenkins.fault(/./, '500');
    await bed.store.refresh();
    assert.deepEqual(await shown(), [['trouble'], [], []]);
    everywhere[Symbol.dispose]();
    bed.jenkins.fault(/master/, '500');
    await bed.store.refresh();
    assert.deepEqual(await shown(), [[], [], ['problem']]);
  });

  it('has unfolded jobs alone looked at, and sees a run end', async () => {
    const running: RunSpec = { number: 1, building: true, stages: [{ name: 'Build' }] };
    await using bed = await plant({ world: { jobs: [job('a', [running])] }, jobs: ['job/a/'] });
    const node = await bed.open();
    await bed.tree.children(node);
    bed.jenkins.finish('a', 1, 'FAILURE');
    await bed.store.refresh();
    assert.ok(bed.changes.length > 0 && bed.changes.every((changed) => changed === node));
    const [run] = await bed.tree.children(node);
    assert.ok(run?.kind === 'run' && run.run.result === 'FAILURE');
    bed.tree.fold(node, false);
    const asked = bed.jenkins.requests.length;
    await bed.store.refresh();
    assert.equal(bed.jenkins.requests.length, asked);
  });

  it('has nothing looked at while it is hidden, nor what lies in something folded', async () => {
    await using bed = await plant({ world: cilium, jobs: ['job/networking/job/cilium/'] });
    const [section] = await bed.tree.children(undefined);
    const branch = await bed.open('master');
    await bed.tree.children(branch);
    const project = await bed.open();
    const looked = async (): Promise<number> => {
      const before = bed.jenkins.requests.length;
      await bed.store.refresh();
      return bed.jenkins.requests.length - before;
    };
    // When the branch is unfolded it is asked once what waits, and where the newest failure broke.
    const isAsked = (part: string) => bed.jenkins.requests.some(({ path }) => path.includes(part));
    while (!isAsked('/queue/') || !isAsked('/stages/')) await setImmediate();
    await looked();
    assert.equal(await looked(), 2, 'the project and its branch');
    for (const above of [project, section!]) {
      bed.tree.fold(above, false);
      assert.equal(await looked(), 0);
      bed.tree.fold(above, true);
      assert.equal(await looked(), 2);
    }
    bed.tree.see(false);
    assert.equal(await looked(), 0);
  });

  it('tells of a run that goes on with each look, for its progress', async () => {
    const running: RunSpec = { number: 1, building: true, stages: [{ name: 'Build' }] };
    await using bed = await plant({ world: { jobs: [job('a', [running])] }, jobs: ['job/a/'] });
    const [run] = await bed.tree.children(await bed.open());
    await bed.store.refresh();
    assert.deepEqual(bed.changes, [run]);
    bed.jenkins.finish('a', 1, 'SUCCESS');
    await bed.store.refresh();
    bed.changes.length = 0;
    await bed.store.refresh();
    assert.deepEqual(bed.changes, [], 'one that has ended is not told of');
  });
});

describe('the tree of runs with only what fails', () => {
  const world: World = {
    jobs: [
      { name: 'well', kind: 'folder', jobs: [job('a', runs(1))] },
      {
        name: 'ill',
        kind: 'folder',
        jobs: [
          job('passes', runs(1)),
          job('fails', runs(1, 'FAILURE')),
          job('unstable', runs(1, 'UNSTABLE')),
          job('running', [{ number: 1, building: true }]),
          { name: 'in', kind: 'folder', jobs: [job('b', runs(1))] },
        ],
      },
      job('nightly', runs(1)),
    ],
  };

  it('leaves out jobs that pass, and folders without a failing one', async () => {
    await using bed = await plant({ world, showsAll: true, failingOnly: true });
    const [server] = await bed.tree.children(undefined);
    const jobs = await bed.tree.children(server);
    assert.deepEqual(bed.labels(jobs), ['ill']);
    assert.deepEqual(bed.labels(await bed.tree.children(jobs[0])), [
      'fails',
      'unstable',
      'running',
    ]);
    assert.equal(bed.jenkins.requests.length, 1);
  });

  it('leaves out runs that passed, and says so where none is left', async () => {
    const mixed: RunSpec[] = [...runs(2), { number: 3, result: 'FAILURE' }];
    await using bed = await plant({
      world: { jobs: [job('mixed', mixed), job('well', runs(2))] },
      jobs: ['job/mixed/', 'job/well/'],
      failingOnly: true,
    });
    const [section] = await bed.tree.children(undefined);
    const [first, second] = await bed.tree.children(section);
    assert.deepEqual(bed.labels(await bed.tree.children(first)), ['#3']);
    const [nothing] = await bed.tree.children(second);
    assert.equal(bed.row(nothing!).description, 'none of the newest runs failed');
  });
});

describe('the inside of a run', () => {
  it('marks a test that passed in another run of the same commit', async () => {
    const test = (number: number, status: 'FAILED' | 'PASSED'): RunSpec => ({
      number,
      result: status === 'FAILED' ? 'UNSTABLE' : 'SUCCESS',
      checkouts: [{ sha: commits.broken, remoteUrls: ['https://host/a.git'] }],
      tests: [{ group: 'moat', name: 'TestDeny', status, details: 'want DENIED', failedSince: 2 }],
    });
    const world: World = {
      jobs: [job('a', [test(2, 'FAILED'), test(3, 'FAILED'), test(4, 'PASSED')])],
    };
    await using bed = await plant({ world, jobs: ['job/a/'] });
    const [, failed] = await bed.tree.children(await bed.open());
    assert.match(bed.row(failed!).description ?? '', /flaky: passed in #4/);
    const below = await bed.settled(failed!, (nodes) =>
      nodes.some((node) => node.kind === 'test' && node.flake !== undefined),
    );
    assert.equal(
      bed.row(below[1]!).description,
      'failing since #2, 2 runs · flaky: passed in #4 · want DENIED · moat',
    );
  });

  it('says what it asks, what it waits for, and where it works', async () => {
    const stages = [{ name: 'Deploy', state: 'waiting' as const }];
    const inputs = [{ id: 'Go', message: 'Deploy to production?' }];
    const run: RunSpec = { number: 1, building: true, agent: 'agent-3', stages, inputs };
    const world: World = {
      agents: [{ name: 'agent-3', executors: 1 }],
      jobs: [job('a', [run])],
    };
    await using bed = await plant({ world, jobs: ['job/a/'] });
    bed.jenkins.enqueue('a', { partOf: 1, why: 'There are no nodes with the label ‘vagrant’' });
    const [running] = await bed.tree.children(await bed.open());
    bed.turn(60_000);
    const inside = await bed.tree.children(running);
    assert.deepEqual(bed.labels(inside), [
      'Deploy to production?',
      'waiting for an agent',
      'running on agent-3',
      'Deploy',
    ]);
  });

  it('costs two requests where it passed, and two more where the log tells why it failed', async () => {
    const stages = [{ name: 'Build' }];
    const log = ['[Pipeline] sh', '+ make', 'make: *** [all] Error 1'];
    const failed: RunSpec = {
      number: 2,
      result: 'FAILURE',
      error: 'script returned exit code 2',
      stages: [{ name: 'Build', state: 'failed', log }],
    };
    const world: World = {
      jobs: [job('a', [{ number: 1, result: 'SUCCESS', stages }, failed])],
    };
    await using bed = await plant({ world, jobs: ['job/a/'] });
    const node = await bed.open();
    const [broken, passed] = await bed.tree.children(node);
    await bed.settled(node, () => bed.tree.brokenIn((broken as RunNode).run) !== undefined);
    const asked = async (work: Promise<unknown>): Promise<string[]> => {
      const before = bed.jenkins.requests.length;
      await work;
      const paths = bed.jenkins.requests.slice(before).map(({ path }) => path.split(/[/?]/));
      // The queue is asked for with the job.
      return paths.flatMap(([, , what, , , page]) => (what === 'job' ? (page ?? '') : []));
    };
    const inside = (run: RunsNode) =>
      bed.settled(run, ([first]) => first?.kind !== 'diagnosis' || first.diagnosis !== undefined);
    assert.deepEqual(await asked(inside(passed!)), ['stages', 'api']);
    assert.deepEqual((await asked(inside(broken!))).sort(), ['api', 'consoleText', 'testReport']);
    assert.deepEqual(await asked(inside(broken!)), [], 'it is remembered');
  });

  it('has its artifacts at the end', async () => {
    const artifacts = { 'logs/vm.txt': 'booted' };
    const stages = [{ name: 'Build' }];
    const world: World = {
      jobs: [job('a', [{ number: 1, result: 'SUCCESS', artifacts, stages }])],
    };
    await using bed = await plant({ world, jobs: ['job/a/'] });
    const [run] = await bed.tree.children(await bed.open());
    const inside = await bed.tree.children(run);
    assert.deepEqual(bed.labels(inside), ['Build', 'Artifacts']);
    const [artifact] = await bed.tree.children(inside[1]);
    assert.deepEqual(
      [bed.row(artifact!).label, bed.row(artifact!).description],
      ['vm.txt', 'logs'],
    );
  });

  it('says why what failed first cannot be told, and tells it once it can', async () => {
    await using bed = await plant({
      world: { jobs: [job('a', [{ number: 1, result: 'FAILURE', stages: [{ name: 'Build' }] }])] },
      jobs: ['job/a/'],
    });
    const node = await bed.open();
    const [run] = await bed.tree.children(node);
    const fault = bed.jenkins.fault(/consoleText/, '500');
    const failed = await bed.settled(run!, ([first]) => first?.kind === 'problem');
    assert.deepEqual(kinds(failed), ['problem', 'stage']);
    fault[Symbol.dispose]();
    bed.tree.redraw();
    const told = ([first]: readonly RunsNode[]) =>
      first?.kind === 'diagnosis' && first.diagnosis !== undefined;
    assert.deepEqual(kinds(await bed.settled(run!, told)), ['diagnosis', 'stage']);
  });
});

interface Options {
  readonly world: World;
  /** Below the server's address, or elsewhere. */
  readonly jobs?: readonly string[];
  readonly favourites?: readonly Favourite[];
  readonly showsAll?: boolean;
  readonly failingOnly?: boolean;
  readonly repositories?: readonly string[];
  /** The one that is checked out; `master` unless told. */
  readonly branch?: string;
  readonly jenkins?: Partial<JenkinsOptions>;
}

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly tree: RunsTree;
  readonly store: RunStore;
  /** The nodes of which a change was told. */
  readonly changes: (RunsNode | undefined)[];
  row(node: RunsNode): ReturnType<typeof rowOf>;
  labels(nodes: readonly RunsNode[]): string[];
  /** The first job of the workspace, or its branch of that name. */
  open(branch?: string): Promise<JobNode>;
  next(match: (node: RunsNode | undefined) => boolean): Promise<void>;
  /** What is below a node once that is so; looked at again with each change. */
  settled(node: RunsNode, is: (below: readonly RunsNode[]) => boolean): Promise<RunsNode[]>;
  turn(milliseconds: number): void;
}

async function plant(options: Options): Promise<Bed> {
  const jenkins = await startJenkins({ world: options.world, ...options.jenkins });
  const client: Client = connect({ base: jenkins.base });
  const server: Server = { url: jenkins.base, name: 'ci', user: undefined };
  const at = (url: string) => (url.startsWith('http') ? url : jenkins.base + url);
  const clock = manualClock();
  const store = storeOf(client, clock);
  const source: RunsSource = {
    servers: () => [server],
    jobs: () => (options.jobs ?? []).map(at),
    favourites: () => (options.favourites ?? []).map((each) => ({ ...each, url: at(each.url) })),
    showsAll: () => options.showsAll ?? false,
    failingOnly: () => options.failingOnly ?? false,
    branch: () => Promise.resolve(options.branch ?? 'master'),
    repositories: () => Promise.resolve(options.repositories ?? []),
    client: () => Promise.resolve(client),
    clock,
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
  const next = (match: (node: RunsNode | undefined) => boolean): Promise<void> =>
    new Promise((done) => waiting.push({ match, done }));
  const known = {
    brokenIn: () => undefined,
    runs: (jobUrl: string) => store.known(jobUrl),
    trouble: (url: string) => store.trouble(url),
  };
  const row = (node: RunsNode) => rowOf(node, known, clock.now());
  return {
    jenkins,
    tree,
    store,
    changes,
    row,
    labels: (nodes) => nodes.map((node) => row(node).label),
    open: async (branch) => {
      const [root] = await tree.children(undefined);
      const [first] = await tree.children(root);
      const inside = branch === undefined ? [] : await tree.children(first);
      const found = inside.find((node) => node.kind === 'job' && node.job?.name === branch);
      const node = found ?? first;
      assert.ok(node?.kind === 'job');
      return node;
    },
    next,
    settled: async (node, is) => {
      for (;;) {
        const changed = next(() => true);
        const below = await tree.children(node);
        if (is(below)) return below;
        await changed;
      }
    },
    turn: (milliseconds) => clock.turn(milliseconds),
    [Symbol.asyncDispose]: async () => {
      tree[Symbol.dispose]();
      store[Symbol.dispose]();
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}

function job(name: string, its: readonly RunSpec[] = []): JobSpec {
  return { name, runs: its };
}

function runs(count: number, result: RunSpec['result'] = 'SUCCESS'): RunSpec[] {
  return Array.from({ length: count }, (_, at) => ({ number: at + 1, result }));
}

function kinds(nodes: readonly RunsNode[]): string[] {
  return nodes.map(({ kind }) => kind);
}
