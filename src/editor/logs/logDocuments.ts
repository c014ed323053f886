import * as vscode from 'vscode';
import type { Run, Stage } from '../../jenkins/run';
import type { Commands } from '../frame/commands';
import { Later } from '../frame/later';
import { LOG_SCHEME } from './logAddress';
import type { LogCommands } from './logCommands';
import type { LogParts, Logs, Wanted } from './main';

/**
 * Logs of runs and output of reproductions as read-only documents. What shows them is a bundle of its
 * own, `dist/logs.js`, which is loaded with the first of them.
 */
export class LogDocuments implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #subscriptions: vscode.Disposable;
  readonly #logs: Later<Logs>;

  constructor(parts: Omit<LogParts, 'tell'>) {
    this.#logs = new Later(async () => {
      const { startLogs } = await import('./main');
      const tell = (uri: vscode.Uri): void =>
        this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
      return startLogs({ ...parts, tell });
    });
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerFileSystemProvider(LOG_SCHEME, this.#fileSystem(), {
        isReadonly: true,
        isCaseSensitive: true,
      }),
    );
  }

  /** Opens a run's log at a place; without any where it broke, or else at its end. */
  async showRun(run: Run, wanted: Wanted, signal: AbortSignal): Promise<void> {
    await (await this.load()).showRun(run, wanted, signal);
  }

  /** Opens what one stage of a run wrote. */
  async showStage(run: Run, stage: Stage, signal: AbortSignal): Promise<void> {
    await (await this.load()).showStage(run, stage, signal);
  }

  async showReproduction(id: string, title: string, signal: AbortSignal): Promise<void> {
    await (await this.load()).showReproduction(id, title, signal);
  }

  /** The commands about the log in the active editor. */
  commands(): Commands {
    return Object.fromEntries(
      (Object.keys(COMMANDS) as (keyof LogCommands)[]).map((id) => [
        id,
        async (...args: [unknown, unknown, unknown]) => (await this.load()).commands[id](...args),
      ]),
    );
  }

  load(): Promise<Logs> {
    return this.#logs.get();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#logs.dispose();
  }

  #fileSystem(): vscode.FileSystemProvider {
    const refuse = (): never => {
      throw vscode.FileSystemError.NoPermissions('Logs can only be read.');
    };
    return {
      onDidChangeFile: this.#changed.event,
      watch: () => new vscode.Disposable(() => undefined),
      stat: async (uri) => (await this.load()).files.stat(uri),
      readFile: async (uri) => (await this.load()).files.readFile(uri),
      readDirectory: () => [],
      createDirectory: refuse,
      writeFile: refuse,
      delete: refuse,
      rename: refuse,
    };
  }
}

const COMMANDS: Readonly<Record<keyof LogCommands, true>> = {
  'ciParity.logEarlier': true,
  'ciParity.logLater': true,
  'ciParity.logBeginning': true,
  'ciParity.logEnd': true,
  'ciParity.logGoToLine': true,
  'ciParity.logAtFailure': true,
  'ciParity.logSearch': true,
  'ciParity.logNextResult': true,
  'ciParity.logPreviousResult': true,
  'ciParity.logProblems': true,
  'ciParity.logClearProblems': true,
  'ciParity.copyMarkdown': true,
  'ciParity.logOpenPlace': true,
  'ciParity.logTimestamps': true,
  'ciParity.logPause': true,
  'ciParity.logResume': true,
};
