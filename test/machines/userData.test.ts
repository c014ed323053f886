import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSshKey } from '../../src/machines/sshKey';
import { userDataFor } from '../../src/machines/userData';
import { realDevices, type RealDevice } from '../bed/metal/realDevice';
import { needSshd } from '../bed/sshd';

describe('A fresh SSH key', () => {
  it('is one that OpenSSH reads, and no two are the same', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ci-parity-key-'));
    const file = join(folder, 'key');
    // The comment's length decides over the padding.
    for (const comment of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg']) {
      const key = newSshKey(comment);
      await writeFile(file, key.privateKey, { mode: 0o600 });
      const { stdout } = await execa('ssh-keygen', ['-y', '-f', file]);
      assert.equal(stdout, `${key.publicKey} ${comment}`.trim());
    }
    await rm(folder, { recursive: true });
    assert.notEqual(newSshKey('').publicKey, newSshKey('').publicKey);
  });
});

describe('User data', () => {
  const userKey = newSshKey('user');
  const hostKey = newSshKey('host');

  it('is a script that sh and dash understand, and holds nothing of ours but what it is told', async () => {
    const text = userDataFor({
      hostKey,
      authorizedKey: userKey.publicKey,
      seconds: 12.2,
      bootstrap: "echo 'a\n$b\nEOF'",
    });
    assert.ok(text.startsWith('#!/bin/sh\n'));
    assert.match(text, /^echo 13 > "\$state\/left"$/m);
    assert.ok(text.includes(hostKey.privateKey));
    assert.ok(!text.includes(userKey.privateKey.split('\n')[2] ?? '-'));
    for (const shell of ['sh', 'bash', 'dash']) await execa(shell, ['-n'], { input: text });
  });

  it('writes its files byte by byte, whatever is in them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ci-parity-data-'));
    const bootstrap = 'echo "$HOME" \\\n `x` $(y)\n#\t\'"\nEND\n';
    const text = userDataFor({ hostKey, authorizedKey: userKey.publicKey, seconds: 1, bootstrap });
    const [, lines = ''] = /^(cat > "\$state\/bootstrap" [^]*)^HOME=/m.exec(text) ?? [];
    await execa('sh', ['-eu'], { input: `state=${folder}\n${lines}` });
    assert.equal(await readFile(join(folder, 'bootstrap'), 'utf8'), bootstrap);
    await rm(folder, { recursive: true });
  });
});

/** By small machines that run it, as a lender's do at their first start. */
describe('A machine that runs its user data', function () {
  this.timeout(60_000);
  before(needSshd);

  const hostKey = newSshKey('host');
  const authorizedKey = newSshKey('user').publicKey;
  const start = (seconds: number, before = ''): Promise<RealDevice> =>
    realDevices(before).boot({
      userdata: userDataFor({ hostKey, authorizedKey, seconds }),
      authorizedKeys: [],
    }) as Promise<RealDevice>;

  it('switches itself off in time where nobody has ever told it more', async () => {
    await using device = await start(20);
    const { sshd } = device;
    const left = Number(await sshd.inside('cat /var/lib/ci-parity/left'));
    assert.ok(left > 0 && left <= 20, `${left} seconds`);
    await assert.rejects(sshd.inside('sleep 50'));
    const asked = await readFile(join(sshd.home ?? '', 'switched-off'), 'utf8');
    assert.match(asked, /^\S+\/poweroff \n/);
  });

  it('goes on counting where it was when it was restarted', async () => {
    await using device = await start(3600);
    const { sshd } = device;
    const left = async (): Promise<number> =>
      Number(await sshd.inside('cat /var/lib/ci-parity/left'));
    while ((await left()) === 3600);
    const before = await left();
    await sshd.reboot();
    assert.equal(await left(), before);
    // As systemd does at each start.
    await sshd.inside('sh /var/lib/ci-parity/arm');
    while ((await left()) === before);
    assert.ok(before - (await left()) < 60);
  });

  for (const server of ['ssh', 'sshd'])
    it(`leaves its end to systemd where that is, and has it start ${server} anew`, async () => {
      await using device = await start(3600, systemd(server));
      const { sshd } = device;
      const unit = '/etc/systemd/system/ci-parity-end.service';
      assert.deepEqual((await sshd.inside('cat /root/asked')).split('\n'), [
        'daemon-reload',
        'enable --now ci-parity-end.service',
        ...(server === 'ssh' ? ['restart ssh'] : ['restart ssh', 'restart sshd']),
      ]);
      assert.equal(
        await sshd.inside(
          `! command -v systemd-analyze > /dev/null || systemd-analyze verify ${unit} 2>&1`,
        ),
        '',
      );
      const text = await sshd.inside(`cat ${unit}`);
      assert.match(text, /^ExecStart=\/bin\/sh \/var\/lib\/ci-parity\/end$/m);
      assert.match(text, /^Restart=always$/m);
      assert.match(text, /^WantedBy=multi-user.target$/m);
      // It is the unit that counts, and only that.
      assert.equal(
        await sshd.inside('ls /run/ci-parity-end.pid 2> /dev/null || echo none'),
        'none',
      );
      await sshd.inside('sh /var/lib/ci-parity/arm; cat /root/asked');
      const again = (await sshd.inside('cat /root/asked')).split('\n').at(-1);
      assert.equal(again, 'enable --now ci-parity-end.service');
    });
});

/** A script that leaves a machine with systemd, which writes down what it is asked; the SSH server's unit is called so. */
function systemd(server: string): string {
  return `mkdir -p /run/systemd/system
cat > /usr/local/sbin/systemctl <<'END'
#!/bin/sh
echo "$*" >> /root/asked
case $* in "restart ${server}") exit 0 ;; restart*) exit 5 ;; esac
END
`;
}
