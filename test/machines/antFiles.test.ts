import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { antFiles, type AntPatterns } from '../../src/machines/antFiles';

describe('Ant patterns', () => {
  const { signal } = new AbortController();
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-ant-'));
    for (const path of [
      'a.txt',
      'b [1].txt',
      'd/a.txt',
      'd/e/a.log',
      'd/.git/x',
      '.hidden',
      'c~',
    ]) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), '');
    }
    symlinkSync('/etc', join(root, 'd/link'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  const found = (patterns: AntPatterns): Promise<string[]> => antFiles(root, patterns, signal);

  it('know *, ?, ** and a folder’s short form', async () => {
    assert.deepEqual(await found({ includes: '*.txt' }), ['a.txt', 'b [1].txt']);
    assert.deepEqual(await found({ includes: '**/a.???' }), ['a.txt', 'd/a.txt', 'd/e/a.log']);
    assert.deepEqual(await found({ includes: 'd/e/, ./a.txt' }), ['a.txt', 'd/e/a.log']);
    assert.deepEqual(await found({ includes: 'd/**/a.*' }), ['d/a.txt', 'd/e/a.log']);
    assert.deepEqual(await found({ includes: '**/e/**' }), ['d/e/a.log']);
  });

  it('take brackets, braces and spaces as they are', async () => {
    assert.deepEqual(await found({ includes: 'b [1].txt' }), ['b [1].txt']);
    assert.deepEqual(await found({ includes: '{a,b}.txt' }), []);
  });

  it('leave out what is excluded, and what Ant leaves out by itself if that is asked', async () => {
    assert.deepEqual(await found({ excludes: '**/*.txt, d/**' }), ['.hidden', 'c~']);
    const files = await found({ defaultExcludes: true });
    assert.deepEqual(files, ['.hidden', 'a.txt', 'b [1].txt', 'd/a.txt', 'd/e/a.log', 'd/link']);
  });

  it('lead nowhere else: neither by .. nor by a link', async () => {
    assert.deepEqual(await found({ includes: '../**' }), []);
    assert.deepEqual(await found({ includes: 'd/link/*' }), []);
    assert.deepEqual(await found({ includes: 'd/l*' }), ['d/link']);
    assert.deepEqual(await antFiles(join(root, 'none'), {}, signal), []);
  });

  it('take no time over a name that is made to', async () => {
    const name = 'a'.repeat(200);
    writeFileSync(join(root, name), '');
    const begin = Date.now();
    assert.deepEqual(await found({ includes: `${'a*'.repeat(60)}b` }), []);
    assert.ok(Date.now() - begin < 1000);
    rmSync(join(root, name));
  });
});
