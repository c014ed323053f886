/**
 * Real OpenSSH servers. As root on Linux each is a small machine: it has a network with an address
 * of its own, processes of its own, and sees this machine's files without being able to change
 * them: what it writes goes into a temporary folder. Elsewhere it is a server on a loopback
 * address, which shares everything but the home folder; `isolated` tells.
 */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { codeOf } from '../../src/base/errors';
import { createNamespace, namespacesMissing, type Namespace, type SlowWire } from './net/namespace';
import { bootScript, initScript } from './smallMachine';
import { without } from './without';

export interface SshdOptions {
  /** Shown by the server before anybody has logged in. */
  readonly banner?: string;
  /** Printed by the user's own profile before every command, as some servers do. */
  readonly motd?: string;
  /** Public keys that may log in, beside the one that is made for it. */
  readonly authorizedKeys?: readonly string[];
  /** Locks the user's key. */
  readonly passphrase?: string;
  /** A script that root runs before the server starts for the first time: `sh`, or what its `#!` says. */
  readonly firstBoot?: string;
  /** What `/bin/sh` and the user's login shell are, such as `/bin/busybox`. Isolated only. */
  readonly shell?: string;
  /** The home folder's size. Isolated only; such a home does not outlive `reboot`. */
  readonly homeMegabytes?: number;
  /** Folders of this machine that its image holds, by where they lie there; read-only. Isolated only. */
  readonly holds?: Readonly<Record<string, string>>;
  /** It can run containers: it has a disk for them, and the kernel's control groups. Isolated only. */
  readonly containers?: boolean;
  /** Only reached from that one: for ProxyJump. Isolated only. */
  readonly behind?: Sshd;
  /** More lines for sshd_config. */
  readonly config?: readonly string[];
}

export interface Sshd extends AsyncDisposable {
  readonly isolated: boolean;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Where it reaches this machine. */
  readonly gateway: string;
  /** Its public key: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** A line for known_hosts. */
  readonly knownHosts: string;
  /** The file of the user's private key, and the key that belongs to it. */
  readonly keyFile: string;
  readonly publicKey: string;
  /** The user's home folder as this machine sees it; undefined where `homeMegabytes` is told. */
  readonly home: string | undefined;
  /** What the server and its machine have said so far. */
  readonly log: readonly string[];
  readonly namespace: Namespace | undefined;
  /** The next line of the log that matches, or one that is there already after the first `from`. */
  logged(pattern: RegExp, from?: number): Promise<string>;
  /** Runs a script there as root, not by SSH; resolves with what it prints. */
  inside(script: string): Promise<string>;
  /** Resets all connections; resolves with how many. */
  cut(): Promise<number>;
  /** From now on nothing comes through, and nobody is told: what is open stays half open. */
  drop(): Promise<void>;
  /** Ends `drop` and `slow`. */
  heal(): Promise<void>;
  slow(wire: SlowWire): Promise<void>;
  /** All its processes end; `silently`, nobody hears of it. Its disk stays, `/tmp` and `/run` do not. */
  reboot(options?: { silently?: boolean; meanwhile?: () => Promise<void> }): Promise<void>;
  /** As if somebody else sat at its address: another host key. */
  changeHostKey(): Promise<void>;
}

/** Why no server can be had here; undefined where one can. */
export function sshdMissing(): string | undefined {
  return existsSync(SSHD) ? undefined : `${SSHD} is not there`;
}

/** Why none can be had that has a machine of its own. */
export async function isolatedSshdMissing(): Promise<string | undefined> {
  return sshdMissing() ?? (await namespacesMissing());
}

/** For `before`: where there is no server that has a machine of its own, the tests are skipped, and fail in CI. */
export async function needSshd(this: Mocha.Context): Promise<void> {
  const missing = await isolatedSshdMissing();
  if (missing !== undefined) without(this, missing);
}

