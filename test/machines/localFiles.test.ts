import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localFiles } from '../../src/machines/localFiles';

describe('The files of the local machine', () => {
  const { signal } = new AbortController();
  let folder: string;
  const at = (path: string): string => join(folder, path);
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'ci-parity-files-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are read whole, up to what is asked for', async () => {
    await writeFile(at('file'), 'twelve bytes');
    assert.equal((await localFiles.read(at('file'), 12, signal)).toString(), 'twelve bytes');
    await assert.rejects(localFiles.read(at('file'), 11, signal), { name: 'UserError' });
    await assert.rejects(localFiles.read(at('other'), 11, signal), { code: 'ENOENT' });
  });

  it('are written with the mode that was asked for, and not over another if told', async () => {
    await localFiles.write(at('secret'), 'one', { mode: 0o600, exclusive: true }, signal);
    assert.equal((await stat(at('secret'))).mode & 0o777, 0o600);
    const again = localFiles.write(at('secret'), 'two', { exclusive: true }, signal);
    await assert.rejects(again, { code: 'EEXIST' });
    await localFiles.write(at('secret'), 'three', {}, signal);
    assert.equal(await readFile(at('secret'), 'utf8'), 'three');
  });

  it('say what they are, and nothing where nothing is', async () => {
    await localFiles.makeFolder(at('a/b'), 0o700, signal);
    await localFiles.makeFolder(at('a/b'), 0o700, signal);
    await localFiles.touch(at('a/file'), 1_700_000_000_000, signal);
    assert.deepEqual(await localFiles.stat(at('a/file'), signal), {
      kind: 'file',
      size: 0,
      changedAt: 1_700_000_000_000,
    });
    assert.equal((await localFiles.stat(at('a/b'), signal))?.kind, 'folder');
    assert.equal(await localFiles.stat(at('none'), signal), undefined);
    assert.equal(await localFiles.stat(at('a/file/none'), signal), undefined);
    assert.deepEqual(await localFiles.list(at('a'), signal), ['b', 'file']);
    assert.deepEqual(await localFiles.list(at('none'), signal), []);
  });

  it('are found with their sizes, also links that lead nowhere', async () => {
    await writeFile(at('one.log'), 'one');
    await symlink('loop.log', at('loop.log'));
    const found = await localFiles.find(folder, { includes: '*.log' }, signal);
    assert.deepEqual(
      found.map(({ path, size }) => [path, size]),
      [
        ['loop.log', 0],
        ['one.log', 3],
      ],
    );
  });

  it('are removed with all that is in them, and links are not followed', async () => {
    await mkdir(at('outside'));
    await writeFile(at('outside/file'), '');
    await mkdir(at('folder'));
    await symlink('../outside', at('folder/link'));
    await localFiles.remove(at('folder'), signal);
    await localFiles.remove(at('folder'), signal);
    assert.deepEqual(await localFiles.list(folder, signal), ['outside']);
    assert.deepEqual(await localFiles.list(at('outside'), signal), ['file']);
  });

  it('are copied with their modes, links as links', async () => {
    await mkdir(at('from/in'), { recursive: true });
    await writeFile(at('from/in/run.sh'), 'true', { mode: 0o755 });
    await symlink('in/run.sh', at('from/link'));
    await localFiles.copy(at('from'), at('to'), ['in/run.sh', 'link'], signal);
    assert.equal((await stat(at('to/in/run.sh'))).mode & 0o777, 0o755);
    assert.equal(await readlink(at('to/link')), 'in/run.sh');
  });

  it('are not copied through a link that leads out of the folder', async () => {
    await mkdir(at('from/in'), { recursive: true });
    await writeFile(at('from/in/file'), 'evil');
    await mkdir(at('to'));
    await mkdir(at('outside'));
    await symlink('../outside', at('to/in'));
    await assert.rejects(localFiles.copy(at('from'), at('to'), ['in/file'], signal), {
      name: 'UserError',
    });
    assert.deepEqual(await localFiles.list(at('outside'), signal), []);
  });

  it('are not read or written where that could wait or go on for ever', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await symlink('/dev/zero', at('zero'));
    const refused = (error: Error): boolean =>
      error.name === 'UserError' && error.message.endsWith('is not a regular file.');
    await assert.rejects(localFiles.read(at('pipe'), 10, signal), refused);
    await assert.rejects(localFiles.read(at('zero'), 1 << 30, signal), refused);
    await assert.rejects(localFiles.write(at('pipe'), 'x', {}, signal), refused);
    await assert.rejects(localFiles.touch(at('pipe'), 0, signal), refused);
    await assert.rejects(localFiles.read(folder, 10, signal), { code: 'EISDIR' });
    await localFiles.write('/dev/null', 'x', {}, signal);
  });

  it('are looked for no longer than until that is cancelled', async () => {
    for (let index = 0; index < 1000; index++) writeFileSync(at(`file-${index}`), '');
    const cancel = new AbortController();
    const looking = localFiles.find(folder, {}, cancel.signal);
    setImmediate(() => setImmediate(() => cancel.abort()));
    await assert.rejects(looking, { name: 'AbortError' });
  });
});
