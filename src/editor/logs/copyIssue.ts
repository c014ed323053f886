import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { withProgress } from '../frame/progress';
import { isBroken } from '../look/marks';
import type { RunDetails } from '../runs/runDetails';
import { issueText } from './issueText';
import type { LogEditors } from './logEditors';

/** Lines before and after the cursor, where nothing is selected. */
const AROUND = 20;
const MOST_LINES = 200;

/**
 * Copies what an issue about a run needs: of the run in a view with the lines that tell why it broke,
 * of the log in the active editor with what is selected there, or is around the cursor.
 */
export async function copyIssue(
  editors: LogEditors,
  details: RunDetails,
  listed: Run | undefined,
): Promise<void> {
  const active = listed ? undefined : await editors.mustBeActive();
  const run = listed ?? active?.document.run;
  if (!run) throw new UserError('This is the output of a reproduction, not the log of a run.');
  const explained = isBroken(run)
    ? await withProgress('Looking for the failure', (signal) => details.explain(run, signal))
    : undefined;
  const { diagnosis, failure } = explained ?? {};
  const log = active
    ? linesOf(active.editor, active.document.view.shown.window.from.line)
    : { lines: failure?.lines ?? [], firstLine: undefined };
  const text = issueText({ run, diagnosis, tests: failure?.tests ?? [], ...log });
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage('Copied for an issue', 3000);
}

function linesOf({ document, selection }: vscode.TextEditor, windowLine: number) {
  const around = selection.isEmpty ? AROUND : 0;
  const first = Math.max(0, selection.start.line - around);
  const last = Math.min(
    document.lineCount - 1,
    selection.end.line + around,
    first + MOST_LINES - 1,
  );
  const lines = Array.from(
    { length: last - first + 1 },
    (_, at) => document.lineAt(first + at).text,
  );
  return { lines, firstLine: windowLine + first + 1 };
}
