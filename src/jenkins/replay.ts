import { beforeSequel, type Queued } from './follow';
import type { Wire } from './http';
import { JenkinsError } from './jenkinsError';
import { replayedLoads } from './jenkinsfile';
import { fields, list, text } from './json';
import type { Run } from './run';
import { submit } from './submit';
import { readAll } from './wire/exchange';

/**
 * Runs a run again with another main script, at its commit and with its parameters; the scripts that
 * it loaded stay as they were (ReplayAction of the plugin Pipeline: Groovy). Not for runs that had
 * passwords: Jenkins refuses these.
 */
export async function replay(
  wire: Wire,
  run: Run,
  mainScript: string,
  signal: AbortSignal,
): Promise<Queued> {
  const sequel = await beforeSequel(wire, run, signal);
  const form = { json: JSON.stringify({ mainScript }) };
  (await submit(wire, `${run.url}replay/run`, form, REPLAY, signal)).discard();
  return sequel;
}

/**
 * The scripts that a run's main one loaded, as `load` does and libraries are, by the names that Jenkins
 * gives them; none without the permission Run/Replay.
 */
export async function loadedScripts(
  wire: Wire,
  run: Run,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  return replayedLoads(await wire.text(`${run.url}replay/`, signal));
}

/** The number of the run that this one repeats with a changed script, by its cause. */
export function replayed({ causes }: Pick<Run, 'causes'>): number | undefined {
  const [, number] = causes.map((cause) => /^Replayed #(\d{1,9})$/.exec(cause)).find(Boolean) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The stages that a run can be restarted from, by their names; only Declarative's outermost, and none where we may not. */
export async function restartableStages(
  wire: Wire,
  run: Run,
  signal: AbortSignal,
): Promise<string[]> {
  const tree = 'actions[restartEnabled,restartableStages]';
  const json = fields(await wire.json(`${run.url}api/json?tree=${tree}`, signal));
  return list(json['actions']).flatMap((action) => {
    const { restartEnabled, restartableStages } = fields(action);
    return restartEnabled === true
      ? list(restartableStages).flatMap((stage) => text(stage) ?? [])
      : [];
  });
}

/** Runs a run's stages again from one on (RestartDeclarativePipelineAction of Pipeline: Declarative). */
export async function restart(
  wire: Wire,
  run: Run,
  stageName: string,
  signal: AbortSignal,
): Promise<Queued> {
  const sequel = await beforeSequel(wire, run, signal);
  const done = await submit(
    wire,
    `${run.url}restart/restartPipeline`,
    { stageName },
    RESTART,
    signal,
  );
  const { data } = fields(parsed(await readAll(done, wire.base, 64 * 1024)));
  const { success, message } = fields(data);
  if (success === 'true' || success === true) return sequel;
  throw new JenkinsError(
    'server-error',
    `Jenkins refused to ${RESTART.to}: ${(text(message) ?? 'no reason given').slice(0, 300)}`,
  );
}

const REPLAY = {
  to: 'replay this run',
  permission: 'Run/Replay',
  missing: 'This run cannot be replayed: it is no Pipeline, or your user may not.',
};
const RESTART = { to: 'restart this run', permission: 'Job/Build' };

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
