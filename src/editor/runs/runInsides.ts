import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../base/clock';
import type { Artifact } from '../../jenkins/artifacts';
import { flakyTest, siblingsOf } from '../../jenkins/flaky';
import type { Explanation } from '../../jenkins/failure';
import { isJenkinsError } from '../../jenkins/jenkinsError';
import type { Run, Stage } from '../../jenkins/run';
import { isBroken } from '../look/marks';
import type { Activity } from './activity';
import { nextLook } from './nextLook';
import { brokenStage, type RunDetails } from './runDetails';
import { stageNodes, type RunNode, type RunsNode, type StageNode } from './runsNodes';
import type { RunStore } from './runStore';

/** What is below runs is made from these. */
export interface InsideSource {
  readonly store: RunStore;
  readonly details: RunDetails;
  readonly activity: Activity;
  readonly clock: Clock;
  /** Whether something above a run tells the same already. */
  readonly isTold: (node: RunNode, error: unknown) => boolean;
}

/** What was found out of why a run broke; what was told stays while it is asked for again. */
interface Reasons {
  readonly state: 'old' | 'reading' | 'told' | 'failed';
  readonly explanation?: Explanation;
  /** How the tests ended in other runs of the same commit. */
  readonly outcomes?: readonly {
    readonly run: Run;
    readonly passed: ReadonlyMap<string, boolean>;
  }[];
  /** Where it failed. */
  readonly error?: unknown;
}

interface Retry {
  /** Milliseconds. */
  readonly pause: number;
  /** Undefined once it is over. */
  timer: Disposable | undefined;
}

const MOST_RUNS = 100;
const MOST_TESTS = 50;
/** Milliseconds after which what could not be read is tried again, and then ever later. */
const AGAIN = 10_000;
/** Other runs of the same commit whose reports are read, the nearest first. */
const MOST_SIBLINGS = 2;

/**
 * What lies below runs: why they broke, their tests, stages and artifacts. Why a run broke may take
 * reading its whole log; until then the rest is shown. What could not be read is as it was, below a line
 * that says why, and is tried again.
 */
