import type { Agents } from './agents';
import type { BuildForm, Stopping } from './build';
import type { Outcome, Queued } from './follow';
import type { Wire } from './http';
import type { Answering, PendingInput } from './inputs';
import type { ParameterValues } from './parameters';
import type { QueueItem } from './queue';
import type { Parameter, Result, Run } from './run';

/**
 * What changes something on a server. Nothing of it asks a person first, or is sent twice. Where the
 * server refuses, the JenkinsError's advice names the permission that it takes.
 */
export interface Doing {
  form(jobUrl: string, signal: AbortSignal): Promise<BuildForm>;
  /** The parameters of a run with those of it that are runs of other jobs. */
  parameters(run: Run, signal: AbortSignal): Promise<Parameter[]>;
  /** Puts a run into the queue. Without values the job is one that asks for none. */
  build(jobUrl: string, values: ParameterValues | undefined, signal: AbortSignal): Promise<Queued>;
  stop(run: Run, how: Stopping, signal: AbortSignal): Promise<void>;
  /** How a run has ended; undefined when it has not after some 15 seconds. */
  awaitEnd(run: Run, signal: AbortSignal): Promise<Result | 'unknown' | undefined>;
  inputs(run: Run, signal: AbortSignal): Promise<PendingInput[]>;
  answer(run: Run, input: PendingInput, answering: Answering, signal: AbortSignal): Promise<void>;
  /** The scripts that a run's main one loaded, by the names that Jenkins gives them. */
  loadedScripts(run: Run, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  replay(run: Run, mainScript: string, signal: AbortSignal): Promise<Queued>;
  restartableStages(run: Run, signal: AbortSignal): Promise<string[]>;
  restart(run: Run, stage: string, signal: AbortSignal): Promise<Queued>;
  /** Looks after what waits until it has become a run; `told` is called at each look. */
  follow(queued: Queued, told: (item: QueueItem) => void, signal: AbortSignal): Promise<Outcome>;
  /** Takes something out of the queue, and gives what has become of it; undefined where nothing is told. */
  cancel(item: Pick<QueueItem, 'id' | 'url'>, signal: AbortSignal): Promise<QueueItem | undefined>;
  /** What is done about agents of ours. */
  agents(): Promise<Agents>;
}

/** What carries it out is loaded when something is to be done. */
export function doingOn(wire: Wire, pollInterval: number): Doing {
  const deeds = () => import('./deeds');
  return {
    form: async (jobUrl, signal) => (await deeds()).readForm(wire, jobUrl, signal),
    parameters: async (run, signal) => (await deeds()).readParameters(wire, run, signal),
    build: async (jobUrl, values, signal) => (await deeds()).build(wire, jobUrl, values, signal),
    stop: async (run, how, signal) => (await deeds()).stop(wire, run, how, signal),
    awaitEnd: async (run, signal) =>
      (await deeds()).awaitEnd(wire, run, { looks: 15, pollInterval }, signal),
    inputs: async (run, signal) => (await deeds()).readInputs(wire, run, signal),
    answer: async (run, input, answering, signal) =>
      (await deeds()).answer(wire, run, input, answering, signal),
    loadedScripts: async (run, signal) => (await deeds()).loadedScripts(wire, run, signal),
    replay: async (run, script, signal) => (await deeds()).replay(wire, run, script, signal),
    restartableStages: async (run, signal) => (await deeds()).restartableStages(wire, run, signal),
    restart: async (run, stage, signal) => (await deeds()).restart(wire, run, stage, signal),
    follow: async (queued, told, signal) =>
      (await deeds()).follow(wire, queued, { told, pollInterval }, signal),
    cancel: async (item, signal) => (await deeds()).cancel(wire, item, signal),
    agents: async () => (await deeds()).agentsOn(wire, pollInterval),
  };
}
