import type * as vscode from 'vscode';
import type { RunNode } from '../runs/runsNodes';
import type { FailingTests, TestParts } from './main';

/**
 * CI's failing tests in the Test Explorer. What shows them is a bundle of its own, `dist/tests.js`:
 * it is loaded when there are some.
 */
export class Tests implements vscode.Disposable {
  readonly #parts: TestParts;
  #failing: Promise<FailingTests> | undefined;
  #disposed = false;

  constructor(parts: TestParts) {
    this.#parts = parts;
  }

  /** Shows the failing tests of a run in place of those of another run of its job. */
  async show(node: RunNode, signal: AbortSignal): Promise<number> {
    const { tests } = await this.#parts.details.failure(node.run, signal);
    // Nobody without tests wants the icon of the Test Explorer.
    if (tests.length === 0 && !this.#failing) return 0;
    return (await this.load()).show(node, signal);
  }

  load(): Promise<FailingTests> {
    this.#failing ??= import('./main').then(({ showFailingTests }) => {
      const failing = showFailingTests(this.#parts);
      if (this.#disposed) failing.dispose();
      return failing;
    });
    return this.#failing;
  }

  /** Takes away what is shown of a job. */
  forget(jobUrl: string): void {
    void this.#failing?.then((failing) => failing.forget(jobUrl));
  }

  dispose(): void {
    this.#disposed = true;
    void this.#failing?.then((failing) => failing.dispose());
  }
}
