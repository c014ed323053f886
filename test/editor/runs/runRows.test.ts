import assert from 'node:assert/strict';
import { UserError } from '../../../src/base/errors';
import { JenkinsError } from '../../../src/jenkins/http';
import { idOf, jobName, rowOf } from '../../../src/editor/runs/runRows';
import type { RunsNode } from '../../../src/editor/runs/runsTree';
import { nodeOf, now, server, stage } from './runs';

function row(node: RunsNode, brokenIn?: string) {
  return rowOf(node, () => brokenIn, now);
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

  it('tell of a running run that it runs, and turn', () => {
    const { description, mark, context } = row(nodeOf({ building: true, result: undefined }));
    assert.equal(description, 'running · 2 h ago');
    assert.equal(mark?.icon, 'sync~spin');
    assert.equal(context, 'run.running');
  });

  it('unfold a broken stage and leave a passed one without children a leaf', () => {
    const of = nodeOf();
    assert.equal(row({ kind: 'stage', of, stage: stage('Build', 'failed') }).fold, 'open');
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
      { kind: 'job', server, url: of.run.jobUrl, job: undefined, current: false },
      of,
      { kind: 'stage', of, stage: stage('Build') },
      { kind: 'stage', of, stage: stage('Build/Build') },
      { kind: 'test', of, test: { group: '', name: 'x', details: undefined } },
      { kind: 'line', of, text: 'x' },
      { kind: 'line', of, text: 'x', note: 'exit code 1' },
    ];
    assert.equal(new Set(nodes.map(idOf)).size, nodes.length);
  });

  it('name a job by its last name, decoded, and the folders around it', () => {
    assert.deepEqual(jobName('http://ci/job/team/job/moat/job/feature%252Fx/'), {
      name: 'feature/x',
      folder: 'team / moat',
    });
  });
});
