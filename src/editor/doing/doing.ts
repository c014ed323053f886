import type * as vscode from 'vscode';
import type { Commands } from '../frame/commands';
import { Later } from '../frame/later';
import type { DoingParts } from './doingParts';
import type { DoingCommands } from './main';

/** What changes something on a server is a bundle of its own, `dist/doing.js`: it is loaded when that is wanted. */
export class Doings implements vscode.Disposable {
  readonly #commands: Later<DoingCommands>;

  constructor(parts: DoingParts) {
    this.#commands = new Later(async () => (await import('./main')).startDoing(parts));
  }

  commands(): Commands {
    const command =
      (name: Exclude<keyof DoingCommands, 'dispose'>) =>
      async (node?: never): Promise<void> =>
        (await this.#commands.get())[name](node);
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
    this.#commands.dispose();
  }
}
