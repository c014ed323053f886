import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recipe } from '../../src/recipe/recipe';
import { lfsFilters } from '../../src/reproduce/carryLfs';
import { addressFrom } from '../../src/reproduce/carrySubmodules';
import { checkout, removeCheckout } from '../../src/reproduce/checkout';
import { never, openFar, type Far } from '../machines/ssh/far';
import { needSshd } from '../bed/sshd';
import { recipeFor } from './recipes';
import { openWorkshop, type Workshop } from './workshop';
import { without } from '../bed/without';

describe('Carrying the source to another machine', function () {
  this.timeout('2m');
  let far: Far;
  let shop: Workshop;
  let said: string[];
  before(needSshd);
  before(async () => (far = await openFar()));
  after(() => far[Symbol.asyncDispose]());
  beforeEach(async () => {
    shop = openWorkshop();
    said = [];
    await far.host.inside('rm -rf /root/.cache /root/work /root/.gitconfig');
  });
  afterEach(() => shop[Symbol.dispose]());

  const git = (cwd: string, ...args: string[]): string =>
    execFileSync(
      'git',
      [
        ...[
          '-c',
          'user.name=T',
          '-c',
          'user.email=t@localhost',
          '-c',
          'protocol.file.allow=always',
        ],
        ...args,
      ],
      { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    ).trim();
  const recipeOf = (directory = shop.repository, remoteUrl?: string): Recipe =>
    recipeFor({
      repository: { directory, remoteUrl },
      commit: git(directory, 'rev-parse', 'HEAD'),
      on: { host: 'bench' },
    });
  /** Checks out there, in place of what was there before. */
  const carry = async (recipe: Recipe): Promise<void> => {
    await removeCheckout(recipe, far.machine, '/root/work', '/root/work', never);
    const say = (line: string): void => void said.push(line);
    await checkout(recipe, far.machine, '/root/work', { marks: {}, say }, never);
  };
  const packed = async (): Promise<number> =>
    Number(
      await far.host.inside(
        'cat /root/.cache/ci-parity/repositories/*/objects/pack/*.pack | wc -c',
      ),
    );
  const noise = (kilobytes: number): string => randomBytes(kilobytes * 512).toString('hex');

  it('is by a pack of all, then by the difference, then by nothing', async () => {
    shop.commit({ 'large.txt': noise(2000), small: '1\n' });
    await carry(recipeOf());
    const whole = await packed();
    assert.ok(whole > 1e6);
    shop.commit({ small: '2\n' });
    await carry(recipeOf());
    const more = (await packed()) - whole;
    assert.ok(more > 0 && more < 2000, `${more} bytes`);
    await carry(recipeOf());
    assert.equal(await packed(), whole + more);
    assert.equal(
      await far.host.inside(
        'cat /root/work/small; git -C /root/work fsck 2>&1 | grep -v ^notice; true',
      ),
      '2',
    );
  });

  it('leaves nothing of a pack here, and takes away what a killed program left', async () => {
    const packing = join(shop.root, 'state', 'ci-parity', 'packing');
    const old = new Date(Date.now() - 25 * 3_600_000);
    for (const name of ['old', 'new']) mkdirSync(join(packing, name, 'pack'), { recursive: true });
    utimesSync(join(packing, 'old'), old, old);
    shop.commit({ file: '1\n' });
    const before = shop.git('count-objects', '-v');
    await carry(recipeOf());
    assert.deepEqual(readdirSync(packing), ['new']);
    assert.equal(shop.git('count-objects', '-v'), before);
  });

  it('sends a pack as it is made where it cannot be made here first', async () => {
    const [shims, real] = [
      join(shop.root, 'shims'),
      execFileSync('which', ['git']).toString().trim(),
    ];
    mkdirSync(shims);
    shop.commit({ file: '1\n' });
    const full = `echo 'fatal: sha1 file write error: No space left on device' >&2; echo x >> ${shims}/tried; exit 128`;
    const shim = `#!/bin/sh\ncase " $* " in *' pack-objects '*' --stdout '*) ;; *' pack-objects '*) ${full} ;; esac\nexec ${real} "$@"\n`;
    writeFileSync(join(shims, 'git'), shim, { mode: 0o755 });
    const path = process.env['PATH'];
    try {
      process.env['PATH'] = `${shims}:${path ?? ''}`;
      await carry(recipeOf());
    } finally {
      process.env['PATH'] = path;
    }
    assert.equal(readFileSync(join(shims, 'tried'), 'utf8'), 'x\n');
    assert.equal(
      await far.host.inside('git -C /root/work rev-parse HEAD'),
      git(shop.repository, 'rev-parse', 'HEAD'),
    );
  });

  it('holds little of a large pack in memory', async () => {
    shop.git('config', 'core.compression', '0');
    for (let part = 0; part < 6; part++)
      writeFileSync(join(shop.repository, `part-${part}`), randomBytes(20e6));
    shop.commit({});
    const recipe = recipeOf();
    let most = process.memoryUsage().rss;
    const before = most;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
    await carry(recipe);
    clearInterval(timer);
    assert.ok((await packed()) > 120e6);
    assert.ok(most - before < 70e6, `${Math.round((most - before) / 1e6)} MB for 120 MB`);
  });

  it('begins anew where the connection is lost in the middle', async () => {
    const large = noise(8000);
    shop.commit({ 'large.txt': large });
    const recipe = recipeOf();
    await far.host.slow({ delayMs: 0, mbit: 60 });
    const carried = carry(recipe);
    const begun =
      'while ! ls /root/.cache/ci-parity/repositories/*/objects/pack/tmp_pack* > /dev/null 2>&1; do sleep 0.05; done';
    await far.host.inside(begun);
    await far.host.cut();
    await far.host.heal();
    await carried;
    assert.match(far.said.join('\n'), /was lost.*\n.*is back/);
    // What was cut short takes itself away, as soon as its end is seen over there.
    await far.host.inside(begun.replace('while !', 'while'));
    assert.equal(
      await far.host.inside('sha256sum < /root/work/large.txt'),
      `${createHash('sha256').update(large).digest('hex')}  -`,
    );
  });

  it('brings what changes were made on, so that they are merged with the commit as here', async () => {
    const lines = (changes: Record<number, string> = {}): string =>
      Array.from({ length: 20 }, (_, n) => `${changes[n] ?? `line ${n}`}\n`).join('');
    shop.commit({ file: lines() });
    const recipe = { ...recipeOf(), withChanges: true };
    shop.commit({ file: lines({ 10: 'committed since' }) });
    shop.write({ file: lines({ 10: 'committed since', 12: 'changed' }) });
    await carry(recipe);
    assert.equal(await far.host.inside('cat /root/work/file'), lines({ 12: 'changed' }).trimEnd());
  });

  it('brings commits whose names are SHA-256', async () => {
    const clone = join(shop.root, 'sha256');
    execFileSync('git', ['init', '-q', '--object-format=sha256', clone]);
    writeFileSync(join(clone, 'file'), '1\n');
    git(clone, 'add', '--all');
    git(clone, 'commit', '-q', '-m', 'first');
    await carry(recipeOf(clone));
    assert.match(
      await far.host.inside('cd /root/work && cat file; git rev-parse HEAD'),
      /^1\n\w{64}$/,
    );
  });

  it('knows an address that is relative to another as git does', () => {
    const repository = newRepository(join(shop.root, 'r'), git, { file: '' });
    for (const base of ['https://host/a/b/', 'git@host:a/b.git', '/a/b', 'ssh://host:22/a'])
      for (const url of [
        '../c.git',
        './c',
        '../../c/',
        './../c',
        'https://other/../c',
        '../c/../d',
      ]) {
        git(repository, 'config', 'remote.origin.url', base);
        git(repository, 'config', '-f', '.gitmodules', 'submodule.s.path', 's');
        git(repository, 'config', '-f', '.gitmodules', 'submodule.s.url', url);
        git(repository, 'update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},s`);
        let theirs: string;
        try {
          git(repository, 'submodule', '--quiet', 'init');
          theirs = git(repository, 'config', 'submodule.s.url');
          git(repository, 'config', '--remove-section', 'submodule.s');
        } catch {
          // It goes up further than there is anything.
          continue;
        }
        assert.equal(addressFrom(base, url), theirs, `${url} from ${base}`);
      }
  });

  it('brings submodules, and theirs, from the clone, without asking where they came from', async () => {
    const inner = newRepository(join(shop.root, 'inner'), git, { deep: 'in the innermost\n' });
    const outer = newRepository(join(shop.root, 'outer'), git, { file: 'of the submodule\n' });
    git(outer, 'submodule', 'add', '-q', '../inner', 'nested');
    git(outer, 'commit', '-q', '-m', 'nested');
    shop.commit({ file: '1\n' });
    git(shop.repository, 'submodule', 'add', '-q', '--name', 'a lib', outer, 'lib');
    git(shop.repository, 'submodule', '--quiet', 'update', '--init', '--recursive');
    shop.commit({ file: '2\n' });
    const before = git(shop.repository, 'config', '--list', '--local');
    // What the machine cannot reach.
    for (const gone of [inner, outer]) execFileSync('mv', [gone, `${gone}.gone`]);
    await carry(recipeOf());
    assert.deepEqual(said, []);
    assert.equal(
      await far.host.inside(
        'cd /root/work/lib && cat file nested/deep && git config remote.origin.url',
      ),
      `of the submodule\nin the innermost\n${outer}`,
    );
    assert.equal(await far.host.inside('git -C /root/work status --porcelain'), '');
    const once = await packed();
    shop.commit({ file: '3\n' });
    // As while another reproduction changes what they share.
    await far.host.inside(
      'for one in /root/.cache/ci-parity/repositories/*.git; do echo > $one/config.lock; done',
    );
    await carry(recipeOf());
    assert.ok((await packed()) - once < 1000);
    assert.equal(git(shop.repository, 'config', '--list', '--local'), before);
  });

  it('tells nobody there what logs in at a remote', async () => {
    const lib = newRepository(join(shop.root, 'lib'), git, { file: '1\n' });
    git(shop.repository, 'submodule', 'add', '-q', lib, 'lib');
    const address = 'https://ada:t0ken@127.0.0.1:1';
    shop.write({ '.gitmodules': '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n' });
    shop.commit({});
    await carry(recipeOf(shop.repository, `${address}/main.git`));
    assert.deepEqual(said, []);
    assert.equal(
      await far.host.inside(
        'cd /root/work && git config remote.origin.url; git -C lib config remote.origin.url',
      ),
      'https://127.0.0.1:1/main.git\nhttps://127.0.0.1:1/lib.git',
    );
    assert.equal(await far.host.inside('grep -rl t0ken /root; true'), '');
  });

  it('has a submodule that is not in the clone fetched over there, and says so', async () => {
    // It is where only that machine can see it.
    const made = await far.host.inside(`rm -rf /root/other; git init -q /root/other; cd /root/other
      git config --global protocol.file.allow always
      echo fetched > file; git add file; git -c user.name=T -c user.email=t@localhost commit -q -m x
      git rev-parse HEAD`);
    const gitmodules = '[submodule "lib"]\n\tpath = lib\n\turl = /root/other\n';
    shop.write({ '.gitmodules': gitmodules });
    shop.git('update-index', '--add', '--cacheinfo', `160000,${made},lib`);
    shop.git('add', '.gitmodules');
    shop.git('commit', '-q', '-m', 'with a submodule');
    await carry(recipeOf());
    assert.equal(await far.host.inside('cat /root/work/lib/file'), 'fetched');
    assert.equal(said.length, 1);
    assert.match(
      said[0] ?? '',
      /^the submodule lib is not in your clone at \w{12}: \S+ fetches it from /,
    );
  });

  it('brings what Git LFS keeps from the clone, also in submodules, and by attributes of a folder', async function () {
    try {
      git(shop.root, 'lfs', 'version');
    } catch {
      without(this, 'git-lfs is missing: apt-get install git-lfs');
    }
    const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n';
    const large = noise(300);
    const lib = newRepository(join(shop.root, 'lib'), git, { file: '1\n' });
    git(lib, 'lfs', 'install', '--local');
    writeFileSync(join(lib, '.gitattributes'), attributes);
    writeFileSync(join(lib, 'b.bin'), `${large}b`);
    git(lib, 'add', '--all');
    git(lib, 'commit', '-q', '-m', 'large');
    git(shop.repository, 'lfs', 'install', '--local');
    // As whoever has it for all repositories: its files are in the submodule's store here.
    git(shop.repository, ...lfsFilters, 'submodule', '--quiet', 'add', lib, 'lib');
    shop.commit({ 'deep/.gitattributes': attributes, 'deep/a.bin': large });
    // What the machine cannot reach.
    execFileSync('mv', [lib, `${lib}.gone`]);
    const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
    // Where it is set up for the whole machine, and where it is not.
    for (const words of ['install --skip-repo', 'uninstall --skip-repo']) {
      await far.host.inside(`git lfs ${words}`);
      await carry(recipeOf());
      assert.deepEqual(said, []);
      assert.equal(
        await far.host.inside(
          'cd /root/work; cat deep/a.bin | sha256sum; cat lib/b.bin | sha256sum',
        ),
        `${sum(large)}  -\n${sum(`${large}b`)}  -`,
      );
      assert.equal(
        await far.host.inside(
          `cd /root/work; git -C lib ${lfsFilters.map((word) => `'${word}'`).join(' ')} status --porcelain`,
        ),
        '',
      );
    }
  });

  it('leaves a history cut off where that of the clone is, and whole once it is whole', async () => {
    for (const text of ['1', '2', '3', '4']) shop.commit({ file: `${text}\n` });
    const clone = join(shop.root, 'clone');
    git(shop.root, 'clone', '-q', '--depth', '2', `file://${shop.repository}`, clone);
    const count =
      'git -C /root/work rev-list --count HEAD; git -C /root/work fsck 2>&1 | grep -v ^notice; true';
    await carry(recipeOf(clone, 'x'));
    assert.equal(await far.host.inside(count), '2');
    git(clone, 'fetch', '-q', '--unshallow');
    // A branch of what was cut off.
    git(clone, 'checkout', '-q', 'HEAD~3');
    git(clone, 'commit', '-q', '--allow-empty', '-m', 'aside');
    await carry(recipeOf(clone, 'x'));
    assert.equal(await far.host.inside(count), '2');
    git(clone, 'checkout', '-q', 'main');
    await carry(recipeOf(clone, 'x'));
    assert.equal(await far.host.inside(count), '4');
  });
});

function newRepository(
  folder: string,
  git: (cwd: string, ...args: string[]) => string,
  files: Readonly<Record<string, string>>,
): string {
  execFileSync('git', ['init', '-q', '-b', 'main', folder]);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  git(folder, 'add', '--all');
  git(folder, 'commit', '-q', '-m', 'first');
  return folder;
}
