import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { antFiles, antMatcher, type AntPatterns } from '../../src/machines/antFiles';

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

  it('match what the plain definition says', () => {
    const segment = fc.oneof(
      fc.constant('**'),
      fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 4 }),
    );
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
    let matched = 0;
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 6 }),
        fc.array(name, { minLength: 1, maxLength: 6 }),
        (pattern, path) => {
          const expected = pathFits(pattern, path);
          if (expected) matched++;
          assert.equal(antMatcher({ includes: pattern.join('/') })(path.join('/')), expected);
        },
      ),
      { numRuns: 5000 },
    );
    assert.ok(matched > 100, `only ${matched} of the samples matched`);
  });
});

/** As Ant's manual defines it: exponential, and plain. */
function pathFits([first, ...rest]: readonly string[], path: readonly string[]): boolean {
  if (first === undefined) return path.length === 0;
  const [name, ...below] = path;
  if (first === '**')
    return pathFits(rest, path) || (name !== undefined && pathFits([first, ...rest], below));
  return name !== undefined && nameFits(first, name) && pathFits(rest, below);
}

function nameFits(pattern: string, name: string): boolean {
  const first = pattern[0];
  if (first === undefined) return name === '';
  const rest = pattern.slice(1);
  if (first === '*')
    return nameFits(rest, name) || (name !== '' && nameFits(pattern, name.slice(1)));
  return name !== '' && (first === '?' || first === name[0]) && nameFits(rest, name.slice(1));
}
