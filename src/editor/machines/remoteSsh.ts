import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { codeOf, messageOf, UserError } from '../../base/errors';
import { saveFile } from '../../base/saveFile';
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
  await saveFile(knownHostsFile, entries.map(knownHosts).join(''));
  await saveFile(file, entries.map(sshEntry).join('\n'));
  const theirs = ownConfig();
  const text = await readFile(theirs, 'utf8')
    .catch(unlessMissing(''))
    .catch((cause: unknown) => {
      throw unusable(theirs, 'read', cause);
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
  await replaceTheirs(theirs, included);
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

/** The person's own file is never there by halves; what it is a link to is replaced, and who may read it stays. */
async function replaceTheirs(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const real = await realpath(file).catch(unlessMissing(file));
    const mode = await stat(real).then((before) => before.mode & 0o777, unlessMissing(0o600));
    await saveFile(real, text, { mode });
  } catch (cause) {
    throw unusable(file, 'written', cause);
  }
}

function unusable(file: string, done: string, cause: unknown): UserError {
  return new UserError(`${file} cannot be ${done}: ${messageOf(cause)}`, {
    cause,
    advice: 'It is as it was. SSH In works without it.',
  });
}

function unlessMissing<T>(otherwise: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === 'ENOENT') return otherwise;
    throw error;
  };
}
