import { setTimeout as wait } from 'node:timers/promises';
import type { Wire } from './http';
import { isJenkinsError, JenkinsError, mayPass } from './jenkinsError';
import { fields, number } from './json';
import { QUEUE_FIELDS, queueItemOf, readQueue, type QueueItem } from './queue';
import type { Run } from './run';
import { causesOf } from './runs';
import { submit } from './submit';
import { runUrl } from './url';

/** What was asked for and is to become a run. */
export type Queued =
  /** An item of the queue, by its address. */
  | { readonly kind: 'item'; readonly url: string }
  /** The run that follows another; which item of the queue it is Jenkins does not tell. */
  | ({ readonly kind: 'sequel' } & Sequel);

/** What a job had before a run of it was asked to be done again. */
export interface Sequel {
  readonly jobUrl: string;
  /** The run that is done again. */
  readonly of: number;
  readonly newest: number;
  readonly queued: ReadonlySet<number>;
}

export type Outcome =
  | { readonly kind: 'started'; readonly run: { readonly number: number; readonly url: string } }
  | { readonly kind: 'cancelled' }
  /** Jenkins tells nothing of it any more, or never did. */
  | { readonly kind: 'gone' };

export interface Following {
  /** Called at each look with what waits. */
  readonly told: (item: QueueItem) => void;
  /** Milliseconds. */
  readonly pollInterval: number;
}

/**
 * Looks after what waits until it has become a run, seldomer the longer it takes. A look that fails
 * for a reason that may pass is made again, some times.
 */
export async function follow(
  wire: Wire,
  queued: Queued,
  { told, pollInterval }: Following,
  signal: AbortSignal,
): Promise<Outcome> {
  let url = queued.kind === 'item' ? queued.url : undefined;
  let failed = 0;
  for (let look = 0; ; look++) {
    if (look > 0) await wait(pollInterval * Math.min(10, 1 + look / 10), undefined, { signal });
    try {
      if (url === undefined && queued.kind === 'sequel') {
        const found = await findSequel(wire, queued, signal);
        if (found?.kind === 'started') return found;
        url = found?.url;
      }
      if (url === undefined) {
        if (look < SEQUEL_LOOKS) continue;
        return { kind: 'gone' };
      }
      const item = await readItem(wire, url, signal);
      if (item === undefined) return { kind: 'gone' };
      told(item);
      if (item.state.kind !== 'waiting') return item.state;
      failed = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error) || ++failed >= MOST_FAILURES) throw error;
    }
  }
}

/** What a job has now, for finding the run that is going to follow one of its runs. */
export async function beforeSequel(wire: Wire, run: Run, signal: AbortSignal): Promise<Queued> {
  const { jobUrl } = run;
  const items = await readQueue(wire, signal);
  const newest = fields(await wire.json(`${jobUrl}api/json?tree=lastBuild[number]`, signal));
  return {
    kind: 'sequel',
    jobUrl,
    of: run.number,
    newest: number(fields(newest['lastBuild'])['number']) ?? run.number,
    queued: new Set(items.map(({ id }) => id)),
  };
}

/**
 * Takes what waits out of the queue.
 * @returns what has become of it, undefined where Jenkins tells nothing of it any more.
 */
export async function cancel(
  wire: Wire,
  item: Pick<QueueItem, 'id' | 'url'>,
  signal: AbortSignal,
): Promise<QueueItem | undefined> {
  try {
    const url = `${wire.base}queue/cancelItem?id=${item.id}`;
    (await submit(wire, url, {}, CANCEL, signal)).discard();
  } catch (error) {
    // It has left the queue in the meantime.
    if (!isJenkinsError(error, 'not-found')) throw error;
  }
  const left = await readItem(wire, item.url, signal);
  // Older servers do not say that one may not.
  if (left?.state.kind === 'waiting')
    throw new JenkinsError('forbidden', `${wire.base} has left it in its queue.`, {
      advice: `It takes the permission ${CANCEL.permission}.`,
    });
  return left;
}

const SEQUEL_LOOKS = 30;
const MOST_FAILURES = 10;
const CANCEL = { to: 'take this out of the queue', permission: 'Job/Cancel' };

async function readItem(
  wire: Wire,
  url: string,
  signal: AbortSignal,
): Promise<QueueItem | undefined> {
  try {
    return queueItemOf(await wire.json(`${url}api/json?tree=${QUEUE_FIELDS}`, signal), wire.base);
  } catch (error) {
    if (isJenkinsError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** By its cause, "Replayed #42" in whatever language, and by being new. */
async function findSequel(wire: Wire, { jobUrl, of, newest, queued }: Sequel, signal: AbortSignal) {
  const follows = (causes: readonly string[]): boolean =>
    causes.some((cause) => new RegExp(`#${of}(?!\\d)`).test(cause));
  const items = await readQueue(wire, signal);
  const item = items.find(
    ({ id, jobUrl: job, causes }) => job === jobUrl && !queued.has(id) && follows(causes),
  );
  if (item !== undefined) return { kind: 'item', url: item.url } as const;
  const one = 'number,actions[causes[shortDescription]]';
  const tree = `lastBuild[${one},previousBuild[${one},previousBuild[${one}]]]`;
  let run = fields(await wire.json(`${jobUrl}api/json?tree=${tree}`, signal))['lastBuild'];
  for (;;) {
    const found = number(fields(run)['number']);
    if (found === undefined || found <= newest) return undefined;
    if (follows(causesOf(run))) {
      const url = runUrl({ jobUrl, run: found });
      return { kind: 'started', run: { number: found, url } } as const;
    }
    run = fields(run)['previousBuild'];
  }
}
