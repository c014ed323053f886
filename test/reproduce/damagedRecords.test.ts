import assert from 'node:assert/strict';
import fc from 'fast-check';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { stateDirectory } from '../../src/base/stateDirectory';
import { bornAt } from '../../src/machines/processes';
import { openJournal, type NewEvent } from '../../src/reproduce/journal';
import { sweep, tidyClones } from '../../src/reproduce/putAway';
import {
  createReproduction,
  listDamaged,
  listReproductions,
  readReproduction,
  type Files,
} from '../../src/reproduce/store';
import { recipeFor } from './recipes';
import { openWorkshop, type Workshop } from './workshop';

describe('Damaged records', () => {
  let shop: Workshop;
  let children: ChildProcess[];
  beforeEach(() => {
    shop = openWorkshop();
    shop.commit({ Jenkinsfile: '' });
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    shop[Symbol.dispose]();
  });

  const { signal } = new AbortController();
  const base = { PATH: process.env['PATH'] ?? '' };
  const said: string[] = [];
  const clean = () => sweep(base, (line) => said.push(line), signal, 'thoroughly');

  interface Left {
    readonly files: Files;
    readonly process: ChildProcess;
    /** Resolves when that process has ended. */
    readonly ended: Promise<unknown>;
  }

  /** As a killed program leaves it: a worktree with a file, a secret, and a process of a step. */
  function killed(events: readonly NewEvent[] = []): Left {
    const commit = shop.git('rev-parse', 'HEAD').trim();
    const repository = { directory: shop.repository, remoteUrl: undefined };
    const files = createReproduction(recipeFor({ repository, commit }));
    using journal = openJournal(files.journal);
    journal.append({ type: 'started', version: 1, pid: 1, bornAt: 'long ago' });
    journal.append({ type: 'intent', what: 'machine', where: files.workspace });
    journal.append({ type: 'intent', what: 'worktree', where: files.workspace });
    shop.git('worktree', 'add', '--quiet', '--detach', files.workspace, commit);
    const secrets = `${files.workspace}@tmp/secretFiles/1`;
    journal.append({ type: 'intent', what: 'secrets', where: secrets });
    mkdirSync(secrets, { recursive: true });
    writeFileSync(join(secrets, 'key'), 'c4nary');
    for (const event of events) journal.append(event);
    const child = spawn('sleep', ['1000'], {
      env: { ...base, CI_PARITY_COOKIE: files.id },
      stdio: 'ignore',
    });
    children.push(child);
    return { files, process: child, ended: once(child, 'exit') };
  }

  /** All that lists know, by id. */
  const listed = (): string[] => [
    ...listReproductions().map(({ files }) => files.id),
    ...listDamaged().map(({ files }) => files.id),
  ];

  function assertNothingLeft({ files }: Left): void {
    const above = join(files.workspace, '..');
    assert.deepEqual(
      readdirSync(above).filter((name) => name.startsWith(files.id)),
      [],
    );
    assert.doesNotMatch(shop.git('worktree', 'list'), new RegExp(files.id));
  }

  const ruin: Readonly<Record<string, (files: Files) => void>> = {
    'a line that is null': ({ journal }) => appendFileSync(journal, 'null\n'),
    'lines that are no events': ({ journal }) => appendFileSync(journal, '1\n[]\n"x"\n{}\n\0\n'),
    'an event that lacks what it needs': ({ journal }) =>
      appendFileSync(journal, '{"at":"2026-01-01T00:00:00Z","type":"intent","what":"machine"}\n'),
    'a journal of NULs': ({ journal }) =>
      writeFileSync(journal, Buffer.alloc(readFileSync(journal).length)),
    'an empty journal': ({ journal }) => writeFileSync(journal, ''),
    'no journal': ({ journal }) => rmSync(journal),
    'a folder instead of the journal': ({ journal }) => {
      rmSync(journal);
      mkdirSync(journal);
    },
    'a torn recipe': ({ recipe }) => writeFileSync(recipe, readFileSync(recipe).subarray(0, 100)),
    'a recipe of the wrong shape': ({ recipe }) =>
      writeFileSync(recipe, '{"version":1,"repository":null}'),
    'no recipe': ({ recipe }) => rmSync(recipe),
    'a folder instead of the recipe': ({ recipe }) => {
      rmSync(recipe);
      mkdirSync(recipe);
    },
    'no record at all': ({ directory }) => rmSync(directory, { recursive: true }),
    'a file instead of the record': ({ directory }) => {
      rmSync(directory, { recursive: true });
      writeFileSync(directory, '');
    },
  };
  for (const [name, damage] of Object.entries(ruin))
    it(`with ${name}: it is listed, cleaned, and does not stop others`, async () => {
      const damaged = killed();
      const sound = killed();
      damage(damaged.files);
      assert.deepEqual(listed().sort(), [damaged.files.id, sound.files.id].sort());
      const swept = await clean();
      // A file in the place of a record is not removed: somebody put it there.
      const left = swept.flatMap((one) => one.left);
      if (name !== 'a file instead of the record') {
        assert.deepEqual(left, []);
        assertNothingLeft(damaged);
        await damaged.ended;
      } else assert.match(left.join('\n'), /all of it: /);
      assertNothingLeft(sound);
      await sound.ended;
      assert.equal(readReproduction(sound.files.id).status.state, 'ended');
      if (left.length === 0) assert.deepEqual(await clean(), []);
    });

  it('are set aside with what they hold, once what they made is gone', async () => {
    const { files } = killed();
    writeFileSync(files.output, 'what the steps printed\n');
    rmSync(files.recipe);
    const [one] = listDamaged();
    assert.equal(one?.state, 'damaged');
    assert.match(one.why, /recipe\.json is missing/);
    assert.throws(() => readReproduction(files.id), /cannot be read: .*recipe\.json is missing/);
    await clean();
    assert.deepEqual(listed(), []);
    const aside = join(stateDirectory(), 'damaged');
    const [name = ''] = readdirSync(aside);
    assert.ok(name.startsWith(files.id));
    assert.deepEqual(readdirSync(join(aside, name)).sort(), ['events.ndjson', 'output.log']);
    assert.match(said.join('\n'), new RegExp(`kept in .*/damaged/${name}`));
  });

  it('are not what somebody else put into the folders', async () => {
    const workspaces = join(stateDirectory(), 'workspaces');
    mkdirSync(workspaces, { recursive: true });
    writeFileSync(join(workspaces, 'notes'), '');
    assert.deepEqual([listed(), await clean()], [[], []]);
    assert.ok(existsSync(join(workspaces, 'notes')));
  });

  it('of a running program are left alone', async () => {
    const { files, process: step } = killed();
    writeFileSync(files.owner, `${process.pid} ${bornAt(process.pid) ?? ''}`);
    for (const damage of [
      () => writeFileSync(files.journal, '\0\0\0\n'),
      () => rmSync(files.recipe),
    ]) {
      damage();
      assert.deepEqual(listed(), [files.id]);
      assert.deepEqual(await clean(), []);
      assert.ok(existsSync(join(files.workspace, 'Jenkinsfile')));
    }
    assert.equal(step.exitCode, null);
    assert.equal(step.signalCode, null);
  });

  it('of a later version are named and left alone', async () => {
    const byRecipe = killed();
    writeFileSync(byRecipe.files.recipe, '{"version":2}');
    const byJournal = killed([{ type: 'started', version: 2, pid: 1, bornAt: 'long ago' }]);
    assert.deepEqual(
      listDamaged().map(({ state }) => state),
      ['later', 'later'],
    );
    assert.throws(() => readReproduction(byRecipe.files.id), /version 2/);
    const swept = await clean();
    assert.deepEqual(swept.map(({ id }) => id).sort(), listed().sort());
    for (const { left } of swept) assert.match(left.join('\n'), /machine .*version/);
    for (const { files } of [byRecipe, byJournal])
      assert.ok(existsSync(join(files.workspace, 'Jenkinsfile')));
  });

  it('with things that only a later version makes: those are named, the others are put away', async () => {
    const event = { type: 'intent', what: 'network', where: 'vnet7' } as unknown as NewEvent;
    const one = killed([event]);
    const swept = await clean();
    assert.deepEqual(swept[0]?.left, ['network vnet7: only a later version can remove it']);
    assertNothingLeft(one);
    assert.deepEqual(readReproduction(one.files.id).made, [{ what: 'network', where: 'vnet7' }]);
  });

  it('that name a folder of the person do not remove it', async () => {
    const precious = join(shop.root, 'precious');
    mkdirSync(join(precious, '.git'), { recursive: true });
    writeFileSync(join(precious, 'thesis'), '');
    const { files: other } = killed();
    const link = join(stateDirectory(), 'workspaces', 'link');
    const foreign = [
      precious,
      join(shop.root, 'missing'),
      `${other.workspace}/../../../precious`,
      other.workspace,
      shop.repository,
      stateDirectory(),
      link,
      '/',
    ];
    const { files } = killed(
      foreign.flatMap((where) =>
        (['machine', 'worktree', 'secrets'] as const).map((what): NewEvent => ({
          type: 'intent',
          what,
          where,
        })),
      ),
    );
    // The other one is not put away: it runs.
    writeFileSync(other.owner, `${process.pid} ${bornAt(process.pid) ?? ''}`);
    {
      using journal = openJournal(other.journal);
      const me = { pid: process.pid, bornAt: bornAt(process.pid) ?? '' };
      journal.append({ type: 'started', version: 1, ...me });
    }
    const within = join(files.workspace, 'link');
    execFileSync('ln', ['-s', precious, within]);
    {
      using journal = openJournal(files.journal);
      for (const what of ['worktree', 'secrets'] as const)
        journal.append({ type: 'intent', what, where: `${within}/` });
    }
    const [swept] = await clean();
    assert.equal(swept?.id, files.id);
    assert.match(swept.left.join('\n'), /precious: it lies outside the folders of/);
    assert.doesNotMatch(swept.left.join('\n'), /missing/);
    assert.ok(existsSync(join(precious, 'thesis')));
    assert.ok(existsSync(join(other.workspace, 'Jenkinsfile')));
    assert.ok(existsSync(join(shop.repository, 'Jenkinsfile')));
    assert.equal(existsSync(files.workspace), false);
  });

  it('leave no prunable worktree in a clone that was moved, once clean runs there', async () => {
    const one = killed();
    const moved = join(shop.root, 'moved');
    renameSync(shop.repository, moved);
    await clean();
    await tidyClones(moved, signal);
    const git = (...args: string[]) => execFileSync('git', args, { cwd: moved, encoding: 'utf8' });
    assert.equal(git('worktree', 'list').trim().split('\n').length, 1);
    await one.ended;
    renameSync(moved, shop.repository);
    assertNothingLeft(one);
  });

  it('do not cost the person worktrees of their own', async () => {
    const own = join(shop.root, 'own');
    shop.git('worktree', 'add', '--quiet', '--detach', own);
    renameSync(own, `${own}-away`);
    killed();
    await clean();
    await tidyClones(shop.repository, signal);
    assert.match(shop.git('worktree', 'list'), /\/own /);
  });

  it('at any byte: nothing that exists is missing from the lists, and all is put away', async function () {
    this.timeout(600_000);
    const damage = fc.record({
      file: fc.constantFrom('journal' as const, 'journal' as const, 'recipe' as const),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      length: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 200 })),
      kind: fc.constantFrom('end', 'beginning', 'without', 'NULs', 'noise', 'inserted'),
      noise: fc.uint8Array({ minLength: 200, maxLength: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, at, length, kind, noise }) => {
        const one = killed();
        const { files } = one;
        const before = readFileSync(files[file]);
        const begin = Math.floor(at * before.length);
        const [head, tail] = [before.subarray(0, begin), before.subarray(begin)];
        const rest = tail.subarray(length);
        const middle = Buffer.from(noise.subarray(0, length));
        const after = {
          end: [head],
          beginning: [tail],
          without: [head, rest],
          NULs: [head, middle.fill(0), rest],
          noise: [head, Buffer.from(noise.subarray(0, length)), rest],
          inserted: [head, Buffer.from(noise.subarray(0, length)), tail],
        }[kind];
        writeFileSync(files[file], Buffer.concat(after));
        assert.ok(listed().includes(files.id), 'listed');
        const left = (await clean()).flatMap((each) => each.left);
        if (left.length > 0) {
          // A version, an address or a path that was changed is one that this program does not know.
          assert.match(left.join('\n'), NOT_KNOWN);
          assert.ok(listed().includes(files.id), 'still listed');
          rmSync(files.directory, { recursive: true });
          assert.deepEqual(
            (await clean()).flatMap((each) => each.left),
            [],
          );
        }
        assertNothingLeft(one);
        await one.ended;
        rmSync(files.directory, { recursive: true, force: true });
      }),
      { numRuns: Number(process.env['CI_PARITY_DAMAGES'] ?? 40), endOnFailure: true },
    );
  });

  const NOT_KNOWN = /later version|on another machine|version \d|^on .*: |outside the folders/m;
});
