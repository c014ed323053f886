import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { sshWords } from '../../src/machines/openSsh';

describe('The installed ssh', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'ci-parity-words-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is left to the person’s own configuration for a host of theirs', async () => {
    assert.deepEqual(await sshWords({ host: 'bench' }, folder), ['ssh', 'bench']);
  });

  it('knows what the person has accepted before, beside what it knows itself', async () => {
    const trusted = join(folder, 'state of ours');
    assert.deepEqual(await sshWords({ host: 'bench' }, folder, trusted), ['ssh', 'bench']);
    await writeFile(trusted, 'bench ssh-ed25519 AAAA\n');
    const [program = 'ssh', ...words] = await sshWords({ host: 'bench' }, folder, trusted);
    const { stdout } = await execa(program, ['-F', 'none', '-G', ...words]);
    const usual = '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2';
    assert.ok(stdout.split('\n').includes(`globalknownhostsfile ${usual} ${trusted}`), stdout);
    assert.match(stdout, /^userknownhostsfile \S+\.ssh.known_hosts /m);
  });

  it('takes a borrowed machine’s own key, and no host key but the one that belongs to it', async () => {
    const address = {
      host: '192.0.2.7',
      port: 2222,
      user: 'root',
      keyFile: '/keys/one',
      hostKeys: ['ssh-ed25519 AAAA'],
    };
    const known = join(folder, 'known_hosts');
    assert.deepEqual(await sshWords(address, folder), [
      ...['ssh', '-p', '2222', '-l', 'root', '-i', '/keys/one', '-o', 'IdentitiesOnly=yes'],
      ...['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile="${known}"`],
      ...['-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'ControlPath=none', '192.0.2.7'],
    ]);
    assert.equal(await readFile(known, 'utf8'), '* ssh-ed25519 AAAA\n');
  });

  it('is given no name that it would take for an option', async () => {
    await assert.rejects(sshWords({ host: '-oProxyCommand=sh' }, folder), /option/);
    await assert.rejects(sshWords({ host: 'bench', user: '-v' }, folder), /option/);
  });
});
