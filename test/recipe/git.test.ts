import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  canonicalRemote,
  ensureCommit,
  hasCommit,
  releaseCommit,
  remotes,
  showFile,
  withoutLogin,
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

  it('knows what in an address logs in', () => {
    for (const [address, without] of [
      ['https://ada:t0ken@host/x.git', 'https://host/x.git'],
      ['https://t0ken@host:8443/a@b.git', 'https://host:8443/a@b.git'],
      ['http://ada:t0k@n@host/x', 'http://host/x'],
      ['ssh://git:t0ken@host:22/x', 'ssh://git@host:22/x'],
      ['ssh://git@host:22/x@y', 'ssh://git@host:22/x@y'],
      ['git@host:a/b.git', 'git@host:a/b.git'],
      ['/a:b@c/d', '/a:b@c/d'],
      ["cannot read 'https://t0ken@host/x'", "cannot read 'https://host/x'"],
    ] as const)
      assert.equal(withoutLogin(address), without);
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
    assert.deepEqual(added, [
      `${sample.commits.pull} commit\trefs/ci-parity/${sample.commits.pull}`,
    ]);
    await releaseCommit(clone, sample.commits.pull, signal);
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

  it('knows one repository by its many addresses', () => {
    const one = 'github.com/cilium/cilium';
    for (const url of [
      'https://github.com/cilium/cilium',
      'https://github.com/cilium/cilium.git',
      'https://token@github.com/Cilium/cilium/',
      'git@github.com:cilium/cilium.git',
      'ssh://git@github.com/cilium/cilium.git',
      'ssh://git@github.com:22/cilium/cilium.git',
      'git://github.com/cilium/cilium.git',
    ])
      assert.equal(canonicalRemote(url), one, url);
    assert.notEqual(canonicalRemote('https://github.com/cilium/hubble'), one);
  });
});
