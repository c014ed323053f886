import assert from 'node:assert/strict';
import { Unknown } from '../../src/pipeline/effects';
import { record } from './recorder';

describe('A function that calls itself, in a dry interpretation', () => {
  const dry = {
    dry: true,
    step: () => new Unknown('readJSON', 1),
    effects: { decide: () => Promise.resolve('both' as const) },
  };

  it('is computed where all is known', async () => {
    const { log } = await record(
      `def fact(n) { n <= 1 ? 1 : n * fact(n - 1) }
       node { sh "echo \${fact(10)}" }`,
      dry,
    );
    assert.ok(log.includes('sh echo 3628800'), log.join('\n'));
  });

  it('is unknown where nobody knows when it ends, and what comes after is still shown', async () => {
    const { log, outcome, error } = await record(
      `def walk(tree) {
         if (tree.leaf) { return 'leaf' }
         walk(tree.left)
         return walk(tree.right) + '!'
       }
       node {
         def found = walk(readJSON(file: 'tree.json'))
         sh "./use \${found}"
         sh './after'
       }`,
      dry,
    );
    assert.equal(log.at(-2), 'sh ./after', log.join('\n'));
    assert.match(log.join('\n'), /sh ‹/);
    assert.deepEqual([outcome, error], ['SUCCESS', undefined]);
  });

  it('overflows where all is known and it does not end', async () => {
    const { error } = await record(`def f(n) { f(n + 1) }\nnode { f(1) }`, dry);
    assert.ok(error !== undefined);
  });
});
