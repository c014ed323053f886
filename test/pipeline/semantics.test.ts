import assert from 'node:assert/strict';
import { join } from 'node:path';

import { casesIn, happens } from './semanticCases';

describe('what becomes of a pipeline', () => {
  for (const [file, cases] of casesIn(join(import.meta.dirname, 'semantics'))) {
    describe(file.replace('.semantics', ''), () => {
      for (const given of cases) {
        it(given.title, async () => {
          assert.notEqual(given.expected.length, 0, 'nothing is expected');
          assert.deepEqual(await happens(given), given.expected);
        });
      }
    });
  }

  it('is told of at least 160 small pipelines', () => {
    const all = [...casesIn(join(import.meta.dirname, 'semantics')).values()].flat();
    assert.ok(all.length >= 160, String(all.length));
    assert.equal(new Set(all.map(({ title }) => title)).size, all.length);
  });
});
