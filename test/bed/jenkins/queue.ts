/** The queue, as hudson.model.Queue and its exported items are. */
import type { JobEventName, Publish } from './gateway';
import { type Context, type LiveJob, LiveRun, urlOf } from './live';
import type { Model } from './tree';
import type { ParameterSpec, RunSpec } from './world';

/** What waits, or has waited until a moment ago. */
export interface LiveItem {
  readonly id: number;
  readonly job: LiveJob;
  readonly since: number;
  readonly causes: readonly string[];
  readonly parameters: readonly ParameterSpec[] | undefined;
  /** The running Pipeline that waits for an agent. */
  readonly partOf?: number | undefined;
  /** What the run that it becomes has besides. */
  readonly rest?: Partial<RunSpec>;
  why: string;
  stuck: boolean;
  state: 'waiting' | 'cancelled' | LiveRun;
}

export type Queueing = Pick<LiveItem, 'causes' | 'parameters'> &
  Partial<Pick<LiveItem, 'partOf' | 'rest' | 'why' | 'stuck'>>;

export class LiveQueue {
  /** Those that have left, too; Jenkins knows them for five minutes. */
  readonly items: LiveItem[] = [];
  readonly #waits: boolean;
  readonly #publish: Publish;
  #last = 142;

  /** @param waits whether what comes waits until it is told to start. */
  constructor(waits: boolean, publish: Publish) {
    this.#waits = waits;
    this.#publish = publish;
  }

  add(job: LiveJob, queueing: Queueing): LiveItem {
    const item: LiveItem = {
      why: 'Waiting for next available executor',
      stuck: false,
      ...queueing,
      id: ++this.#last,
      job,
      since: Date.now(),
      state: 'waiting',
    };
    this.items.push(item);
    this.#tell(item, 'job_run_queue_enter', 'QUEUED');
    this.#tell(item, 'job_run_queue_buildable', 'QUEUED');
    if (!this.#waits && item.partOf === undefined) this.start(item);
    return item;
  }

  /** A waiting item of the job with the same parameters: Jenkins puts no second one into its queue. */
  same(job: LiveJob, parameters: readonly ParameterSpec[] | undefined): LiveItem | undefined {
    // No file is like another (FileParameterValue.equals).
    if (parameters?.some(({ kind }) => kind === 'File') === true) return undefined;
    const wanted = JSON.stringify(parameters);
    return this.items.find(
      (item) =>
        item.job === job && item.state === 'waiting' && JSON.stringify(item.parameters) === wanted,
    );
  }

  start(item: LiveItem): LiveRun {
    const number = (item.job.runs[0]?.number ?? 0) + 1;
    const spec: RunSpec = {
      number,
      building: true,
      startedAt: Date.now(),
      causes: item.causes,
      ...(item.parameters !== undefined && { parameters: item.parameters }),
      ...item.rest,
    };
    const run = new LiveRun(number, () => spec);
    item.job.runs.unshift(run);
    item.state = run;
    this.#tell(item, 'job_run_queue_left', 'ALLOCATED');
    this.#publish('job_run_started', item.job, { run, queueId: item.id });
    return run;
  }

  cancel(item: LiveItem): void {
    item.state = 'cancelled';
    this.#tell(item, 'job_run_queue_left', 'CANCELLED');
  }

  find(id: number): LiveItem | undefined {
    return this.items.find((item) => item.id === id);
  }

  forget(id: number): void {
    this.items.splice(
      this.items.findIndex((item) => item.id === id),
      1,
    );
  }

  /** What is part of a run is no item (SyncQueueListener), and not told of. */
  #tell(item: LiveItem, event: JobEventName, status: string): void {
    if (item.partOf === undefined) this.#publish(event, item.job, { queueId: item.id, status });
  }
}

/** Those that are likely to be built sooner are at the end. */
export function queueModel(context: Context): Model {
  const waiting = context.queue.items.filter(({ state }) => state === 'waiting');
  return {
    _class: 'hudson.model.Queue',
    discoverableItems: [],
    items: waiting.map((item) => itemModel(item, context)).reverse(),
  };
}

/**
 * What a job says of itself: the first of its items. A Pipeline only does so since workflow-job 1360
 * (jenkinsci/workflow-job-plugin#391).
 */
export function waitingModel(job: LiveJob, context: Context): Model | null {
  if (context.options.silentPipelines === true && job.spec.kind !== 'freestyle') return null;
  const item = context.queue.items.find(
    ({ job: of, state, partOf }) => of === job && state === 'waiting' && partOf === undefined,
  );
  return item === undefined ? null : itemModel(item, context);
}

export function itemModel(item: LiveItem, context: Context): Model {
  const { id, job, state, partOf } = item;
  const left = state !== 'waiting';
  const path = new URL(urlOf(job, context)).pathname.slice(context.prefix.length + 1);
  return {
    _class: `hudson.model.Queue$${left ? 'LeftItem' : 'BuildableItem'}`,
    actions: [
      {
        _class: 'hudson.model.CauseAction',
        causes: item.causes.map((shortDescription) => ({
          _class: 'hudson.model.Cause$UserIdCause',
          shortDescription,
        })),
      },
      ...(item.parameters === undefined
        ? []
        : [
            {
              _class: 'hudson.model.ParametersAction',
              parameters: item.parameters.map(parameterModel),
            },
          ]),
    ],
    blocked: false,
    buildable: !left,
    id,
    inQueueSince: item.since,
    params: (item.parameters ?? []).map(({ name, value }) => `\n${name}=${value ?? ''}`).join(''),
    stuck: item.stuck,
    task:
      partOf === undefined
        ? {
            _class: 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
            name: job.spec.name,
            url: urlOf(job, context),
          }
        : {
            _class:
              'org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask',
            name: `part of ${job.fullName.split('/').map(decodeURIComponent).join(' » ')} #${partOf}`,
            url: `${path}${partOf}/`,
          },
    url: `queue/item/${id}/`,
    why: left ? null : item.why,
    ...(left
      ? {
          cancelled: state === 'cancelled',
          executable:
            state === 'cancelled'
              ? null
              : {
                  _class: 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
                  number: state.number,
                  url: `${urlOf(job, context)}${state.number}/`,
                },
        }
      : { buildableStartMilliseconds: item.since, pending: false }),
  };
}

/** A parameter's value; a password's is not told. */
export function parameterModel({ name, value, kind = 'String' }: ParameterSpec): Model {
  const common = { _class: `hudson.model.${kind}ParameterValue`, name };
  if (kind === 'Password' || kind === 'File') return common;
  if (kind !== 'Run') return { ...common, value };
  const [jobName, number] = String(value).split('#');
  return { ...common, jobName, number };
}
