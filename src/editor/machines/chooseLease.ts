import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { workOn, type Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import { themeIcon } from '../look/treeItem';
import { endsNext } from './machineActions';
import { describeLease, markOfLease, soFar, titleOf, type Known } from './machineText';

/** The only one, or which of several; undefined when the person cancelled. */
export async function soleOrPicked(
  leases: readonly Lease[],
  known: Known,
): Promise<Lease | undefined> {
  const [only] = leases;
  return leases.length === 1 ? only : pickLease(leases, known, 'Which borrowed machine?');
}

/** Which of several, the one that ends next first; undefined when the person cancelled. */
export async function pickLease(
  leases: readonly Lease[],
  known: Known,
  title: string,
): Promise<Lease | undefined> {
  if (leases.length === 0) throw new UserError('There is no borrowed machine to do that with.');
  const next = endsNext(leases);
  const sorted = [...leases].sort((a, b) => Number(b === next) - Number(a === next));
  const choice = await vscode.window.showQuickPick(
    sorted.map((lease) => ({
      label: titleOf(lease),
      description: describeLease(lease, known),
      iconPath: themeIcon(markOfLease(lease, known)),
      lease,
    })),
    { title },
  );
  return choice?.lease;
}

/** What is on a machine is lost with it. */
export async function agreesToReturn(leases: readonly Lease[], now: number): Promise<boolean> {
  // One whose giving back has begun is not kept by a no.
  if (leases.every(({ state }) => state.kind === 'returning')) return true;
  const running = leases.flatMap((lease) => workOn(lease).map(({ words }) => plain(words)));
  const costs = leases.flatMap((lease) => {
    const cost = soFar(lease, now);
    return cost === undefined ? [] : [`${titleOf(lease)} has cost ${cost}.`];
  });
  const [only] = leases;
  const what = leases.length === 1 && only ? titleOf(only) : `all ${leases.length} machines`;
  const answer = await vscode.window.showWarningMessage(
    `Give back ${what}?`,
    {
      modal: true,
      detail: [
        ...(running.length > 0 ? [`Still running there: ${running.join(', ')}.`] : []),
        'What is on it is lost.',
        ...costs,
      ].join('\n'),
    },
    RETURN,
  );
  return answer === RETURN;
}

const RETURN = 'Return';
