import assert from 'node:assert/strict';
import type { RunPage } from '../../../src/jenkins/contents';
import { merged, NO_RUNS } from '../../../src/editor/runs/runList';
import { now, runWith } from './runs';

describe('the list of runs after the server told a page of them', () => {
  const page = (numbers: readonly number[], more = true): RunPage => ({
    runs: numbers.map((number) => runWith({ number, startedAt: now + number })),
    more,
  });
  const numbers = ({ runs }: RunPage) => runs.map(({ number }) => number);

  it('is the page where nothing was known', () => {
    const told = page([3, 2, 1], false);
    assert.deepEqual(merged(NO_RUNS, told), told);
  });

  it('keeps older runs that join the page, and knows whether there are more', () => {
    const after = merged(page([5, 4, 3, 2, 1], false), page([7, 6, 5]));
    assert.deepEqual(numbers(after), [7, 6, 5, 4, 3, 2, 1]);
    assert.equal(after.more, false);
  });

  it('drops older runs where some between them and the page may be missing', () => {
    const after = merged(page([3, 2, 1], false), page([9, 8, 7]));
    assert.deepEqual(numbers(after), [9, 8, 7]);
    assert.equal(after.more, true);
  });

  it('drops runs that were deleted, in the middle, at the beginning and at the end', () => {
    assert.deepEqual(numbers(merged(page([6, 5, 4, 3, 2]), page([6, 4]))), [6, 4, 3, 2]);
    assert.deepEqual(numbers(merged(page([6, 5, 4]), page([5, 4], false))), [5, 4]);
    assert.deepEqual(numbers(merged(page([6, 5, 4], false), page([6, 5], false))), [6, 5]);
    assert.deepEqual(numbers(merged(page([6, 5, 4]), page([], false))), []);
  });

  it('begins anew for a job that was deleted and made again', () => {
    const again = { runs: [runWith({ number: 5, startedAt: now + 100 })], more: true };
    assert.deepEqual(merged(page([6, 5, 4, 3], false), again), again);
  });

  it('goes on below with a page of older ones', () => {
    const after = merged(page([9, 8, 7]), page([6, 5], false), 7);
    assert.deepEqual(numbers(after), [9, 8, 7, 6, 5]);
    assert.equal(after.more, false);
    const end = merged(page([9, 8, 7]), page([], false), 7);
    assert.deepEqual([numbers(end), end.more], [[9, 8, 7], false]);
  });

  it('is the same array where nothing new was told, and each run that stayed the same object', () => {
    const known = page([3, 2, 1], false);
    assert.equal(merged(known, page([3, 2])).runs, known.runs);
    const ended = {
      runs: [runWith({ number: 3, startedAt: now + 3, result: 'ABORTED' })],
      more: true,
    };
    const after = merged(known, ended);
    assert.equal(after.runs[0]?.result, 'ABORTED');
    assert.equal(after.runs[1], known.runs[1]);
  });
});
