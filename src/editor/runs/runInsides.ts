import { setImmediate } from 'node:timers/promises';
import { flakyTest, siblingsOf } from '../../jenkins/flaky';
import type { Explanation } from '../../jenkins/failure';
import type { Run, Stage } from '../../jenkins/run';
import { isBroken } from '../look/marks';
import type { Activity } from './activity';
import { brokenStage, type RunDetails } from './runDetails';
import type { RunNode, RunsNode, StageNode } from './runsNodes';
import type { RunStore } from './runStore';

/** What is below runs is made from these. */
export interface InsideSource {
  readonly store: RunStore;
  readonly details: RunDetails;
  readonly activity: Activity;
}

/** What was found out of why a run broke. */
type Reasons =
  | { readonly kind: 'reading' }
  | {
      readonly kind: 'told';
      readonly explanation: Explanation;
      /** How the tests ended in other runs of the same commit. */
      readonly outcomes: readonly {
        readonly run: Run;
        readonly passed: ReadonlyMap<string, boolean>;
      }[];
    }
  | { readonly kind: 'failed'; readonly error: unknown };

const MOST_RUNS = 100;
const MOST_TESTS = 50;
/** Other runs of the same commit whose reports are read, the nearest first. */
const MOST_SIBLINGS = 2;

/**
 * What lies below runs: why they broke, their tests, stages and artifacts. Why a run broke may take
 * reading its whole log; until then the rest is shown.
 */
export class RunInsides {
  readonly #source: InsideSource;
  readonly #changed: (node: RunNode) => void;
  readonly #signal: AbortSignal;
  readonly #brokenIn = new Map<string, string>();
  readonly #reasons = new Map<string, Reasons>();

  /** `changed` is called with a run whose line or inside must be read again. */
  constructor(source: InsideSource, changed: (node: RunNode) => void, signal: AbortSignal) {
    this.#source = source;
    this.#changed = changed;
    this.#signal = signal;
  }

  /** The name of the stage in which a run broke, as far as it is known. */
  brokenIn(run: Run): string | undefined {
    return this.#brokenIn.get(run.url);
  }

