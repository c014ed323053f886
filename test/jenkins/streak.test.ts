import assert from 'node:assert/strict';
import { streakOf, wordsOfStreak } from '../../src/jenkins/streak';
import type { Result, Run } from '../../src/jenkins/run';
import { runWith } from '../editor/runs/runs';

const LETTERS: Readonly<Record<string, Result>> = {
  f: 'FAILURE',
  u: 'UNSTABLE',
  p: 'SUCCESS',
  a: 'ABORTED',
};

/** Runs from their letters, the newest first; `r` is one that runs. */
function history(letters: string): Run[] {
  return letters.split('').map((letter, at) =>
    runWith({
      number: letters.length - at,
      result: LETTERS[letter],
      building: letter === 'r',
    }),
  );
}

function words(letters: string, more = false, at = 0): string | undefined {
  const runs = history(letters);
  const streak = streakOf(runs[at]!, runs, more);
  return streak && wordsOfStreak(streak);
}

describe('since when a job fails', () => {
  it('is new after a run that passed, and where there was none before', () => {
    assert.equal(words('fpf'), 'new');
    assert.equal(words('f'), 'new');
  });

  it('is the first of the runs that failed in a row, unstable ones among them', () => {
    assert.equal(words('fufp'), 'since #2');
    assert.deepEqual(streakOf(history('fufp')[0]!, history('fufp'), false), {
      kind: 'since',
      number: 2,
      runs: 3,
      orBefore: false,
    });
  });

  it('is not changed by runs that were aborted or are still going on', () => {
    assert.equal(words('fafp'), 'since #2');
    assert.equal(words('fap'), 'new');
    assert.equal(words('rfp', false, 1), 'new');
  });

  it('may be before what is known', () => {
    assert.equal(words('ff', true), 'since #1 or before');
    assert.equal(words('f', true), undefined);
    assert.equal(words('fa', true), undefined);
  });

  it('is old news where it passed since, and says in which run first', () => {
    assert.equal(words('ppfp', false, 2), 'mended in #3');
    assert.equal(words('rapff', true, 3), 'mended in #3');
    assert.equal(words('fpfp', false, 0), 'new');
  });

  it('is seen from each run: the first of several is not new any more', () => {
    assert.equal(words('fffp', false, 2), 'the first to fail');
    assert.equal(words('fffp', false, 1), 'since #2');
    assert.equal(words('rafp', false, 2), 'new');
  });

  it('is told of no run that passed, was aborted or runs', () => {
    for (const letters of ['pf', 'af', 'rf']) assert.equal(words(letters), undefined);
  });
});
