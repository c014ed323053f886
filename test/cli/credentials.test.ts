import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CredentialKind } from '../../src/base/secretChannel';
import { credentialFromEnvironment } from '../../src/cli/credentials';

describe('A credential in the environment', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'ci-parity-cred-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const given = (kind: CredentialKind | undefined, values: Record<string, string>) =>
    credentialFromEnvironment(
      { id: 'my-key.1', kind },
      Object.fromEntries(
        Object.entries(values).map(([end, value]) => [
          `CI_PARITY_CREDENTIAL_MY_KEY_1${end}`,
          value,
        ]),
      ),
    );
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('is a text, or a user name and password', () => {
    assert.deepEqual(given(undefined, { '': 'x' }), { kind: 'text', text: 'x' });
    assert.deepEqual(given('login', { _USR: 'a', _PSW: 'b' }), {
      ...{ kind: 'login', username: 'a', password: 'b' },
    });
    assert.deepEqual(given('login', { _USR: 'a', _PSW: 'b', _USR_SECRET: '1' }), {
      ...{ kind: 'login', username: 'a', password: 'b', secretUsername: true },
    });
    assert.equal(given(undefined, {}), undefined);
  });

  it('is a file, a key or a key store, as the Jenkinsfile wants it', () => {
    const content = Buffer.from('words').toString('base64');
    const path = file('conf.yml', 'words');
    assert.deepEqual(given('file', { _FILE: path }), { kind: 'file', name: 'conf.yml', content });
    assert.deepEqual(given('certificate', { _FILE: path, _PSW: 'p' }), {
      ...{ kind: 'certificate', content, password: 'p' },
    });
    assert.deepEqual(given('ssh', { _FILE: path, _USR: 'git', _PSW: 'p' }), {
      ...{ kind: 'ssh', username: 'git', privateKey: 'words', passphrase: 'p' },
    });
    assert.deepEqual(given('text', { _FILE: path }), { kind: 'text', text: 'words' });
  });

  it('is told a key from a file where the Jenkinsfile takes any', () => {
    const key = file('id', '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n');
    assert.equal(given(undefined, { _FILE: key, _USR: 'git' })?.kind, 'ssh');
    assert.equal(given(undefined, { _FILE: key })?.kind, 'file');
  });

  it('says which file it cannot read', () => {
    assert.throws(
      () => given('file', { _FILE: '/no/such' }),
      /of the credential "my-key.1" cannot/,
    );
  });
});
