import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTls } from '../../../src/editor/servers/tlsFiles';

describe('The files of a server’s certificates', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'ci-parity-tls-'))));
  after(() => rmSync(folder, { recursive: true }));

  function file(name: string): string {
    writeFileSync(join(folder, name), `content of ${name}`);
    return join(folder, name);
  }

  it('are read, a PKCS#12 store as such', async () => {
    const tls = await readTls(
      { ca: file('ca'), clientCertificate: file('c.pem'), clientKey: file('k.pem') },
      'phrase',
    );
    assert.equal(String(tls.ca), 'content of ca');
    assert.equal(String(tls.cert), 'content of c.pem');
    assert.equal(String(tls.key), 'content of k.pem');
    assert.equal(tls.passphrase, 'phrase');
    const store = await readTls({ clientCertificate: file('c.P12') }, undefined);
    assert.equal(String(store.pfx), 'content of c.P12');
    assert.equal(store.cert, undefined);
    assert.deepEqual(
      Object.values(await readTls({}, undefined)).filter((value) => value !== undefined),
      [],
    );
  });

  it('that cannot be read are told with the setting that names them', async () => {
    for (const [setting, path] of [
      ['ca', join(folder, 'missing')],
      ['clientKey', 'relative/key.pem'],
      ['clientCertificate', '~/ci-parity-no-such-file.pem'],
    ] as const) {
      await assert.rejects(readTls({ [setting]: path }, undefined), (error: Error) => {
        assert.equal(error.name, 'UserError');
        assert.ok(error.message.includes(path));
        assert.match((error as { advice?: string }).advice ?? '', new RegExp(`"${setting}"`));
        return true;
      });
    }
  });
});
