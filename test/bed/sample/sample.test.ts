import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sample, makeSample } from './sample';

describe('The sample repository', () => {
  let root: string;
  let sample: Sample;
  const { signal } = new AbortController();
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-sample-'));
    sample = await makeSample(join(root, 'moat'), signal);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('has the same commits each time, and is left alone when it is there', async () => {
    const again = await makeSample(join(root, 'other', 'name'), signal);
    assert.deepEqual(again.commits, sample.commits);
    assert.deepEqual(await makeSample(sample.dir, signal), sample);
    assert.equal(git('-C', sample.dir, 'status', '--porcelain'), '');
  });

  it('fails in one test at the broken commit, and in none before and after', () => {
    for (const [commit, failing] of [
      [sample.commits.before, []],
      [sample.commits.broken, ['TestPolicyEgressDeny']],
      [sample.commits.mended, []],
    ] as const) {
      git('-C', sample.dir, 'checkout', '-q', commit);
      const { status, stdout } = spawnSync('./pkg/policy/policy_test.sh', {
        cwd: sample.dir,
        encoding: 'utf8',
      });
      assert.equal(status, failing.length);
      const failed = [...stdout.matchAll(/^--- FAIL: (\w+)/gm)].map((match) => match[1]);
      assert.deepEqual(failed, failing);
    }
    git('-C', sample.dir, 'checkout', '-q', 'master');
  });

  it('serves a clone that lacks a commit from its origin, by id', () => {
    const clone = join(root, 'clone');
    git('clone', '-q', '--no-local', '--single-branch', '--depth=1', sample.origin, clone);
    assert.throws(() => git('-C', clone, 'cat-file', '-e', sample.commits.pull));
    git('-C', clone, 'fetch', '-q', 'origin', sample.commits.pull);
    git('-C', clone, 'cat-file', '-e', sample.commits.pull);
  });

  it('has a commit whose Jenkinsfile is a symbolic link', () => {
    const { symlink } = sample.commits;
    assert.match(git('-C', sample.dir, 'ls-tree', symlink, 'Jenkinsfile'), /^120000 blob /);
    assert.match(git('-C', sample.dir, 'show', `${symlink}:ginkgo.Jenkinsfile`), /^pipeline \{/);
  });
});
