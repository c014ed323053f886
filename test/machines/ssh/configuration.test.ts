import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BaseAgent } from 'ssh2';
import { parseJump, resolveTarget } from '../../../src/machines/ssh/configuration';
import { createKeyring, type KeyTry } from '../../../src/machines/ssh/keyring';
import { startSshAgent } from '../../bed/sshAgent';

const { signal } = new AbortController();

/** Always the same numbers from the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

describe('The OpenSSH configuration, with the installed ssh as the oracle', function () {
  this.timeout(60_000);
  let folder: string;
  let server: Server;
  let port: number;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-sshcfg-'));
    // It takes a connection and says nothing: ssh tells before that which keys it would try.
    server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    server.close();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  const environment = () => ({
    ...process.env,
    KEYS: join(folder, 'of variable'),
    SSH_AUTH_SOCK: '',
  });

  /** What ssh says of itself. */
  async function asked(...args: string[]): Promise<string> {
    const words = ['-F', join(folder, 'config'), '-o', 'BatchMode=yes', ...args];
    const child = spawn('ssh', words, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return out + errors;
  }
  const resolve = (host: string) =>
    resolveTarget(
      { host },
      { configFile: join(folder, 'config'), environment: environment() },
      signal,
    );

  const HOSTS = ['bench', 'Vm-7', 'a.b.example', 'x_y'];
  const LINES: readonly (readonly string[])[] = [
    ['', 'HostName 127.0.0.1', 'HostName localhost'],
    ['', 'User bob', 'User "o.k_1"', 'User=root'],
    ['', 'HostKeyAlias Shown', 'HostKeyAlias %h', 'hostkeyalias other.example'],
    ['', 'IdentitiesOnly yes', 'IdentitiesOnly no'],
    ['', 'IdentityAgent none', 'IdentityAgent %d/agent-%r', 'IdentityAgent $OTHER'],
    ['', 'ProxyJump way', 'ProxyJump u@w1:2201,[::1]:44,ssh://x@w3:33', 'ProxyJump none'],
    ['', 'UserKnownHostsFile @/k1 "@/with blank/%h" @/k3', 'UserKnownHostsFile @/k-%k'],
    ['', 'GlobalKnownHostsFile none', 'GlobalKnownHostsFile @/global @/global2'],
    ['', 'IdentityFile @/one-%h-%r-%p-%n', 'IdentityFile "@/with blank/%u%%%i"'],
    ['', 'IdentityFile @/%L.%l.%k', 'IdentityFile ${KEYS}/id', 'IdentityFile none'],
    ['', 'IdentityFile @/third', 'IdentityFile @/one-%h-%r-%p-%n'],
  ];

  /** Hosts whose lines may come twice: the first one holds, but for key files. Some are included. */
  function configure(pick: (below: number) => number): void {
    const block = (names: string): string => {
      const chosen = LINES.map((lines) => lines[pick(lines.length)] ?? '').filter(Boolean);
      return `Host ${names}\n  ${chosen.join('\n  ').replaceAll('@', folder)}\n`
        .replaceAll(`u${folder}w1`, 'u@w1')
        .replaceAll(`x${folder}w3`, 'x@w3');
    };
    const own = HOSTS.map((host) => block(pick(2) === 0 ? host : `"${host}" other-${host}`));
    const rest = `${block('*')}  Port ${port}\n  HostName 127.0.0.1\n`;
    if (pick(2) === 0) {
      writeFileSync(join(folder, 'more'), own.slice(2).join('\n'));
      const include = `Include ${join(folder, 'mor[e]')}\n`;
      writeFileSync(join(folder, 'config'), [include, ...own.slice(0, 2), rest].join('\n'));
    } else writeFileSync(join(folder, 'config'), [...own, rest].join('\n'));
  }

  it('is read as ssh reads it, and names of files are filled in as ssh does', async () => {
    let files = 0;
    let jumps = 0;
    for (let seed = 1; seed <= 24; seed++) {
      const pick = random(seed);
      configure(pick);
      const host = HOSTS[pick(HOSTS.length)] ?? '';
      const said = new Map(
        (await asked('-G', host)).split('\n').map((line) => {
          const [key = '', ...words] = line.split(' ');
          return [key, words.join(' ')];
        }),
      );
      // Which files it would look for it only says on its way there: straight, since nobody is on the other one.
      const verbose = await asked(
        '-v',
        '-o',
        'ProxyJump=none',
        '-o',
        'IdentityAgent=none',
        host,
        'true',
      );
      const wanted = [...verbose.matchAll(/^debug1: identity file (.*) type -?\d+\r?$/gm)]
        .map(([, file = '']) => file)
        .filter((file) => !file.endsWith('-cert'));
      for (const file of wanted)
        if (file.startsWith(folder)) {
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, '');
        }
      const config = `seed ${seed}, ${host}\n${verbose}`;
      const target = await resolve(host);
      assert.equal(target.host, said.get('hostname'), config);
      assert.equal(target.user, said.get('user'), config);
      assert.equal(String(target.port), said.get('port'), config);
      assert.equal(target.hostKeyAlias, said.get('hostkeyalias'), config);
      assert.equal(target.identitiesOnly, said.get('identitiesonly') === 'yes', config);
      const shown = target.jumps.map(
        ({ host: to, user, port: at }) =>
          `${user === undefined ? '' : `${user}@`}${to.includes(':') ? `[${to}]` : to}${at === undefined ? '' : `:${at}`}`,
      );
      assert.equal(shown.join(',') || undefined, said.get('proxyjump'), config);
      const ours = (file: string): boolean => file.startsWith(folder);
      assert.deepEqual(target.keyFiles.filter(ours), [...new Set(wanted)].filter(ours), config);
      const known = `${said.get('userknownhostsfile')} ${said.get('globalknownhostsfile')}`;
      assert.equal(target.knownHosts.join(' '), known.replace(/ none$/, ''), config);
      files += target.keyFiles.filter(ours).length;
      jumps += target.jumps.length;
    }
    // The seeds reach what is to be tried.
    assert.ok(files > 20 && jumps > 5, `${files} files, ${jumps} jumps`);
  });

  it('keeps blanks in the names of known hosts apart from those between them', async () => {
    const line = `Host a\n  UserKnownHostsFile "${folder}/a b/c" ${folder}/d\n  GlobalKnownHostsFile none\n`;
    writeFileSync(join(folder, 'config'), line);
    assert.deepEqual((await resolve('a')).knownHosts, [`${folder}/a b/c`, `${folder}/d`]);
  });

  it('asks no agent where none is wanted, and the one that is named', async () => {
    const agent = async (line: string, variables: object): Promise<string | undefined> => {
      writeFileSync(join(folder, 'config'), `Host *\n  User bob\n  ${line}\n`);
      const configFile = join(folder, 'config');
      return (
        await resolveTarget(
          { host: 'a' },
          { configFile, environment: { ...process.env, ...variables } },
          signal,
        )
      ).agent;
    };
    const usual = { SSH_AUTH_SOCK: '/usual', OTHER: '/other' };
    assert.equal(await agent('', usual), '/usual');
    assert.equal(await agent('IdentityAgent none', usual), undefined);
    assert.equal(await agent('IdentityAgent SSH_AUTH_SOCK', usual), '/usual');
    assert.equal(await agent('IdentityAgent $OTHER', usual), '/other');
    assert.equal(await agent('IdentityAgent /run/%r/%%', usual), '/run/bob/%');
    assert.equal(await agent('', { SSH_AUTH_SOCK: '' }), undefined);
  });

  it('with IdentitiesOnly shows a server only those keys of the agent that are configured', async () => {
    const keys = ['one', 'two', 'three'].map((name) => join(folder, name));
    for (const key of keys)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    using started = startSshAgent(join(folder, 'agent'), ...keys);
    // The private one is in the agent only.
    rmSync(join(folder, 'two'));
    const shown = async (only: 'yes' | 'no'): Promise<number> => {
      const lines = `IdentityFile ${join(folder, 'two')}\n  IdentitiesOnly ${only}\n  IdentityAgent ${started.socket}`;
      writeFileSync(join(folder, 'config'), `Host *\n  ${lines}\n`);
      const target = await resolve('a');
      const ask = {
        hostKey: () => Promise.resolve(false),
        passphrase: () => Promise.resolve(undefined),
      };
      const tries = createKeyring(ask).tries(target, signal);
      const { value } = (await tries.next()) as { value?: KeyTry };
      assert.ok(value?.method?.type === 'agent');
      const { agent } = value.method;
      const { createAgent } = (await import('ssh2')).default;
      const asks: BaseAgent = typeof agent === 'string' ? createAgent(agent) : agent;
      return await new Promise((resolve, reject) =>
        asks.getIdentities((error, found) => (error ? reject(error) : resolve(found?.length ?? 0))),
      );
    };
    assert.equal(await shown('yes'), 1);
    assert.equal(await shown('no'), 3);
  });

  it('takes a user of a jump with an @, as ssh does', () => {
    assert.deepEqual(parseJump('u@realm@host:22'), { user: 'u@realm', host: 'host', port: 22 });
    assert.deepEqual(parseJump('[fe80::1%eth0]:2'), { host: 'fe80::1%eth0', port: 2 });
    assert.deepEqual(parseJump('::1'), { host: '::1' });
  });
});
