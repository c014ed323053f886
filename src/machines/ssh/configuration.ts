import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '../../base/childEnvironment';
import { codeOf, UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { SshAddress } from '../lender';

/** How a host is reached, as the person's own `ssh` would. */
export interface SshTarget {
  /** As it was asked for: for people. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Files of private keys, as far as they are there. */
  readonly keyFiles: readonly string[];
  /** The socket of an agent, if one is to be asked. */
  readonly agent: string | undefined;
  /** Of the agent's keys, only those that belong to one of the `keyFiles`: the public one beside it will do. */
  readonly identitiesOnly: boolean;
  /** Whom to go through, the first one first. */
  readonly jumps: readonly SshAddress[];
  /** What the host is called in known_hosts, if not by its name. */
  readonly hostKeyAlias: string | undefined;
  readonly knownHosts: readonly string[];
  /** The only host keys that are accepted; where there are none, known_hosts is asked. */
  readonly hostKeys: readonly string[];
}

/** What of this machine is read. */
export interface SshSettings {
  /** The person's OpenSSH configuration, if not the usual one; `none` for none. */
  readonly configFile?: string;
  /** This process' own unless told. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Asks the installed `ssh` what the person's configuration says of a host; where there is none, what
 * OpenSSH does without configuration.
 * @throws UserError where the address cannot be one, or the configuration is wrong or wants what we have not.
 */
export async function resolveTarget(
  address: SshAddress,
  settings: SshSettings,
  signal: AbortSignal,
): Promise<SshTarget> {
  checkName('host', address.host);
  if (address.user !== undefined) checkName('user', address.user);
  const environment = settings.environment ?? childEnvironment();
  const said = await askSsh(address, settings, signal);
  const one = (name: string): string | undefined => {
    const value = said.find(([key]) => key === name)?.[1];
    return value === 'none' ? undefined : value;
  };
  const all = (name: string): string[] =>
    said.flatMap(([key, value]) => (key === name ? [value] : []));

  const host = one('hostname') ?? address.host;
  const user = address.user ?? one('user') ?? userInfo().username;
  const port = address.port ?? Number(one('port') ?? 22);
  checkName('host', host);
  checkName('user', user);
  const command = one('proxycommand');
  if (command !== undefined)
    throw new UserError(`The OpenSSH configuration has a ProxyCommand for ${address.host}.`, {
      advice:
        'Only ProxyJump is understood here: use it, or give the machine an address of its own.',
    });
  const hostKeyAlias = one('hostkeyalias');
  const of = { host, port, user, name: address.host, alias: hostKeyAlias ?? address.host };
  const filled = (path: string): string => fill(path, of, environment);
  const isTold = (path: string): boolean => path !== 'none';
  const files = said.length > 0 ? all('identityfile').filter(isTold) : DEFAULT_KEYS;
  const known = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((name) =>
    // Several stand in one line, without quotes; one may have blanks in its name.
    all(name).flatMap((value) => value.split(/ (?=[~/])/).filter(isTold)),
  );
  const isThere = (file: string): boolean => existsSync(file) || existsSync(`${file}.pub`);
  return {
    name: address.host,
    host,
    port,
    user,
    keyFiles:
      address.keyFile === undefined
        ? [...new Set(files.map(filled))].filter(isThere)
        : [address.keyFile],
    // A key that was made for the machine is enough; a server counts the others that are tried.
    agent:
      address.keyFile === undefined
        ? agentOf(all('identityagent')[0], filled, environment)
        : undefined,
    identitiesOnly: one('identitiesonly') === 'yes',
    jumps: (one('proxyjump') ?? '').split(',').filter(Boolean).map(parseJump),
    hostKeyAlias,
    // Their tokens are filled in already.
    knownHosts: (said.length > 0 ? known : DEFAULT_KNOWN).map(fromHome),
    hostKeys: address.hostKeys ?? [],
  };
}

const DEFAULT_KEYS = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];
const DEFAULT_KNOWN = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2', '/etc/ssh/ssh_known_hosts'];

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`. */
export function parseJump(text: string): SshAddress {
  const bare = text.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const at = bare.lastIndexOf('@');
  const user = at > 0 ? bare.slice(0, at) : undefined;
  const place = bare.slice(at + 1);
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(place) ?? [];
  // An address of IPv6 without brackets has no port.
  const host = bracketed ?? plain ?? (place.split(':').length > 2 ? place : undefined);
  if (host === undefined) throw new UserError(`ProxyJump names no host: ${printable(text)}`);
  return {
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
  };
}

/** A name must be no option, and nothing that a shell or a file of lines could take for something else. */
function checkName(what: 'host' | 'user', name: string): void {
  if (name === '' || name.startsWith('-') || !/^[\p{L}\p{N}._:%@\\+-]+$/u.test(name))
    throw new UserError(`This cannot be the name of a ${what}: ${printable(name)}`);
}

type Line = readonly [key: string, value: string];

/** Empty where there is no `ssh`. */
async function askSsh(
  { host, user, port }: SshAddress,
  { configFile, environment = childEnvironment() }: SshSettings,
  signal: AbortSignal,
): Promise<Line[]> {
  const args = [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['-G', '--', host],
  ];
  return new Promise((resolve, reject) => {
    execFile(
      'ssh',
      args,
      { env: environment, signal, timeout: 20_000, maxBuffer: 4 << 20 },
      (error, stdout, stderr) => {
        if (signal.aborted) reject(signal.reason as Error);
        else if (!error) resolve(stdout.split('\n').flatMap(parseLine));
        else if (codeOf(error) === 'ENOENT') resolve([]);
        else {
          const words = printable(stderr.trim().split('\n').at(-1) ?? '', 300);
          reject(
            new UserError(`The OpenSSH configuration for ${host} cannot be read: ${words}`, {
              cause: error,
            }),
          );
        }
      },
    );
  });
}

function parseLine(line: string): Line[] {
  const space = line.indexOf(' ');
  return space < 0 ? [] : [[line.slice(0, space).toLowerCase(), line.slice(space + 1).trim()]];
}

/** `told` is what `ssh -G` says, also `none`; undefined where the configuration says nothing. */
function agentOf(
  told: string | undefined,
  filled: (path: string) => string,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (told === 'none') return undefined;
  const [, name] = /^\$(\w+)$/.exec(told ?? '$SSH_AUTH_SOCK') ?? [];
  if (told === 'SSH_AUTH_SOCK' || name !== undefined)
    return environment[name ?? 'SSH_AUTH_SOCK'] || undefined;
  return filled(told ?? '');
}

/**
 * The tokens of ssh_config(5) that are of use in the name of a file, and variables of the environment, which
 * `ssh -G` gives as they were written. What is not understood stays, and names no file: %C and %j are not in
 * all versions.
 */
function fill(
  path: string,
  of: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly name: string;
    readonly alias: string;
  },
  environment: NodeJS.ProcessEnv,
): string {
  const { username, uid, homedir } = userInfo();
  const tokens: Readonly<Record<string, string | undefined>> = {
    '%': '%',
    d: homedir,
    h: of.host,
    i: String(uid),
    k: of.alias,
    L: hostname().split('.')[0],
    l: hostname(),
    n: of.name,
    p: String(of.port),
    r: of.user,
    u: username,
  };
  return fromHome(path).replace(
    /%(.)|\$\{(\w+)\}/g,
    (whole, token: string | undefined, name: string | undefined) =>
      (token === undefined ? environment[name ?? ''] : tokens[token]) ?? whole,
  );
}

/** The home is that of the system's list of users, as for `ssh`. */
function fromHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, userInfo().homedir);
}

/** Where the keys lie that the person has accepted for us. */
export function ownKnownHosts(stateDirectory: string): string {
  return join(stateDirectory, 'known_hosts');
}
