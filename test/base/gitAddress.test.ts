import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkedGitAddress,
  parseGitAddress,
  repositoryOf,
  sameRepository,
  sameServer,
  withoutLogin,
  type GitAddress,
} from '../../src/base/gitAddress';

const parsed = (text: string): GitAddress => {
  const address = parseGitAddress(text);
  assert.ok(address !== undefined, text);
  return address;
};

describe('The address of a repository', () => {
  it('is shown without what logs in, and names its host and port', () => {
    for (const [text, scheme, host, port, shown] of [
      ['https://ada:t0ken@Host/x.git', 'https', 'host', undefined, 'https://Host/x.git'],
      ['https://t0ken@host:8443/a@b', 'https', 'host', 8443, 'https://host:8443/a@b'],
      ['http://host:80/x', 'http', 'host', undefined, 'http://host/x'],
      ['ssh://git@host:22/x@y', 'ssh', 'host', undefined, 'ssh://git@host/x@y'],
      ['ssh://git@[::1]:2222/x', 'ssh', '[::1]', 2222, 'ssh://git@[::1]:2222/x'],
      ['git@host:a/b.git', 'ssh', 'host', undefined, 'git@host:a/b.git'],
      ['host:a', 'ssh', 'host', undefined, 'host:a'],
      ['git://10.0.0.1/x', 'git', '10.0.0.1', undefined, 'git://10.0.0.1/x'],
      ['file:///a b/c#', 'file', '', undefined, 'file:///a b/c#'],
      ['/a:b@c/d', 'path', '', undefined, '/a:b@c/d'],
      ['../x', 'path', '', undefined, '../x'],
    ] as const)
      assert.deepEqual(
        { ...parsed(text), path: undefined },
        { scheme, host, port, path: undefined, shown },
      );
  });

  it('is refused where programs could read it in different ways', () => {
    for (const text of [
      'http://127.0.0.1:9911?@github.com/acme/lib',
      'http://127.0.0.1:9911#@github.com/acme/lib',
      'http://127.0.0.1\\@github.com/acme/lib',
      'https://a@b@host/x',
      'https://host%2f.evil/x',
      'https://host%00.evil/x',
      'https://host/x?y',
      'https://ho st/x',
      'https://host\t/x',
      'https://host/x\n',
      ' https://host/x',
      'https://host:0/x',
      'https://host:99999/x',
      'https://host:/x',
      'https://host:80:90/x',
      'https://-oProxyCommand=x/y',
      'ssh://-oProxyCommand=x/y',
      'ssh://git:pass@host/y',
      'ssh://github.com/x@[evil]/y',
      '-oProxyCommand=x:y',
      'user@-x:y',
      '--upload-pack=x',
      'ext::sh -c true',
      'fd::17',
      'https::http://x/y',
      'ftp://host/x',
      'HTTPS://host/x',
      'file://host/x',
      'https://host',
      'host:x://y',
      'https:///x',
      'https://127.1/x',
      'https://0x7f.0.0.1/x',
      'https://2130706433/x',
      'https://host./x',
      'https://höst/x',
      'https://ho\u202Est/x',
      'https://[::1/x',
      'https://[::zz]/x',
      'git://ada@host/x',
      'host:',
      '',
    ]) {
      assert.equal(parseGitAddress(text), undefined, text);
      assert.throws(() => checkedGitAddress(text), { name: 'UserError' });
    }
  });

  it('is taken out of texts without what logs in, but never with its host', () => {
    for (const [text, without] of [
      ['https://ada:t0ken@host/x.git', 'https://host/x.git'],
      ['https://t0ken@host:8443/a@b.git', 'https://host:8443/a@b.git'],
      ['http://ada:t0k@n@host/x', 'http://host/x'],
      ['git+HTTPS://t0ken@host/x', 'git+HTTPS://host/x'],
      ['ssh://git:t0ken@host:22/x', 'ssh://git@host:22/x'],
      ['ssh://git@host:22/x@y', 'ssh://git@host:22/x@y'],
      ['git@host:a/b.git', 'git@host:a/b.git'],
      ['/a:b@c/d', '/a:b@c/d'],
      ["cannot read 'https://t0ken@host/x'", "cannot read 'https://host/x'"],
      ['https://a@b https://c@d/', 'https://b https://d/'],
      ['http://127.0.0.1:9911?@github.com/x', 'http://127.0.0.1:9911?@github.com/x'],
      ['http://127.0.0.1\\@github.com/x', 'http://127.0.0.1\\@github.com/x'],
    ] as const)
      assert.equal(withoutLogin(text), without);
  });

  it('is one of the same repository by any scheme, user and port', () => {
    const one = 'https://github.com/cilium/cilium';
    for (const url of [
      'https://github.com/cilium/cilium.git',
      'https://token@github.com/Cilium/cilium//',
      'git@github.com:cilium/cilium.git',
      'ssh://git@github.com/cilium/cilium.git',
      'ssh://git@github.com:22/cilium/cilium.git',
      'git://github.com/cilium/cilium.git',
    ])
      assert.ok(sameRepository(url, one), url);
    assert.equal(repositoryOf(parsed(one)), 'github.com/cilium/cilium');
    assert.ok(!sameRepository('https://github.com/cilium/hubble', one));
    assert.ok(!sameRepository('https://evil?@github.com/cilium/cilium', one));
  });

  it('is of the same server only with its host, port and a scheme as safe', () => {
    const same = (a: string, b: string): boolean => sameServer(parsed(a), parsed(b));
    assert.ok(same('https://host/a', 'https://HOST/b'));
    assert.ok(same('https://host/a', 'git@host:b'));
    assert.ok(same('ssh://host/a', 'https://host/b'));
    assert.ok(same('https://host:8443/a', 'https://host:8443/b'));
    assert.ok(same('http://host/a', 'http://host/b'));
    assert.ok(!same('http://host/a', 'https://host/b'));
    assert.ok(!same('git://host/a', 'git@host:b'));
    assert.ok(!same('https://host:8443/a', 'https://host/b'));
    assert.ok(!same('https://host:22/a', 'git@host:b'));
    assert.ok(!same('https://host/a', 'https://other/b'));
    assert.ok(!same('/a', '/a'));
  });

  it('takes time in proportion to its length', () => {
    const long = '/'.repeat(200_000);
    assert.ok(sameRepository(`https://host/a${long}`, 'https://host/a'));
    for (const text of [long, 'a'.repeat(200_000), 'a://'.repeat(50_000), '@'.repeat(200_000)]) {
      for (const one of [`https://${text}`, text, `git@${text}:x`, `${text}@host:x`]) {
        parseGitAddress(one);
        withoutLogin(one);
      }
    }
  });

  /** All that are accepted took 6 s; by default git is given 150 of them. */
  it('has the host that git contacts, of 10,000 hostile ones', async function () {
    this.timeout('10m');
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-address-'));
    const asked: string[] = [];
    // Of HTTP git asks this instead of the host; SSH and git:// run a program with it.
    const proxy = createServer((request, response) => {
      const { host } = new URL(request.url ?? '');
      asked.push(`http ${host}`);
      response.writeHead(404).end();
    });
    proxy.on('connect', ({ url = '' }, socket) => {
      asked.push(`https ${url.replace(/:443$/, '')}`);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const heard = join(folder, 'heard');
      const helper = (kind: string): string => {
        const file = join(folder, kind);
        const script = `#!/bin/sh\nprintf '%s\\0' ${kind} "$@" > '${heard}'\nexit 1\n`;
        writeFileSync(file, script, { mode: 0o755 });
        return file;
      };
      const [ssh, git] = [helper('ssh'), helper('git')];
      const contacted = async (address: string): Promise<string> => {
        asked.length = 0;
        rmSync(heard, { force: true });
        const via = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const child = spawn('git', ['-c', `core.gitProxy=${git}`, 'ls-remote', '--', address], {
          cwd: folder,
          stdio: 'ignore',
          env: {
            ...{ PATH: process.env['PATH'], HOME: folder },
            ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
            ...{ http_proxy: via, https_proxy: via, ALL_PROXY: via, no_proxy: '' },
            ...{ GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'ssh' },
          },
        });
        await once(child, 'exit');
        if (asked[0] !== undefined) return asked[0];
        let words: string[] = [];
        try {
          words = readFileSync(heard, 'utf8').split('\0').slice(0, -1);
        } catch {
          return 'nothing';
        }
        const [, ...args] = words;
        const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
        if (words[0] === 'git') return `git ${bracketed(args[0] ?? '')}:${args[1]}`;
        const port = args.includes('-p') ? `:${args[args.indexOf('-p') + 1]}` : '';
        const host = (args.at(-2) ?? '').replace(/^[^@]*@/, '');
        return `ssh ${bracketed(host)}${port}`;
      };
      const expected = ({ scheme, host, port }: GitAddress): string => {
        if (host === '') return 'nothing';
        if (scheme === 'git') return `git ${host}:${port ?? 9418}`;
        return `${scheme} ${host}${port === undefined ? '' : `:${port}`}`;
      };
      const limit = process.env['CI_PARITY_ADDRESSES'] === 'all' ? Infinity : 150;
      let accepted = 0;
      let reached = 0;
      for (const address of hostileAddresses(10_000)) {
        const seen = parseGitAddress(address);
        if (seen === undefined || ++accepted > limit) continue;
        // The usual port may be given or not.
        const usual = { http: ':80', https: ':443', ssh: ':22', git: '', file: '', path: '' };
        const contact = (await contacted(address)).toLowerCase();
        const without = contact.endsWith(usual[seen.scheme] || '\0')
          ? contact.slice(0, -usual[seen.scheme].length)
          : contact;
        // Of some git itself says that they are none.
        if (without === 'nothing') continue;
        assert.equal(without, expected(seen), JSON.stringify(address));
        reached++;
      }
      assert.ok(reached >= 75, `only ${reached} were contacted`);
    } finally {
      proxy.close();
      rmSync(folder, { recursive: true });
    }
  });
});

/** Made of the parts that programs divide addresses by, always the same ones. */
function* hostileAddresses(count: number): Generator<string> {
  let seed = 20_261_204;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const pick = (from: readonly string[]): string => from[next(from.length)] ?? '';
  const schemes = [
    'http://',
    'https://',
    'ssh://',
    'git://',
    'git+ssh://',
    '',
    '',
    'file://',
    'HTTP://',
    'ext::',
    'ftp://',
  ];
  const hosts = [
    'good',
    'evil',
    'Good.example',
    '[::1]',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    'g%6fod',
    '[evil]',
    'a_b',
    '',
  ];
  const odd = [
    '@',
    ':',
    '/',
    '?',
    '#',
    '\\',
    '%2f',
    '%40',
    '%00',
    ' ',
    '\t',
    '[',
    ']',
    '@[evil]',
    '@[::1]',
    ':22',
    ':8080',
    '::',
    '//',
    '..',
    '-',
    ';',
    '~',
    '%3a',
    '\u202E',
    '',
  ];
  for (let made = 0; made < count; made++) {
    const login = pick(['', '', '', 'git@', 'ada:pw@', 'good@', 'evil:@', '-x@', 'a%40b@']);
    let text = `${pick(schemes)}${login}${pick(hosts)}${pick(['', '', ':22', ':8080', ':0', ':'])}${pick(['/', ':', '/', ''])}${pick(['x', 'acme/lib.git', '~/x', 'x@y', 'x:y'])}`;
    for (let changes = next(3); changes > 0; changes--) {
      const at = next(text.length + 1);
      text = text.slice(0, at) + pick(odd) + text.slice(at + next(2));
    }
    yield text;
  }
}
