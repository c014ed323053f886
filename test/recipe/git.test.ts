import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ensureCommit,
  hasCommit,
  releaseAbandoned,
  releaseCommit,
  remotes,
  showFile,
} from '../../src/recipe/git';
import { makeSample, type Sample } from '../bed/sample/sample';

describe('Questions to git', () => {
  const { signal } = new AbortController();
  let root: string;
  let sample: Sample;
  const git = (directory: string, ...args: string[]): string =>
    execFileSync('git', args, { cwd: directory, encoding: 'utf8' });
  const refs = (directory: string): string =>
    git(directory, 'for-each-ref') + git(directory, 'status', '--porcelain');

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-git-'));
    sample = await makeSample(join(root, 'moat'), signal);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('reads a file at a commit', async () => {
    const { text } = await showFile(sample.dir, sample.commits.broken, 'Jenkinsfile', signal);
    assert.match(text, /RUN_TEST_SUITE = '1'/);
  });

  it('follows a Jenkinsfile that is a symbolic link', async () => {
    const { path, text } = await showFile(
      sample.dir,
      sample.commits.symlink,
      'Jenkinsfile',
      signal,
    );
    assert.equal(path, 'ginkgo.Jenkinsfile');
    assert.match(text, /pipeline/);
  });

  it('says so when there is no such file', async () => {
    await assert.rejects(
      showFile(sample.dir, sample.commits.initial, 'Jenkinsfile', signal),
      /There is no Jenkinsfile at commit/,
    );
  });

  it('fetches a commit that the clone lacks, and leaves no trace but its own ref until it is released', async () => {
    const clone = join(root, 'clone');
    git(
      root,
      'clone',
      '-q',
      '--single-branch',
      '--branch',
      'master',
      `file://${sample.origin}`,
      clone,
    );
    assert.equal(await hasCommit(clone, sample.commits.pull, signal), false);
    const before = refs(clone);
    await ensureCommit(clone, sample.commits.pull, [], signal);
    assert.equal(await hasCommit(clone, sample.commits.pull, signal), true);
    const added = refs(clone)
      .split('\n')
      .filter((line) => !before.includes(line));
    const { pull } = sample.commits;
    assert.equal(added.length, 1);
    assert.match(
      added[0] ?? '',
      new RegExp(`^${pull} commit\trefs/ci-parity/${process.pid}-[0-9a-f]{12}/${pull}$`),
    );
    await releaseAbandoned(clone);
    assert.notEqual(refs(clone), before, 'this process lives, and holds it');
    await releaseCommit(clone, pull);
    assert.equal(refs(clone), before);
  });

  it('lets go of what a dead process or an older version held, and of nothing else', async () => {
    const clone = join(root, 'abandoned');
    git(root, 'clone', '-q', `file://${sample.origin}`, clone);
    git(clone, 'update-ref', 'refs/keep/1', 'HEAD');
    const before = refs(clone);
    const head = git(clone, 'rev-parse', 'HEAD').trim();
    for (const name of [head, `${process.pid}-0123456789ab/${head}`, `1-ab/fetched/heads/x`])
      git(clone, 'update-ref', `refs/ci-parity/${name}`, 'HEAD');
    await ensureCommit(clone, head, [], signal);
    await releaseAbandoned(clone);
    assert.equal(git(clone, 'for-each-ref', 'refs/ci-parity').split('\n').length, 2);
    await releaseCommit(clone, head);
    assert.equal(refs(clone), before);
  });

  it('says where it looked when nobody has the commit', async () => {
    const nowhere = '0123456789012345678901234567890123456789';
    await assert.rejects(
      ensureCommit(sample.dir, nowhere, [], signal),
      /neither in .* nor at its remotes/,
    );
  });

  it('lists remotes', async () => {
    assert.deepEqual(await remotes(sample.dir, signal), [{ name: 'origin', url: sample.origin }]);
  });

  it('stops when it is told to', async () => {
    await assert.rejects(hasCommit(sample.dir, sample.commits.broken, AbortSignal.abort()), {
      name: 'AbortError',
    });
  });
});
