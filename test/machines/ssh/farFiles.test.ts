import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getFiles } from '../../../src/machines/ssh/farGet';
import type { Link } from '../../../src/machines/ssh/link';
import { collecting, never, openFar, type Far } from './far';
import { needSshd } from '../../bed/sshd';

describe('Files on a far machine', () => {
  let far: Far;
  let into: string;

  before(needSshd);
  before(async () => {
    far = await openFar();
    into = await mkdtemp(join(tmpdir(), 'ci-parity-got-'));
  });
  after(async () => {
    await far[Symbol.asyncDispose]();
    await rm(into, { recursive: true });
  });

  it('are written and read byte for byte, with their modes', async () => {
    const { files } = far.machine;
    const content = Buffer.from(Array.from({ length: 70_000 }, (_none, index) => index % 256));
    await files.makeFolder('/root/a/b c', 0o750, never);
    await files.write("/root/a/b c/it's", content, { mode: 0o640 }, never);
    assert.deepEqual(await files.read("/root/a/b c/it's", 100_000, never), content);
    const modes = await far.host.inside(
      `stat -c %a "/root/a/b c" "/root/a/b c/it's"; ls /root/a/*`,
    );
    assert.equal(modes, "750\n640\nit's");
    await assert.rejects(files.read("/root/a/b c/it's", 1000, never), /longer than 1000 bytes/);
    await files.write("/root/a/b c/it's", 'short', {}, never);
    assert.equal((await files.read("/root/a/b c/it's", 1000, never)).toString(), 'short');
  });

  it('tell what is wrong by the codes of the system', async () => {
    const { files } = far.machine;
    await files.write('/root/there', 'x', { exclusive: true }, never);
    const again = files.write('/root/there', 'y', { exclusive: true }, never);
    await assert.rejects(again, { code: 'EEXIST' });
    await assert.rejects(files.read('/root/nothing', 10, never), { code: 'ENOENT' });
    await assert.rejects(files.read('/root', 10, never), { code: 'EISDIR' });
    await assert.rejects(files.write('/no/such/folder/f', 'x', {}, never), { code: 'ENOENT' });
    await assert.rejects(files.makeFolder('/root/there/below', 0o755, never), { code: 'ENOTDIR' });
    await assert.rejects(files.write('/proc/new', 'x', {}, never), (error: NodeJS.ErrnoException) =>
      ['ENOENT', 'EACCES', 'EPERM'].includes(error.code ?? ''),
    );
  });

  it('are not read or written where that could wait or go on for ever', async () => {
    const { files } = far.machine;
    await far.host.inside('mkfifo /root/waits');
    const refused = { name: 'UserError', message: '/root/waits is not a regular file.' };
    await assert.rejects(files.read('/root/waits', 10, never), refused);
    await assert.rejects(files.write('/root/waits', 'x', {}, never), refused);
    await assert.rejects(files.touch('/root/waits', 0, never), refused);
    await assert.rejects(files.read('/dev/zero', 10, never), { name: 'UserError' });
    await files.write('/dev/null', 'x', {}, never);
    await files.remove('/root/waits', never);
  });

  it('are asked for, listed, touched and removed', async () => {
    const { files } = far.machine;
    await files.makeFolder('/root/l', 0o755, never);
    await files.touch('/root/l/old\nname', 1_500_000_000_250, never);
    await files.write('/root/l/-n', '1234', {}, never);
    assert.deepEqual(await files.list('/root/l', never), ['-n', 'old\nname']);
    assert.deepEqual(await files.stat('/root/l/old\nname', never), {
      kind: 'file',
      size: 0,
      changedAt: 1_500_000_000_250,
    });
    assert.equal((await files.stat('/root/l', never))?.kind, 'folder');
    assert.equal((await files.stat('/dev/null', never))?.kind, 'other');
    assert.equal(await files.stat('/root/none/at/all', never), undefined);
    assert.deepEqual(await files.list('/root/none', never), []);
    await files.remove('/root/l', never);
    await files.remove('/root/l', never);
    assert.equal(await files.stat('/root/l', never), undefined);
  });

  it('are found by patterns, with links and names that are hard to say', async () => {
    await far.host.inside(
      `mkdir -p /root/f/x/y /root/f/.git && cd /root/f && echo 1 > x/y/a.xml && echo 22 > "x/b
c.xml" && echo > .git/config && ln -s y/a.xml x/link.xml && ln -s /nowhere x/gone.xml && mkdir x/dir.xml`,
    );
    const found = await far.machine.files.find('/root/f', { includes: '**/*.xml' }, never);
    assert.deepEqual(
      found.map(({ path, size }) => [path, size]),
      [
        ['x/b\nc.xml', 3],
        ['x/gone.xml', 0],
        ['x/link.xml', 2],
        ['x/y/a.xml', 2],
      ],
    );
    const all = await far.machine.files.find('/root/f', { defaultExcludes: true }, never);
    assert.equal(all.length, 4);
    assert.deepEqual(await far.machine.files.find('/root/none', {}, never), []);
  });

  it('are copied with modes and links, and never out of where they belong', async () => {
    await far.host.inside(
      'mkdir -p /root/from/d /root/to /root/outside && cd /root/from && echo x > d/run && chmod 755 d/run && ln -s run d/l && echo y > z && ln -s /root/outside /root/to/way',
    );
    const { files } = far.machine;
    await files.copy('/root/from', '/root/to', ['d/run', 'd/l', 'z'], never);
    const seen = await far.host.inside(
      'cd /root/to; stat -c "%a %F" d/run d/l; readlink d/l; cat z',
    );
    assert.equal(seen, '755 regular file\n777 symbolic link\nrun\ny');
    await far.host.inside('mkdir -p /root/from/way/deep; echo x > /root/from/way/deep/f');
    await assert.rejects(
      files.copy('/root/from', '/root/to', ['way/deep/f'], never),
      /leads out of .*Nothing is written there/,
    );
    assert.equal(await far.host.inside('ls -A /root/outside'), '');
    await assert.rejects(files.copy('/root/from', '/root/to', ['../x'], never), /leads out/);
  });

  it('come here, but only those that are in the folder', async () => {
    await far.host.inside(
      `mkdir -p /root/g/in && cd /root/g && head -c 300000 /dev/urandom > big && printf 'a' > in/small && : > in/empty && echo s > "in/new
line" && ln -s ../big in/inner && ln -s /etc/passwd in/out && ln -s .. in/up && ln -s "in" way && mkfifo in/pipe`,
    );
    await far.host.inside(`cd /root/g/in; echo x > "$(printf 'no-\\377-utf8')"`);
    const { copied, leftOut } = await far.machine.get({}, '/root/g', into, never);
    assert.deepEqual(copied, ['big', 'in/empty', 'in/inner', 'in/new\nline', 'in/small']);
    assert.deepEqual(leftOut, ['in/no-\uFFFD-utf8', 'in/out', 'in/pipe', 'in/up', 'way']);
    const sum = await far.host.inside('sha256sum < /root/g/big | cut -c 1-64');
    const { createHash } = await import('node:crypto');
    for (const name of ['big', 'in/inner'])
      assert.equal(
        createHash('sha256')
          .update(await readFile(join(into, name)))
          .digest('hex'),
        sum,
      );
    await assert.rejects(stat(join(into, 'in/out')), { code: 'ENOENT' });
  });

  it('are not waited for by whoever cancels', async () => {
    await assert.rejects(far.machine.files.list('/root', AbortSignal.abort()), {
      name: 'AbortError',
    });
    const o = collecting();
    assert.equal((await far.machine.run('true', o)).code, 0);
  });
});

