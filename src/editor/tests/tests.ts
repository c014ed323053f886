import type * as vscode from 'vscode';
import { Later } from '../frame/later';
import type { RunNode } from '../runs/runsNodes';
import type { FailingTests, TestParts } from './main';

/**
 * CI's failing tests in the Test Explorer. What shows them is a bundle of its own, `dist/tests.js`:
 * it is loaded when there are some.
 */
export class Tests implements vscode.Disposable {
  readonly #parts: TestParts;
  readonly #failing: Later<FailingTests>;

  constructor(parts: TestParts) {
    this.#parts = parts;
    this.#failing = new Later(async () => (await import('./main')).showFailingTests(parts));
  }

  /**
   * Shows the failing tests of a run in place of those of another run of its job.
   * @returns how many are known.
   */
  async show(node: RunNode, signal: AbortSignal): Promise<number> {
    const { tests } = await this.#parts.details.failure(node.run, signal);
    // Nobody without tests wants the icon of the Test Explorer.
    if (tests.length === 0 && !this.#failing.wanted) return 0;
    const failing = await this.load();
    // Nobody may want them any more.
    signal.throwIfAborted();
    return failing.show(node, signal);
  }

  load(): Promise<FailingTests> {
    return this.#failing.get();
  }

  /** Takes away what is shown of a job. */
  forget(jobUrl: string): void {
    this.#failing.ifWanted((failing) => failing.forget(jobUrl));
  }

  dispose(): void {
    this.#failing.dispose();
  }
}
