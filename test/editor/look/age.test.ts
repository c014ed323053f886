import assert from 'node:assert/strict';
import { ageOf, spanOf, timeOf } from '../../../src/editor/look/age';

const now = Date.UTC(2026, 10, 23, 12);
const minute = 60_000;

describe('ages and spans', () => {
  it('tells an age in the unit that a person would use', () => {
    const ages = [0, 59_000, 5 * minute, 2 * 60 * minute, 30 * 60 * minute, 3 * 24 * 60 * minute];
    assert.deepEqual(
      ages.map((age) => ageOf(now - age, now)),
      ['just now', 'just now', '5 min ago', '2 h ago', 'yesterday', '3 days ago'],
    );
  });

  it('tells the day of what is older than a month', () => {
    assert.equal(ageOf(Date.UTC(2026, 7, 1), now), '2026-08-01');
  });

  it('takes a server whose clock is ahead for now', () => {
    assert.equal(ageOf(now + 10 * minute, now), 'just now');
  });

  it('tells the time of day, and the day where it is another one', () => {
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 5).getTime();
    assert.equal(timeOf(at(24, 9), at(24, 18)), '09:05');
    assert.equal(timeOf(at(23, 9), at(24, 18)), '2026-11-23 09:05');
  });

  it('tells a span in its two greatest units', () => {
    assert.deepEqual([400, 12_000, 185_000, 180_000, 3_840_000].map(spanOf), [
      '0.4 s',
      '12 s',
      '3 min 5 s',
      '3 min',
      '1 h 4 min',
    ]);
  });
});
