/** Disks that are full, and what is written on them torn. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed } from '../../../bed/borrowing/bed';
import type { Row } from '../../../bed/borrowing/rows';
import { nextStart, row } from './row';

/** A small disk for the ledger, until it is disposed. */
function smallDisk(bed: Bed): { fill(): void; free(): void } & Disposable {
  const leases = join(bed.state, 'leases');
  const filling = join(leases, 'filling');
  mkdirSync(leases, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', leases]);
  return {
    fill: () => {
      try {
        writeFileSync(filling, Buffer.alloc(1 << 20));
      } catch {
        // Until there is no room.
      }
    },
    free: () => rmSync(filling),
    [Symbol.dispose]: () => {
      execFileSync('umount', ['-l', leases]);
    },
  };
}

/** Part of what is written of the lease is lost. */
function torn(how: string, tear: (path: string) => void): Row {
  return row(`what is written of it is ${how}: its mark at the API is enough`, async (bed) => {
    const { id } = await bed.borrow();
    tear(join(bed.state, 'leases', `${id}.json`));
    const output = await bed.does(0, 'machines');
    assert.match(output, /giving back .*\n.*nothing is borrowed/);
  });
}

export const disks: Row[] = [
  row('the disk of the ledger is full before it is asked for: nothing is', async (bed) => {
    using disk = smallDisk(bed);
    disk.fill();
    const { code, output } = await bed.run(['borrow', '--yes']);
    assert.equal(code, 3);
    assert.match(output, /no room/);
    assert.doesNotMatch(output, /defect/);
    assert.equal(bed.metal.books().made, 0);
    disk.free();
    await nextStart(bed);
    bed.isEmpty();
  }),
  row('the disk of the ledger fills while it is being made: it goes back at once', async (bed) => {
    using disk = smallDisk(bed);
    const program = bed.start(['borrow', '--yes']);
    await bed.metal.asked(/^POST .projects.*devices/);
    disk.fill();
    const { code, output } = await program.ended;
    assert.equal(code, 3);
    assert.match(output, /no room/);
    assert.doesNotMatch(output, /defect/);
    assert.deepEqual(bed.metal.books().devices, []);
    disk.free();
    await nextStart(bed);
    bed.isEmpty();
  }),
  row(
    'the disk of the ledger is full when it is given back: it goes back all the same',
    async (bed) => {
      using disk = smallDisk(bed);
      const { id } = await bed.borrow();
      disk.fill();
      const { code, output } = await bed.run(['return', id]);
      assert.equal(code, 3);
      assert.match(output, /no room/);
      assert.doesNotMatch(output, /defect/);
      assert.deepEqual(bed.metal.books().devices, []);
      disk.free();
      await bed.does(0, 'return', id);
      bed.isEmpty();
    },
  ),
  row(
    'the disk of the machine fills in the middle of a step',
    async (bed) => {
      const { id } = await bed.borrow();
      const program = await bed.reproducing(id);
      const { sshd } = bed.device();
      await sshd.inside('head -c 999000000 /dev/zero > /root/filling || true');
      await bed.enough();
      const { code, output } = await program.ended;
      assert.equal(code, 3, output.slice(-2000));
      assert.match(output, /could not run: The disk of .* is full/);
      await sshd.inside('rm /root/filling');
      await bed.does(0, 'clean');
      assert.equal(await bed.marked(), '');
      await bed.does(0, 'return', id);
    },
    { kind: { homeMegabytes: 220 } },
  ),
  torn('empty', (path) => truncateSync(path)),
  torn('cut off', (path) => truncateSync(path, 200)),
  torn('something else', (path) => writeFileSync(path, '{"version":1,"id":[]}')),
  row('what was spent is torn: nothing more is borrowed, and all goes back', async (bed) => {
    const { id } = await bed.borrow();
    const spent = join(bed.state, 'leases', 'spent');
    truncateSync(spent, 5);
    const { code, output } = await bed.run(['borrow', '--yes']);
    assert.equal(code, 3);
    assert.match(output, /holds what was spent today/);
    await bed.does(0, 'return', id);
    assert.equal(readFileSync(spent, 'utf8').length, 5);
  }),
];
