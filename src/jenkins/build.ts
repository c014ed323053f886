import { setTimeout as wait } from 'node:timers/promises';
import type { Wire } from './http';
import { JenkinsError, mayPass } from './jenkinsError';
import { fields, list } from './json';
import {
  DEFINITION_FIELDS,
  parametersOfJob,
  runNamed,
  type ParameterDefinition,
  type ParameterValues,
} from './parameters';
import type { Queued } from './follow';
import type { Parameter, Result, Run } from './run';
import { parametersOf, resultOf } from './runs';
import { submit } from './submit';

/** What there is to know before a job is built. */
export interface BuildForm {
  /** False where the job is disabled, its branch is gone, or it is no job but a folder. */
  readonly buildable: boolean;
  readonly parameters: readonly ParameterDefinition[];
}

/** What it takes to end a run: a Pipeline that does not heed `stop` can be ended harder. */
export type Stopping = 'stop' | 'term' | 'kill';

export async function readForm(
  wire: Wire,
  jobUrl: string,
  signal: AbortSignal,
): Promise<BuildForm> {
  const tree = `buildable,property[parameterDefinitions[${DEFINITION_FIELDS}]]`;
  const json = await wire.json(`${jobUrl}api/json?tree=${tree}`, signal);
  return { buildable: fields(json)['buildable'] === true, parameters: parametersOfJob(json) };
}

/** The parameters that a run had; those that are runs of other jobs are told, too. */
export async function readParameters(
  wire: Wire,
  run: Run,
  signal: AbortSignal,
): Promise<Parameter[]> {
  const tree = 'actions[parameters[name,value,jobName,number]]';
  const json = await wire.json(`${run.url}api/json?tree=${tree}`, signal);
  const told = list(fields(json)['actions']).flatMap((action) =>
    list(fields(action)['parameters']).map(fields),
  );
  return parametersOf(json).map((parameter) => {
    const other = told.find(({ name }) => name === parameter.name);
    return { ...parameter, value: parameter.value ?? runNamed(other ?? {}) };
  });
}

/**
 * Puts a run of a job into the queue. Without values the job is one that asks for none. Files go to
 * `buildWithParameters`, too, which fills in the defaults of what is left out, as `build` does not
 * (ParametersDefinitionProperty and FileParameterDefinition of Jenkins).
 */
export async function build(
  wire: Wire,
  jobUrl: string,
  values: ParameterValues | undefined,
  signal: AbortSignal,
): Promise<Queued> {
  const form = Object.fromEntries(
    [...(values ?? [])].map(([name, value]) => [
      name,
      typeof value === 'boolean' ? String(value) : value,
    ]),
  );
  const url = jobUrl + (values === undefined ? 'build' : 'buildWithParameters');
  const done = await submit(wire, url, form, BUILD, signal);
  done.discard();
  // 201, or 303 where the same already waits. One that was refused leads back to the job.
  const item = /\/queue\/item\/(\d{1,15})\/?$/.exec(done.location ?? '')?.[1];
  if (item !== undefined) return { kind: 'item', url: `${wire.base}queue/item/${item}/` };
  throw new JenkinsError('server-error', `${wire.base} did not take the run into its queue.`, {
    advice: 'The server may be about to shut down, or a plugin of it may forbid this now.',
  });
}

export async function stop(
  wire: Wire,
  run: Run,
  how: Stopping,
  signal: AbortSignal,
): Promise<void> {
  (await submit(wire, run.url + how, {}, STOP, signal)).discard();
}

/** How a run has ended; undefined when it has not after some looks. */
export async function awaitEnd(
  wire: Wire,
  run: Run,
  { looks, pollInterval }: { looks: number; pollInterval: number },
  signal: AbortSignal,
): Promise<Result | 'unknown' | undefined> {
  for (let look = 0; look < looks; look++) {
    if (look > 0) await wait(pollInterval, undefined, { signal });
    try {
      const tree = 'building,inProgress,result';
      const json = fields(await wire.json(`${run.url}api/json?tree=${tree}`, signal));
      if (json['building'] !== true && json['inProgress'] !== true)
        return resultOf(json['result']) ?? 'unknown';
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error)) throw error;
    }
  }
  return undefined;
}

const BUILD = { to: 'build this job', permission: 'Job/Build' };
const STOP = { to: 'stop this run', permission: 'Job/Cancel' };
