import { stateDirectory } from '../base/stateDirectory';
import { isUserError, messageOf, UserError } from '../base/errors';
import { bootstrapScript } from '../machines/bootstrap';
import type { Surroundings } from '../machines/lenders/open';
import { markUnready } from '../machines/leases/borrow';
import { leaseOf } from '../machines/leases/ledger';
import { headCommit, topLevel } from '../recipe/git';
import type { Screen } from '../reproduce/effects';
import { environmentOf } from '../reproduce/place';
import { getReady, textAt, wishesFor, type Readying, type Source } from '../reproduce/ready';

/** The clone that a folder lies in, as it is committed; undefined where there is none. */
export async function sourceIn(folder: string, signal: AbortSignal): Promise<Source | undefined> {
  try {
    const directory = await topLevel(folder, signal);
    return { repository: { directory }, commit: await headCommit(directory, signal) };
  } catch (error) {
    if (isUserError(error)) return undefined;
    throw error;
  }
}

/** What a machine may run at its first start, as far as a clone tells that; undefined where it does nothing with Vagrant. */
export async function bootstrapFor(
  source: Source,
  signal: AbortSignal,
): Promise<string | undefined> {
  const vagrantfile = await textAt(source, 'Vagrantfile', signal);
  const [wish] = vagrantfile === undefined ? [] : wishesFor(vagrantfile, false, {});
  return wish && bootstrapScript(wish);
}

export interface LeaseReadying extends Pick<Readying, 'ask' | 'insist' | 'environment'> {
  readonly open: Surroundings['open'];
  readonly screen: Screen;
}

/** Has a borrowed machine get what a commit wants, and resolves with what it lacks still. */
export async function makeLeaseReady(
  id: string,
  source: Source,
  { open, ...readying }: LeaseReadying,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const root = stateDirectory();
  const lease = leaseOf(root, id);
  const { state, title } = lease;
  if (state.kind !== 'lent' && state.kind !== 'ready')
    throw new UserError(`${title} is not there.`, { advice: 'See: ci-parity machines' });
  await using machine = await open(state.ssh, signal).catch(async (error: unknown) => {
    if (!signal.aborted) await markUnready({ root }, id, messageOf(error));
    throw error;
  });
  // Cancelling lets what it installs come to an orderly end.
  const { signal: kill } = new AbortController();
  // It may choose its provider itself, as a reproduction there will find.
  const own = environmentOf((await machine.exec(['env', '-0'], { signal })).stdout);
  return await getReady(machine, source, {
    ...readying,
    environment: { ...own, ...readying.environment },
    lease,
    address: state.ssh,
    root,
    signal,
    kill,
  });
}
