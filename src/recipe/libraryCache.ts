import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../base/errors';
import { git, hasCommit } from './git';

/** How long a remote may take, in milliseconds. */
const PATIENCE = 120_000;

/** Of one address so many revisions are kept. */
const MOST_REVISIONS = 10;

/** What a remote may be asked with. `file` is for addresses that the person has named. */
export type Protocols = 'of the net' | 'also file';

/**
 * A bare repository of our own that holds a commit of the repository at `address`: fetched once,
 * then kept below `cache`. Nobody is asked for a password.
 * @throws UserError when the remote cannot be reached within two minutes, or does not have it.
 */
export async function fetchedRepository(
  address: string,
  revision: string,
  cache: string,
  protocols: Protocols,
  signal: AbortSignal,
): Promise<string> {
  const folder = join(cache, createHash('sha256').update(address).digest('hex').slice(0, 20));
  const kept = join(folder, `${revision}.git`);
  if (existsSync(kept)) return kept;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeOld(folder);
  // Made beside its place and then moved there: two programs at once do not meet in it.
  const made = await mkdtemp(join(folder, 'fetching-'));
  try {
    await fetchInto(made, address, revision, protocols, signal);
    await rename(made, kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error;
    });
    return kept;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/**
 * The commit that a branch or a tag has at the remote now, looked for as Jenkins does: undefined
 * if it has neither. Without a version it is the remote's own default.
 */
export async function revisionAt(
  address: string,
  version: string | undefined,
  protocols: Protocols,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wanted =
    version === undefined
      ? ['HEAD']
      : [`refs/heads/${version}`, `refs/tags/${version}^{}`, `refs/tags/${version}`];
  const lines = await ask(['ls-remote', '--', address, ...wanted], '/', protocols, signal);
  const found = new Map(
    lines.split('\n').map((line): [string, string] => {
      const [sha = '', ref = ''] = line.split('\t');
      return [ref, sha];
    }),
  );
  for (const ref of wanted) {
    const sha = found.get(ref);
    if (sha !== undefined) return sha;
  }
  return undefined;
}

async function fetchInto(
  repository: string,
  address: string,
  revision: string,
  protocols: Protocols,
  signal: AbortSignal,
): Promise<void> {
  await git(['init', '--bare', '--quiet'], repository, signal);
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
  // Most servers give a commit by its name; others only what their refs hold.
  const ways = [
    ['--depth=1', '--', address, `${revision}:refs/heads/library`],
    ['--', address, '+refs/heads/*:refs/fetched/heads/*', '+refs/tags/*:refs/fetched/tags/*'],
  ];
  let trouble = '';
  for (const way of ways) {
    try {
      await ask([...fetch, ...way], repository, protocols, signal);
      if (await hasCommit(repository, revision, signal)) return;
      trouble = `It has no commit ${revision.slice(0, 12)}.`;
    } catch (error) {
      signal.throwIfAborted();
      trouble = messageOf(error);
    }
  }
  throw new UserError(trouble);
}

/** Runs git against a remote without any question to a person, and not for ever. */
async function ask(
  args: readonly string[],
  directory: string,
  protocols: Protocols,
  signal: AbortSignal,
): Promise<string> {
  const patience = AbortSignal.timeout(PATIENCE);
  try {
    return await git(args, directory, AbortSignal.any([signal, patience]), {
      env: {
        GIT_ALLOW_PROTOCOL: `https:http:ssh:git${protocols === 'also file' ? ':file' : ''}`,
        GIT_ASKPASS: '',
        SSH_ASKPASS_REQUIRE: 'never',
        GCM_INTERACTIVE: 'never',
        ...(await quietSsh(directory, signal)),
      },
    });
  } catch (cause) {
    signal.throwIfAborted();
    if (patience.aborted) throw new UserError('The remote did not answer in time.', { cause });
    throw cause;
  }
}

/** ssh would ask on the terminal; a command of the person's own choosing is left as it is. */
async function quietSsh(directory: string, signal: AbortSignal): Promise<NodeJS.ProcessEnv> {
  if (process.env['GIT_SSH_COMMAND'] !== undefined || process.env['GIT_SSH'] !== undefined)
    return {};
  const own = await git(['config', '--default', '', '--get', 'core.sshCommand'], directory, signal);
  return own.trim() === '' ? { GIT_SSH_COMMAND: 'ssh -oBatchMode=yes' } : {};
}

/** Takes away what a killed program left half fetched, and the oldest revisions. */
async function removeOld(folder: string): Promise<void> {
  const entries = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      return { path, name, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  entries.sort((a, b) => b.time - a.time);
  const revisions = entries.filter(({ name }) => name.endsWith('.git'));
  const left = entries.filter(
    ({ name, time }) => name.startsWith('fetching-') && time < Date.now() - 10 * PATIENCE,
  );
  for (const { path } of [...revisions.slice(MOST_REVISIONS - 1), ...left])
    await rm(path, { recursive: true, force: true });
}
