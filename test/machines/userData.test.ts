import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSshKey } from '../../src/machines/sshKey';
import { userDataFor } from '../../src/machines/userData';

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
