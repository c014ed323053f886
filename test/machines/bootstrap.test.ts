import assert from 'node:assert/strict';
import { execa } from 'execa';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrapScript, makeReady, type ReadyWish } from '../../src/machines/bootstrap';
import { openLocalMachine } from '../../src/machines/local';
import type { Machine } from '../../src/machines/machine';
import { neededPlugins } from '../../src/machines/vagrantPlugins';

const { signal } = new AbortController();
const APT = 'apt-get -q -o DPkg::Lock::Timeout=600';
const KEEP = '-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';
const LIBVIRT: ReadyWish = { provider: 'libvirt', plugins: ['vagrant-reload'] };

describe('Making a machine ready', () => {
  it('installs what a bare Debian lacks, then the plugins, and marks it', async () => {
    await using bare = await open('apt-get');
    await bare.makeReady(LIBVIRT);
    assert.deepEqual(await bare.asked(), [
      `${APT} update`,
      ...[
        'git',
        'rsync',
        'libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils dnsmasq-base',
        'vagrant vagrant-libvirt',
      ].map((packages) => `${APT} -y --no-install-recommends ${KEEP} install ${packages}`),
      'vagrant plugin install vagrant-reload',
    ]);
    assert.match(bare.output(), /ci-parity: ready\n$/);
    assert.deepEqual(
      (await readdir(bare.place)).map((name) => name.slice(0, 6)),
      ['ready-'],
    );
  });

  it('does so on Fedora by dnf', async () => {
    await using bare = await open('dnf');
    await bare.makeReady({ provider: 'libvirt', plugins: [] });
    assert.deepEqual(await bare.asked(), [
      'dnf -q -y install git-core',
      'dnf -q -y install rsync',
      'dnf -q -y install libvirt-daemon-kvm libvirt-client qemu-kvm',
      'dnf -q -y install vagrant vagrant-libvirt',
    ]);
  });

  it('runs nothing on a machine that is ready, and again for another wish', async () => {
    await using bare = await open('apt-get');
    await bare.makeReady(LIBVIRT);
    const before = (await bare.asked()).length;
    const said = bare.output();
    await bare.makeReady(LIBVIRT);
    assert.equal(bare.output(), said);
    assert.equal((await bare.asked()).length, before);
    await bare.makeReady({ ...LIBVIRT, plugins: ['vagrant-reload', 'vagrant-scp'] });
    assert.deepEqual((await bare.asked()).slice(before), ['vagrant plugin install vagrant-scp']);
  });

  it('goes on, unmarked, without what the system does not have, but not without git', async () => {
    await using bare = await open('apt-get', { without: 'virtualbox' });
    await bare.makeReady({ provider: 'virtualbox', plugins: [] });
    assert.match(
      bare.output(),
      /virtualbox could not be installed\n.*Debian not at all: see virtualbox.org\n.*still missing: VBoxManage\n$/s,
    );
    assert.deepEqual(await readdir(bare.place), []);
    await using none = await open('apt-get', { without: 'git' });
    await assert.rejects(none.makeReady(LIBVIRT), /could not be made ready \(exit code 1\)/);
    assert.match(none.output(), /git could not be installed/);
    assert.deepEqual(await readdir(none.place), []);
  });

  const VIRTUALBOX: ReadyWish = { provider: 'virtualbox', plugins: [] };

  for (const [manager, headers] of [
    ['apt-get', 'linux-headers-6.1'],
    ['dnf', 'kernel-devel-6.1'],
  ] as const)
    it(`brings VirtualBox with the headers that its kernel module is built with: ${headers}`, async () => {
      await using bare = await open(manager, { builds: headers });
      assert.deepEqual(await bare.makeReady(VIRTUALBOX), []);
      const asked = (await bare.asked()).map((line) => line.split(' ').at(-1));
      const name = manager === 'dnf' ? 'VirtualBox' : 'virtualbox';
      assert.deepEqual(asked.slice(asked.indexOf(name)), [name, headers, 'vboxdrv', 'vagrant']);
      assert.equal((await readdir(bare.place)).length, 1);
    });

  it('does not take a VirtualBox without its kernel module for one', async () => {
    await using bare = await open('apt-get');
    const lacking = await bare.makeReady(VIRTUALBOX);
    assert.match(lacking.join(), /^the kernel module of VirtualBox \(\S+vboxdrv\)$/);
    assert.match(bare.output(), /cannot be loaded\n.*still missing: \S+vboxdrv\n$/s);
    assert.deepEqual(await readdir(bare.place), []);
  });

  it('brings compilers for a plugin that has to be compiled, and only for such a one', async () => {
    await using bare = await open('apt-get', { compiled: 'vagrant-qemu' });
    const wish: ReadyWish = { provider: 'other', plugins: ['vagrant-gone', 'vagrant-qemu'] };
    assert.deepEqual(await bare.makeReady(wish), ['the plugin vagrant-gone']);
    assert.match(bare.output(), /ERROR: Failed to build gem native extension.*has to be compiled/s);
    const asked = await bare.asked();
    const plugin = (name: string): string => `vagrant plugin install ${name}`;
    const from = asked.indexOf(plugin('vagrant-gone'));
    assert.deepEqual(
      asked.slice(from).map((line) => line.replace(/^apt-get .* install (\S+) .*$/, '$1')),
      [...['vagrant-gone', 'vagrant-qemu'].map(plugin), 'build-essential', plugin('vagrant-qemu')],
    );
    // The last one's words are nobody's any more.
    assert.deepEqual(await readdir(bare.place), []);
  });

  it("runs the project's own script once, after ours", async () => {
    await using bare = await open('apt-get');
    const hook = '#!/bin/sh\necho "hook in $PWD"; vagrant plugin install by-hook\n';
    for (let times = 0; times < 2; times++) await bare.makeReady(LIBVIRT, hook);
    assert.match(bare.output(), /ready\nhook in [^\n]*home\n$/);
    assert.equal((await bare.asked()).filter((line) => line.includes('by-hook')).length, 1);
    await assert.rejects(bare.makeReady(LIBVIRT, 'exit 3\n'), /exit code 3/);
  });

  it('finds the way out that its login names, also as root and in the project’s own script', async () => {
    const login = { USER: 'ada', https_proxy: "http://a:p'w@proxy:3128", NO_PROXY: 'a b' };
    for (const user of [0, 1000]) {
      await using bare = await open('apt-get', { user, login });
      const hook = 'set +x; echo "$USER, $https_proxy, $NO_PROXY"\n';
      await bare.makeReady({ provider: 'none', plugins: [] }, hook);
      assert.match(bare.output(), /\nada, http:\/\/a:p'w@proxy:3128, a b\n$/);
      const asked = await bare.asked();
      assert.equal(asked.filter((line) => line.startsWith('apt-get')).length, 3);
      assert.deepEqual(
        asked.filter((line) => line.startsWith('by ')),
        Array.from({ length: 3 }, () => `by ${login.https_proxy} but ${login.NO_PROXY}`),
      );
      assert.doesNotMatch(asked.filter((line) => line.startsWith('sudo')).join(), /proxy:3128/);
    }
  });

  it('is done by one at a time, also where one of two died in the middle', async () => {
    await using bare = await open('apt-get');
    await mkdir(bare.place, { recursive: true });
    await writeFile(join(bare.place, 'making-ready'), '999999 another-boot\n');
    await Promise.all([bare.makeReady(LIBVIRT), bare.makeReady(LIBVIRT)]);
    const asked = await bare.asked();
    assert.equal(asked.filter((line) => line.endsWith('install git')).length, 1);
    assert.equal((await readdir(bare.place)).length, 1);
  });

  it('is a script for every POSIX shell, and takes no name for a part of it', async () => {
    const script = bootstrapScript(LIBVIRT);
    for (const shell of ['sh', 'bash', 'dash']) await execa(shell, ['-n'], { input: script });
    assert.throws(
      () => bootstrapScript({ provider: 'libvirt', plugins: ['a; rm x'] }),
      /no Vagrant/i,
    );
  });
});

describe('The plugins that a Vagrantfile needs', () => {
  const cases: [string, string[]][] = [
    ['config.vagrant.plugins = "vagrant-reload"', ['vagrant-reload']],
    ["config.vagrant.plugins = ['a', \"b\"]\nx = 'c'", ['a', 'b']],
    ['config.vagrant.plugins = %w[a b]', ['a', 'b']],
    ['c.vagrant.plugins = {"a" => {"version" => "1"}, "b" => "2"}', ['a', 'b']],
    ['if Vagrant.has_plugin?("a") then end', []],
    ['# config.vagrant.plugins = "a"', []],
    ['config.vagrant.plugins = ["#{x}", "a b", "-x"]', []],
  ];
  for (const [text, plugins] of cases)
    it(`are ${plugins.join(' and ') || 'none'} in ${text.split('\n')[0]}`, () => {
      assert.deepEqual(neededPlugins(text), plugins);
    });
});

/** A home and a PATH of their own, where nothing is but a package manager that writes down what it is asked. */
async function open(
  manager: 'apt-get' | 'dnf',
  {
    without = '',
    /** What the kernel module of VirtualBox is built with. */
    builds = 'nothing',
    /** A plugin that wants a compiler. */
    compiled = 'nothing',
    user = 0,
    /** More that its login gives. */
    login = {},
  } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'ci-parity-ready-'));
  const [bin, home, log] = [join(folder, 'bin'), join(folder, 'home'), join(folder, 'asked')];
  await mkdir(bin);
  await mkdir(home);
  await writeFile(log, '');
  const tools = 'sh cat chmod dirname env grep ln ls mkdir mktemp mv rm sed sleep tee';
  for (const tool of tools.split(' ')) {
    const { stdout } = await execa('sh', ['-c', `command -v ${tool}`]);
    await symlink(stdout, join(bin, tool));
  }
  const write = async (name: string, script: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${log}\n${script}`);
    await chmod(join(bin, name), 0o755);
  };
  await writeFile(join(bin, 'id'), `#!/bin/sh\necho ${user}\n`, { mode: 0o755 });
  await writeFile(join(bin, 'uname'), '#!/bin/sh\n[ "$*" = -r ] && echo 6.1 || echo x86_64\n', {
    mode: 0o755,
  });
  // As the real one: of the environment nothing stays but what it is told.
  await write(
    'sudo',
    `shift
case $1 in --preserve-env=*) kept=\${1#*=}; shift ;; esac
for name in $(env | sed 's/=.*//'); do
  case ,$kept,PATH, in *,$name,*) ;; *) unset $name ;; esac
done
"$@"
`,
  );
  // What is installed is there from then on; the system's Vagrant comes with the plugin of libvirt.
  await write(
    manager,
    `[ -z "$https_proxy" ] || echo "by $https_proxy but $NO_PROXY" >> ${log}
for package; do
  case $package in
    ${without || 'nothing'}) exit 100 ;;
    git | git-core) name=git ;; rsync) name=rsync ;; libvirt-clients | libvirt-client) name=virsh ;;
    virtualbox | VirtualBox) name=VBoxManage ;; ${builds}) : > ${folder}/built; continue ;;
    build-essential) name=cc ;; vagrant) name=vagrant ;;
    *) continue ;;
  esac
  printf '#!/bin/sh\\nexit 0\\n' > ${bin}/$name
  if [ $name = vagrant ]; then cat ${folder}/vagrant > ${bin}/vagrant; fi
  chmod +x ${bin}/$name
done
`,
  );
  await writeFile(
    join(folder, 'vagrant'),
    `#!/bin/sh
case "$2" in
  list) echo 'vagrant-libvirt (0.11.2, system)'; cat ${folder}/plugins 2> /dev/null ;;
  install)
    echo "vagrant $*" >> ${log}
    case $3 in
      vagrant-gone) echo 'Unable to find gem' >&2; exit 1 ;;
      ${compiled}) command -v cc || { echo 'ERROR: Failed to build gem native extension.' >&2; exit 1; } ;;
    esac
    echo "$3 (1.0, global)" >> ${folder}/plugins ;;
esac
true
`,
  );
  await write('modprobe', `[ -e ${folder}/built ] && : > ${folder}/vboxdrv\n`);
  let output = '';
  // What the kernel shows of a module is a file of its own, too.
  const own = (script: string): string => script.replaceAll('/dev/vboxdrv', `${folder}/vboxdrv`);
  const local = openLocalMachine();
  const environment = { HOME: home, PATH: bin, ...login };
  const machine: Machine = {
    ...local,
    run: (script, options) => local.run(own(script), options),
    exec: (command, options) => local.exec(command.map(own), { ...options, environment }),
  };
  return {
    place: join(home, '.local/state/ci-parity'),
    output: () => output,
    asked: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    makeReady: (wish: ReadyWish, hook?: string) =>
      makeReady(machine, wish, {
        hook,
        onOutput: (chunk) => {
          output += chunk.toString();
        },
        signal,
        kill: signal,
      }),
    [Symbol.asyncDispose]: async () => {
      await local[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
