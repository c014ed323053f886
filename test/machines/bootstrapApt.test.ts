import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isUserError } from '../../src/base/errors';
import { makeReady, readinessOf, type ReadyWish } from '../../src/machines/bootstrap';
import type { Machine } from '../../src/machines/machine';
import { openSshMachine } from '../../src/machines/ssh/sshMachine';
import { aptMissing, realPackages, userWith, type AptOptions } from '../bed/apt';
import { isolatedSshdMissing } from '../bed/sshd';
import { without } from '../bed/without';
import { addressOf, collecting, never, openFar, surroundings, type Far } from './ssh/far';

const LIBVIRT: ReadyWish = { provider: 'libvirt', plugins: ['vagrant-reload'] };

/** By the real apt and dpkg, from a repository of the bed's own. */
describe('Making a Debian ready', function () {
  this.timeout('2m');
  before(async function () {
    const missing = (await isolatedSshdMissing()) ?? aptMissing();
    if (missing !== undefined) without(this, missing);
  });

  const open = (options: AptOptions = {}): Promise<Far> =>
    openFar({ firstBoot: realPackages(options) });
  const ready = async (machine: Machine, wish: ReadyWish = LIBVIRT) => {
    const work = watched();
    const lacking = await makeReady(machine, wish, { ...running, onOutput: work.onOutput });
    return { lacking, output: work.output() };
  };
  const installed = async (far: Far): Promise<string[]> =>
    (await far.host.inside("dpkg-query -W -f '${Package} ${Status}\\n'"))
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0] ?? '');

  it('installs what is missing with its dependencies, keeps settings that are there, and marks it', async () => {
    // Of a file of settings that nobody has installed dpkg would ask, and there is nobody to answer.
    const mine = 'mkdir -p /etc/libvirt; echo mine > /etc/libvirt/qemu.conf';
    await using far = await open({ then: mine });
    const { lacking, output } = await ready(far.machine);
    assert.deepEqual(lacking, [], output);
    assert.deepEqual(
      (await installed(far)).sort(),
      [
        'dnsmasq-base',
        'libvirt-clients',
        'libvirt-daemon-system',
        'librsync-of-the-bed',
        'qemu-system-x86',
        'qemu-utils',
        'rsync',
        'vagrant',
        'vagrant-libvirt',
      ].sort(),
    );
    assert.equal(await far.host.inside('cat /etc/libvirt/qemu.conf'), 'mine');
    assert.match(
      output,
      /Setting up vagrant-libvirt.*installing the plugin vagrant-reload\n.*ready\n$/s,
    );

    const log = 'wc -c < /var/log/dpkg.log; ls -l --time-style=full-iso /var/lib/apt/lists';
    const before = await far.host.inside(log);
    assert.equal((await ready(far.machine)).output, '', 'the second time nothing is run');
    const { marked } = await readinessOf(far.machine, LIBVIRT, undefined, never);
    assert.ok(marked);
    assert.equal(await far.host.inside(log), before);

    // Another wish has its own mark, and gets the difference.
    const more = await ready(far.machine, { ...LIBVIRT, lfs: true });
    assert.match(more.output, /installing git-lfs\n/);
    assert.doesNotMatch(more.output, /installing (rsync|vagrant|libvirt)/);
  });

  it('waits, and says so, while somebody else installs', async () => {
    await using far = await open();
    const slow = far.host.inside('apt-get -q update; apt-get -q -y install slow < /dev/null');
    await far.host.inside(REACHED);
    const work = watched();
    const done = makeReady(far.machine, LIBVIRT, { ...running, onOutput: work.onOutput });
    await work.said(/Waiting for cache lock.*held by process \d+ \(apt-get\)/s);
    assert.deepEqual(await installed(far), []);
    await far.host.inside('echo go > /root/slow');
    await slow;
    assert.deepEqual(await done, [], work.output());
    assert.ok((await installed(far)).includes('slow'));
  });

  it('waits, and says so, while somebody else fetches the lists, as a machine does that was just started', async () => {
    await using far = await open();
    const held: ServerResponse[] = [];
    using server = closing(createServer((_, response) => void held.push(response)));
    const asked = once(server, 'request');
    server.listen(0, far.host.gateway);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const slow = `deb [trusted=yes] http://${far.host.gateway}:${port} ./`;
    await far.host.inside(`echo '${slow}' > /root/slow.list`);
    const other = far.host.inside(
      'apt-get -q update -o Dir::Etc::SourceList=/root/slow.list > /dev/null 2>&1; true',
    );
    await asked;
    const work = watched();
    const done = makeReady(far.machine, LIBVIRT, { ...running, onOutput: work.onOutput });
    await work.said(/waiting for whoever fetches the lists of packages/);
    server.on('request', (_, response) => response.writeHead(404).end());
    for (const response of held) if (!response.headersSent) response.writeHead(404).end();
    await other;
    assert.deepEqual(await done, [], work.output());
  });

  it('finishes first what was interrupted in the middle', async () => {
    await using far = await open();
    const half = far.host.inside('apt-get -q update; apt-get -q -y install slow < /dev/null; true');
    await far.host.inside(REACHED);
    await far.host.inside('pkill -9 -x apt-get; pkill -9 -x dpkg; pkill -9 -x slow.postinst; true');
    await half;
    // As dpkg leaves it: what it was at stands in a journal, or the package is half configured.
    await far.host.inside('cp /var/lib/dpkg/status /var/lib/dpkg/updates/0000');
    await far.host.inside('cd /root; rm slow reached; echo go > slow; : > reached');
    await assert.rejects(far.host.inside('apt-get -q -y install rsync'), /dpkg was interrupted/);
    const { lacking, output } = await ready(far.machine);
    assert.deepEqual(lacking, [], output);
    assert.match(output, /an installation was interrupted here: finishing that first/);
    assert.ok((await installed(far)).includes('slow'));
  });

  it('brings Podman for steps in containers, which takes images without a registry for those of Docker', async () => {
    await using far = await open();
    const wish: ReadyWish = { provider: 'none', plugins: [], containers: true };
    const { lacking } = await readinessOf(far.machine, wish, undefined, never);
    assert.deepEqual(lacking, ['rsync', 'docker or podman']);
    const { output } = await ready(far.machine, wish);
    assert.match(output, /installing podman uidmap slirp4netns\n.*ready\n$/s);
    const settings = await far.host.inside(
      'cat /etc/containers/registries.conf.d/50-ci-parity.conf',
    );
    assert.equal(settings, 'unqualified-search-registries = ["docker.io"]');
    // Docker is as good.
    await far.host.inside('mv /usr/bin/podman /usr/bin/docker');
    assert.deepEqual(
      await ready(far.machine, { ...wish, lfs: true }).then((two) => two.lacking),
      [],
    );
    assert.equal(await far.host.inside('ls /usr/bin/podman 2> /dev/null; true'), '');
  });

  it('goes on, unmarked, without a package that there is none of', async () => {
    await using far = await open({ without: ['vagrant'] });
    const { lacking, output } = await ready(far.machine);
    assert.deepEqual(lacking, ['vagrant']);
    assert.match(
      output,
      /vagrant vagrant-libvirt could not be installed\n.*still missing: vagrant\n$/s,
    );
    assert.ok((await installed(far)).includes('libvirt-clients'));
    const { marked } = await readinessOf(far.machine, LIBVIRT, undefined, never);
    assert.equal(marked, false);
  });

  it('says where there is no room, and goes on from there when there is', async () => {
    await using far = await open({ room: 1_000_000 });
    const { lacking, output } = await ready(far.machine);
    assert.deepEqual(lacking, ['vagrant'], output);
    assert.match(output, /No space left on device/);
    await far.host.inside('umount /usr/share/vagrant');
    const again = await ready(far.machine);
    assert.deepEqual(again.lacking, [], again.output);
    assert.doesNotMatch(again.output, /installing (rsync|libvirt)/);
    assert.match(again.output, /ready\n$/);
    assert.equal(await far.host.inside('dpkg --audit'), '', 'nothing is left half done');
  });

  it('works for a user with sudo, who is in the group of libvirt from then on', async function () {
    if (!existsSync('/usr/bin/sudo')) return without(this, 'sudo is not there');
    await using far = await open({ then: userWith({ name: 'ada', sudo: true }) });
    await using ada = await login(far, 'ada');
    const groups = async (): Promise<string> => {
      const work = collecting({ directory: '/home/ada' });
      await ada.machine.run('#!/bin/sh\nid -nG', work);
      return work.text().trim();
    };
    assert.equal(await groups(), 'ada');
    const { lacking, output } = await ready(ada.machine);
    assert.deepEqual(lacking, [], output);
    assert.equal(await groups(), 'ada libvirt');
    assert.equal((await ready(ada.machine)).output, '');
  });

  it('tells a user who may install nothing so, before anything is done', async function () {
    if (!existsSync('/usr/bin/sudo')) return without(this, 'sudo is not there');
    await using far = await open({ then: userWith({ name: 'ada', sudo: false }) });
    await using ada = await login(far, 'ada');
    const before = await far.host.inside('ls /var/lib/apt/lists; ls -A /home/ada');
    await assert.rejects(ready(ada.machine), (error: unknown) => {
      assert.ok(isUserError(error));
      assert.match(
        error.message,
        /^You may install nothing on \S+, which lacks rsync, virsh, vagrant: nothing was changed\.$/,
      );
      assert.match(error.advice ?? '', /sudo asks for no password/);
      return true;
    });
    assert.deepEqual(await installed(far), []);
    assert.equal(await far.host.inside('ls /var/lib/apt/lists'), before.split('\n')[0]);
    // Nothing is to be installed where all is there.
    await far.host.inside('apt-get -q update > /dev/null; apt-get -q -y install rsync > /dev/null');
    assert.deepEqual((await ready(ada.machine, { provider: 'none', plugins: [] })).lacking, []);
  });
});

const running = { signal: never, kill: never };

/** Until the package `slow` is being configured. */
const REACHED = 'read -r reached < /root/reached';

function watched() {
  let output = '';
  let wanted: { pattern: RegExp; tell: () => void } | undefined;
  return {
    output: () => output,
    onOutput: (chunk: Buffer): void => {
      output += chunk.toString();
      if (wanted?.pattern.test(output) === true) wanted.tell();
    },
    said: async (pattern: RegExp): Promise<void> => {
      if (!pattern.test(output)) await new Promise<void>((tell) => (wanted = { pattern, tell }));
    },
  };
}

async function login({ host }: Far, user: string) {
  const machine = await openSshMachine({ ...addressOf(host), user }, await surroundings(), never);
  return { machine, [Symbol.asyncDispose]: async () => machine[Symbol.asyncDispose]() };
}

function closing<T extends { close(): void; closeAllConnections(): void }>(server: T) {
  return Object.assign(server, {
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}
