import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveFile } from '../../src/base/saveFile';

describe('Saving a file in a folder of others', () => {
  let folder: string;
  let precious: string;
  beforeEach(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'ci-parity-save-'));
    precious = join(folder, 'precious');
    writeFileSync(precious, 'precious');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
    for (const text of texts) yield await Promise.resolve(Buffer.from(text));
  }

  it('follows a link neither at its name nor at names that could be foreseen', async () => {
    const path = join(folder, 'core.tgz');
    for (const name of ['core.tgz', 'core.tgz.part', '.part', `core.tgz.${process.pid}`])
      symlinkSync(precious, join(folder, name));
    await saveFile(path, pieces('one', 'two'));
    assert.equal(readFileSync(precious, 'utf8'), 'precious');
    assert.equal(readFileSync(path, 'utf8'), 'onetwo');
    assert.equal(realpathSync(path), path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('gives it the mode that is asked for, whatever the umask is', async () => {
    const before = process.umask(0o077);
    try {
      await saveFile(join(folder, 'public'), 'text', { mode: 0o644 });
    } finally {
      process.umask(before);
    }
    assert.equal(statSync(join(folder, 'public')).mode & 0o777, 0o644);
  });

  it('leaves what was there, and nothing else, when it breaks off', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('half'));
      throw new Error('the connection broke');
    }
    await assert.rejects(saveFile(precious, broken()), /the connection broke/);
    const signal = AbortSignal.abort();
    await assert.rejects(saveFile(precious, pieces('half'), { signal }), { name: 'AbortError' });
    assert.equal(readFileSync(precious, 'utf8'), 'precious');
    assert.deepEqual(readdirSync(folder), ['precious']);
  });

  it('rejects where the folder is not there', async () => {
    await assert.rejects(saveFile(join(folder, 'none', 'x'), 'text'), { code: 'ENOENT' });
  });
});
