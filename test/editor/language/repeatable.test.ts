import assert from 'node:assert/strict';
import { LANGUAGE } from '../../../src/editor/language/repeatable';
import { isStep } from '../../../src/pipeline/run/steps';

describe('The steps of the language', () => {
  it('are ones that the interpreter does by itself', () => {
    assert.deepEqual(
      [...LANGUAGE].filter((name) => !isStep(name)),
      [],
    );
  });
});
