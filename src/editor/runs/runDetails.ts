import { isAbort } from '../../base/errors';
import type { Client } from '../../jenkins/client';
import type { Explanation } from '../../jenkins/failure';
import type { Failure, Run, Stage } from '../../jenkins/run';

const MOST = 200;

/** Stages and failures of runs, remembered for those that have ended, since these never change. */
export class RunDetails {
  readonly #client: (run: Run) => Promise<Client>;
  readonly #stages = new Map<string, Promise<Stage[]>>();
  readonly #explanations = new Map<string, Promise<Explanation>>();

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

  explain(run: Run, signal: AbortSignal): Promise<Explanation> {
    return remembered(this.#explanations, run, signal, async () => {
      const stages = await this.stages(run, signal);
      return (await this.#client(run)).explain(run, stages, signal);
    });
  }

  forget(): void {
    this.#stages.clear();
    this.#explanations.clear();
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
  const before = known.get(run.url);
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
  known.set(run.url, answer);
  try {
    return await answer;
  } catch (error) {
    // What failed is asked again the next time.
    if (known.get(run.url) === answer) known.delete(run.url);
    throw error;
  }
}
