import assert from 'node:assert/strict';
import { stageName } from '../../../src/editor/look/stageName';

describe("a stage's name", () => {
  it('is the values of its axes where it is a cell of a matrix', () => {
    assert.equal(stageName("Matrix - PLATFORM = 'linux'"), 'linux');
    assert.equal(stageName("Matrix - PLATFORM = 'linux', DB = 'pg 15'"), 'linux, pg 15');
  });

  it('is left as it is elsewhere', () => {
    for (const name of ['Build', 'Matrix - of truth', "Matrix - A = 'x' and B = 'y'", ''])
      assert.equal(stageName(name), name);
  });
});
