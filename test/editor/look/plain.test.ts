import assert from 'node:assert/strict';
import { plain } from '../../../src/editor/look/plain';

describe("a server's words", () => {
  it('cannot become an icon in a label', () => {
    assert.doesNotMatch(plain('$(zap) done'), /\$\(/);
  });

  it('cannot become a link to a command in a notification', () => {
    assert.doesNotMatch(plain('[click](command:workbench.action.quit)'), /\]\(/);
  });

  it('cannot turn the direction of the text around them, nor break the line', () => {
    assert.equal(plain('a\u202Eb\u2066c\nd\u0007e'), 'a b c d e');
  });

  it('are cut at 300 characters', () => {
    assert.equal(plain('x'.repeat(1000)).length, 300);
  });

  it('stay as they are where nothing is to be feared', () => {
    assert.equal(plain('feature/x costs 5$ (or so) [sic]'), 'feature/x costs 5$ (or so) [sic]');
  });
});