/** As a machine answers that is not what it seems. */
describe('Files of a machine that lies', () => {
  let into: string;
  beforeEach(async () => {
    into = join(await mkdtemp(join(tmpdir(), 'ci-parity-lies-')), 'a', 'b');
    await mkdir(into, { recursive: true });
  });
  afterEach(() => rm(join(into, '..', '..'), { recursive: true }));

  /** It says `found` when it is asked which files there are, and then gives `files`. */
  const lying = (found: readonly string[], files: readonly (readonly [string, string])[]) => {
    const asked: string[] = [];
    const answers = [
      found.map((path) => `1 0 ./${path}\0`).join(''),
      files.map(([path, text]) => `${text.length} ${path}\0${text}\0whole\0`).join(''),
    ];
    const link: Link = {
      name: 'liar',
      run: async (call) => {
        const { input, onOutput } = call(0);
        for await (const chunk of input?.(Promise.resolve()) ?? []) asked.push(chunk.toString());
        await onOutput(Buffer.from(answers.shift() ?? ''));
        return 0;
      },
      renew: () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    return { asked, get: () => getFiles(link, {}, '/root', into, never) };
  };
  const there = async (): Promise<string[]> => {
    const all = await readdir(join(into, '..', '..'), { recursive: true, withFileTypes: true });
    return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  };

  it('are not asked for where their names lead out of the folder', async () => {
    const bad = ['../../x', '/etc/x', 'a/../../x', './x', 'a//x', ''];
    const liar = lying([...bad, 'ok'], [['ok', 'x']]);
    assert.deepEqual((await liar.get()).copied, ['ok']);
    assert.deepEqual(liar.asked, ['ok\0']);
    assert.deepEqual(await there(), [join(into, 'ok')]);
  });

  for (const path of ['../../x', '/tmp/x', 'another'])
    it(`are not taken where nobody asked for them: ${path}`, async () => {
      const liar = lying(
        ['ok'],
        [
          ['ok', 'x'],
          [path, 'evil'],
        ],
      );
      await assert.rejects(liar.get(), /liar gives a file that nobody asked for/);
      assert.deepEqual(await there(), [join(into, 'ok')]);
    });
});
