import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { localFiles } from '../../src/machines/localFiles';
import { shellLine } from '../../src/machines/quote';
import { removalScript, type RemoveOptions } from '../../src/machines/removal';

/** A user and mount namespace: in it anybody may mount. */
const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount'] as const;
/** In that one, as one who may not unmount what was mounted outside of it. */
const ANOTHER = 'unshare --user --map-user=1 --mount';
const [UNSHARE, ...OPTIONS] = NAMESPACE;
const canMount = spawnSync(UNSHARE, [...OPTIONS, ...ANOTHER.split(' '), 'true']).status === 0;

describe('Removing a folder', () => {
  const { signal } = new AbortController();
  let root: string;
  const at = (...path: string[]): string => join(root, ...path);
  const script = (path: string, options: RemoveOptions = {}): string =>
    removalScript(path, options, (text) => shellLine([text]));

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'ci-parity-removal-')));
    mkdirSync(at('precious'));
    writeFileSync(at('precious', 'file'), 'text');
    mkdirSync(at('workspace', 'root', 'src'), { recursive: true });
    writeFileSync(at('workspace', 'own'), '');
  });
  afterEach(() => {
    spawnSync('chmod', ['-R', 'u+rwx', root]);
    rmSync(root, { recursive: true });
  });

  describe('with something mounted in it', () => {
    before(function () {
      if (!canMount && process.env['CI'] === undefined) this.skip();
    });

    const inNamespace = (
      shellScript: string,
    ): { code: number | null; stdout: string; stderr: string } => {
      const { status, stdout, stderr } = spawnSync(UNSHARE, [...OPTIONS, 'sh'], {
        input: `set -e\ncd ${shellLine([root])}\n${shellScript}`,
        encoding: 'utf8',
      });
      return { code: status, stdout, stderr };
    };

    for (const [what, path] of [
      ['below it', 'workspace/root/src'],
      ['on it', 'workspace'],
      ['below a name with a line break', 'workspace/a b\n\\134\t$x/ö\n'],
    ] as const)
      for (const contents of [false, true])
        it(`${what} unmounts it and ${contents ? 'keeps the folder' : 'removes all'}`, () => {
          mkdirSync(at(path), { recursive: true });
          const { code, stderr } = inNamespace(
            `mount --bind precious ${shellLine([path])}
             set +e
             ${script(at('workspace'), { contents })}`,
          );
          assert.equal(stderr, '');
          assert.equal(code, 0);
          assert.deepEqual(readdirSync(at('precious')), ['file']);
          assert.equal(existsSync(at('workspace')), contents);
          if (contents) assert.deepEqual(readdirSync(at('workspace')), []);
        });

    it('unmounts what is mounted on one another, and a file', () => {
      const { code, stderr } = inNamespace(
        `mkdir precious/below
         mount -t tmpfs none workspace/root
         mkdir workspace/root/src
         mount --bind precious workspace/root/src
         mount --bind precious workspace/root/src/below
         mount --bind precious/file workspace/own
         set +e
         ${script(at('workspace'))}`,
      );
      assert.equal(stderr, '');
      assert.equal(code, 0);
      assert.deepEqual(readdirSync(at('precious')), ['below', 'file']);
      assert.equal(existsSync(at('workspace')), false);
    });

    it('removes nothing where it cannot be unmounted, and names it', () => {
      const { code, stdout, stderr } = inNamespace(
        `mount --bind precious workspace/root/src
         export inner=${shellLine([script(at('workspace'))])}
         exec ${ANOTHER} sh -c "$inner"`,
      );
      assert.equal(code, 78, stderr);
      assert.equal(stdout, `${at('workspace', 'root', 'src')}\0`);
      assert.match(stderr, /umount: .*workspace\/root\/src/);
      assert.deepEqual(readdirSync(at('precious')), ['file']);
      assert.deepEqual(readdirSync(at('workspace')).sort(), ['own', 'root']);
    });

    it('does not touch what is mounted beside it', () => {
      mkdirSync(at('workspace-2'));
      const { code } = inNamespace(
        `mount --bind precious workspace-2
         set +e
         (${script(at('workspace'))})
         [ -e workspace-2/file ]`,
      );
      assert.equal(code, 0);
    });
  });

  it('makes read-only folders writable, also as one who is not root', () => {
    mkdirSync(at('workspace', 'module', 'deep', 'none'), { recursive: true });
    writeFileSync(at('workspace', 'module', 'deep', 'file'), '');
    for (const [path, mode] of [
      ['workspace/module/deep/none', 0],
      ['workspace/module/deep', 0o555],
      ['workspace/module', 0o444],
    ] as const)
      chmodSync(at(path), mode);
    const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    if ('uid' in other) spawnSync('chown', ['-R', '65534:65534', root]);
    const { status, stderr } = spawnSync('sh', {
      input: script(at('workspace')),
      cwd: '/',
      encoding: 'utf8',
      ...other,
    });
    assert.equal(stderr, '');
    assert.equal(status, 0);
    assert.equal(existsSync(at('workspace')), false);
  });

  it('says what the system refused', () => {
    chmodSync(at('workspace'), 0o555);
    const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    // Its folder belongs to another, or is read-only and not to be removed from.
    chmodSync(root, 'uid' in other ? 0o755 : 0o555);
    const { status, stderr } = spawnSync('sh', {
      input: script(at('workspace')),
      cwd: '/',
      encoding: 'utf8',
      ...other,
    });
    assert.match(stderr, /Permission denied/);
    assert.equal(status, 1);
  });

  it('is refused outside the folder that it was limited to, also by a link', async () => {
    symlinkSync(at('precious'), at('workspace', 'link'));
    symlinkSync(at('workspace'), at('entry'));
    const within = at('workspace');
    const refused = { name: 'UserError', message: /outside the folders of this reproduction/ };
    for (const [path, options] of [
      [at('precious'), {}],
      [at('workspace', 'link', 'file'), {}],
      [at('workspace', 'link'), { contents: true }],
      [root, { contents: true }],
      [at('workspaces'), {}],
      [at('workspace', '..', 'precious'), {}],
    ] as const) {
      if (path.endsWith('workspaces')) mkdirSync(path);
      await assert.rejects(localFiles.remove(path, signal, { within, ...options }), refused, path);
    }
    assert.deepEqual(readdirSync(at('precious')), ['file']);
    // A link itself is removed; so is what lies in the workspace or beside it, by any way to it.
    mkdirSync(at('workspace@tmp', 'x'), { recursive: true });
    for (const path of [
      at('workspace', 'link'),
      at('workspace@tmp'),
      at('entry', 'root'),
      at('workspace'),
    ])
      await localFiles.remove(path, signal, { within });
    assert.deepEqual(readdirSync(root).sort(), ['entry', 'precious', 'workspaces']);
  });

  it('is refused for what is no path to a folder of its own', async () => {
    for (const path of ['/', '//', '', 'relative', '/a/..', '/a\0b'])
      await assert.rejects(localFiles.remove(path, signal), { name: 'UserError' }, path);
  });

  it('is nothing where nothing is', async () => {
    await localFiles.remove(at('none', 'below'), signal);
    await localFiles.remove(at('workspace', 'own', 'below'), signal);
    await localFiles.remove(at('none'), signal, { contents: true });
  });

  for (const shell of [['dash'], ['bash'], ['busybox', 'sh']])
    it(`never leaves the folder, whatever tree and names (${shell.join(' ')})`, function () {
      if (spawnSync(shell[0] ?? '', ['--help']).error) this.skip();
      let seed = 12_345;
      const next = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed % below;
      };
      const names = [
        '-rf',
        '*',
        '..x',
        '.x',
        ' a ',
        'b\n',
        'q\'"$(x)',
        '\\134',
        'ö',
        'x'.repeat(200),
      ];
      const targets = ['/', '..', root, at('precious'), at('precious', 'file'), 'nowhere', '.'];
      for (let round = 0; round < 12; round++) {
        const top = at(`top ${round}\n`);
        mkdirSync(top);
        const folders = [top];
        const used = new Set<string>();
        for (let count = 0; count < 40; count++) {
          const folder = folders[next(folders.length)] ?? top;
          const path = join(folder, names[next(names.length)] ?? '');
          if (dirname(path) !== folder || path.length > 3000) continue;
          if (used.has(path)) continue;
          used.add(path);
          if (next(3) === 0) symlinkSync(targets[next(targets.length)] ?? '', path);
          else if (next(2) === 0) writeFileSync(path, '');
          else {
            mkdirSync(path);
            folders.push(path);
          }
        }
        for (const folder of folders.reverse())
          chmodSync(folder, [0o700, 0o500, 0o000][next(3)] ?? 0o700);
        const contents = next(2) === 0;
        const [program = '', ...args] = shell;
        const { status, stderr } = spawnSync(program, args, {
          input: script(top, { contents }),
          encoding: 'utf8',
        });
        assert.equal(status, 0, stderr);
        if (contents) rmdirSync(top);
        assert.equal(existsSync(top), false);
        assert.deepEqual(readdirSync(root).sort(), ['precious', 'workspace']);
        assert.deepEqual(readdirSync(at('precious')), ['file']);
      }
    });
});
