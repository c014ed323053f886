import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../src/base/errors';
import { causeLine, explainSystemError } from '../../src/base/systemErrors';
import { writeWhole } from '../../src/base/writeWhole';

describe('An error of the operating system', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-system-'));
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const thrownBy = (action: () => unknown): unknown => {
    try {
      action();
    } catch (error) {
      return error;
    }
    return assert.fail('nothing was thrown');
  };

  it('names the path, the reason and what to do', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const error = explainSystemError(thrownBy(() => mkdirSync(join(file, 'below'))));
    assert.ok(error instanceof UserError);
    assert.equal(
      error.message,
      `The system refused "mkdir ${file}/below": a part of the path is not a folder (ENOTDIR).`,
    );
    assert.equal(error.advice, 'Move the file that is in the way.');
  });

  it('names the file that could not be written', function () {
    if (process.platform !== 'linux') this.skip();
    const fd = openSync('/dev/full', 'w');
    try {
      const error = thrownBy(() => writeWhole(fd, Buffer.from('text'), '/the/file'));
      assert.match(
        (explainSystemError(error) as Error).message,
        /"write \/the\/file": no space is left on the device \(ENOSPC\)/,
      );
    } finally {
      closeSync(fd);
    }
  });

  it('is left alone where it may be a defect', () => {
    const missing = thrownBy(() => readFileSync(join(folder, 'missing')));
    assert.equal(explainSystemError(missing), missing);
    const ours = new TypeError('x is not a function');
    assert.equal(explainSystemError(ours), ours);
    assert.equal(explainSystemError('text'), 'text');
  });
});

describe('The cause in a program’s messages', () => {
  it('is the message of the operating system, not its effect', () => {
    assert.equal(
      causeLine(
        'error: unable to write file a: No space left on device\nfatal: Could not reset index file to revision HEAD.\n',
      ),
      'unable to write file a: No space left on device',
    );
    assert.equal(causeLine('hint: x\nfatal: not a git repository\n\n'), 'not a git repository');
    assert.equal(causeLine(''), '');
  });
});
