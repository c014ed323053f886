import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../machines/leases/ledgerFiles';
import type { SshAddress } from '../machines/lender';

/**
 * What the person has said once of hosts of their own: whether what a commit needs may be installed there. It
 * is kept in `installs.json` of the state directory, by the names of hosts.
 */
export function installLeave(root: string, host: string): boolean | undefined {
  return read(root)[host];
}

export function rememberInstallLeave(root: string, host: string, may: boolean): void {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  replaceFile(fileIn(root), { ...read(root), [host]: may });
}

/** By what name a host is remembered; undefined for one that is a new one each time, since its lender tells its key. */
export function rememberedName({ host, port, hostKeys }: SshAddress): string | undefined {
  if (hostKeys !== undefined) return undefined;
  return port === undefined ? host : `${host}:${port}`;
}

function read(root: string): Readonly<Record<string, boolean>> {
  try {
    const told: unknown = JSON.parse(readFileSync(fileIn(root), 'utf8'));
    if (typeof told !== 'object' || told === null) return {};
    return Object.fromEntries(
      Object.entries(told).filter((one): one is [string, boolean] => typeof one[1] === 'boolean'),
    );
  } catch {
    // Where it is not there, or was damaged, the person is asked again.
    return {};
  }
}

function fileIn(root: string): string {
  return join(root, 'installs.json');
}
