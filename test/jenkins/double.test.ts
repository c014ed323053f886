import assert from 'node:assert/strict';
import { parseTree, prune, TreeSyntaxError } from '../bed/jenkins/tree';

const model = {
  _class: 'Job',
  name: 'a',
  builds: [1, 2, 3, 4].map((number) => ({
    number,
    url: `u${number}`,
    actions: [{}, { _class: 'Cause', text: 'x' }],
  })),
  lazy: () => ({ name: 'b' }),
  environment: { A: '1' },
};

function ask(tree: string): unknown {
  return prune(model, parseTree(tree));
}

describe("the double's tree", () => {
  it('prunes to what is named, but tells classes', () => {
    assert.deepEqual(ask('name'), { _class: 'Job', name: 'a' });
    assert.deepEqual(ask('lazy[name],environment'), {
      _class: 'Job',
      lazy: { name: 'b' },
      environment: { A: '1' },
    });
    assert.deepEqual(ask('builds[number,actions[nothing]]{0,1}'), {
      _class: 'Job',
      builds: [{ number: 1, actions: [{}, { _class: 'Cause' }] }],
    });
  });

  it('knows ranges and the wildcard', () => {
    const numbers = (tree: string) =>
      (ask(tree) as { builds: { number: number }[] }).builds.map(({ number }) => number);
    assert.deepEqual(numbers('builds[number]{1,3}'), [2, 3]);
    assert.deepEqual(numbers('builds[*]{2,}'), [3, 4]);
    assert.deepEqual(numbers('builds[number]{,2}'), [1, 2]);
    assert.deepEqual(numbers('builds[number]{3}'), [4]);
  });

  it('refuses what Stapler refuses', () => {
    for (const tree of ['', 'a[', 'a]', 'a[b]]', 'a,,b', 'a{x}', 'a[]']) {
      assert.throws(() => parseTree(tree), TreeSyntaxError, tree);
    }
  });
});
