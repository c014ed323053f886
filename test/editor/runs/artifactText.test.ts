import assert from 'node:assert/strict';
import { fileNameOf, textOf } from '../../../src/editor/runs/artifactText';

describe('an artifact', () => {
  it('is saved under a name that every system allows', () => {
    assert.equal(fileNameOf('vm 1.txt'), 'vm 1.txt');
    assert.equal(fileNameOf('a:b\\c"d?.txt'), 'a_b_c_d_.txt');
    assert.equal(fileNameOf('..'), 'artifact');
    assert.equal(fileNameOf('name. '), 'name');
    assert.match(fileNameOf(`${'x'.repeat(400)}.tar.gz`), /^x{193}\.tar\.gz$/);
  });

  it('is shown where it is text, without the mark that some begin with', () => {
    assert.equal(textOf(Buffer.from('\ufeffgrüße\n')), 'grüße\n');
    assert.equal(textOf(Buffer.alloc(0)), '');
    assert.equal(textOf(Buffer.from([0x50, 0x4b, 0x03, 0x04, 0x00])), undefined);
    assert.equal(textOf(Buffer.from([0xff, 0xfe, 0x41])), undefined);
  });
});
