import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrapScript, type ReadyWish } from '../../src/machines/bootstrap';
import { openBed } from '../bed/borrowing/bed';

/** It refuses connections. */
const HOST = { address: '127.0.0.1', [Symbol.asyncDispose]: () => Promise.resolve() };

describe('A machine that a window borrows', function () {
  this.timeout(60_000);

  /** The user data of a device that is asked for, for the sake of a clone with this Vagrantfile. */
  async function userData(vagrantfile: string | undefined): Promise<string> {
    // Nobody waits until it has booted.
    await using bed = await openBed({
      boot: () => Promise.resolve(HOST),
      lender: { install: true },
    });
    if (vagrantfile !== undefined) {
      writeFileSync(join(bed.clone, 'Vagrantfile'), vagrantfile);
      bed.git('add', '--all');
      bed.git('commit', '-q', '-m', 'a machine');
    }
    const { metal } = bed;
    const attendant = bed.attendant();
    const { offers } = await attendant.ask('offers', {});
    const [offered] = offers;
    assert.ok(offered);
    const wish = { lender: 'metal', offer: offered.offer.id, hours: 1, directory: bed.clone };
    const borrowing = attendant.ask('borrow', wish).catch(() => undefined);
    await metal.asked(/^POST .*\/devices/);
    const made = metal.requests.find(({ line }) => /^POST .*\/devices/.test(line));
    await attendant.close('return');
    await borrowing;
    bed.isEmpty();
    return (made?.body as { readonly userdata: string }).userdata;
  }

  it('installs what its clone wants, and nothing where that does nothing with Vagrant', async () => {
    const [none, docker, libvirt] = await Promise.all([
      userData(undefined),
      userData("Vagrant.configure('2') { |c| c.vm.provider 'docker' }"),
      userData("Vagrant.configure('2') { |c| c.vm.provider 'libvirt' }"),
    ]);
    const scriptFor = (provider: ReadyWish['provider']): string =>
      bootstrapScript({ provider, plugins: [], lfs: false });
    assert.ok(!none.includes('vagrant'));
    assert.ok(docker.includes(scriptFor('other')));
    assert.ok(libvirt.includes(scriptFor('libvirt')));
  });
});
