import * as vscode from 'vscode';
import type { Commands } from '../frame/commands';
import { Later } from '../frame/later';
import { readJobs } from '../frame/settings';
import type { Telling, ToldParts } from './main';

/**
 * Tells how the branch that is checked out does in CI. What does so is a bundle of its own,
 * `dist/told.js`: it is loaded when a job of the workspace can be asked for, and git as well.
 */
export class Told implements vscode.Disposable {
  readonly #parts: ToldParts;
  readonly #telling: Later<Telling>;

  constructor(parts: ToldParts) {
    this.#parts = parts;
    this.#telling = new Later(async () => (await import('./main')).startTelling(parts));
    this.look();
  }

  /** To be called when servers, jobs, folders or the trust in them have changed. */
  look(): void {
    if (this.#telling.wanted) this.#telling.ifWanted((telling) => telling.begin());
    else if (vscode.workspace.isTrusted && this.#hasJob())
      this.load().catch((error: unknown) => this.#parts.output.error(String(error)));
  }

  load(): Promise<Telling> {
    return this.#telling.get();
  }

  commands(): Commands {
    return {
      'ciParity.branchActions': async () => (await this.load()).pick(),
    };
  }

  dispose(): void {
    this.#telling.dispose();
  }

  #hasJob(): boolean {
    return readJobs().some(({ url }) => this.#parts.servers.of(url) !== undefined);
  }
}