  async below(node: RunNode): Promise<RunsNode[]> {
    const { run } = node;
    const { details } = this.#source;
    const [stages, artifacts] = await Promise.all([
      details.stages(run, this.#signal),
      // That they cannot be listed is no reason to show nothing else.
      run.building ? [] : details.artifacts(run, this.#signal).catch(() => []),
    ]);
    this.#noteBroken(node, stages);
    const nodes: RunsNode[] = [
      ...(run.building ? await this.#working(node, stages) : []),
      ...(isBroken(run) ? await this.#why(node) : []),
      ...stages.map((stage): RunsNode => ({ kind: 'stage', of: node, stage })),
    ];
    if (artifacts.length > 0) nodes.push({ kind: 'artifacts', of: node, artifacts });
    return nodes.length > 0
      ? nodes
      : [{ kind: 'nothing', below: node, text: 'no stages were recorded' }];
  }

  belowStage({ of, stage }: StageNode): RunsNode[] {
    return stage.children.map((each): RunsNode => ({ kind: 'stage', of, stage: each }));
  }

  /** Finds out in which stage the newest broken run broke. One only: it may take reading the whole log. */
  async findBroken(nodes: readonly RunNode[]): Promise<void> {
    const node = nodes.find(({ run }) => isBroken(run));
    if (!node || this.#brokenIn.has(node.run.url)) return;
    try {
      this.#noteBroken(node, await this.#source.details.stages(node.run, this.#signal));
    } catch {
      // Unfolding the run tells why.
    }
  }

  /** Has what could not be read of a job's runs read again when they are shown the next time. */
  retry(jobUrl: string): void {
    for (const [url, { kind }] of this.#reasons)
      if (kind === 'failed' && url.startsWith(jobUrl)) this.#reasons.delete(url);
  }

  forget(): void {
    this.#reasons.clear();
  }

  #noteBroken(node: RunNode, stages: readonly Stage[]): void {
    const stage = isBroken(node.run) ? brokenStage(stages) : undefined;
    if (!stage || this.#brokenIn.has(node.run.url)) return;
    this.#brokenIn.set(node.run.url, stage.name);
    this.#changed(node);
  }

  /** What a run waits for, and what works for it. */
  async #working(node: RunNode, stages: readonly Stage[]): Promise<RunsNode[]> {
    const { activity, details } = this.#source;
    const { run, server } = node;
    const inputs = isWaiting(stages) ? await details.inputs(run, this.#signal).catch(() => []) : [];
    await activity.ask(server, true, this.#signal);
    const { queue, executing } = activity.of(server);
    const agents = executing.filter(({ runUrl }) => runUrl === run.url).map(({ agent }) => agent);
    return [
      ...inputs.map((input): RunsNode => ({ kind: 'input', of: node, input })),
      ...queue
        .filter(({ jobUrl, partOf }) => jobUrl === run.jobUrl && partOf === run.number)
        .map((item): RunsNode => ({ kind: 'queued', below: node, item })),
      ...[...new Set(agents)].map((agent): RunsNode => ({ kind: 'agent', of: node, agent })),
    ];
  }

  /** What broke a run first, and its failed tests. */
  async #why(node: RunNode): Promise<RunsNode[]> {
    // What is remembered is there at once.
    if (!this.#reasons.has(node.run.url))
      await Promise.race([this.#findReasons(node), setImmediate()]);
    const reasons = this.#reasons.get(node.run.url);
    if (!reasons || reasons.kind === 'reading')
      return [{ kind: 'diagnosis', of: node, diagnosis: undefined }];
    if (reasons.kind === 'failed')
      return [{ kind: 'problem', error: reasons.error, server: node.server, below: node }];
    const { explanation, outcomes } = reasons;
    const { tests } = explanation.failure;
    const rest = tests.length - MOST_TESTS;
    return [
      { kind: 'diagnosis', of: node, diagnosis: explanation.diagnosis },
      ...tests.slice(0, MOST_TESTS).map((test): RunsNode => {
        return { kind: 'test', of: node, test, flake: flakyTest(test, node.run, outcomes) };
      }),
      ...(rest > 0
        ? [{ kind: 'nothing', below: node, text: `${rest} more tests failed` } as const]
        : []),
    ];
  }

  async #findReasons(node: RunNode): Promise<void> {
    const { details } = this.#source;
    const { run } = node;
    const note = (reasons: Reasons): void => {
      this.#reasons.set(run.url, reasons);
      if (reasons.kind !== 'reading') this.#changed(node);
    };
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size >= MOST_RUNS && oldest !== undefined) this.#reasons.delete(oldest);
    note({ kind: 'reading' });
    try {
      const explanation = await details.explain(run, this.#signal);
      note({ kind: 'told', explanation, outcomes: [] });
      if (explanation.failure.tests.length === 0) return;
      const known = this.#source.store.known(run.jobUrl)?.runs ?? [];
      const outcomes = await Promise.all(
        siblingsOf(run, known)
          .slice(0, MOST_SIBLINGS)
          .map(async (sibling) => ({
            run: sibling,
            passed: await details.outcomes(sibling, this.#signal),
          })),
      );
      if (outcomes.some(({ passed }) => passed.size > 0))
        note({ kind: 'told', explanation, outcomes });
    } catch (error) {
      if (this.#signal.aborted) return;
      // What only adds to what is known is not missed.
      if (this.#reasons.get(run.url)?.kind === 'reading') note({ kind: 'failed', error });
    }
  }
}

function isWaiting(stages: readonly Stage[]): boolean {
  return stages.some(({ state, children }) => state === 'waiting' || isWaiting(children));
}
