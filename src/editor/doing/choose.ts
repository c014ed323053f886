import { UserError } from '../../base/errors';
import type { QueueItem } from '../../jenkins/queue';
import type { Run } from '../../jenkins/run';
import { decodeName, fullNameOf } from '../../jenkins/url';
import type { Server } from '../frame/settings';
import { withProgress } from '../frame/progress';
import { markOf, stateOf } from '../look/marks';
import { plain } from '../look/plain';
import { themeIcon } from '../look/treeItem';
import { checkedOut } from '../runs/repositories';
import { describeRun } from '../runs/runRows';
import type { DoingParts } from './doingParts';
import type { RunStore } from '../runs/runStore';
import { runOf, type RunNode, type RunsNode } from '../runs/runsNodes';
import type { JobPlace } from '../runs/workspaceRuns';
import { placesOf } from '../servers/servers';
import { pickOne, type PickItem, type PickWords } from './pickOne';

/** A job that something is done with. */
export interface Target {
  readonly server: Server;
  readonly jobUrl: string;
  /** Its full name as people write it. */
  readonly name: string;
}

export function targetOf(server: Server, jobUrl: string): Target {
  return { server, jobUrl, name: decodeName(fullNameOf(jobUrl)) };
}

/** The job of a line of the view, or one that the person picks; of a project one of its branches. */
export async function chooseJob(
  parts: DoingParts,
  title: string,
  node: RunsNode | undefined,
): Promise<Target | undefined> {
  const run = node && runOf(node);
  if (run) return targetOf(run.server, run.run.jobUrl);
  if (node?.kind === 'job') {
    const { server, url } = node;
    const own = await withProgress(plain(`Reading ${targetOf(server, url).name}`), (signal) =>
      jobsAt(parts.store, url, signal),
    );
    if (own.some((job) => job.url === url)) return targetOf(server, url);
  }
  return pickOne({ title, placeholder: 'A job' }, async (signal) => {
    const places =
      node?.kind === 'job' ? [{ server: node.server, url: node.url }] : await ownPlaces(parts);
    const branch = await checkedOut(undefined, signal);
    const jobs = await Promise.all(
      places.map(async ({ server, url }) => {
        const inside = await jobsAt(parts.store, url, signal);
        return inside.map((job) => ({ server, ...job, current: isOf(job, branch) }));
      }),
    );
    const items = jobs
      .flat()
      .sort((a, b) => Number(b.current) - Number(a.current))
      .map(({ server, url, current }): PickItem<Target> => {
        const target = targetOf(server, url);
        const description = current ? 'checked out' : '';
        return { label: plain(target.name), description, value: target };
      });
    if (items.length === 0) throw new UserError('There is no job here that you may see.');
    return items;
  });
}

/** The run of a line of the view, or one that the person picks among those that are wanted, the newest first. */
export async function chooseRun(
  parts: DoingParts,
  words: PickWords,
  node: RunsNode | undefined,
  wanted: (run: Run) => boolean = () => true,
): Promise<RunNode | undefined> {
  if (node) return runOf(node);
  return pickOne(words, async (signal) => {
    const branch = await checkedOut(undefined, signal);
    const places = await ownPlaces(parts);
    const runs = await Promise.all(
      places.map(async ({ server, url }) => {
        const jobs = await jobsAt(parts.store, url, signal);
        // A project may have hundreds of branches.
        const some = jobs.filter((job) => isOf(job, branch) || job.lively);
        const each = await Promise.all(
          some.slice(0, MOST_JOBS).map((job) => parts.store.runs(job.url, signal, FRESH)),
        );
        return each.flatMap((known) => known.runs).map((run) => ({ server, run }));
      }),
    );
    const items = runs
      .flat()
      .filter(({ run }) => wanted(run))
      .sort((a, b) => b.run.startedAt - a.run.startedAt)
      .map(({ server, run }): PickItem<RunNode> => ({
        label: plain(`${run.job} #${run.number}`),
        description: describeRun(run, undefined, Date.now()),
        iconPath: themeIcon(markOf(stateOf(run))),
        value: { kind: 'run', server, run },
      }));
    if (items.length === 0)
      throw new UserError("Among the newest runs of the workspace's jobs there is none for that.");
    return items;
  });
}

/** What waits, of a line of the view, or picked among what waits of the workspace's jobs. */
export async function chooseQueued(
  parts: DoingParts,
  title: string,
  given: { readonly server: Server; readonly item: QueueItem } | undefined,
): Promise<{ readonly server: Server; readonly item: QueueItem } | undefined> {
  if (given) return given;
  return pickOne({ title, placeholder: 'What waits' }, async (signal) => {
    const places = await ownPlaces(parts);
    const queues = await Promise.all(
      places.map(async ({ server, client, url }) =>
        (await client.queue(url, signal)).map((item) => ({ server, item })),
      ),
    );
    const items = queues.flat().map((value) => ({
      label: plain(value.item.name ?? `item ${value.item.id}`),
      description: plain(value.item.why ?? ''),
      value,
    }));
    if (items.length === 0) throw new UserError("Nothing of the workspace's jobs waits.");
    return items;
  });
}

/** Jobs whose runs are asked for at most. */
const MOST_JOBS = 20;
/** Milliseconds for which what a server said is good enough. */
const FRESH = 10_000;

async function ownPlaces({ servers }: DoingParts): Promise<JobPlace[]> {
  const places = await placesOf(servers);
  if (places.length > 0) return places;
  throw servers.list().length > 0
    ? new UserError('No job of this workspace is known.', {
        advice: 'Run: CI Parity: Choose Job for This Workspace…',
      })
    : new UserError('You are not connected to a Jenkins server.', {
        advice: 'Run: CI Parity: Connect to Jenkins…',
      });
}

function isOf(job: { readonly branch: string | undefined }, branch: string | undefined): boolean {
  return branch !== undefined && job.branch === branch;
}

/** The job at an address, or those in the folder or project there; `lively` are those that run or broke. */
async function jobsAt(store: RunStore, url: string, signal: AbortSignal) {
  const { kind, jobs } = await store.inside(url, signal, FRESH);
  if (kind === 'job') return [{ url, branch: undefined, lively: true }];
  return jobs
    .filter((job) => job.kind === 'job')
    .map((job) => ({
      url: job.url,
      branch: job.name,
      lively: job.running || ['failed', 'unstable', 'aborted'].includes(job.state ?? ''),
    }));
}
