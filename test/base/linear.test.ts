import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

describe('Hostile texts of 300,000 characters', () => {
  it('are read in time that grows with their length', function () {
    this.timeout(180_000);
    // All of it takes seconds where no expression is quadratic, and hours where all are.
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('linear.ts', import.meta.url))],
      { encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL' },
    );
    assert.equal(stdout.trimEnd().split('\n').at(-1), 'done', stderr);
  });
});
