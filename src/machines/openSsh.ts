import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors';
import type { SshAddress } from './lender';

/**
 * The words of the installed `ssh` that logs in at `address`; a command may follow. Host keys that
 * belong to the address are the only ones it takes then: they are written into `folder`, which the
 * lease of the machine has. Else it also knows the keys in `trusted`, which the person has accepted before.
 * @throws UserError where a name would become an option of ssh.
 */
export async function sshWords(
  address: SshAddress,
  folder: string,
  trusted?: string,
): Promise<string[]> {
  const { host, port, user, keyFile, hostKeys } = address;
  for (const name of [host, user ?? ''])
    if (name.startsWith('-')) throw new UserError(`ssh would take this for an option: ${name}`);
  return [
    'ssh',
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(keyFile === undefined ? [] : ['-i', keyFile, '-o', 'IdentitiesOnly=yes']),
    ...(hostKeys === undefined
      ? alsoKnown(trusted)
      : await pinned(hostKeys, join(folder, 'known_hosts'))),
    host,
  ];
}

/** The person's own file stays the one in which `ssh` writes down what is new. */
function alsoKnown(trusted: string | undefined): string[] {
  if (trusted === undefined || !existsSync(trusted)) return [];
  const usual = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2', `"${trusted}"`];
  return ['-o', `GlobalKnownHostsFile=${usual.join(' ')}`];
}

async function pinned(hostKeys: readonly string[], file: string): Promise<string[]> {
  await writeFile(file, hostKeys.map((key) => `* ${key}\n`).join(''), { mode: 0o600 });
  const options = [
    'StrictHostKeyChecking=yes',
    // Its value is words of its own, and the path may have spaces.
    `UserKnownHostsFile="${file}"`,
    'GlobalKnownHostsFile=/dev/null',
    // A connection that is held may lead to whoever had the address before.
    'ControlPath=none',
  ];
  return options.flatMap((option) => ['-o', option]);
}
