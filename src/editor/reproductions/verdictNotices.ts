import * as vscode from 'vscode';
import type { Reproduction } from '../../reproduce/store';
import { plain } from '../look/plain';
import type { ReproductionNode } from './reproductionRows';
import type { Reproductions } from './reproductions';
import { sentenceOf, titleOf } from './reproductionText';

/**
 * Tells of reproductions of this window's folders that ended, were interrupted, or wait for the
 * person, once each; of those only that did so since this was made.
 */
export function tellVerdicts(reproductions: Reproductions): vscode.Disposable {
  const since = Date.now();
  const told = new Set<string>();
  return reproductions.onDidChange(() => {
    for (const one of reproductions.all()) {
      const { state } = one.status;
      if (state === 'new' || state === 'running' || !isOurs(one)) continue;
      const key = `${one.files.id} ${state}`;
      if (told.has(key) || (one.endedAt ?? one.startedAt ?? 0) < since) continue;
      told.add(key);
      void tell(one);
    }
  });
}

async function tell(reproduction: Reproduction): Promise<void> {
  const node: ReproductionNode = { kind: 'reproduction', reproduction };
  const { show, message, actions } = noticeOf(reproduction);
  const answer = await show(message, ...actions.keys());
  const command = answer === undefined ? undefined : actions.get(answer);
  if (command !== undefined) await vscode.commands.executeCommand(command, node);
}

interface Notice {
  readonly show: (message: string, ...buttons: string[]) => Thenable<string | undefined>;
  readonly message: string;
  /** Commands by the words on their buttons. */
  readonly actions: ReadonlyMap<string, string>;
}

function noticeOf(reproduction: Reproduction): Notice {
  const { status } = reproduction;
  const { showInformationMessage, showWarningMessage } = vscode.window;
  const output = ['Show Output', 'ciParity.showOutput'] as const;
  const named = `${titleOf(reproduction)}: ${sentenceOf(reproduction)}`;
  switch (status.state) {
    case 'kept':
      return {
        show: showInformationMessage,
        message: named,
        actions: new Map([
          ['Enter VM', 'ciParity.enterMachine'],
          ['Finish and Put Away', 'ciParity.finish'],
        ]),
      };
    case 'interrupted':
      return {
        show: showWarningMessage,
        message: named,
        actions: new Map([['Clean Up', 'ciParity.cleanUp'], output]),
      };
    default:
      return endOf(reproduction, named, new Map([output]));
  }
}

function endOf(
  { status, recipe }: Reproduction,
  named: string,
  actions: Notice['actions'],
): Notice {
  const { showErrorMessage, showInformationMessage, showWarningMessage } = vscode.window;
  const verdict = status.state === 'ended' ? status.verdict : undefined;
  const left = status.state === 'ended' ? status.left : [];
  if (left.length > 0) {
    const message = `${named}. Left behind: ${plain(left.join(', '))}`;
    return { show: showWarningMessage, message, actions };
  }
  if (!verdict || verdict.kind === 'could not run') {
    const advice = verdict?.details[0];
    const message = advice === undefined ? named : `${named} ${plain(advice)}`;
    return { show: showErrorMessage, message, actions };
  }
  // A verdict on a run names the run itself.
  const message = recipe.run ? plain(verdict.sentence) : named;
  return { show: showInformationMessage, message, actions };
}

function isOurs({ recipe }: Reproduction): boolean {
  const { directory } = recipe.repository;
  return (vscode.workspace.workspaceFolders ?? []).some(
    ({ uri }) => uri.fsPath === directory || uri.fsPath.startsWith(`${directory}/`),
  );
}
