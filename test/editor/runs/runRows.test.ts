import assert from 'node:assert/strict';
import { UserError } from '../../../src/base/errors';
import { JenkinsError } from '../../../src/jenkins/jenkinsError';
import { jobName } from '../../../src/editor/runs/jobRows';
import { rowOf } from '../../../src/editor/runs/runRows';
import { idOf, stageNodes, type JobNode, type RunsNode } from '../../../src/editor/runs/runsNodes';
import type { Job } from '../../../src/jenkins/jobs';
import type { Run } from '../../../src/jenkins/run';
import { nodeOf, now, server, stage } from './runs';

function row(node: RunsNode, brokenIn?: string, runs?: readonly Run[]) {
  const list = (jobUrl: string) =>
    runs && { jobUrl, runs, more: false, waiting: undefined, heardAt: now, problem: undefined };
  return rowOf(node, { brokenIn: () => brokenIn, runs: list, trouble: () => undefined }, now);
}

describe('lines of the view "Runs"', () => {
  it('tell of a failed run where it failed, how long ago, and how long it took', () => {
    const { label, description, mark, context, spoken } = row(nodeOf(), 'Build');
    assert.equal(label, '#42');
    assert.equal(description, 'failed in Build · 2 h ago · 3 min 5 s');
    assert.deepEqual(mark, { icon: 'error', color: 'testing.iconFailed' });
    assert.equal(context, 'run.failed');
    assert.equal(spoken, 'Run 42, failed in Build, 2 h ago, 3 min 5 s');
  });

  it('tell of a failed run whether it is new, or since when its job fails', () => {
    const runs = [44, 43, 42].map((number) => nodeOf({ number }).run);
    const passed = nodeOf({ number: 41, result: 'SUCCESS' }).run;
    const [newest] = runs;
    const words = (known: readonly Run[]) =>
      row(nodeOf({ ...newest }), undefined, known).description;
    assert.equal(words([...runs, passed]), 'since #42 · failed · 2 h ago · 3 min 5 s');
    assert.equal(words([newest!, passed]), 'new · failed · 2 h ago · 3 min 5 s');
  });

  it('mark a run that failed and passed on the same commit, and say both numbers', () => {
    const commit = { sha: 'a'.repeat(40), remoteUrls: [] };
    const passed = nodeOf({ number: 43, result: 'SUCCESS', commit }).run;
    const { description, tooltip, spoken } = row(nodeOf({ commit }), undefined, [
      passed,
      nodeOf({ commit }).run,
    ]);
    assert.match(description ?? '', /^flaky: passed in #43 · failed/);
    const sentence = 'flaky: failed in #42 and passed in #43 on the same commit';
    assert.ok(tooltip?.includes(sentence));
    assert.match(spoken ?? '', /flaky: passed in #43/);
  });

  it('tell of a running run how far it is, with words for those who hear it', () => {
    const running = {
      building: true,
      result: undefined,
      startedAt: now - 63 * 6000,
      estimatedDuration: 600_000,
    };
    const { description, spoken } = row(nodeOf(running));
    assert.equal(description, '▓▓▓░░ 63 % · about 4 min left');
    assert.equal(spoken, 'Run 42, running, 6 min ago, 63 percent, about 4 min left');
  });

  it('tell of a job whether it builds what is checked out, the main branch, or nothing now', () => {
    const described = (job: Partial<Job>, rest: Partial<JobNode> = {}) =>
      row(jobNode({ job: jobWith(job), ...rest })).description;
    assert.equal(described({}, { current: true }), 'checked out');
    assert.equal(described({ isMain: true }), 'main branch');
    assert.equal(described({ state: 'disabled' }), 'disabled');
    assert.equal(row(jobNode({ top: true })).description, 'cilium', 'a chosen one has its folder');
  });

  it("tell of a pull request all there is, and leave out what isn't told", () => {
    const change = {
      id: '17',
      url: undefined,
      title: '$(zap) it',
      author: 'ada',
      target: 'main',
      branch: undefined,
      fork: true,
    };
    const { label, description, spoken } = row(
      jobNode({ job: jobWith({ change, state: 'failed' }) }),
    );
    assert.match(label, /^#17 \$\u2060\(zap\) it$/);
    assert.equal(description, 'by ada · into main · from a fork');
    assert.equal(spoken, 'pull request #17 $(zap) it, failed, by ada, into main, from a fork');
    const bare = { ...change, title: undefined, author: undefined, target: undefined, fork: false };
    const { label: short, description: none } = row(jobNode({ job: jobWith({ change: bare }) }));
    assert.deepEqual([short, none], ['#17', '']);
  });

  it('show a job by its newest run that ended, and turn while one runs', () => {
    const job = jobWith({ state: 'passed' });
    const icon = (...runs: Run[]) => row(jobNode({ job }), undefined, runs).mark?.icon;
    assert.equal(icon(nodeOf().run), 'error');
    assert.equal(icon(nodeOf({ building: true }).run, nodeOf().run), 'sync~spin');
    assert.equal(icon(), 'pass');
  });

  it('tell of a failed test its age, its message, and of a flaky one where it passed', () => {
    const test = {
      group: 'moat',
      name: 'TestDeny',
      details: '\n  want DENIED\nat x',
      age: 5,
      failedSince: 38,
      stage: ['Test', 'linux'],
      duration: 1500,
    };
    const of = nodeOf();
    const { description, tooltip, spoken } = row({ kind: 'test', of, test });
    assert.equal(description, 'failing since #38, 5 runs · want DENIED · moat');
    assert.equal(spoken, 'Failed test TestDeny, failing since #38, 5 runs, want DENIED, moat');
    assert.deepEqual(tooltip?.slice(0, 4), ['TestDeny', 'moat', 'in Test / linux', 'took 1.5 s']);
    const flake = { failed: 42, passed: 43 };
    const flaky = row({ kind: 'test', of, test: { ...test, age: 1, failedSince: 42 }, flake });
    assert.equal(flaky.description, 'new · flaky: passed in #43 · want DENIED · moat');
  });

  it('tell of what waits why and for how long', () => {
    const item = {
      id: 7,
      url: 'http://ci/queue/item/7/',
      name: 'part of cilium » master #42',
      jobUrl: nodeOf().run.jobUrl,
      partOf: 42,
      since: now - 12 * 60_000,
      why: 'There are no nodes with the label ‘vagrant’',
      stuck: false,
      parameters: [],
      causes: [],
      state: { kind: 'waiting' },
    } as const;
    const part = row({ kind: 'queued', below: nodeOf(), item });
    assert.equal(part.label, 'waiting for an agent');
    assert.equal(part.description, 'There are no nodes with the label ‘vagrant’ · 12 min');
    const run = row({ kind: 'queued', below: jobNode({}), item: { ...item, partOf: undefined } });
    assert.equal(run.label, 'waiting to begin');
  });

  it('name a cell of a matrix by its values', () => {
    const name = "Matrix - PLATFORM = 'linux', DB = 'pg'";
    const { label, tooltip } = row({ kind: 'stage', of: nodeOf(), stage: stage(name) });
    assert.deepEqual([label, tooltip], ['linux, pg', [name]]);
  });

  it('tell of a running run that it runs, and turn', () => {
    const { description, mark, context } = row(nodeOf({ building: true, result: undefined }));
    assert.equal(description, 'running · 2 h ago');
    assert.equal(mark?.icon, 'sync~spin');
    assert.equal(context, 'run.running');
  });

  it('unfold a broken stage and leave a passed one without children a leaf', () => {
    const of = nodeOf();
    const inner = [stage('Build/Link', 'failed')];
    assert.equal(row({ kind: 'stage', of, stage: stage('Build', 'failed', inner) }).fold, 'open');
    assert.equal(row({ kind: 'stage', of, stage: stage('Build') }).fold, 'leaf');
    assert.equal(
      row({ kind: 'stage', of, stage: stage('A', 'passed', [stage('A/B')]) }).fold,
      'closed',
    );
  });

  it('offer to sign in where the server wants that, and to try again elsewhere', () => {
    const problem = (error: Error): RunsNode => ({
      kind: 'problem',
      error,
      server,
      below: { kind: 'server', server },
    });
    const refused = row(
      problem(new JenkinsError('unauthorized', 'Refused.', { advice: 'Renew.' })),
    );
    assert.equal(refused.label, 'Sign in again…');
    assert.equal(refused.description, 'wrong user name or token');
    assert.equal(refused.command, 'ciParity.connect');
    assert.deepEqual(refused.tooltip, ['Refused.', 'Renew.']);
    const down = row(problem(new UserError('Nothing answers.')));
    assert.equal(down.label, 'Try again');
    assert.equal(down.command, 'ciParity.refresh');
  });

  it("take a server's markup for words", () => {
    const test = { group: '$(bug)', name: '$(zap)', details: undefined };
    const { label, description } = row({ kind: 'test', of: nodeOf(), test });
    assert.doesNotMatch(`${label}${description ?? ''}`, /\$\(/);
  });

  it('have an id of their own each', () => {
    const of = nodeOf();
    const nodes: RunsNode[] = [
      { kind: 'server', server },
      { kind: 'stranger', url: 'http://other/' },
      { kind: 'section', section: 'favourites' },
      jobNode({}),
      jobNode({ section: 'favourites' }),
      { kind: 'changes', of: jobNode({}), jobs: [] },
      { kind: 'more', job: jobNode({}) },
      { kind: 'nothing', below: jobNode({}), text: '' },
      of,
      { ...of, section: 'all' },
      { kind: 'diagnosis', of, diagnosis: undefined },
      { kind: 'stage', of, stage: stage('Build') },
      { kind: 'stage', of, stage: stage('Build/Build') },
      { kind: 'test', of, test: { group: '', name: 'x', details: undefined } },
      { kind: 'evidence', of, evidence: { line: 1, offset: 0, text: 'x' } },
      { kind: 'evidence', of, evidence: { line: 2, offset: 2, text: 'x' } },
      { kind: 'artifacts', of, artifacts: [] },
      { kind: 'artifact', of, artifact: { name: 'x', path: 'x' } },
      { kind: 'agent', of, agent: 'x' },
    ];
    assert.equal(new Set(nodes.map(idOf)).size, nodes.length);
  });

  it('tell stages apart that were recorded with one id, and what lies in them', () => {
    const of = nodeOf();
    const sync = stage('gitlabAutoSync', 'passed', [stage('gitlabAutoSync/A')]);
    const outer = stageNodes(of, [sync, sync, stage('Build')]);
    const all = [...outer, ...outer.flatMap((node) => stageNodes(of, node.stage.children, node))];
    assert.equal(all.length, 5);
    assert.equal(new Set(all.map(idOf)).size, 5);
    // One that is alone has the id that it had without the others.
    assert.equal(outer[2] && idOf(outer[2]), idOf({ kind: 'stage', of, stage: stage('Build') }));
  });

  it('name a job by its last name, decoded, and the folders around it', () => {
    assert.deepEqual(jobName('http://ci/job/team/job/moat/job/feature%252Fx/'), {
      name: 'feature/x',
      folder: 'team / moat',
    });
  });
});

function jobNode(changes: Partial<JobNode>): JobNode {
  return {
    kind: 'job',
    section: 'workspace',
    server,
    url: nodeOf().run.jobUrl,
    job: undefined,
    top: false,
    current: false,
    favourite: false,
    grouped: false,
    ...changes,
  };
}

function jobWith(changes: Partial<Job>): Job {
  return {
    name: 'master',
    fullName: 'cilium/master',
    url: nodeOf().run.jobUrl,
    kind: 'job',
    state: 'passed',
    running: false,
    ...changes,
  };
}
