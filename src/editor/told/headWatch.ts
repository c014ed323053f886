import { watch, type FSWatcher } from 'node:fs';
import { isAbort, UserError } from '../../base/errors';
import { currentBranch, git } from '../../recipe/git';

/** Milliseconds that git takes for what is one switch to a person. */
const SETTLE = 100;

/**
 * Tells which branch is checked out in a folder, now and whenever that changes, for as long as
 * `signal` is not aborted. Git is asked when its HEAD is written, and never just in case. Undefined
 * is no branch: a commit is checked out, or there is no repository, or no git.
 */
export function watchBranch(
  directory: string,
  tell: (branch: string | undefined) => void,
  signal: AbortSignal,
): void {
  let last: string | undefined;
  let first = true;
  const look = async (): Promise<void> => {
    const branch = await quietly(() => currentBranch(directory, signal));
    if (signal.aborted || (branch === last && !first)) return;
    first = false;
    last = branch;
    tell(branch);
  };
  void (async () => {
    const folder = await quietly(() => gitFolder(directory, signal));
    if (folder !== undefined && !signal.aborted) watchHead(folder, () => void look(), signal);
    await look();
  })();
}

/** Git writes a new HEAD beside the old one and puts it into its place, so that the folder is watched. */
function watchHead(folder: string, changed: () => void, signal: AbortSignal): void {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher;
  try {
    watcher = watch(folder, (_, name) => {
      if (name === 'HEAD') timer ??= setTimeout(settled, SETTLE);
    });
  } catch {
    // It was deleted since, or the system watches no more files: the branch stays what it is.
    return;
  }
  const settled = (): void => {
    timer = undefined;
    changed();
  };
  watcher.on('error', () => watcher.close());
  const stop = (): void => {
    clearTimeout(timer);
    watcher.close();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
}

/** Of a worktree its own, which has a HEAD of its own. */
async function gitFolder(directory: string, signal: AbortSignal): Promise<string> {
  return (await git(['rev-parse', '--absolute-git-dir'], directory, signal)).trimEnd();
}

async function quietly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UserError || isAbort(error)) return undefined;
    throw error;
  }
}
