import * as vscode from 'vscode';
import type { Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import type { Attendant } from './attendant';

export interface Beginning {
  readonly attendant: Pick<Attendant, 'ask'>;
  readonly leases: () => readonly Lease[];
  /** Tells of a machine that could not be given back. */
  readonly unreturned: (lease: Lease, problem: string) => void;
  readonly output: vscode.LogOutputChannel;
}

/**
 * Gives back what nobody uses any more, and tells of it. It is `quiet` unless the person wants it, who may be asked
 * for a passphrase then. A lender that cannot be asked matters where something is lent by it.
 */
export async function lookAfter(
  { attendant, leases, unreturned, output }: Beginning,
  quiet: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { returned, left, others } = await attendant.ask('sweep', { quiet }, signal);
  for (const words of others) output.info(words);
  for (const words of left) output.warn(words);
  if (returned.length > 0)
    void vscode.window.showInformationMessage(
      `Given back, since nobody used it any more: ${plain(returned.join(', '))}`,
    );
  for (const lease of leases())
    if (lease.state.kind === 'returning' && lease.state.problem !== undefined)
      unreturned(lease, lease.state.problem);
  const matters = left.filter((words) =>
    leases().some(({ id, lender }) => words.startsWith(`${lender} `) && !words.includes(id)),
  );
  if (matters.length === 0) return;
  const answer = await vscode.window.showWarningMessage(
    `Borrowed machines could not be looked after: ${plain(matters.join('; '))}`,
    LOOK_AGAIN,
  );
  if (answer === LOOK_AGAIN)
    await lookAfter({ attendant, leases, unreturned, output }, false, signal);
}

const LOOK_AGAIN = 'Look Again';
