import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once, EventEmitter } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchBranch } from '../../../src/editor/told/headWatch';

describe('the branch that is checked out', () => {
  let life: AbortController;
  beforeEach(() => (life = new AbortController()));
  afterEach(() => life.abort());

  it('is told at once, and whenever another is', async () => {
    const { directory, git } = repository();
    const told = listen(directory);
    assert.equal(await told.next(), 'main');
    git('switch', '-q', '-c', 'topic/x');
    assert.equal(await told.next(), 'topic/x');
    git('checkout', '-q', '--detach');
    assert.equal(await told.next(), undefined);
    git('switch', '-q', 'main');
    assert.equal(await told.next(), 'main');
  });

  it('is that of a worktree where the folder is one', async () => {
    const { directory, git } = repository();
    const other = join(directory, 'other');
    git('worktree', 'add', '-q', '-b', 'side', other);
    const told = listen(other);
    assert.equal(await told.next(), 'side');
    execFileSync('git', ['-C', other, 'switch', '-q', '-c', 'further']);
    assert.equal(await told.next(), 'further');
  });

  it('is none where there is no repository', async () => {
    const told = listen(mkdtempSync(join(tmpdir(), 'told-')));
    assert.equal(await told.next(), undefined);
  });

  function listen(directory: string): { next(): Promise<string | undefined> } {
    const events = new EventEmitter();
    const waiting: (string | undefined)[] = [];
    watchBranch(
      directory,
      (branch) => {
        waiting.push(branch);
        events.emit('told');
      },
      life.signal,
    );
    return {
      next: async () => {
        while (waiting.length === 0) await once(events, 'told');
        return waiting.shift();
      },
    };
  }
});

function repository() {
  const directory = mkdtempSync(join(tmpdir(), 'told-'));
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
  };
  git('init', '-q', '-b', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'first');
  return { directory, git };
}
