import * as vscode from 'vscode';
import type { Explanation } from '../../jenkins/failure';
import type { FailedTest } from '../../jenkins/run';
import type { Verdict } from '../../reproduce/journal';
import { guarded } from '../frame/boundary';
import { plain } from '../look/plain';
import type { Reproduce } from '../reproductions/reproduceRun';
import type { Reproductions } from '../reproductions/reproductions';
import type { RunDetails } from '../runs/runDetails';
import type { RunNode } from '../runs/runsNodes';
import { follow } from './followed';
import { outcomeHere } from './outcome';
import { groupsOf, MOST_TESTS, type ShownTest } from './shownTests';
import { Sources, type Frame, type Source } from './sources';

/** What the Test Explorer's part is made from. */
export interface TestParts {
  readonly details: RunDetails;
  readonly reproductions: Reproductions;
  readonly reproduce: Reproduce;
  readonly output: vscode.LogOutputChannel;
}

/** Milliseconds that looking for the sources of a run's tests may take. */
const SEARCHING = 10_000;

/** A test of the Test Explorer, with the run in which it failed. */
interface Known {
  readonly of: RunNode;
  readonly test: FailedTest;
}

export function showFailingTests(parts: TestParts): FailingTests {
  return new FailingTests(parts);
}

/** The failing tests of runs in the Test Explorer: of each job those of one run. */
export class FailingTests implements vscode.Disposable {
  readonly controller = vscode.tests.createTestController('ciParity', 'Failed in CI');
  readonly #parts: TestParts;
  readonly #known = new WeakMap<vscode.TestItem, Known>();
  /** The runs that are shown, or are about to be, by the address of their job. */
  readonly #runs = new Map<string, RunNode>();
  readonly #life = new AbortController();