export class RunInsides implements Disposable {
  readonly #source: InsideSource;
  readonly #changed: (node: RunNode) => void;
  readonly #signal: AbortSignal;
  readonly #brokenIn = new Map<string, string>();
  readonly #reasons = new Map<string, Reasons>();
  readonly #stages = new Map<string, readonly Stage[]>();
  readonly #artifacts = new Map<string, readonly Artifact[]>();
  /** When runs of which something could not be read are tried again. */
  readonly #retries = new Map<string, Retry>();

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
    const { details, store } = this.#source;
    const problems: unknown[] = [];
    const [stages, artifacts = []] = await Promise.all([
      lastKnown(this.#stages, run, details.stages(run, this.#signal), (error) =>
        problems.unshift(error),
      ),
      run.building
        ? []
        : lastKnown(this.#artifacts, run, details.artifacts(run, this.#signal), (error) => {
            if (!isWithheld(error)) problems.push(error);
          }),
    ]);
    this.#signal.throwIfAborted();
    if (stages) this.#noteBroken(node, stages);
    const nodes: RunsNode[] = [
      ...(run.building ? await this.#working(node, stages ?? [], problems) : []),
      ...(isBroken(run) ? await this.#why(node, problems) : []),
      ...stageNodes(node, stages ?? []),
    ];
    if (artifacts.length > 0) nodes.push({ kind: 'artifacts', of: node, artifacts });
    const answers = [stages, artifacts, this.#reasons.get(run.url)?.explanation];
    // A running one is looked at anyway; and a server in trouble is left alone until that is over.
    const mayImprove = !run.building && store.trouble(node.server.url) === undefined;
    const isProvisional =
      mayImprove && answers.some((answer) => answer && details.isProvisional(answer));
    const problem = this.#problemOf(node, problems, isProvisional);
    if (problem) return [problem, ...nodes];
    if (nodes.length > 0) return nodes;
    const text = problems.length > 0 ? 'nothing is known of it yet' : 'no stages were recorded';
    return [{ kind: 'nothing', below: node, text }];
  }

  belowStage(node: StageNode): RunsNode[] {
    return stageNodes(node.of, node.stage.children, node);
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

  /** Has what could not be read of a job's runs, or may be better, read again when they are shown the next time. */
  retry(jobUrl: string): void {
    const { details } = this.#source;
    for (const [url, reasons] of this.#reasons)
      if (
        url.startsWith(jobUrl) &&
        (reasons.state === 'failed' ||
          (reasons.explanation && details.isProvisional(reasons.explanation)))
      )
        this.#reasons.set(url, { ...reasons, state: 'old' });
  }

  /** Has all read again when it is shown the next time. */
  forget(): void {
    for (const [url, reasons] of this.#reasons)
      if (reasons.state !== 'reading') this.#reasons.set(url, { ...reasons, state: 'old' });
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#retries.values()) timer?.[Symbol.dispose]();
    this.#retries.clear();
  }

  /**
   * One line for all that could not be read of a run, unless something above it tells the same. It is read
   * again later; so is what something else is shown for.
   */
  #problemOf(
    node: RunNode,
    problems: readonly unknown[],
    isProvisional: boolean,
  ): RunsNode | undefined {
    const { url } = node.run;
    const [error] = problems.filter((each) => !this.#source.isTold(node, each));
    // What is told above has the run read again when it is over.
    const last = this.#retries.get(url);
    if (error === undefined && !isProvisional) {
      last?.timer?.[Symbol.dispose]();
      this.#retries.delete(url);
      return undefined;
    }
    if (!last?.timer) {
      const pause = nextLook('failed', last?.pause ?? 0, AGAIN);
      const timer = this.#source.clock.after(pause, () => {
        retry.timer = undefined;
        this.retry(url);
        this.#changed(node);
      });
      const retry: Retry = { pause, timer };
      this.#retries.set(url, retry);
    }
    return error === undefined
      ? undefined
      : { kind: 'problem', error, server: node.server, below: node };
  }

  #noteBroken(node: RunNode, stages: readonly Stage[]): void {
    const stage = isBroken(node.run) ? brokenStage(stages) : undefined;
    if (!stage || this.#brokenIn.has(node.run.url)) return;
    this.#brokenIn.set(node.run.url, stage.name);
    this.#changed(node);
  }

  /** What a run waits for, and what works for it. */
  async #working(
    node: RunNode,
    stages: readonly Stage[],
    problems: unknown[],
  ): Promise<RunsNode[]> {
    const { activity, details } = this.#source;
    const { run, server } = node;
    const failed = (error: unknown): void => {
      if (!isWithheld(error)) problems.push(error);
    };
    const inputs = isWaiting(stages)
      ? await details.inputs(run, this.#signal).catch((error: unknown) => {
          failed(error);
          return [];
        })
      : [];
    await activity.ask(server, true, this.#signal);
    const { queue, executing, problem } = activity.of(server);
    if (problem !== undefined) failed(problem);
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
  async #why(node: RunNode, problems: unknown[]): Promise<RunsNode[]> {
    // What is remembered is there at once.
    if ((this.#reasons.get(node.run.url)?.state ?? 'old') === 'old')
      await Promise.race([this.#findReasons(node), setImmediate()]);
    const { state, explanation, outcomes = [], error } = this.#reasons.get(node.run.url) ?? {};
    // It stays while it is tried again.
    const isFailing = state !== 'told' && error !== undefined;
    if (isFailing) problems.push(error);
    if (!explanation)
      return isFailing ? [] : [{ kind: 'diagnosis', of: node, diagnosis: undefined }];
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
      if (reasons.state !== 'reading') this.#changed(node);
    };
    const before = this.#reasons.get(run.url);
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size >= MOST_RUNS && oldest !== undefined) this.#reasons.delete(oldest);
    note({ ...before, state: 'reading' });
    try {
      const explanation = await details.explain(run, this.#signal);
      note({ ...before, state: 'told', explanation, error: undefined });
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
        note({ state: 'told', explanation, outcomes });
    } catch (error) {
      if (this.#signal.aborted) return;
      // What only adds to what is known is not missed.
      if (this.#reasons.get(run.url)?.state === 'reading')
        note({ ...before, state: 'failed', error });
    }
  }
}

/** The answer; what it was before where it fails, which is told. */
async function lastKnown<T>(
  known: Map<string, T>,
  { url }: Run,
  answer: Promise<T>,
  failed: (error: unknown) => void,
): Promise<T | undefined> {
  try {
    const value = await answer;
    known.delete(url);
    known.set(url, value);
    const [oldest] = known.keys();
    if (known.size > MOST_RUNS && oldest !== undefined) known.delete(oldest);
    return value;
  } catch (error) {
    failed(error);
    return known.get(url);
  }
}

/** What a server has not, or does not show, is no problem where it only adds to what is known. */
function isWithheld(error: unknown): boolean {
  return isJenkinsError(error, 'not-found') || isJenkinsError(error, 'forbidden');
}

function isWaiting(stages: readonly Stage[]): boolean {
  return stages.some(({ state, children }) => state === 'waiting' || isWaiting(children));
}
