import assert from 'node:assert/strict';
import { nextLook } from '../../../src/editor/runs/nextLook';

describe('the pause between two looks', () => {
  it('is short while something runs and ten times as long where nothing does', () => {
    assert.equal(nextLook('busy', 60_000, 5000), 5000);
    assert.equal(nextLook('idle', 5000, 5000), 50_000);
  });

  it('doubles while the server does not answer, up to five minutes', () => {
    assert.equal(nextLook('failed', 5000, 5000), 10_000);
    assert.equal(nextLook('failed', 200_000, 5000), 300_000);
    assert.equal(nextLook('failed', 300_000, 5000), 300_000);
  });
});
