import { isAbort } from '../../base/errors';
import { createQueue } from '../../base/queue';
import type { Artifact } from '../../jenkins/artifacts';
import type { Client, ReadClues } from '../../jenkins/client';
import type { Explanation } from '../../jenkins/failure';
import type { PendingInput } from '../../jenkins/inputs';
import type { Failure, Run, Stage } from '../../jenkins/run';

const MOST = 200;

/**
 * What is asked of single runs, remembered for those that have ended, since these never change. What a
 * reproduction of an explained run needs is kept on the disk meanwhile, one run after the other.
 */
export class RunDetails {
  readonly #client: (run: Run) => Promise<Client>;
  readonly #stages = new Map<string, Promise<Stage[]>>();
  readonly #explanations = new Map<string, Promise<Explanation>>();
  readonly #keeping = createQueue();
  readonly #artifacts = new Map<string, Promise<Artifact[]>>();
  readonly #outcomes = new Map<string, Promise<ReadonlyMap<string, boolean>>>();

  constructor(client: (run: Run) => Promise<Client>) {
    this.#client = client;
  }

  stages(run: Run, signal: AbortSignal): Promise<Stage[]> {
    return remembered(this.#stages, run, signal, async () =>
      (await this.#client(run)).stages(run, signal),
    );
  }

  async failure(run: Run, signal: AbortSignal): Promise<Failure> {
    return (await this.explain(run, signal)).failure;
  }

  /** `clues` reads them off a log that is at hand, so that it need not be asked for again. */
  explain(run: Run, signal: AbortSignal, clues?: ReadClues): Promise<Explanation> {
    return remembered(this.#explanations, run, signal, async () => {
      const stages = await this.stages(run, signal);
      const client = await this.#client(run);
      const explanation = await client.explain(run, stages, signal, clues);
      this.#keep(client, run);
      return explanation;
    });
  }

  /** The text of the Jenkinsfile that a run used; undefined where Jenkins does not show it. */
  async jenkinsfile(run: Run, signal: AbortSignal): Promise<string | undefined> {
    return (await (await this.#client(run)).jenkinsfile(run, signal)).text;
  }

  artifacts(run: Run, signal: AbortSignal): Promise<Artifact[]> {
    return remembered(this.#artifacts, run, signal, async () =>
      (await this.#client(run)).artifacts(run, signal),
    );
  }

  /** Whether each test of a run passed, by `testKey`. */
  outcomes(run: Run, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>> {
    return remembered(this.#outcomes, run, signal, async () =>
      (await this.#client(run)).outcomes(run, signal),
    );
  }

  /** The questions that a run waits with, as they are now. */
  async inputs(run: Run, signal: AbortSignal): Promise<PendingInput[]> {
    return (await this.#client(run)).doing.inputs(run, signal);
  }

  forget(): void {
    this.#stages.clear();
    this.#explanations.clear();
    this.#artifacts.clear();
    this.#outcomes.clear();
  }

  #keep(client: Client, run: Run): void {
    const never = new AbortController().signal;
    // It was kept for another day: what cannot be had is tried again with the next explanation.
    this.#keeping(() => client.keep(run, never)).catch(() => undefined);
  }
}

/** The innermost stage that broke; the first if several did. */
export function brokenStage(stages: readonly Stage[]): Stage | undefined {
  for (const state of ['failed', 'unstable', 'aborted'] as const) {
    const stage = stages.find((each) => each.state === state);
    if (stage) return brokenStage(stage.children) ?? stage;
  }
  return undefined;
}

async function remembered<T>(
  known: Map<string, Promise<T>>,
  run: Run,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  if (run.building) return ask();
  // A job that was deleted and made again has runs of the same address.
  const key = `${run.url} ${run.startedAt}`;
  const before = known.get(key);
  if (before)
    try {
      return await before;
    } catch (error) {
      // Whoever asked first has cancelled; that is nothing to the others.
      if (!isAbort(error) || signal.aborted) throw error;
      return remembered(known, run, signal, ask);
    }
  const [oldest] = known.keys();
  if (known.size >= MOST && oldest !== undefined) known.delete(oldest);
  const answer = ask();
  known.set(key, answer);
  try {
    return await answer;
  } catch (error) {
    // What failed is asked again the next time.
    if (known.get(key) === answer) known.delete(key);
    throw error;
  }
}
