import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { carry } from '../../src/reproduce/carry';
import { tidyRepositories, USE } from '../../src/reproduce/keptRepositories';
import { needSshd } from '../bed/sshd';
import { never, openFar, type Far } from '../machines/ssh/far';
import { openWorkshop, type Workshop } from './workshop';

const KEPT = '/root/.cache/ci-parity/repositories';

describe('Repositories that are kept on another machine', function () {
  this.timeout('2m');
  let far: Far;
  let shop: Workshop;
  before(needSshd);
  before(async () => (far = await openFar()));
  after(() => far[Symbol.asyncDispose]());
  beforeEach(async () => {
    shop = openWorkshop();
    shop.commit({ file: '1\n' });
    await far.host.inside('rm -rf /root/.cache /root/work /root/.gitconfig');
  });
  afterEach(() => shop[Symbol.dispose]());

  const bring = async (name: string): Promise<string> =>
    carry(
      {
        directory: shop.repository,
        commit: shop.git('rev-parse', 'HEAD').trim(),
        ...{ name, remoteUrl: 'https://host/x.git', refs: 'refs/ci-parity' },
      },
      far.machine,
      never,
    );
  const tidy = async (): Promise<void> => {
    const said: string[] = [];
    await tidyRepositories(far.machine, (line) => said.push(line), never);
    assert.deepEqual(said, []);
  };
  const age = (name: string, days: number): Promise<string> =>
    far.host.inside(`touch -d '${days} days ago' ${KEPT}/${name}.git/used`);
  const kept = async (): Promise<string[]> =>
    (await far.host.inside(`ls ${KEPT}`)).split('\n').filter(Boolean);

  it('go when nobody has used them for thirty days and no checkout hangs on them', async () => {
    for (const name of ['new', 'old', 'held', 'earlier', 'left']) await bring(name);
    await far.host.inside(
      `git -C ${KEPT}/held.git worktree add -q --detach /root/work $(git -C ${KEPT}/held.git for-each-ref --format='%(objectname)')
      rm ${KEPT}/earlier.git/used
      mv ${KEPT}/left.git ${KEPT}/left.git.1.gone`,
    );
    for (const name of ['old', 'held']) await age(name, 31);
    await age('new', 29);
    await tidy();
    assert.deepEqual(await kept(), ['earlier.git', 'held.git', 'new.git']);
    await age('earlier', 31);
    await bring('new');
    assert.equal(await far.host.inside(`find ${KEPT}/new.git/used -mmin -5 | wc -l`), '1');
    // As a killed program leaves it.
    await far.host.inside(
      `rm -rf /root/work; mkdir ${KEPT}/x.git.1.new; touch -d '1 hour ago' ${KEPT}/x.git.1.new`,
    );
    await tidy();
    assert.deepEqual(await kept(), ['new.git']);
  });

  it('have their many small packs joined, and lose nothing by it', async () => {
    const at = `${KEPT}/many.git`;
    await bring('many');
    await far.host.inside(`git config --global gc.autoDetach false; cd ${at}
      for n in $(seq 50); do
        git update-ref refs/ci-parity/$n $(echo $n | git -c user.name=T -c user.email=t@localhost commit-tree $(git mktree < /dev/null))
        git rev-parse refs/ci-parity/$n | git pack-objects -q objects/pack/pack > /dev/null
      done
      git prune-packed`);
    const packs = `ls ${at}/objects/pack/*.pack | wc -l`;
    assert.equal(await far.host.inside(packs), '51');
    const refs = await far.host.inside(`git -C ${at} for-each-ref`);
    await tidy();
    assert.equal(await far.host.inside(packs), '1');
    assert.equal(await far.host.inside(`git -C ${at} for-each-ref`), refs);
    assert.equal(
      await far.host.inside(`git -C ${at} fsck --no-dangling 2>&1 | grep -v ^notice; true`),
      '',
    );
    shop.commit({ file: '2\n' });
    await bring('many');
    assert.equal(await far.host.inside(packs), '2');
  });

  it('are made anew by whoever wants one that is being taken away', async () => {
    await bring('one');
    await age('one', 31);
    // As it is between the two looks of whoever tidies.
    await far.host.inside(`mkdir ${KEPT}/one.git.going`);
    const carried = bring('one');
    await far.host.inside(
      `until [ -n "$(find ${KEPT}/one.git/used -mmin -5)" ]; do sleep 0.05; done; mv ${KEPT}/one.git ${KEPT}/one.git.1.gone; rmdir ${KEPT}/one.git.going`,
    );
    await carried;
    await tidy();
    assert.deepEqual(await kept(), ['one.git']);
    assert.equal(
      await far.host.inside(`git -C ${KEPT}/one.git fsck 2>&1 | grep -v ^notice; true`),
      '',
    );
    assert.equal(await far.host.inside(`git -C ${KEPT}/one.git for-each-ref | wc -l`), '1');
  });

  it('are made by several at once', async () => {
    const words = ['repository=$PWD/a.git address=https://host/x.git format=', USE];
    const shell = promisify(execFile);
    for (let round = 0; round < 5; round++) {
      const cwd = mkdtempSync(join(shop.root, 'kept-'));
      const make = async () => shell('sh', ['-c', words.join('\n')], { cwd });
      await Promise.all(Array.from({ length: 8 }, make));
      assert.deepEqual(readdirSync(cwd), ['a.git']);
      const { stdout } = await shell('git', ['config', 'remote.origin.url'], {
        cwd: `${cwd}/a.git`,
      });
      assert.equal(stdout, 'https://host/x.git\n');
      assert.deepEqual(
        readdirSync(join(cwd, 'a.git')).filter((name) => name.endsWith('.new')),
        [],
      );
    }
  });

  it('stay for whoever comes while others tidy, and while one that tidied has died', async () => {
    const commit = shop.git('rev-parse', 'HEAD').trim();
    for (let round = 0; round < 10; round++) {
      await bring('one');
      await age('one', 31);
      await Promise.all([tidy(), bring('one'), tidy()]);
      assert.equal(await far.host.inside(`git -C ${KEPT}/one.git cat-file -t ${commit}`), 'commit');
    }
    await far.host.inside(`mkdir ${KEPT}/one.git.going`);
    await bring('one');
    assert.equal(await far.host.inside(`ls ${KEPT}/one.git.going 2> /dev/null; true`), '');
  });

  it('that cannot be tidied are named', async () => {
    await bring('one');
    await far.host
      .inside(`mkdir ${KEPT}/two.git; echo > ${KEPT}/two.git/HEAD; mkdir -p ${KEPT}/two.git/objects/pack
      cd ${KEPT}/two.git/objects/pack; for n in $(seq 51); do echo > $n.pack; done`);
    const said: string[] = [];
    await tidyRepositories(far.machine, (line) => said.push(line), never);
    assert.equal(said.length, 1);
    assert.match(
      said[0] ?? '',
      /^what is kept on \S+ for the next time could not be tidied: fatal: /,
    );
    assert.deepEqual(await kept(), ['one.git', 'two.git']);
  });
});
