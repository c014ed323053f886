import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LoadedLibrary } from '../../src/jenkins/loadedLibraries';
import {
  readLibraries,
  wantedLibraries,
  type LibrarySources,
  type WantedLibrary,
} from '../../src/recipe/libraries';
import { isAddress, resolveMapping } from '../../src/recipe/libraryMapping';
import type { FoundLibrary, RecipeLibrary } from '../../src/recipe/recipe';

describe('Shared libraries', () => {
  const { signal } = new AbortController();
  let root: string;
  let origin: string;
  let clone: string;
  let app: string;
  const commits = { first: '', second: '', third: '' };

  function git(directory: string, ...args: string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };
    return execFileSync('git', [...identity, ...args], {
      cwd: directory,
      encoding: 'utf8',
      env,
    }).trim();
  }

  function write(directory: string, files: Readonly<Record<string, string | Buffer>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
  }

  function commit(directory: string, message: string): string {
    git(directory, 'add', '-A');
    git(directory, 'commit', '-q', '-m', message);
    return git(directory, 'rev-parse', 'HEAD');
  }

  /** Everything that must stay as it is in a person's clone. */
  function state(directory: string): string {
    return (
      git(directory, 'for-each-ref') +
      git(directory, 'status', '--porcelain') +
      git(directory, 'count-objects', '-v') +
      git(directory, 'config', '--list', '--local')
    );
  }

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-libraries-'));
    const work = join(root, 'work');
    mkdirSync(work);
    git(work, 'init', '-q', '-b', 'main');
    write(work, {
      'README.md': 'not of the library',
      'vars/deploy.groovy': "def call() { sh 'first' }",
      'vars/deploy.txt': 'help',
      'vars/deep/no.groovy': 'not seen by Jenkins',
      'src/org/x/Y.groovy': 'package org.x\nclass Y {}',
      'src/test/groovy/T.groovy': 'class T {}',
      'resources/org/x/run.sh': 'make ünïcode',
      'resources/logo.png': Buffer.from([0x89, 0x50, 0, 0xff]),
    });
    symlinkSync('run.sh', join(work, 'resources/org/x/link.sh'));
    commits.first = commit(work, 'first');
    git(work, 'tag', 'v1');
    write(work, { 'vars/deploy.groovy': "def call() { sh 'second' }" });
    commits.second = commit(work, 'second');
    origin = join(root, 'origin.git');
    git(root, 'clone', '-q', '--bare', work, origin);
    git(origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
    clone = join(root, 'clone');
    git(root, 'clone', '-q', origin, clone);
    // What happened at the remote since the person fetched last.
    git(work, 'remote', 'add', 'origin', origin);
    write(work, { 'vars/deploy.groovy': "def call() { sh 'third' }" });
    commits.third = commit(work, 'third');
    git(work, 'tag', '-f', 'v1');
    git(work, 'push', '-q', '--force', '--tags', 'origin', 'main');
    // And what the person has not pushed.
    write(clone, { 'vars/deploy.groovy': "def call() { sh 'local' }" });
    commit(clone, 'local');
    app = join(root, 'app');
    mkdirSync(app);
    git(app, 'init', '-q', '-b', 'main');
    write(app, { Jenkinsfile: "@Library('tools') _" });
    commit(app, 'app');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const tools: WantedLibrary = {
    name: 'tools',
    version: undefined,
    revision: undefined,
    remoteUrl: undefined,
    implicit: false,
    replaced: [],
  };

  async function read(
    wanted: Partial<WantedLibrary>,
    sources: Partial<LibrarySources> = {},
  ): Promise<RecipeLibrary> {
    const all = await readLibraries(
      [{ ...tools, ...wanted }],
      { mapped: {}, directory: app, cache: join(root, 'cache'), ...sources },
      signal,
    );
    assert.equal(all.length, 1);
    return all[0] as RecipeLibrary;
  }

  async function found(...args: Parameters<typeof read>): Promise<FoundLibrary> {
    const library = await read(...args);
    assert.ok('files' in library, JSON.stringify(library));
    return library;
  }

  async function missing(...args: Parameters<typeof read>): Promise<string> {
    const library = await read(...args);
    assert.ok('missing' in library, JSON.stringify(library));
    return library.missing;
  }

  const deployed = (library: FoundLibrary): string | undefined =>
    /sh '(\w+)'/.exec(library.files['vars/deploy.groovy'] ?? '')?.[1];

  describe('in a clone that the person maps', () => {
    const mapped = (): Partial<LibrarySources> => ({ mapped: { tools: clone } });

    it('have the files that Jenkins would see, as text', async () => {
      const library = await found({ revision: commits.first }, mapped());
      assert.deepEqual(Object.keys(library.files).sort(), [
        'resources/org/x/run.sh',
        'src/org/x/Y.groovy',
        'vars/deploy.groovy',
        'vars/deploy.txt',
      ]);
      assert.equal(library.files['resources/org/x/run.sh'], 'make ünïcode');
      assert.deepEqual([...library.omitted].sort(), [
        'resources/logo.png',
        'resources/org/x/link.sh',
      ]);
    });

    it('are those of the run’s commit, wherever the branch is by now', async () => {
      const library = await found({ version: 'main', revision: commits.first }, mapped());
      assert.equal(deployed(library), 'first');
      assert.equal(library.revision, commits.first);
      assert.equal(library.source, clone);
      assert.equal(library.note, undefined);
    });

    it('are those of a tag as the run had it, though the tag was moved', async () => {
      const library = await found({ version: 'v1', revision: commits.third }, mapped());
      assert.equal(deployed(library), 'third');
    });

    it('are fetched into a cache of our own where the clone lacks the commit, and it stays as it was', async () => {
      const before = state(clone);
      const told: string[] = [];
      const library = await found(
        { revision: commits.third },
        { ...mapped(), announce: (line) => told.push(line) },
      );
      assert.equal(deployed(library), 'third');
      assert.equal(library.source, origin);
      assert.deepEqual(told, [`fetching library tools from ${origin}`]);
      assert.equal(state(clone), before);
    });

    it('are those of a branch as its remote had it, where the log tells no commit', async () => {
      const library = await found({ version: 'main' }, mapped());
      assert.equal(deployed(library), 'second');
      assert.match(
        library.note ?? '',
        /tells no commit: this is origin\/main as your clone has it/,
      );
    });

    it('are those of a tag, or of a commit by its id', async () => {
      const tag = await found({ version: 'v1' }, mapped());
      assert.equal(deployed(tag), 'first');
      assert.match(tag.note ?? '', /this is v1 as your clone has it/);
      const commit = await found({ version: commits.second }, mapped());
      assert.equal(deployed(commit), 'second');
    });

    it('are those of the remote’s default branch where no version is known', async () => {
      const library = await found({}, mapped());
      assert.equal(deployed(library), 'second');
      assert.match(library.note ?? '', /origin\/HEAD/);
    });

    it('may lie in a folder of it', async () => {
      const nested = join(root, 'nested');
      mkdirSync(nested);
      git(nested, 'init', '-q', '-b', 'main');
      write(nested, { 'ci/lib/vars/deploy.groovy': "def call() { sh 'nested' }" });
      commit(nested, 'nested');
      const library = await found({}, { mapped: { tools: join(nested, 'ci/lib') } });
      assert.deepEqual(Object.keys(library.files), ['vars/deploy.groovy']);
      assert.match(library.note ?? '', /what is checked out/);
    });

    it('may be bare', async () => {
      const library = await found({ revision: commits.second }, { mapped: { tools: origin } });
      assert.equal(deployed(library), 'second');
    });

    it('are not to be had where neither the clone nor its remotes have the commit', async () => {
      const why = await missing({ revision: 'a'.repeat(40) }, mapped());
      assert.match(why, /has no commit aaaaaaaaaaaa, nor has any of its remotes/);
    });

    it('are not to be had at a version that nobody has', async () => {
      assert.match(await missing({ version: 'v9' }, mapped()), /has no branch or tag v9/);
    });

    it('are not to be had in a folder that is no repository, or is not there', async () => {
      const plain = mkdtempSync(join(tmpdir(), 'ci-parity-plain-'));
      try {
        assert.match(await missing({}, { mapped: { tools: plain } }), /not a git repository/);
      } finally {
        rmSync(plain, { recursive: true });
      }
      assert.match(await missing({}, { mapped: { tools: plain } }), /is not there/);
    });

    it('are not to be had in a repository without vars and src', async () => {
      assert.match(await missing({}, { mapped: { tools: app } }), /neither vars\/ nor src\//);
    });

    it('do not become options of git by their version', async () => {
      const why = await missing({ version: '--upload-pack=touch x' }, mapped());
      assert.match(why, /has no branch or tag --upload-pack/);
    });

    it('have what a replay changed', async () => {
      const library = await found(
        {
          revision: commits.first,
          replaced: [{ path: 'vars/deploy.groovy', text: "def call() { sh 'replayed' }" }],
        },
        mapped(),
      );
      assert.equal(deployed(library), 'replayed');
      assert.match(library.note ?? '', /vars\/deploy\.groovy as the replay changed it/);
      const unseen = await found(
        { revision: commits.first, replaced: [{ path: 'vars/deploy.groovy', text: undefined }] },
        mapped(),
      );
      assert.equal(deployed(unseen), 'first');
      assert.match(unseen.note ?? '', /does not show how/);
    });

    it('are too large for a recipe over 5 MB of code; resources are left out', async () => {
      const large = join(root, 'large');
      mkdirSync(large);
      git(large, 'init', '-q', '-b', 'main');
      write(large, { 'vars/a.groovy': 'x', 'resources/big.txt': 'x'.repeat(5 << 20) });
      commit(large, 'resource');
      const library = await found({}, { mapped: { tools: large } });
      assert.deepEqual(library.omitted, ['resources/big.txt']);
      write(large, { 'vars/b.groovy': 'x'.repeat(5 << 20) });
      commit(large, 'code');
      assert.match(await missing({}, { mapped: { tools: large } }), /too large/);
    });
  });

  describe('at an address that the person maps', () => {
    it('are fetched at the run’s commit, once', async () => {
      const address = `file://${origin}`;
      const cache = join(root, 'cache-once');
      const sources = { mapped: { tools: address }, cache };
      assert.equal(deployed(await found({ revision: commits.first }, sources)), 'first');
      const [folder = ''] = readdirSync(cache);
      assert.deepEqual(readdirSync(join(cache, folder)), [`${commits.first}.git`]);
      // Without the remote it is still there.
      const away = join(root, 'away.git');
      execFileSync('mv', [origin, away]);
      try {
        assert.equal(deployed(await found({ revision: commits.first }, sources)), 'first');
        assert.match(await missing({ revision: commits.second }, sources), /git fetch failed/);
      } finally {
        execFileSync('mv', [away, origin]);
      }
    });

    it('are fetched by two at once', async () => {
      const sources = { mapped: { tools: `file://${origin}` }, cache: join(root, 'cache-two') };
      const both = await Promise.all([
        found({ revision: commits.second }, sources),
        found({ revision: commits.second }, sources),
      ]);
      assert.deepEqual(both.map(deployed), ['second', 'second']);
    });

    it('are those of a branch as it is there now, where the log tells no commit', async () => {
      const library = await found({ version: 'main' }, { mapped: { tools: `file://${origin}` } });
      assert.equal(deployed(library), 'third');
      assert.match(library.note ?? '', /as it is at the remote now/);
    });

    it('are found at a server that gives no commit by its id', async () => {
      const strict = join(root, 'strict.git');
      git(root, 'clone', '-q', '--bare', origin, strict);
      git(strict, 'config', 'uploadpack.allowAnySHA1InWant', 'false');
      git(strict, 'config', 'protocol.version', '0');
      const library = await found(
        { revision: commits.second },
        { mapped: { tools: `file://${strict}` } },
      );
      assert.equal(deployed(library), 'second');
    });

    it('keep no password in what they say of themselves', async () => {
      const why = await missing(
        { version: 'main' },
        { mapped: { tools: 'https://ada:secret@127.0.0.1:1/tools.git' } },
      );
      assert.ok(!why.includes('secret'), why);
    });
  });

  describe('at the address that the run’s record tells', () => {
    let daemon: ChildProcess;
    let base: string;

    before(async () => {
      const probe = createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      const { port } = probe.address() as { port: number };
      probe.close();
      await once(probe, 'close');
      daemon = spawn(
        'git',
        [
          'daemon',
          '--verbose',
          '--export-all',
          '--reuseaddr',
          '--listen=127.0.0.1',
          `--port=${port}`,
          `--base-path=${root}`,
          root,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      assert.ok(daemon.stderr);
      await once(daemon.stderr, 'data');
      base = `git://127.0.0.1:${port}`;
    });
    after(async () => {
      daemon.kill();
      await once(daemon, 'exit');
    });

    it('are fetched if the person’s own clone has a remote on that host', async () => {
      const own = join(root, 'own');
      git(root, 'clone', '-q', app, own);
      git(own, 'remote', 'set-url', 'origin', `${base}/app.git`);
      const library = await found(
        { revision: commits.third, remoteUrl: `${base}/origin.git` },
        { directory: own },
      );
      assert.equal(deployed(library), 'third');
      assert.equal(library.source, `${base}/origin.git`);
    });

    it('are not asked for on any other host', async () => {
      const told: string[] = [];
      const why = await missing(
        { revision: commits.third, remoteUrl: `${base}/origin.git` },
        { announce: (line) => told.push(line) },
      );
      assert.match(why, /is on a server that none of your remotes is on/);
      assert.deepEqual(told, []);
    });

    it('are never read from a path, nor by a command', async () => {
      for (const remoteUrl of [
        origin,
        `file://${origin}`,
        'ext::sh -c "touch /tmp/x"',
        '-x:y',
        `${base.replace(/\/*$/, '')}?@git.example.org/lib`,
      ])
        assert.match(
          await missing({ revision: commits.first, remoteUrl }),
          /was not asked|is not taken for the address/,
        );
    });

    it('are in the person’s own clone, if that is the repository', async () => {
      const library = await found(
        { revision: commits.first, remoteUrl: origin },
        { directory: clone },
      );
      assert.equal(deployed(library), 'first');
      assert.equal(library.source, clone);
    });

    it('are not to be had where nothing is told', async () => {
      assert.match(await missing({}), /Nothing tells which repository/);
    });
  });

  it('end with the person’s cancel', async () => {
    const cancelled = AbortSignal.abort(new Error('enough'));
    const sources = { mapped: { tools: clone }, directory: app, cache: join(root, 'cache') };
    await assert.rejects(readLibraries([tools], sources, cancelled), /enough/);
  });

  describe('of a run and its file', () => {
    const loaded = (name: string, more: Partial<LoadedLibrary> = {}): LoadedLibrary => ({
      name,
      version: 'main',
      revision: 'a'.repeat(40),
      remoteUrl: undefined,
      atStart: true,
      replaced: [],
      ...more,
    });
    const reference = (name: string, remoteUrl?: string) => ({
      name,
      version: 'v1',
      remoteUrl,
      line: 1,
    });

    it('are what the run loaded, and then what only the file names', () => {
      const wanted = wantedLibraries([loaded('a')], [reference('b'), reference('a', 'ssh://h/a')]);
      assert.deepEqual(
        wanted.map(({ name, version, revision, remoteUrl }) => [
          name,
          version,
          revision?.length,
          remoteUrl,
        ]),
        [
          ['a', 'main', 40, 'ssh://h/a'],
          ['b', 'v1', undefined, undefined],
        ],
      );
    });

    it('are implicit if they were loaded at the start and the file does not name them', () => {
      const wanted = wantedLibraries(
        [loaded('a'), loaded('b'), loaded('c', { atStart: false })],
        [reference('a')],
      );
      assert.deepEqual(
        wanted.map(({ name, implicit }) => [name, implicit]),
        [
          ['a', false],
          ['b', true],
          ['c', false],
        ],
      );
    });
  });

  it('are mapped to addresses as they are and to paths from where they are written', () => {
    assert.deepEqual(
      resolveMapping(
        { a: 'lib', b: '/x/lib', c: '~/lib', d: 'git@host:lib.git', e: 'https://host/lib' },
        '/work',
      ),
      {
        a: '/work/lib',
        b: '/x/lib',
        c: join(homedir(), 'lib'),
        d: 'git@host:lib.git',
        e: 'https://host/lib',
      },
    );
    assert.ok(!isAddress('C/lib'));
  });
});
