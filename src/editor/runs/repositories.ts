import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { sameRepository } from '../../base/gitAddress';
import { currentBranch, remotes } from '../../recipe/git';
import { readJobs } from '../frame/settings';

/** The addresses of a folder's remotes; none in an untrusted workspace or where there is no repository. */
export async function remoteUrls(
  folder: vscode.WorkspaceFolder,
  signal: AbortSignal,
): Promise<string[]> {
  if (!isReadable(folder)) return [];
  return quietly(async () => (await remotes(folder.uri.fsPath, signal)).map(({ url }) => url), []);
}

/** What the workspace's repositories are called: their remotes' addresses, and the names of their folders. */
export async function repositoryNames(signal: AbortSignal): Promise<string[]> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const urls = await Promise.all(folders.map((folder) => remoteUrls(folder, signal)));
  // A clone mostly has its repository's name, also where git may not be asked.
  return [...urls.flat(), ...folders.map(({ name }) => name)];
}

/** The branch that is checked out in a folder, or in the first one. */
export async function checkedOut(
  folder: vscode.WorkspaceFolder | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const where = folder ?? vscode.workspace.workspaceFolders?.[0];
  if (!where || !isReadable(where)) return undefined;
  return quietly(() => currentBranch(where.uri.fsPath, signal), undefined);
}

/**
 * The folder with the clone of a run's repository: the one whose settings name its job, or one of
 * whose remotes the run names, or the only one. The person is asked where that does not tell.
 * @returns undefined when the person cancelled.
 */
export async function folderOf(
  run: Run,
  signal: AbortSignal,
): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(
    ({ uri }) => uri.scheme === 'file',
  );
  if (folders.length === 0)
    throw new UserError('There is no folder open to reproduce the run from.', {
      advice: "Open the clone of the run's repository.",
    });
  if (folders.length === 1) return folders[0];
  const named = readJobs().filter(({ url }) => run.jobUrl.startsWith(url));
  if (named.length === 1 && named[0]?.folder) return named[0].folder;
  const wanted = run.commit?.remoteUrls ?? [];
  for (const folder of folders) {
    const own = await remoteUrls(folder, signal);
    if (own.some((url) => wanted.some((other) => sameRepository(url, other)))) return folder;
  }
  return vscode.window.showWorkspaceFolderPick({
    placeHolder: `Which folder is the clone of the repository of ${run.job}?`,
  });
}

/** Git is only run in folders on a disk that the person trusts. */
function isReadable({ uri }: vscode.WorkspaceFolder): boolean {
  return vscode.workspace.isTrusted && uri.scheme === 'file';
}

/** A folder need not be a repository, and git need not be there. */
async function quietly<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UserError) return otherwise;
    throw error;
  }
}
