import assert from 'node:assert/strict';
import { progressOf } from '../../../src/editor/look/progressBar';

const MINUTE = 60_000;

describe('the progress of what runs', () => {
  it('is a bar, percent and what is left, and without the bar for those who hear it', () => {
    assert.deepEqual(progressOf(0, 10 * MINUTE, 6.3 * MINUTE), {
      shown: '▓▓▓░░ 63 % · about 4 min left',
      spoken: '63 percent, about 4 min left',
    });
    assert.equal(progressOf(0, 100 * MINUTE, 0)?.shown, '░░░░░ 0 % · about 1 h 40 min left');
    assert.match(progressOf(0, 10 * MINUTE, 9.5 * MINUTE)?.shown ?? '', /about a minute left/);
  });

  it('says by how much it is overdue', () => {
    const { shown, spoken } = progressOf(0, 20 * MINUTE, 24 * MINUTE) ?? {};
    assert.equal(shown, '4 min over the usual 20 min');
    assert.equal(spoken, shown);
  });

  it("begins at nothing where the server's clock is ahead", () => {
    assert.match(progressOf(5 * MINUTE, 10 * MINUTE, 0)?.shown ?? '', / 0 %/);
  });

  it('is unknown where nobody knows how long it takes', () => {
    assert.equal(progressOf(0, undefined, MINUTE), undefined);
  });
});
