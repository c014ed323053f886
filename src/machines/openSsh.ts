import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors';
import type { SshAddress } from './lender';

/**
 * The words of the installed `ssh` that logs in at `address`; a command may follow. Host keys that
 * belong to the address are the only ones it takes then: they are written into `folder`, which the
 * lease of the machine has.
 * @throws UserError where a name would become an option of ssh.
 */
export async function sshWords(address: SshAddress, folder: string): Promise<string[]> {
  const { host, port, user, keyFile, hostKeys } = address;
  for (const name of [host, user ?? ''])
    if (name.startsWith('-')) throw new UserError(`ssh would take this for an option: ${name}`);
  return [
    'ssh',
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(keyFile === undefined ? [] : ['-i', keyFile, '-o', 'IdentitiesOnly=yes']),
    ...(hostKeys === undefined ? [] : await pinned(hostKeys, join(folder, 'known_hosts'))),
    host,
  ];
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
