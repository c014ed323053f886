import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { entrance } from '../../src/cli/enter';

describe('The entrance to what is kept on another machine', () => {
  const kept = { directory: "/work/it's $HOME", machines: ['db'], environment: { A: '1 $B' } };

  it('is a line that says just what is meant, whatever is in the names', () => {
    assert.equal(
      entrance(kept, 'db; true'),
      String.raw`cd '/work/it'\''s $HOME' && exec env 'A=1 $B' vagrant ssh 'db; true'`,
    );
  });

  it('is a shell in the folder where there is no machine in it', () => {
    const line = entrance({ ...kept, directory: tmpdir() }, undefined);
    const told = execFileSync('sh', ['-c', line], {
      input: 'echo "$A in $(pwd)"\n',
      env: { PATH: process.env['PATH'] ?? '', SHELL: 'sh' },
      encoding: 'utf8',
    });
    assert.equal(told, `1 $B in ${tmpdir()}\n`);
  });
});
