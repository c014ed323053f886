import type { Client } from '../../jenkins/client';
import type { Run } from '../../jenkins/run';
import { isBroken } from '../look/marks';
import type { RunStore } from './runStore';
import type { RunNode } from './runsNodes';
import type { Server } from '../frame/settings';

/** Branches that are asked for their runs at most; those that broke come first. */
const MOST_BRANCHES = 20;
/** Milliseconds for which what a server said is good enough. */
const FRESH = 10_000;

/** Where a workspace's runs are to be looked for. */
export interface JobPlace {
  readonly server: Server;
  readonly client: Client;
  readonly url: string;
}

/**
 * The newest runs of a workspace's jobs. Of a multibranch project, those of the branch that is
 * checked out and of the branches whose last run broke; with `only`, of the first alone.
 */
export async function newestRuns(
  store: RunStore,
  { server, url }: Pick<JobPlace, 'server' | 'url'>,
  branch: string | undefined,
  only: 'checked out' | 'all',
  signal: AbortSignal,
): Promise<RunNode[]> {
  const { jobs } = await store.inside(url, signal, FRESH);
  const inside = jobs.filter(({ kind }) => kind === 'job');
  const own = inside.filter(({ name }) => name === branch);
  const broken = inside.filter(
    ({ state, name }) => name !== branch && state !== undefined && BROKEN.has(state),
  );
  const wanted = inside.length === 0 ? [{ url }] : only === 'all' ? [...own, ...broken] : own;
  const runs = await Promise.all(
    wanted.slice(0, MOST_BRANCHES).map((job) => store.runs(job.url, signal, FRESH)),
  );
  return runs.flatMap(({ runs: each }) => each.map((run) => ({ kind: 'run', server, run })));
}

const BROKEN: ReadonlySet<string> = new Set(['failed', 'unstable', 'aborted']);

/** Broken runs in the order in which a person looks for one: of the own branch first, the newest first. */
export function inOrder(
  runs: readonly RunNode[],
  branch: string | undefined,
): { readonly own: RunNode[]; readonly others: RunNode[] } {
  const broken = runs
    .filter(({ run }) => isBroken(run))
    .sort((a, b) => b.run.startedAt - a.run.startedAt);
  return {
    own: broken.filter(({ run }) => isOf(run, branch)),
    others: broken.filter(({ run }) => !isOf(run, branch)),
  };
}

function isOf(run: Run, branch: string | undefined): boolean {
  return branch !== undefined && (run.branch === branch || run.change?.branch === branch);
}
