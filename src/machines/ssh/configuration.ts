import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
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
  const environment = settings.environment ?? process.env;
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
  const filled = (path: string): string => fill(path, { host, port, user, name: address.host });
  const files = said.length > 0 ? all('identityfile') : DEFAULT_KEYS;
  const known = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((name) =>
    all(name).flatMap((value) => value.split(' ')),
  );
  const agent = agentOf(one('identityagent'), environment);
  return {
    name: address.host,
    host,
    port,
    user,
    keyFiles:
      address.keyFile === undefined
        ? files.map(filled).filter((file) => existsSync(file))
        : [address.keyFile],
    // A key that was made for the machine is enough; a server counts the others that are tried.
    agent: address.keyFile === undefined ? agent : undefined,
    jumps: (one('proxyjump') ?? '').split(',').filter(Boolean).map(parseJump),
    hostKeyAlias: one('hostkeyalias'),
    knownHosts: (said.length > 0 ? known : DEFAULT_KNOWN).map(filled),
    hostKeys: address.hostKeys ?? [],
  };
}

const DEFAULT_KEYS = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];
const DEFAULT_KNOWN = ['~/.ssh/known_hosts', '~/.ssh/known_hosts2', '/etc/ssh/ssh_known_hosts'];

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`. */
export function parseJump(text: string): SshAddress {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d+))?\/?$/.exec(
      text,
    ) ?? [];
  const host = bracketed ?? plain;
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
  { configFile, environment = process.env }: SshSettings,
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

function agentOf(told: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  const usual = environment['SSH_AUTH_SOCK'];
  if (told === undefined || told === 'SSH_AUTH_SOCK') return usual === '' ? undefined : usual;
  const [, name] = /^\$\{?(\w+)\}?$/.exec(told) ?? [];
  return name === undefined ? fill(told) : environment[name];
}

/** The tokens of ssh_config(5) that are of use in the name of a file. */
function fill(
  path: string,
  target?: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly name: string;
  },
): string {
  const tokens: Readonly<Record<string, string | undefined>> = {
    '%': '%',
    d: homedir(),
    u: userInfo().username,
    h: target?.host,
    n: target?.name,
    p: target && String(target.port),
    r: target?.user,
  };
  return path
    .replace(/^~(?=\/|$)/, homedir())
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}

/** Where the keys lie that the person has accepted for us. */
export function ownKnownHosts(stateDirectory: string): string {
  return join(stateDirectory, 'known_hosts');
}
