import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { jobsOf, type Job } from '../../src/jenkins/jobs';
import { startJenkins } from '../bed/jenkins/double';
import type { JobSpec } from '../bed/jenkins/world';

const SERVER = 'http://ci/jenkins/';
const { signal } = new AbortController();

describe('a job in a list', () => {
  it('is one of four kinds, and templates are none', () => {
    const kinds = [
      ['jenkins.branch.OrganizationFolder', undefined],
      ['com.cloudbees.hudson.plugins.folder.Folder', undefined],
      ['org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject', undefined],
      ['org.jenkinsci.plugins.workflow.job.WorkflowJob', 'disabled'],
      ['com.cloudbees.tiger.plugins.palace.templates.DockerSlaveTemplate', undefined],
    ].map(([_class, color]) => jobOf({ _class, ...(color !== undefined && { color }) })?.kind);
    assert.deepEqual(kinds, ['organization', 'folder', 'multibranch', 'job', undefined]);
    assert.equal(jobOf({ color: 'disabled' })?.state, 'disabled');
  });

  it('is described by the first words, without the markup that some servers allow', () => {
    const html = `<p>Builds <b>moat</b> &amp; tests</p>${'x'.repeat(5000)}`;
    assert.match(jobOf({ color: 'blue', description: html })?.description ?? '', /^Builds moat/);
    assert.equal(jobOf({ color: 'blue', description: html })?.description?.length, 300);
    assert.equal(jobOf({ color: 'blue', description: '<br>' })?.description, undefined);
  });

  it('builds a pull request where its head says so, or only its name does', () => {
    const head = (type: string) => [{}, { branch: { head: { _class: `a.b.${type}` } } }];
    const change = (name: string, property: unknown) =>
      jobOf({ name, color: 'blue', property })?.change?.id;
    assert.equal(change('PR-17', head('PullRequestSCMHead')), '17');
    assert.equal(change('MR-5-head', head('MergeRequestSCMHead')), '5');
    assert.equal(change('PR-17', head('BranchSCMHead')), undefined);
    assert.equal(change('PR-17', []), '17');
    assert.equal(change('JIRA-17', []), undefined);
    assert.equal(change('PR-17-fix-it', []), undefined);
  });

  it('is read from any shape of answer without an exception', () => {
    for (const odd of [null, 7, 'x', [], { branch: 7 }, { branch: { head: [] } }]) {
      const job = { name: 'PR-1', color: 'red', property: odd, actions: odd, lastBuild: odd };
      assert.equal(jobOf(job)?.change?.id, '1');
      assert.equal(jobOf({ ...job, property: [odd], actions: [odd] })?.change?.title, undefined);
    }
  });
});

describe('the jobs that a client lists', () => {
  const change = {
    title: 'a line may be about both directions',
    author: 'grace',
    url: 'https://host/cilium/pull/17',
    target: 'v1.2',
  };
  const project: JobSpec = {
    name: 'cilium',
    kind: 'multibranch',
    jobs: [
      { name: 'main', isMain: true, description: 'what is <i>released</i>' },
      { name: 'PR-17', change: { ...change, fork: 'grace' }, runs: [runOf('PR-17')] },
      { name: 'PR-18', change },
    ],
  };
  const organization: JobSpec = { name: 'acme', kind: 'organization', jobs: [project] };

  it('tell of pull requests: title, author, target and fork, in the one request', async () => {
    await using jenkins = await startJenkins({ world: { jobs: [organization] } });
    using client = connect({ base: jenkins.base });
    const url = `${jenkins.base}job/acme/job/cilium/`;
    const [main, fork, own] = await client.jobs(url, signal);
    assert.equal(jenkins.requests.length, 1);
    assert.deepEqual(
      [main?.isMain, main?.description, main?.change],
      [true, 'what is released', undefined],
    );
    assert.deepEqual(fork?.change, {
      id: '17',
      url: change.url,
      title: change.title,
      author: 'grace',
      target: 'v1.2',
      branch: undefined,
      fork: true,
    });
    assert.deepEqual([own?.change?.fork, own?.change?.target], [false, undefined]);
    const [run] = await client.runs(fork.url, { limit: 1 }, signal);
    assert.equal(run?.change?.target, 'v1.2');
  });

  it('are all of a server in one request, each folder before what it holds', async () => {
    const nested: JobSpec = {
      name: 'team',
      kind: 'folder',
      jobs: [{ name: 'a' }, { name: 'in', kind: 'folder', jobs: [{ name: 'b' }] }],
    };
    await using jenkins = await startJenkins({
      world: { jobs: [organization, nested, { name: 'plain' }] },
    });
    using client = connect({ base: jenkins.base });
    const names = (await client.index(signal)).map(({ fullName }) => fullName);
    assert.deepEqual(names, [
      'acme',
      'acme/cilium',
      'acme/cilium/main',
      'acme/cilium/PR-17',
      'acme/cilium/PR-18',
      'team',
      'team/a',
      'team/in',
      'team/in/b',
      'plain',
    ]);
    assert.equal(jenkins.requests.length, 1);
  });
});

function runOf(name: string) {
  const revision = { hash: 'a'.repeat(40), pullHash: 'b'.repeat(40) };
  return { number: 1, result: 'FAILURE', revision, environment: { BRANCH_NAME: name } } as const;
}

function jobOf(item: Readonly<Record<string, unknown>>): Job | undefined {
  const _class = 'org.jenkinsci.plugins.workflow.job.WorkflowJob';
  const url = 'http://elsewhere/job/a/';
  return jobsOf({ jobs: [{ _class, url, name: 'a', ...item }] }, SERVER)[0];
}
