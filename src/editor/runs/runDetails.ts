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
  readonly #provisional = new WeakSet<object>();

  constructor(client: (run: Run) => Promise<Client>) {
    this.#client = client;
  }

  stages(run: Run, signal: AbortSignal): Promise<Stage[]> {
    return this.#remembered(this.#stages, run, signal, (client) => client.stages(run, signal));
  }

  async failure(run: Run, signal: AbortSignal): Promise<Failure> {
    return (await this.explain(run, signal)).failure;
  }

  /** `clues` reads them off a log that is at hand, so that it need not be asked for again. */
  explain(run: Run, signal: AbortSignal, clues?: ReadClues): Promise<Explanation> {
    return this.#remembered(this.#explanations, run, signal, async (client) => {
      const stages = await this.stages(run, signal);
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
    return this.#remembered(this.#artifacts, run, signal, (client) =>
      client.artifacts(run, signal),
    );
  }

  /** Whether each test of a run passed, by `testKey`. */
  outcomes(run: Run, signal: AbortSignal): Promise<ReadonlyMap<string, boolean>> {
    return this.#remembered(this.#outcomes, run, signal, (client) => client.outcomes(run, signal));
  }

  /** The questions that a run waits with, as they are now. */
  async inputs(run: Run, signal: AbortSignal): Promise<PendingInput[]> {
    return (await this.#client(run)).doing.inputs(run, signal);
  }

  /** Whether something stood in the way of an answer that was given, so that it is asked for again each time. */
  isProvisional(answer: object): boolean {
    return this.#provisional.has(answer);
  }

  forget(): void {
    this.#stages.clear();
    this.#explanations.clear();
    this.#artifacts.clear();
    this.#outcomes.clear();
  }

  async #remembered<T extends object>(
    known: Map<string, Promise<T>>,
    run: Run,
    signal: AbortSignal,
    ask: (client: Client) => Promise<T>,
  ): Promise<T> {
    const askNow = async (): Promise<T> => {
      const client = await this.#client(run);
      const answer = await ask(client);
      if (client.isProvisional(answer)) this.#provisional.add(answer);
      return answer;
    };
    if (run.building) return askNow();
    // A job that was deleted and made again has runs of the same address.
    const key = `${run.url} ${run.startedAt}`;
    const before = known.get(key);
    if (before)
      try {
        return await before;
      } catch (error) {
        // Whoever asked first has cancelled; that is nothing to the others.
        if (!isAbort(error) || signal.aborted) throw error;
        return this.#remembered(known, run, signal, ask);
      }
    const [oldest] = known.keys();
    if (known.size >= MOST && oldest !== undefined) known.delete(oldest);
    const answer = askNow();
    known.set(key, answer);
    let isSure = false;
    try {
      const told = await answer;
      isSure = !this.isProvisional(told);
      return told;
    } finally {
      // What failed, or may be better another time, is asked again the next time.
      if (!isSure && known.get(key) === answer) known.delete(key);
    }
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
