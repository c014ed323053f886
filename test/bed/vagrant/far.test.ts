import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { needSshd, startSshd } from '../sshd';
import { without } from '../without';
import { farLeftovers, farMachines, farVagrant, type FarVagrant } from './far';
import { leftovers, podmanBed } from './vagrant';

describe('A far machine with a real Vagrant', function () {
  this.timeout('2m');
  const { signal } = new AbortController();
  before(needSshd);

  it('has containers of its own, which see nothing of this machine and go with theirs', async function () {
    const vagrant = await farVagrant('podman', signal);
    if ('missing' in vagrant) without(this, vagrant.missing);
    const here = mkdtempSync(join(tmpdir(), 'ci-parity-far-'));
    try {
      const id = await containerOnce(vagrant, here);
      assert.equal(controlGroups(id), '');
    } finally {
      rmSync(here, { recursive: true });
    }
  });

  /** The id of a container that was looked at, and whose machine is gone since. */
  async function containerOnce(vagrant: FarVagrant, here: string): Promise<string> {
    const name = basename(here);
    await using host = await startSshd(vagrant);
    assert.deepEqual(await farLeftovers(vagrant, host), []);
    const id =
      await host.inside(`image=$(sed -n "s/.*d.image = '\\(.*\\)'/\\1/p" /root/.vagrant.d/Vagrantfile)
docker run --detach --name ${name} --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$image"`);
    assert.deepEqual(await farMachines(vagrant, host), [name]);
    const look = `ls -d /usr/sbin/sshd ${here} /etc/ssh/boot 2> /dev/null; true`;
    assert.equal(await host.inside(`docker exec ${name} sh -c '${look}'`), '/usr/sbin/sshd');
    const bed = await podmanBed(signal);
    assert.ok(!('missing' in bed));
    assert.ok(!(await leftovers(bed, signal)).includes(name), 'it is not here');
    assert.notEqual(controlGroups(id), '');
    return id;
  }
});

function controlGroups(id: string): string {
  return execFileSync('find', ['/sys/fs/cgroup', '-name', `*${id}*`], { encoding: 'utf8' });
}
