import * as vscode from 'vscode';
import type { Commands } from '../frame/commands';
import { readJobs } from '../frame/settings';
import type { Telling, ToldParts } from './main';

/**
 * Tells how the branch that is checked out does in CI. What does so is a bundle of its own,
 * `dist/told.js`: it is loaded when a job of the workspace can be asked for, and git as well.
 */
export class Told implements vscode.Disposable {
  readonly #parts: ToldParts;
  #telling: Promise<Telling> | undefined;
  #disposed = false;

  constructor(parts: ToldParts) {
    this.#parts = parts;
    this.look();
  }

  /** To be called when servers, jobs, folders or the trust in them have changed. */
  look(): void {
    if (this.#telling) void this.#telling.then((telling) => telling.begin());
    else if (vscode.workspace.isTrusted && this.#hasJob())
      this.load().catch((error: unknown) => this.#parts.output.error(String(error)));
  }

  load(): Promise<Telling> {
    this.#telling ??= import('./main').then(({ startTelling }) => {
      const telling = startTelling(this.#parts);
      if (this.#disposed) telling.dispose();
      return telling;
    });
    return this.#telling;
  }

  commands(): Commands {
    return {
      'ciParity.branchActions': async () => (await this.load()).pick(),
    };
  }

  dispose(): void {
    this.#disposed = true;
    void this.#telling?.then((telling) => telling.dispose());
  }

  #hasJob(): boolean {
    return readJobs().some(({ url }) => this.#parts.servers.of(url) !== undefined);
  }
}
