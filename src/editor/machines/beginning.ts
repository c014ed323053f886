import * as vscode from 'vscode';
import type { Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import type { Attendant } from './attendant';
import { leftText, soFar, titleOf } from './machineText';

/** Gives back what nobody uses any more, and tells of it. */
export async function lookAfter(
  attendant: Attendant,
  output: vscode.LogOutputChannel,
  signal: AbortSignal,
): Promise<void> {
  const { returned, left, others } = await attendant.ask('sweep', {}, signal);
  for (const words of others) output.info(words);
  for (const words of left) output.warn(words);
  if (returned.length > 0)
    void vscode.window.showInformationMessage(
      `Given back, since nobody used it any more: ${plain(returned.join(', '))}`,
    );
  if (left.length > 0)
    void vscode.window.showWarningMessage(
      `Borrowed machines could not be looked after: ${plain(left.join('; '))}`,
    );
}

/** Whether to keep a machine whose window has closed. */
export async function askAbout(lease: Lease): Promise<void> {
  const now = Date.now();
  const cost = soFar(lease, now);
  const answer = await vscode.window.showWarningMessage(
    `${titleOf(lease)} is still borrowed, though its window was closed. ${cost === undefined ? 'Its' : `It has cost ${cost}; its`} end comes by itself in ${leftText(lease.end - now)}.`,
    KEEP,
    RETURN,
  );
  const node = { kind: 'lease', id: lease.id };
  if (answer === KEEP) await vscode.commands.executeCommand('ciParity.machineKeep', node);
  if (answer === RETURN) await vscode.commands.executeCommand('ciParity.machineReturn', node);
}

const KEEP = 'Keep';
const RETURN = 'Return…';
