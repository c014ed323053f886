import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isPlainAlias,
  knownHosts,
  sshEntry,
  withInclude,
} from '../../../src/editor/machines/sshConfig';

const entry = {
  name: 'ci-parity-abcdef123456',
  address: {
    ...{ host: '192.0.2.7', port: 2222, user: 'root' },
    keyFile: '/a folder/100%/id_ed25519',
    hostKeys: ['ssh-ed25519 AAAAC3Nz'],
  },
  knownHostsFile: '/state of mine/known_hosts',
};

describe('The OpenSSH configuration of borrowed machines', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ci parity ssh '))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is read by ssh as it was meant, also where paths have spaces and percent signs', () => {
    const file = join(folder, 'config');
    const theirs = join(folder, 'theirs');
    writeFileSync(file, sshEntry(entry));
    const text = 'Host other\n  Port 99\n';
    writeFileSync(theirs, withInclude(text, file) ?? '');
    const read = (host: string) =>
      execFileSync('ssh', ['-G', '-F', theirs, host], { encoding: 'utf8' });
    const machine = read(entry.name);
    for (const line of [
      'hostname 192.0.2.7',
      'port 2222',
      'user root',
      'identityfile /a folder/100%%/id_ed25519',
      'identitiesonly yes',
      'stricthostkeychecking true',
      'globalknownhostsfile /dev/null',
    ])
      assert.ok(machine.includes(`${line}\n`), `${line} in\n${machine}`);
    assert.match(machine, /^userknownhostsfile "?\/state of mine\/known_hosts"?$/m);
    assert.match(read('other'), /^port 99$/m);
    assert.equal(knownHosts(entry), 'ci-parity-abcdef123456 ssh-ed25519 AAAAC3Nz\n');
  });

  it('is included once, before all else', () => {
    const once = withInclude('Host *\n', '/s/config');
    assert.match(once ?? '', /^# .*\nInclude "\/s\/config"\n\nHost \*\n$/);
    assert.equal(withInclude(once ?? '', '/s/config'), undefined);
  });

  it('is not wanted for a host that the person has configured', () => {
    assert.ok(isPlainAlias({ host: 'lab1' }));
    assert.ok(!isPlainAlias({ host: 'lab1', port: 22 }));
  });

  it('takes no words that would become lines of their own', () => {
    const host = 'h\n  ProxyCommand evil';
    assert.throws(() => sshEntry({ ...entry, address: { host } }), /no address has/);
    const keyFile = '/k"\nProxyCommand evil';
    assert.throws(() => sshEntry({ ...entry, address: { host: 'h', keyFile } }), /cannot be told/);
    const hostKeys = ['ssh-ed25519 AAAA\n* ssh-ed25519 BBBB'];
    assert.throws(() => knownHosts({ ...entry, address: { host: 'h', hostKeys } }), /no key/);
  });
});
