import type * as vscode from 'vscode';
import type { Commands } from '../frame/commands';
import type { DoingParts } from './doingParts';
import type { DoingCommands } from './main';

/** What changes something on a server is a bundle of its own, `dist/doing.js`: it is loaded when that is wanted. */
export class Doings implements vscode.Disposable {
  readonly #parts: DoingParts;
  #commands: Promise<DoingCommands> | undefined;
  #disposed = false;

  constructor(parts: DoingParts) {
    this.#parts = parts;
  }

  commands(): Commands {
    const command =
      (name: Exclude<keyof DoingCommands, 'dispose'>) =>
      async (node?: never): Promise<void> =>
        (await this.#load())[name](node);
    return {
      'ciParity.build': command('build'),
      'ciParity.rerun': command('rerun'),
      'ciParity.stopRun': command('stopRun'),
      'ciParity.showReplayDiff': command('showReplayDiff'),
      'ciParity.replay': command('replay'),
      'ciParity.answerInput': command('answerInput'),
      'ciParity.restartFromStage': command('restartFromStage'),
      'ciParity.cancelQueueItem': command('cancelQueueItem'),
    };
  }

  dispose(): void {
    this.#disposed = true;
    void this.#commands?.then((commands) => commands.dispose());
  }

  #load(): Promise<DoingCommands> {
    this.#commands ??= import('./main').then(({ startDoing }) => {
      const commands = startDoing(this.#parts);
      if (this.#disposed) commands.dispose();
      return commands;
    });
    return this.#commands;
  }
}