/** Nothing is to be ended of a process that has ended. */
function unlessGone(error: unknown): string {
  if (['ENOENT', 'ESRCH'].includes(codeOf(error))) return '';
  throw error;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const isolated = (await namespacesMissing()) === undefined;
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-sshd-'));
  const at = (...names: readonly string[]): string => join(folder, ...names);
  for (const name of ['etc', 'home', 'containers', 'upper', 'work', 'merged'])
    await mkdir(at(name), { mode: 0o755 });
  const namespace = isolated ? await createNamespace(options.behind?.namespace) : undefined;
  const address = namespace?.address ?? `127.0.0.${randomInt(2, 250)}`;
  const port = isolated ? 22 : await freePort(address);
  const user = isolated ? 'root' : userInfo().username;
  const etc = isolated ? '/etc/ssh' : at('etc');

  await newKey(at('user'), options.passphrase);
  await newKey(at('etc', 'ssh_host_ed25519_key'));
  const publicKey = await readKey(at('user.pub'));
  await mkdir(at('home', '.ssh'), { mode: 0o700 });
  const keys = [publicKey, ...(options.authorizedKeys ?? [])];
  await writeFile(at('home', '.ssh', 'authorized_keys'), `${keys.join('\n')}\n`);
  await writeFile(at('etc', 'banner'), options.banner ?? '');
  await writeFile(at('etc', 'motd'), options.motd ?? '');
  await writeFile(at('etc', 'firstBoot'), options.firstBoot ?? '', { mode: 0o755 });
  if (options.motd !== undefined)
    await writeFile(at('home', '.bashrc'), `cat ${etc}/motd\n`, { mode: 0o644 });
  const home = isolated
    ? []
    : [
        `SetEnv HOME=${at('home')}`,
        `ForceCommand cd "$HOME" && eval "\${SSH_ORIGINAL_COMMAND:-exec sh}"`,
      ];
  const config = [
    `ListenAddress ${isolated ? '0.0.0.0' : address}:${port}`,
    `HostKey ${etc}/ssh_host_ed25519_key`,
    `PidFile ${isolated ? '/run/sshd.pid' : at('sshd.pid')}`,
    `AuthorizedKeysFile ${isolated ? '.ssh/authorized_keys' : at('home', '.ssh', 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'MaxStartups 100',
    'LogLevel VERBOSE',
    ...(options.banner === undefined ? [] : [`Banner ${etc}/banner`]),
    ...home,
    ...(options.config ?? []),
  ];
  await writeFile(at('etc', 'sshd_config'), `${config.join('\n')}\n`);
  await writeFile(at('etc', 'boot'), bootScript);
  await writeFile(at('etc', 'init'), initScript);
  const held = Object.entries(options.holds ?? {}).map(([there, here]) => `${there}|${here}\n`);
  await writeFile(at('holds'), held.join(''));

  const log: string[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  let hostKey = '';
  let booted: ChildProcess | undefined;

  const logged = async (pattern: RegExp, from = log.length): Promise<string> => {
    for (let index = from; ; index++) {
      while (index >= log.length) await once(news, 'line');
      const line = log[index] ?? '';
      if (pattern.test(line)) return line;
    }
  };
  const start = async (): Promise<void> => {
    const environment = {
      ...process.env,
      BED_SHELL: options.shell ?? '',
      BED_HOME_MB: String(options.homeMegabytes ?? ''),
      BED_CONTAINERS: options.containers === true ? 'yes' : '',
    };
    const [program = '', ...args] = namespace
      ? namespace.entered([
          'unshare',
          '-mp',
          '--fork',
          '--kill-child',
          'sh',
          at('etc', 'boot'),
          folder,
        ])
      : [SSHD, '-D', '-e', '-f', at('etc', 'sshd_config')];
    const from = log.length;
    // A machine ends when its standard input does: with us, however we end.
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
    booted = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        log.push(line);
        news.emit('line');
      });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`sshd did not start:\n${log.slice(from).join('\n')}`);
    });
    await Promise.race([logged(/^Server listening on/, from), ended]);
    hostKey = await readKey(at('etc', 'ssh_host_ed25519_key.pub'));
  };
  /** The number, here, of the first process there. */
  const init = async (): Promise<string> => {
    const pid = booted?.pid ?? 0;
    return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim();
  };
  const stop = async (): Promise<void> => {
    if (booted && booted.exitCode === null && booted.signalCode === null) {
      const over = once(booted, 'exit');
      // It may switch itself off in this moment.
      const first = namespace ? await init().catch(unlessGone) : '';
      // It ends when all the others there have, and what waits for it then.
      try {
        if (first !== '') process.kill(Number(first), 'SIGKILL');
        else booted.kill('SIGKILL');
      } catch (error) {
        unlessGone(error);
      }
      await over;
    }
    if (options.containers === true) await removeControlGroups(at('containers'));
  };
  const sessions = async (): Promise<number[]> => {
    const { stdout } = await execa('ps', ['-o', 'pid=', '--ppid', String(booted?.pid ?? 0)], {
      reject: false,
    });
    return stdout.split('\n').flatMap((line) => (line.trim() === '' ? [] : [Number(line)]));
  };
  const signalSessions = async (name: NodeJS.Signals): Promise<number> => {
    const found = await sessions();
    for (const pid of found) process.kill(pid, name);
    return found.length;
  };
  const needNamespace = (): Namespace => {
    if (!namespace) throw new Error('This needs a server in a namespace of its own.');
    return namespace;
  };
  const machine: Sshd = {
    isolated,
    address,
    port,
    user,
    gateway: namespace?.gateway ?? '127.0.0.1',
    get hostKey() {
      return hostKey;
    },
    get knownHosts() {
      return `${port === 22 ? address : `[${address}]:${port}`} ${hostKey}`;
    },
    keyFile: at('user'),
    publicKey,
    home: options.homeMegabytes === undefined ? at('home') : undefined,
    log,
    namespace,
    logged,
    inside: async (script) => {
      if (!namespace) return (await execa('sh', ['-c', script], { cwd: at('home') })).stdout;
      const enter = [
        '-t',
        await init(),
        '-m',
        '-n',
        '-p',
        '-r',
        '--wdns=/root',
        'sh',
        '-c',
        script,
      ];
      return (await execa('nsenter', enter, { stdin: 'ignore' })).stdout;
    },
    cut: () => (namespace ? namespace.cut(port) : signalSessions('SIGKILL')),
    drop: async () => {
      if (namespace) await namespace.drop();
      else await signalSessions('SIGSTOP');
    },
    heal: async () => {
      if (namespace) await namespace.heal();
      else await signalSessions('SIGCONT');
    },
    slow: (wire) => needNamespace().slow(wire, port),
    reboot: async ({ silently = false, meanwhile } = {}) => {
      if (silently) await needNamespace().drop();
      needNamespace();
      await stop();
      await meanwhile?.();
      if (silently) await needNamespace().heal();
      await start();
    },
    changeHostKey: async () => {
      await rm(at('etc', 'ssh_host_ed25519_key'));
      await newKey(at('etc', 'ssh_host_ed25519_key'));
      await stop();
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      if (!isolated) await signalSessions('SIGKILL');
      await namespace?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await start();
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
  return machine;
}

const SSHD = '/usr/sbin/sshd';

/** Those of containers that ended with their machine, of which this machine's kernel keeps them. */
async function removeControlGroups(containers: string): Promise<void> {
  const podmans = join(containers, 'storage', 'overlay-containers');
  for (const id of existsSync(podmans) ? await readdir(podmans) : []) {
    if (!/^[0-9a-f]{64}$/.test(id)) continue;
    const named = ['-depth', '-type', 'd', '-name', `*${id}*`];
    await execa('find', ['/sys/fs/cgroup', ...named, '-exec', 'rmdir', '{}', ';']);
  }
}

async function newKey(file: string, passphrase = ''): Promise<void> {
  await rm(`${file}.pub`, { force: true });
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-C', 'bed', '-N', passphrase, '-f', file]);
}

async function readKey(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).split(' ').slice(0, 2).join(' ').trim();
}

async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
