import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { codeOf } from '../../base/errors';
import { stateDirectory } from '../../base/stateDirectory';
import type { Lease } from '../../machines/leases/ledger';
import { plain } from '../look/plain';
import { titleOf } from './machineText';
import {
  includeLine,
  isPlainAlias,
  knownHosts,
  sshEntry,
  withInclude,
  type SshEntry,
} from './sshConfig';

/**
 * Whether "Open in Remote-SSH" can do it: that extension connects from where the person sits, so not where
 * we run elsewhere, with our files.
 */
export function remoteIsThere(): boolean {
  const { remoteName } = vscode.env;
  return (
    remoteName === undefined &&
    vscode.extensions.getExtension('ms-vscode-remote.remote-ssh') !== undefined
  );
}

/**
 * Opens a window on the machine. Remote-SSH takes neither keys nor host keys, only a name that OpenSSH
 * knows: so the lent machines are in a configuration of ours, which the person's own includes once they agree.
 */
export async function openRemote(lease: Lease, leases: readonly Lease[]): Promise<void> {
  const { state } = lease;
  if (state.kind !== 'lent' && state.kind !== 'ready') return;
  const plainly = isPlainAlias(state.ssh);
  const name = plainly ? state.ssh.host : nameOf(lease);
  if (!plainly && !(await writtenDown(lease, leases))) return;
  await vscode.commands.executeCommand('vscode.newWindow', {
    remoteAuthority: `ssh-remote+${name}`,
  });
}

/** Whether OpenSSH knows the machine by its name now. */
async function writtenDown(lease: Lease, leases: readonly Lease[]): Promise<boolean> {
  const folder = join(stateDirectory(), 'ssh');
  const file = join(folder, 'config');
  const knownHostsFile = join(folder, 'known_hosts');
  const entries = leases.flatMap((one): SshEntry[] =>
    one.state.kind === 'lent' || one.state.kind === 'ready'
      ? [{ name: nameOf(one), address: one.state.ssh, knownHostsFile }]
      : [],
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replace(knownHostsFile, entries.map(knownHosts).join(''));
  await replace(file, entries.map(sshEntry).join('\n'));
  const theirs = ownConfig();
  const text = await readFile(theirs, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  const included = withInclude(text, file);
  if (included === undefined) return true;
  const answer = await vscode.window.showInformationMessage(
    `Add a line to ${plain(theirs)}?`,
    {
      modal: true,
      detail: `Remote-SSH finds ${titleOf(lease)} only by a name that OpenSSH knows. This line at the top lets it read a file of CI Parity that holds the machines that are lent to you, and nothing else:\n${includeLine(file)}`,
    },
    ADD,
  );
  if (answer !== ADD) return false;
  await mkdir(dirname(theirs), { recursive: true, mode: 0o700 });
  await writeFile(theirs, included, { mode: 0o600 });
  return true;
}

const ADD = 'Add the Line';

/** The file that Remote-SSH reads. */
function ownConfig(): string {
  const set = vscode.workspace.getConfiguration('remote.SSH').get<string>('configFile', '');
  return set === '' ? join(homedir(), '.ssh', 'config') : set.replace(/^~(?=\/)/, homedir());
}

function nameOf({ id }: Lease): string {
  return `ci-parity-${id}`;
}

async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}
