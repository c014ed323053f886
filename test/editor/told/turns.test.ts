import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claim } from '../../../src/editor/told/claims';
import { newFailures, turnOf } from '../../../src/editor/told/turns';
import type { Run } from '../../../src/jenkins/run';
import { runWith } from '../runs/runs';

/** `41 ok, 42 bad, 43 …`: the newest comes last, as people count. */
function runs(words: string): Run[] {
  const results = { ok: 'SUCCESS', bad: 'FAILURE', meh: 'UNSTABLE', off: 'ABORTED' } as const;
  return words
    .split(', ')
    .filter((word) => word !== '')
    .map((word) => {
      const [number, how = ''] = word.split(' ');
      const result = results[how as keyof typeof results] as Run['result'];
      return runWith({ number: Number(number), building: how === '…', result });
    })
    .reverse();
}

describe('a branch turns', () => {
  const turn = (before: string, after: string): string => {
    const found = turnOf(runs(before), runs(after));
    return found ? `${found.to} #${found.run.number}` : 'no';
  };

  it('red when a run fails or is unstable after one that passed, and green the other way', () => {
    assert.equal(turn('41 ok', '41 ok, 42 bad'), 'red #42');
    assert.equal(turn('41 ok, 42 …', '41 ok, 42 meh'), 'red #42');
    assert.equal(turn('42 bad', '42 bad, 43 ok'), 'green #43');
  });

  it('not by runs that go on, were aborted, or end like the one before', () => {
    assert.equal(turn('41 ok', '41 ok, 42 …'), 'no');
    assert.equal(turn('41 ok', '41 ok, 42 off'), 'no');
    assert.equal(turn('41 bad', '41 bad, 42 meh'), 'no');
    assert.equal(turn('41 ok, 42 off', '41 ok, 42 off, 43 ok'), 'no');
    assert.equal(turn('41 ok', '41 ok'), 'no');
  });

  it('by a run that ends while a newer one goes on', () => {
    assert.equal(turn('42 bad, 43 …, 44 …', '42 bad, 43 ok, 44 …'), 'green #43');
    assert.equal(turn('42 bad, 43 …, 44 ok', '42 bad, 43 bad, 44 ok'), 'no');
  });

  it('not when it did so and back again meanwhile, nor when runs are deleted', () => {
    assert.equal(turn('41 ok', '41 ok, 42 bad, 43 ok'), 'no');
    assert.equal(turn('41 ok, 42 bad', '41 ok'), 'no');
  });

  it('red with its first run, but not green', () => {
    assert.equal(turn('', '1 bad'), 'red #1');
    assert.equal(turn('', '1 ok'), 'no');
  });

  it('once, however many runs have followed when somebody looks', () => {
    const early = turnOf(runs('41 ok'), runs('41 ok, 42 bad'));
    const late = turnOf(runs('41 ok'), runs('41 ok, 42 bad, 43 off, 44 bad'));
    assert.equal(late?.run.number, 44);
    assert.equal(late.key, early?.key);
  });
});

describe('new failures', () => {
  const numbers = (words: string, seen: number) =>
    newFailures(runs(words), seen).map(({ number }) => number);

  it('are those since the last pass that were not seen', () => {
    assert.deepEqual(numbers('38 bad, 39 ok, 40 bad, 41 off, 42 meh, 43 …', 0), [42, 40]);
    assert.deepEqual(numbers('39 ok, 40 bad, 41 bad, 42 bad', 41), [42]);
    assert.deepEqual(numbers('40 bad, 41 ok', 0), []);
  });
});

describe('what is told once', () => {
  it('is for the first who asks, whoever asks later', () => {
    const root = mkdtempSync(join(tmpdir(), 'told-'));
    assert.deepEqual(
      ['a red', 'a red', 'a green', 'a red'].map((key) => claim(key, root)),
      [true, false, true, false],
    );
  });

  it('is told all the same where nothing can be remembered', () => {
    const root = join(mkdtempSync(join(tmpdir(), 'told-')), 'file');
    writeFileSync(root, '');
    assert.equal(claim('a red', root), true);
  });

  it('is forgotten after a month', () => {
    const root = mkdtempSync(join(tmpdir(), 'told-'));
    claim('old', root);
    const [file] = readdirSync(join(root, 'told'));
    const then = Date.now() / 1000 - 31 * 24 * 3600;
    utimesSync(join(root, 'told', file ?? ''), then, then);
    claim('new', root);
    assert.equal(readdirSync(join(root, 'told')).length, 1);
    assert.equal(claim('new', root), false);
  });
});
