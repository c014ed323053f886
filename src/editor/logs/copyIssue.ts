import * as vscode from 'vscode';
import { isUserError, UserError } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { withProgress } from '../frame/progress';
import { isBroken } from '../look/marks';
import type { RunDetails } from '../runs/runDetails';
import { issueText } from './issueText';
import type { LogEditors } from './logEditors';
import type { StageVariable } from './stageEnvironment';

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
  const { diagnosis, failure, environment } = isBroken(run)
    ? await withProgress('Looking for the failure', (signal) => lookInto(details, run, signal))
    : {};
  const log = active
    ? linesOf(active.editor, active.document.view.shown.window.from.line)
    : { lines: failure?.lines ?? [], firstLine: undefined };
  const text = issueText({
    ...{ run, diagnosis, ...log },
    ...{ tests: failure?.tests ?? [], environment: environment ?? [] },
  });
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage('Copied for an issue', 3000);
}

async function lookInto(details: RunDetails, run: Run, signal: AbortSignal) {
  const explanation = await details.explain(run, signal);
  const path = explanation.diagnosis.stage ?? [];
  return { ...explanation, environment: await environmentOf(details, run, path, signal) };
}

/** Of the Jenkinsfile that the run used; it only adds to what is copied. */
async function environmentOf(
  details: RunDetails,
  run: Run,
  path: readonly string[],
  signal: AbortSignal,
): Promise<StageVariable[]> {
  try {
    const text = await details.jenkinsfile(run, signal);
    if (text === undefined) return [];
    const { stageEnvironment } = await import('./stageEnvironment');
    return stageEnvironment(text, path);
  } catch (error) {
    signal.throwIfAborted();
    if (isUserError(error)) return [];
    throw error;
  }
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
