import assert from 'node:assert/strict';
import { branchJobs, isOfBranch, type WorkspaceJob } from '../../../src/editor/runs/branchJobs';
import type { ChangeSource } from '../../../src/jenkins/changeSources';
import type { Job } from '../../../src/jenkins/jobs';
import { runWith } from './runs';

const project: WorkspaceJob = {
  url: 'http://ci/job/cilium/',
  inside: [job('main'), job('feature/x'), job('PR-17'), job('PR-18')],
};
const plainJob: WorkspaceJob = { url: 'http://ci/job/nightly/', inside: [] };

describe('the jobs of the branch that is checked out', () => {
  it("are its own, then the pull request from it, then the plain ones, in whatever order they're named", () => {
    const found = branchJobs([plainJob, project], 'feature/x', changes({ 'PR-17': 'feature/x' }));
    assert.deepEqual(
      found.map(({ how, url }) => `${how} ${url}`),
      [
        'branch http://ci/job/cilium/job/feature%252Fx/',
        'change http://ci/job/cilium/job/PR-17/',
        'plain http://ci/job/nightly/',
      ],
    );
  });

  it('are the pull request alone where Jenkins builds no branch that has one', () => {
    const found = branchJobs([project], 'topic', changes({ 'PR-18': 'topic' }));
    assert.deepEqual(
      found.map(({ name }) => name),
      ['PR-18'],
    );
  });

  it("leave out a fork's pull request whose branch only has the same name", () => {
    const fork = (each: Job): ChangeSource | undefined =>
      each.name === 'PR-17' ? { branch: 'main', fork: true } : undefined;
    const names = (branch: string) => branchJobs([project], branch, fork).map(({ name }) => name);
    assert.deepEqual(names('main'), ['main']);
    const without = { ...project, inside: project.inside.filter(({ name }) => name !== 'main') };
    assert.equal(branchJobs([without], 'main', fork)[0]?.name, 'PR-17');
  });

  it('are none where no branch is checked out, and folders are none of them', () => {
    assert.deepEqual(branchJobs([project, plainJob], undefined), []);
    const inside: Job[] = [{ ...job('main'), kind: 'folder' }];
    assert.deepEqual(branchJobs([{ ...project, inside }], 'main'), []);
  });

  it('have runs of other branches only where the job is a plain one', () => {
    const [plain] = branchJobs([plainJob], 'topic');
    const [own] = branchJobs([project], 'main');
    assert.ok(plain && own);
    const runs = [
      runWith({ branch: 'topic' }),
      runWith({ branch: 'main' }),
      runWith({ branch: undefined }),
    ];
    assert.deepEqual(
      runs.map((run) => isOfBranch(run, plain, 'topic')),
      [true, false, true],
    );
    assert.equal(isOfBranch(runWith({ branch: undefined }), own, 'main'), true);
  });
});

function job(name: string): Job {
  const path = encodeURIComponent(encodeURIComponent(name));
  return {
    name,
    fullName: `cilium/${encodeURIComponent(name)}`,
    url: `http://ci/job/cilium/job/${path}/`,
    kind: 'job',
    state: 'failed',
    running: false,
  };
}

function changes(branches: Readonly<Record<string, string>>) {
  return ({ name }: Job): ChangeSource | undefined =>
    branches[name] === undefined ? undefined : { branch: branches[name], fork: false };
}
