import * as vscode from 'vscode';
import { isAbort, isUserError, UserError } from '../../base/errors';
import type { Lease } from '../../machines/leases/ledger';
import type { Wishes } from '../../machines/leases/talk';
import { withProgress } from '../frame/progress';
import { plain } from '../look/plain';
import type { Attendant } from './attendant';
import { leftText, titleOf } from './machineText';
import { inform, warn } from './notices';

/** Shows how far work on what is known by a key is: an id, or a title while there is none yet. */
export type Reporting = <T>(
  key: string,
  report: (words: string) => void,
  work: (report: (words: string) => void) => Promise<T>,
) => Promise<T>;

export interface ReadyingParts {
  readonly attendant: Pick<Attendant, 'ask'>;
  readonly reporting: Reporting;
}

/** Has a machine get what a commit wants, and gives what it lacks still; null where there is no clone. How far it is stands in its line, too. */
export function makeReady(
  { attendant, reporting }: ReadyingParts,
  lease: Lease,
  wish: Omit<Wishes['ready']['wish'], 'lease'>,
): Promise<readonly string[] | null> {
  return withProgress(`Getting ${titleOf(lease)} ready`, (signal, report) =>
    reporting(lease.id, report, (told) =>
      attendant.ask('ready', { ...wish, lease: lease.id }, signal, told),
    ),
  );
}

/**
 * Has it get what the workspace's commit wants, and tells what is left, and what is wrong where that was not to be
 * had. `newly` is it where it was borrowed just now.
 */
export async function readyForWorkspace(
  parts: ReadyingParts,
  lease: Lease,
  newly: boolean,
): Promise<void> {
  const directory = clone();
  const yours = (): string => `is yours for ${leftText(lease.end - Date.now())}`;
  let lacks: readonly string[] | null = null;
  try {
    if (directory !== undefined)
      lacks = await makeReady(parts, lease, { directory, environment: {}, insist: !newly });
  } catch (error) {
    if (isAbort(error) || !isUserError(error)) throw error;
    const words = plain(`${error.message} ${error.advice ?? ''}`.trim());
    void warn(lease, `${yours()}, but not ready: ${words}`, UNREADY);
    return;
  }
  if (!lacks && !newly) throw noClone();
  if (lacks && lacks.length > 0)
    void warn(lease, `${yours()}, but it lacks ${plain(lacks.join(', '))}.`, UNREADY);
  else void inform(lease, `${yours()}${lacks ? ', and ready' : ''}.`, ['SSH In', 'Return…']);
}

export function noClone(): UserError {
  return new UserError('There is no clone to make it ready for.', {
    advice: 'Open the folder of your repository, and trust it.',
  });
}

const UNREADY = ['Get Ready…', 'SSH In', 'Return…'] as const;

/** The clone that machines are made ready for; undefined where nothing of one may be looked at. */
export function clone(): string | undefined {
  if (!vscode.workspace.isTrusted) return undefined;
  const { activeTextEditor } = vscode.window;
  const shown =
    activeTextEditor && vscode.workspace.getWorkspaceFolder(activeTextEditor.document.uri);
  const folder = shown ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === 'file' ? folder.uri.fsPath : undefined;
}
