import * as vscode from 'vscode';
import type { Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import { claim } from '../told/claims';
import type { Attendant } from './attendant';
import { isThere, leftText, soFar, titleOf } from './machineText';

/** Milliseconds within which a window that comes back takes what it had without asking: it was reloaded. */
const RELOADED = 2 * 60_000;

/** Takes back what this workspace's window had a moment ago. */
export async function takeBack(
  attendant: Attendant,
  leases: readonly Lease[],
  mine: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const now = Date.now();
  const ids = leases.flatMap(({ id, letGo }) =>
    letGo && mine.includes(id) && now - letGo.at < RELOADED ? [id] : [],
  );
  if (ids.length > 0) await attendant.ask('take', { leases: ids }, signal);
}

/** Gives back what nobody uses any more, tells of it, and asks about what a window that closed has left. */
export async function lookAfter(
  attendant: Attendant,
  leases: () => readonly Lease[],
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
  for (const lease of leases())
    if (isThere(lease) && lease.letGo && claim(`machine ${lease.id} let go ${lease.letGo.at}`))
      void askAbout(lease);
}

async function askAbout(lease: Lease): Promise<void> {
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
