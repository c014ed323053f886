import type { Wire } from './http';
import { fields, list, number, text } from './json';
import type { Parameter } from './run';
import { causesOf, parametersOf } from './runs';
import { parseRunUrl, rebase, runUrl } from './url';
import { wellTyped } from './wellTyped';

/** What to ask of an item of the queue, in Jenkins' `tree` language. */
export const QUEUE_FIELDS =
  'id,inQueueSince,stuck,why,cancelled,task[name,url],executable[number,url],actions[causes[shortDescription],parameters[name,value]]';

/** A run that waits to begin, or a part of a running Pipeline that waits for an agent. */
export interface QueueItem {
  readonly id: number;
  /** On the address the user typed; ends with `/`. */
  readonly url: string;
  /** What waits, in Jenkins' words; undefined where it does not tell. */
  readonly name: string | undefined;
  /** Ends with `/`; undefined where Jenkins does not tell. */
  readonly jobUrl: string | undefined;
  /** The running Pipeline that waits for an agent; undefined where a run waits to begin. */
  readonly partOf: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  /** Why it waits, in Jenkins' words; undefined where it waits no longer. */
  readonly why: string | undefined;
  /** Whether Jenkins thinks that it waits for too long. */
  readonly stuck: boolean;
  readonly parameters: readonly Parameter[];
  readonly causes: readonly string[];
  readonly state: QueueState;
}

export type QueueState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'cancelled' }
  /** It has become a run. Jenkins tells of these for five minutes. */
  | { readonly kind: 'started'; readonly run: { readonly number: number; readonly url: string } };

/** All that waits on a server, the next to be built first. */
export async function readQueue(wire: Wire, signal: AbortSignal): Promise<QueueItem[]> {
  const tree = `items[${QUEUE_FIELDS}]`;
  const json = await wire.json(`${wire.base}queue/api/json?tree=${tree}`, signal);
  return queueOf(wellTyped(json, wire.base, { lists: ['items'] }), wire.base);
}

/** The items of `queue/api/json`; Jenkins has those that are likely to be built sooner at its end. */
export function queueOf(json: unknown, server: string): QueueItem[] {
  return list(fields(json)['items'])
    .flatMap((item) => queueItemOf(item, server) ?? [])
    .reverse();
}

/** An item from what Jenkins says of it under `QUEUE_FIELDS`; undefined when it has no id. */
export function queueItemOf(json: unknown, server: string): QueueItem | undefined {
  const item = fields(json);
  const id = number(item['id']);
  if (id === undefined) return undefined;
  const task = fields(item['task']);
  // A part of a Pipeline names the run that it belongs to, others their job.
  const at = parseRunUrl(rebase(text(task['url']) ?? '', server));
  return {
    id,
    url: `${server}queue/item/${id}/`,
    name: text(task['name']),
    jobUrl: at?.jobUrl,
    partOf: typeof at?.run === 'number' ? at.run : undefined,
    since: number(item['inQueueSince']),
    why: text(item['why']),
    stuck: item['stuck'] === true,
    parameters: parametersOf(json),
    causes: causesOf(json),
    state: stateOf(item, server),
  };
}

/** An item that has left the queue gets its run a moment later; until then it has nothing to tell. */
function stateOf(item: Readonly<Record<string, unknown>>, server: string): QueueState {
  if (item['cancelled'] === true) return { kind: 'cancelled' };
  const executable = fields(item['executable']);
  const at = parseRunUrl(rebase(text(executable['url']) ?? '', server));
  const run = number(executable['number']) ?? at?.run;
  if (at === undefined || typeof run !== 'number') return { kind: 'waiting' };
  return { kind: 'started', run: { number: run, url: runUrl({ jobUrl: at.jobUrl, run }) } };
}
