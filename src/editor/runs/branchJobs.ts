import type { ChangeSource } from '../../jenkins/changeSources';
import type { Job } from '../../jenkins/jobs';
import type { Run } from '../../jenkins/run';

/** A job that builds the workspace, by the address that the settings name. */
export interface WorkspaceJob {
  readonly url: string;
  /** What a multibranch project holds; empty for a job that has runs itself, or where that is not known yet. */
  readonly inside: readonly Job[];
}

/** A job that builds the branch that is checked out. */
export interface BranchJob {
  readonly url: string;
  /** What people call it: the branch, `PR-17`; undefined for a plain job, which its address names. */
  readonly name: string | undefined;
  /** The branch's own job, a pull request's from that branch, or one that builds any branch. */
  readonly how: 'branch' | 'change' | 'plain';
}

/**
 * Which of a workspace's jobs build the branch that is checked out, the surest first: its own job,
 * the pull requests that come from it, the plain jobs. `changeOf` tells the pull request that a job
 * builds, where that is known. None where no branch is.
 */
export function branchJobs(
  jobs: readonly WorkspaceJob[],
  branch: string | undefined,
  changeOf: (job: Job) => ChangeSource | undefined = () => undefined,
): BranchJob[] {
  if (branch === undefined) return [];
  const inside = jobs.flatMap((job) => job.inside).filter(({ kind }) => kind === 'job');
  const own = inside.filter(({ name }) => name === branch);
  const changes = inside.filter((job) => {
    const change = changeOf(job);
    if (job.name === branch || change?.branch !== branch) return false;
    // A fork has a `main` of its own, which is not the one that is checked out here.
    return !change.fork || own.length === 0;
  });
  const plain = jobs.filter((job) => job.inside.length === 0);
  return [
    ...own.map(({ url, name }): BranchJob => ({ url, name, how: 'branch' })),
    ...changes.map(({ url, name }): BranchJob => ({ url, name, how: 'change' })),
    ...plain.map(({ url }): BranchJob => ({ url, name: undefined, how: 'plain' })),
  ];
}

/** Whether a run of such a job is one of the branch: a plain job builds others as well. */
export function isOfBranch(run: Run, job: BranchJob, branch: string): boolean {
  if (job.how !== 'plain') return true;
  return run.branch === undefined || run.branch === branch || run.change?.branch === branch;
}