  constructor(parts: TestParts) {
    this.#parts = parts;
    const { controller } = this;
    controller.createRunProfile(
      "Reproduce in CI's Environment",
      vscode.TestRunProfileKind.Run,
      guarded(parts.output, (request: vscode.TestRunRequest, token: vscode.CancellationToken) =>
        this.reproduce(request, token),
      ),
    );
    controller.refreshHandler = guarded(parts.output, async () => {
      for (const node of this.#runs.values()) await this.show(node, this.#life.signal);
    });
  }

  /** @returns how many failing tests are known of the run. */
  async show(node: RunNode, signal: AbortSignal): Promise<number> {
    const { run } = node;
    this.#runs.set(run.jobUrl, node);
    const why = await this.#parts.details.explain(run, signal);
    const { tests } = why.failure;
    const limit = AbortSignal.any([signal, this.#life.signal, AbortSignal.timeout(SEARCHING)]);
    const sources = new Sources(limit);
    const failures = new Map<vscode.TestItem, vscode.TestMessage>();
    const root = this.controller.createTestItem(run.jobUrl, plain(`${run.job} #${run.number}`));
    if (tests.length > MOST_TESTS) root.description = `the first ${MOST_TESTS} of ${tests.length}`;
    for (const group of groupsOf(withWords(why))) {
      const items: vscode.TestItem[] = [];
      for (const shown of group.tests) {
        const found = await sources.of(shown.test);
        const item = this.#item(shown, found.test);
        this.#known.set(item, { of: node, test: shown.test });
        failures.set(item, messageOf(shown.test, found.failure ?? found.test, found.frames));
        items.push(item);
      }
      if (group.label === '') items.forEach((item) => root.children.add(item));
      else {
        const parent = this.controller.createTestItem(group.id, group.label);
        parent.children.replace(items);
        root.children.add(parent);
      }
    }
    // Meanwhile another run of the job may have been wanted, or none.
    signal.throwIfAborted();
    if (this.#runs.get(run.jobUrl) !== node || this.#life.signal.aborted) return tests.length;
    if (tests.length === 0) this.forget(run.jobUrl);
    else {
      this.controller.items.add(root);
      this.#tellFailed(node, failures);
    }
    return tests.length;
  }

  /** What the run profile does: one reproduction for each run whose tests are wanted, one after the other. */
  async reproduce(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const wanted = new Map<RunNode, vscode.TestItem[]>();
    for (const item of this.#leaves(request)) {
      const of = this.#known.get(item)?.of;
      if (of) wanted.set(of, [...(wanted.get(of) ?? []), item]);
    }
    for (const [node, items] of wanted) {
      if (token.isCancellationRequested) return;
      const id = await this.#parts.reproduce(node);
      if (id !== undefined) await this.#judge(id, request, node, items, token);
    }
  }

  /** Takes away what is shown of a job. */
  forget(jobUrl: string): void {
    this.#runs.delete(jobUrl);
    this.controller.items.delete(jobUrl);
  }

  dispose(): void {
    this.#life.abort();
    this.controller.dispose();
  }

  #item({ id, label, description }: ShownTest, source: Source | undefined): vscode.TestItem {
    const item = this.controller.createTestItem(id, label, source?.uri);
    if (description !== '') item.description = description;
    if (source) item.range = rangeOf(source);
    return item;
  }

  #tellFailed({ run }: RunNode, failures: ReadonlyMap<vscode.TestItem, vscode.TestMessage>): void {
    const results = this.controller.createTestRun(
      new vscode.TestRunRequest([...failures.keys()]),
      `failed in CI #${run.number}`,
      false,
    );
    for (const [item, message] of failures) results.failed(item, message);
    results.end();
  }

  /** The tests that a request means; all where it names none. */
  #leaves({ include, exclude }: vscode.TestRunRequest): vscode.TestItem[] {
    const left = new Set(exclude);
    const below = (item: vscode.TestItem): vscode.TestItem[] => {
      if (left.has(item)) return [];
      return item.children.size === 0 ? [item] : childrenOf(item.children).flatMap(below);
    };
    return [...new Set((include ?? childrenOf(this.controller.items)).flatMap(below))];
  }

  /** Follows a reproduction to its verdict, and tells what became of the tests. */
  async #judge(
    id: string,
    request: vscode.TestRunRequest,
    { run }: RunNode,
    items: readonly vscode.TestItem[],
    token: vscode.CancellationToken,
  ): Promise<void> {
    const name = plain(`${run.job} #${run.number}`);
    const results = this.controller.createTestRun(request, `reproduction of ${name}`);
    const say = (line: string): void => results.appendOutput(`${line.replace(/\n/g, '\r\n')}\r\n`);
    items.forEach((item) => results.started(item));
    say(`Reproducing ${name}. Its output is in the terminal "Reproduce ${name}".`);
    try {
      const verdict = await follow(this.#parts.reproductions, id, token, say);
      const sources = new Sources(AbortSignal.timeout(SEARCHING));
      for (const item of items) {
        const known = this.#known.get(item);
        if (!known) continue;
        const outcome = outcomeHere(known.test, verdict);
        switch (outcome.kind) {
          case 'failed':
            results.failed(item, await messageHere(outcome.test, verdict, sources, item));
            break;
          case 'passed':
            results.passed(item);
            break;
          case 'skipped':
            results.skipped(item);
            break;
          case 'errored':
            results.errored(item, new vscode.TestMessage(outcome.why));
        }
      }
    } finally {
      results.end();
    }
  }
}

/** A test that a log names says nothing itself; if it is the only one, what broke the run is about it. */
function withWords({ failure, diagnosis }: Explanation): readonly FailedTest[] {
  const { tests, lines } = failure;
  const [only, ...others] = tests;
  if (!only || others.length > 0 || only.details !== undefined || lines.length === 0) return tests;
  const reason = diagnosis.message === undefined ? [] : [diagnosis.message, ''];
  return [{ ...only, details: [...reason, ...lines].join('\n') }];
}

/** What a test said here, or else the verdict; beside the line where it is defined if it names no other. */
async function messageHere(
  test: FailedTest,
  verdict: Verdict | undefined,
  sources: Sources,
  { uri, range }: vscode.TestItem,
): Promise<vscode.TestMessage> {
  const { failure, frames } = await sources.of(test);
  const details = test.details ?? verdict?.sentence;
  const message = messageOf({ ...test, details }, failure, frames);
  if (!message.location && uri && range) message.location = new vscode.Location(uri, range);
  return message;
}

function messageOf(
  test: FailedTest,
  source: Source | undefined,
  frames: readonly Frame[],
): vscode.TestMessage {
  const message = new vscode.TestMessage(wordsOf(test, frames.length > 0));
  if (source) message.location = new vscode.Location(source.uri, rangeOf(source));
  if (test.stack !== undefined && frames.length > 0)
    message.stackTrace = frames.map(
      ({ place, uri }) =>
        new vscode.TestMessageStackFrame(
          plain(place.label ?? `${place.file}:${place.line}`),
          uri,
          new vscode.Position(Math.max(0, place.line - 1), 0),
        ),
    );
  return message;
}

/** The stack is shown as frames where it could be read. */
function wordsOf({ name, details, stack }: FailedTest, asFrames: boolean): string {
  const words = [details, asFrames || stack === details ? undefined : stack];
  return words.filter((text) => text !== undefined).join('\n') || `${name} failed.`;
}

function rangeOf({ line }: Source): vscode.Range {
  const at = Math.max(0, line - 1);
  return new vscode.Range(at, 0, at, 0);
}

function childrenOf(items: vscode.TestItemCollection): vscode.TestItem[] {
  return [...items].map(([, item]) => item);
}
