import assert from 'node:assert/strict';
import { Cleanups } from '../../src/base/cleanups';
import { makeReady, readinessOf, type ReadyWish } from '../../src/machines/bootstrap';
import { dnfMissing, realDnf } from '../bed/dnf';
import { isolatedSshdMissing } from '../bed/sshd';
import { without } from '../bed/without';
import { never, openFar, type Far } from './ssh/far';

/** By the real dnf and rpm, from a repository of the bed's own. */
describe('Making a system with dnf ready', function () {
  this.timeout('2m');
  let far: Far;
  const cleanups = new Cleanups();
  before(async function () {
    const missing = (await isolatedSshdMissing()) ?? dnfMissing();
    if (missing !== undefined) return without(this, missing);
    far = await openFar({ firstBoot: realDnf() });
    cleanups.defer(async () => far[Symbol.asyncDispose]());
  });
  after(() => cleanups[Symbol.asyncDispose]());

  const ready = async (wish: ReadyWish) => {
    let output = '';
    const onOutput = (chunk: Buffer): void => void (output += chunk.toString());
    const lacking = await makeReady(far.machine, wish, { onOutput, signal: never, kill: never });
    return { lacking, output };
  };

  it('goes on, unmarked, without a package that there is none of', async () => {
    const { lacking, output } = await ready({ provider: 'virtualbox', plugins: [] });
    assert.deepEqual(
      lacking,
      ['VBoxManage', 'the kernel module of VirtualBox (/dev/vboxdrv)'],
      output,
    );
    assert.match(output, /Unable to find a match: VirtualBox.*VirtualBox could not be installed/s);
  });

  it('installs what is missing, to a Vagrant that is there its package for libvirt, marks it, and runs nothing the second time', async () => {
    const wish: ReadyWish = { provider: 'libvirt', plugins: [] };
    const { lacking, output } = await ready(wish);
    assert.deepEqual(lacking, [], output + far.host.log.join('\n'));
    const installed = await far.host.inside("rpm -qa --qf '%{NAME}\\n' | sort | tr '\\n' ' '");
    const names = 'libvirt-client libvirt-daemon-kvm qemu-kvm rsync vagrant vagrant-libvirt ';
    assert.equal(installed, names);
    assert.equal((await ready(wish)).output, '');
    assert.ok((await readinessOf(far.machine, wish, undefined, never)).marked);
  });
});
