import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskCache, type DiskCache } from '../../src/base/diskCache';

describe('a cache on the disk', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'ci-parity-cache-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  function open(changes: { name?: string; format?: number; most?: number } = {}): DiskCache {
    return openDiskCache({ root, name: 'ci', format: 1, ...changes });
  }

  async function files(): Promise<string[]> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  }

  it('gives what was set, also to others, and nothing for another key', async () => {
    await open().set('a', { x: [1, null] });
    assert.deepEqual(await open().get('a'), { x: [1, null] });
    assert.equal(await open().get('b'), undefined);
    assert.equal(await open({ name: 'other' }).get('a'), undefined);
  });

  it('can be read by nobody else', async () => {
    await open().set('a', 1);
    const [file = ''] = await files();
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(file, '..'))).mode & 0o777, 0o700);
  });

  it('takes a damaged file for none, and writes it anew', async () => {
    await open().set('a', 1);
    const [file = ''] = await files();
    for (const damage of ['', '{"format":1,"ke', 'null', '[]', '\u0000'.repeat(100)]) {
      await writeFile(file, damage);
      assert.equal(await open().get('a'), undefined);
    }
    await open().set('a', 2);
    assert.equal(await open().get('a'), 2);
  });

  it('takes a file of another format, or that lies at the place of another key, for none', async () => {
    await open().set('a', 1);
    assert.equal(await open({ format: 2 }).get('a'), undefined);
    await open().set('a', 1);
    await open().set('b', 2);
    const [one = '', other = ''] = await files();
    await writeFile(one, await readFile(other));
    const found = [await open().get('a'), await open().get('b')];
    assert.equal(found.filter((value) => value !== undefined).length, 1);
  });

  it('stays whole when many write at once', async () => {
    const writers = Array.from({ length: 20 }, (_, n) =>
      open().set('a', { n, text: 'x'.repeat(10_000) }),
    );
    await Promise.all(writers);
    const found = (await open().get('a')) as { text: string };
    assert.equal(found.text.length, 10_000);
    assert.equal((await files()).length, 1, 'no parts are left');
  });

  it('lets go of what was not used for the longest time when it is full, also of other caches', async () => {
    const most = 80_000;
    const value = 'x'.repeat(10_000);
    const cache = open({ most });
    await open({ name: 'other', most }).set('old', value);
    for (const [at, key] of ['used', 'b', 'c', 'd', 'e', 'f'].entries()) {
      await cache.set(key, value);
      const times = 1_000_000 + at;
      for (const file of await files())
        if ((await stat(file)).mtimeMs > 2e12 / 2) await utimes(file, times, times);
    }
    assert.equal(await cache.get('used'), value);
    await cache.set('g', value);
    await cache.set('h', value);
    const total = await Promise.all((await files()).map(async (file) => (await stat(file)).size));
    assert.ok(total.reduce((a, b) => a + b, 0) <= most);
    assert.equal(await open({ name: 'other' }).get('old'), undefined);
    assert.equal(await cache.get('b'), undefined);
    assert.equal(await cache.get('used'), value, 'reading it was a use');
    assert.equal(await cache.get('h'), value);
  });

  it('keeps no value that is far too large', async () => {
    await open().set('a', 'x'.repeat(5_000_000));
    assert.deepEqual(await files(), []);
  });

  it('deletes all at its end, keeps nothing afterwards, and leaves others alone', async () => {
    const cache = open();
    await cache.set('a', 1);
    await open({ name: 'other' }).set('a', 1);
    await cache.end();
    await cache.set('b', 1);
    assert.equal(await cache.get('a'), undefined);
    assert.equal((await files()).length, 1);
  });

  it('is only slower where nothing can be written', async () => {
    const file = join(root, 'file');
    await writeFile(file, '');
    const cache = openDiskCache({ root: file, name: 'ci', format: 1 });
    await cache.set('a', 1);
    assert.equal(await cache.get('a'), undefined);
    await cache.end();
  });
});
