import { basename } from 'node:path';
import { UserError } from '../../base/errors';
import { AGENTS, endAgent } from '../agent';
import type { Machine } from '../machine';

/**
 * Where reproductions on borrowed machines work, from the home folder: so what is done on a host that nobody has
 * borrowed is told from that. A short name, since sockets lie in there.
 */
export const LENT = '.cache/ci-parity/lent';

/** A workspace in which a machine could not be destroyed stays: without Vagrant's notes nobody could do it. */
const VAGRANT_SCRIPT = String.raw`
cd "$1" || exit 0
find . -type d -name .vagrant -prune | while read -r notes; do
  [ -n "$(find "$notes/machines" -name id -size +0 2>/dev/null)" ] || continue
  (cd "$notes/.." && vagrant destroy -f </dev/null >&2)
  [ -z "$(find "$notes/machines" -name id -size +0 2>/dev/null)" ] || echo "$notes"
done
`;

/**
 * Takes away what has been done on a host while it was lent: of reproductions, processes, found by the cookie of
 * each, virtual machines and files; and the lease's agent of Jenkins. What makes the next reproduction quick stays,
 * and all that was done without a lease.
 * @throws UserError where something could not be taken away.
 */
export async function cleanHost(
  machine: Machine,
  lease: string,
  signal: AbortSignal,
): Promise<void> {
  const { stdout: home } = await machine.exec(['sh', '-c', 'cd && printf %s "$PWD"'], { signal });
  if (!home.startsWith('/'))
    throw new UserError(`${machine.name} does not tell where its home is.`);
  const agents = await machine.files.list(`${home}/${AGENTS}`, signal);
  if (agents.includes(lease)) await endAgent(machine, lease, signal);
  const workspaces = `${home}/${LENT}`;
  for (const name of await machine.files.list(workspaces, signal))
    await clean(machine, `${workspaces}/${name}`, signal);
}

async function clean(machine: Machine, workspace: string, signal: AbortSignal): Promise<void> {
  // A workspace's neighbours have its name and something behind it: name@tmp, name-2.
  const [id] = basename(workspace).split('@');
  const outlived = await machine.endProcesses(`CI_PARITY_COOKIE=${id}`, 3000, signal);
  if (outlived.length > 0)
    throw new UserError(`Processes of ${machine.name} could not be ended: ${outlived.join(', ')}`);
  const { stdout } = await machine.exec(['sh', '-c', VAGRANT_SCRIPT, 'sh', workspace], {
    timeout: 10 * 60_000,
    signal,
  });
  if (stdout.trim() !== '')
    throw new UserError(`A virtual machine of ${machine.name} could not be destroyed.`, {
      advice: `Its Vagrant folder lies in ${workspace}.`,
    });
  await machine.files.remove(workspace, signal);
}
