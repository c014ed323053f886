import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { shellLine, wordsOf } from '../../src/machines/quote';

describe('Words of a command line', () => {
  it('come through a shell as they are', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', ' ', "'", '"', '\\', '$', '`', '*', '\n'),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const line = `printf '%s\\0' ${shellLine(words)}`;
        const told = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
        assert.deepEqual(told.split('\0').slice(0, -1), words);
      }),
      { numRuns: 60 },
    );
  });

  it('are read with quotes and backslashes, and nothing is expanded', () => {
    assert.deepEqual(wordsOf(''), []);
    assert.deepEqual(wordsOf(`-v a:b  -e X="y z" -e 'it is' a\\ b "q\\"r" $HOME`), [
      ...['-v', 'a:b', '-e', 'X=y z', '-e', 'it is', 'a b', 'q"r', '$HOME'],
    ]);
  });
});
