import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Verdict } from '../../reproduce/journal';
import { filesOf, type Reproduction } from '../../reproduce/store';
import { plain } from '../look/plain';
import type { Reproductions } from '../reproductions/reproductions';
import { isRunnerOf } from '../reproductions/runnerTerminals';

/**
 * Follows a reproduction and says which stages it goes through; resolves with its verdict, or with
 * undefined where its runner was ended before. `token` stops the reproduction, as Ctrl-C in its
 * terminal does; its verdict is then "cancelled".
 */
export async function follow(
  reproductions: Reproductions,
  id: string,
  token: vscode.CancellationToken,
  say: (line: string) => void,
): Promise<Verdict | undefined> {
  const told = new Set<string>();
  const tellStages = ({ stages }: Reproduction): void => {
    for (const { path, state } of stages) {
      const line = plain(`${path.join(' / ')}: ${state}`);
      if (!told.has(line)) say(line);
      told.add(line);
    }
  };
  const stop = token.onCancellationRequested(() => writeFileSync(filesOf(id).stop, ''));
  try {
    const end = await new Promise<Reproduction | undefined>((resolve) => {
      let last: Reproduction | undefined;
      const look = (): void => {
        const one = reproductions.all().find(({ files }) => files.id === id);
        if (one) tellStages(one);
        // A new one is only found a moment later; one that was there and is not was deleted.
        if (one ? isDecided(one) : last) finish(one);
        last = one;
      };
      const subscriptions = vscode.Disposable.from(
        reproductions.onDidChange(look),
        vscode.window.onDidCloseTerminal((terminal) => {
          // Closed before the runner took it, so that nobody will.
          if (isRunnerOf(terminal, id) && last?.status.state !== 'running') finish(last);
        }),
      );
      const finish = (one: Reproduction | undefined): void => {
        subscriptions.dispose();
        resolve(one);
      };
      look();
    });
    const verdict = end?.verdict;
    say(verdict ? verdict.sentence : 'It was interrupted.');
    return verdict;
  } finally {
    stop.dispose();
  }
}

/** A machine that is kept, or is being put away, changes no verdict. */
function isDecided({ verdict, status }: Reproduction): boolean {
  return verdict !== undefined || status.state === 'ended' || status.state === 'interrupted';
}
