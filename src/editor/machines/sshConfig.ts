import { UserError } from '../../base/errors';
import type { SshAddress } from '../../machines/lender';

/** A host of an OpenSSH configuration of ours, which pins the host's key if the lender told it. */
export interface SshEntry {
  /** The alias. */
  readonly name: string;
  readonly address: SshAddress;
  /** Where `knownHosts` is written. */
  readonly knownHostsFile: string;
}

/** Whether the person's own configuration says all that there is to say about how to get there. */
export function isPlainAlias({ port, user, keyFile, hostKeys }: SshAddress): boolean {
  return [port, user, keyFile, hostKeys].every((one) => one === undefined);
}

/** @throws UserError where something in an address would become a line or a word of its own. */
export function sshEntry({ name, address, knownHostsFile }: SshEntry): string {
  const { host, port, user, keyFile, hostKeys } = address;
  return [
    `Host ${word(name)}`,
    `  HostName ${word(host)}`,
    ...(port === undefined ? [] : [`  Port ${port}`]),
    ...(user === undefined ? [] : [`  User ${word(user)}`]),
    ...(keyFile === undefined ? [] : [`  IdentityFile ${quoted(keyFile)}`, '  IdentitiesOnly yes']),
    ...(hostKeys === undefined
      ? []
      : [
          `  HostKeyAlias ${word(name)}`,
          `  UserKnownHostsFile ${quoted(knownHostsFile)}`,
          '  GlobalKnownHostsFile /dev/null',
          '  StrictHostKeyChecking yes',
        ]),
    '',
  ].join('\n');
}

/** The lines of known_hosts for it. */
export function knownHosts({ name, address }: SshEntry): string {
  return (address.hostKeys ?? []).map((key) => `${word(name)} ${oneLine(key)}\n`).join('');
}

/** The line that brings in our file. */
export function includeLine(file: string): string {
  return `Include ${quoted(file)}`;
}

/** The text with the line before all else: what stands below a `Host` would only hold for that host. Undefined where it is there. */
export function withInclude(text: string, file: string): string | undefined {
  const line = includeLine(file);
  if (text.split(/\r?\n/).some((one) => one.trim() === line)) return undefined;
  return `# Borrowed machines of CI Parity.\n${line}\n${text === '' ? '' : `\n${text}`}`;
}

function word(text: string): string {
  if (/^[\w[][\w.:%[\]@-]*$/.test(text)) return text;
  throw new UserError('The address of the machine has characters that no address has.');
}

function quoted(path: string): string {
  // A percent sign begins what OpenSSH expands.
  if (/["\\\p{Cc}]/u.test(path))
    throw new UserError(`OpenSSH cannot be told of a file with this name: ${path}`);
  return `"${path.replaceAll('%', '%%')}"`;
}

function oneLine(key: string): string {
  if (/[\p{Cc}]/u.test(key)) throw new UserError('The key of the machine is no key.');
  return key;
}
