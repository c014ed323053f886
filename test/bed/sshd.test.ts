import assert from 'node:assert/strict';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { needSshd, startSshd, type Sshd } from './sshd';

describe("The bed's SSH server", () => {
  before(needSshd);

  it('lets its key in, to a home, processes and a network of its own', async () => {
    await using host = await startSshd();
    const seen = await ssh(host, 'hostname -I; pwd; ls -A /tmp; touch /etc/mine; ps ax | wc -l');
    const [address = '', home, ...rest] = seen.split('\n');
    assert.ok(address.includes(host.address));
    assert.equal(home, '/root');
    assert.equal(rest.length, 1, 'an empty /tmp');
    assert.ok(Number(rest[0]) < 20);
    assert.ok(!existsSync('/etc/mine'));
    assert.match(host.log.join('\n'), /Accepted publickey for root/);
  });

  it('runs a script before its first start, and not before its second', async () => {
    await using host = await startSshd({ firstBoot: 'echo first >> /root/boots' });
    await host.reboot();
    assert.equal(await ssh(host, 'cat boots'), 'first');
    assert.equal(await host.inside('cat /root/boots'), 'first');
  });

  it('cuts connections, and goes silent until it is healed', async () => {
    await using host = await startSshd();
    const cut = ssh(host, 'echo here; sleep 300');
    await host.logged(/Starting session/);
    const refused = assert.rejects(cut, /closed by remote host|reset|Broken pipe/);
    assert.ok((await host.cut()) > 0);
    await refused;
    await host.drop();
    await assert.rejects(ssh(host, 'true', ['-o', 'ConnectTimeout=1']), /timed out/);
    await host.heal();
    assert.equal(await ssh(host, 'echo back'), 'back');
  });

  it('ends all its processes when it is restarted, and keeps its disk', async () => {
    await using host = await startSshd();
    await ssh(host, 'setsid sleep 12345 > /dev/null 2>&1 < /dev/null & echo kept > file');
    const before = await ssh(host, 'cat /proc/sys/kernel/random/boot_id');
    await host.reboot();
    assert.equal(await ssh(host, 'cat file; ps ax | grep -c "[1]2345" || true'), 'kept\n0');
    assert.notEqual(await ssh(host, 'cat /proc/sys/kernel/random/boot_id'), before);
  });

  it('is slow when it is told so', async () => {
    await using host = await startSshd();
    await host.slow({ delayMs: 100, mbit: 8 });
    const start = Date.now();
    assert.equal((await ssh(host, 'head -c 1000000 /dev/zero | tr "\\0" x')).length, 1_000_000);
    // A megabyte at a megabyte a second; and no handshake without several round trips.
    assert.ok(Date.now() - start > 1500, `${Date.now() - start} ms`);
  });

  it('can stand behind another one, run out of disk, and change its key', async () => {
    await using outer = await startSshd();
    await using inner = await startSshd({ behind: outer, homeMegabytes: 2 });
    await writeFile(
      join(dirname(outer.keyFile), 'both'),
      `${outer.knownHosts}\n${inner.knownHosts}\n`,
    );
    const jump = `ProxyCommand=ssh -F none -i ${outer.keyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${dirname(outer.keyFile)}/both -W %h:%p root@${outer.address}`;
    const full = ssh(inner, 'head -c 9000000 /dev/zero > big', ['-o', jump]);
    await assert.rejects(full, /No space left/);
    const before = outer.hostKey;
    await outer.changeHostKey();
    assert.notEqual(outer.hostKey, before);
    assert.equal(await ssh(outer, 'echo it answers'), 'it answers');
  });

  it('leaves nothing behind', async () => {
    const host = await startSshd();
    await host[Symbol.asyncDispose]();
    assert.ok(!existsSync(dirname(host.keyFile)));
    assert.ok(!(await execa('ip', ['netns', 'list'])).stdout.includes(host.namespace?.name ?? ''));
    assert.ok(!(await execa('ip', ['-o', 'addr'])).stdout.includes(` ${host.gateway}/`));
  });
});

async function ssh(host: Sshd, command: string, options: readonly string[] = []): Promise<string> {
  const known = join(dirname(host.keyFile), 'known_hosts');
  await writeFile(known, `${host.knownHosts}\n`);
  const { stdout } = await execa(
    'ssh',
    [
      ...['-F', 'none', '-i', host.keyFile, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
      ...['-o', `UserKnownHostsFile=${known}`, ...options, `root@${host.address}`, command],
    ],
    { stdin: 'ignore' },
  );
  return stdout;
}
