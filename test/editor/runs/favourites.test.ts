import assert from 'node:assert/strict';
import { Favourites } from '../../../src/editor/runs/favourites';

function favouritesWith(kept?: unknown) {
  const store = new Map<string, unknown>([['favourites', kept]]);
  return new Favourites({
    get: <T>(key: string, otherwise?: T) => (store.get(key) ?? otherwise) as T,
    update: (key, value) => {
      store.set(key, value);
      return Promise.resolve();
    },
  });
}

describe('favourites', () => {
  it('are kept in the order in which they were chosen, each once', async () => {
    const favourites = favouritesWith();
    await favourites.add({ url: 'http://ci/job/a/', kind: 'job' });
    await favourites.add({ url: 'http://ci/job/b/', kind: undefined });
    await favourites.add({ url: 'http://ci/job/a/', kind: 'job' });
    assert.deepEqual(
      favourites.all().map(({ url }) => url),
      ['http://ci/job/b/', 'http://ci/job/a/'],
    );
    await favourites.remove('http://ci/job/b/');
    assert.deepEqual(
      favourites.all().map(({ url }) => url),
      ['http://ci/job/a/'],
    );
    assert.equal(favourites.has('http://ci/job/b/'), false);
  });

  it('are none where something else was kept', () => {
    assert.deepEqual(favouritesWith('x').all(), []);
    assert.deepEqual(favouritesWith([null, 7, { url: 7 }]).all(), []);
    const [odd] = favouritesWith([{ url: 'http://ci/job/a/', kind: 'x' }]).all();
    assert.equal(odd?.kind, undefined);
  });
});
