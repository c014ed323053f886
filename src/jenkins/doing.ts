import {
  awaitEnd,
  build,
  readForm,
  readParameters,
  stop,
  type BuildForm,
  type Stopping,
} from './build';
import { cancel, follow, type Outcome, type Queued } from './follow';
import type { Wire } from './http';
import { answer, readInputs, type Answering, type PendingInput } from './inputs';
import type { ParameterValues } from './parameters';
import type { QueueItem } from './queue';
import { replay, restart, restartableStages } from './replay';
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
  replay(run: Run, mainScript: string, signal: AbortSignal): Promise<Queued>;
  restartableStages(run: Run, signal: AbortSignal): Promise<string[]>;
  restart(run: Run, stage: string, signal: AbortSignal): Promise<Queued>;
  /** Looks after what waits until it has become a run; `told` is called at each look. */
  follow(queued: Queued, told: (item: QueueItem) => void, signal: AbortSignal): Promise<Outcome>;
  /** Takes something out of the queue, and gives what has become of it; undefined where nothing is told. */
  cancel(item: Pick<QueueItem, 'id' | 'url'>, signal: AbortSignal): Promise<QueueItem | undefined>;
}

export function doingOn(wire: Wire, pollInterval: number): Doing {
  return {
    form: (jobUrl, signal) => readForm(wire, jobUrl, signal),
    parameters: (run, signal) => readParameters(wire, run, signal),
    build: (jobUrl, values, signal) => build(wire, jobUrl, values, signal),
    stop: (run, how, signal) => stop(wire, run, how, signal),
    awaitEnd: (run, signal) => awaitEnd(wire, run, { looks: 15, pollInterval }, signal),
    inputs: (run, signal) => readInputs(wire, run, signal),
    answer: (run, input, answering, signal) => answer(wire, run, input, answering, signal),
    replay: (run, script, signal) => replay(wire, run, script, signal),
    restartableStages: (run, signal) => restartableStages(wire, run, signal),
    restart: (run, stage, signal) => restart(wire, run, stage, signal),
    follow: (queued, told, signal) => follow(wire, queued, { told, pollInterval }, signal),
    cancel: (item, signal) => cancel(wire, item, signal),
  };
}
