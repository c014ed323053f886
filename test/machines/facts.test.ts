import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { factsOf } from '../../src/machines/facts';
import { openLocalMachine } from '../../src/machines/local';
import { findPrograms } from '../../src/machines/programs';

describe('A machine', () => {
  const { signal } = new AbortController();
  const machine = openLocalMachine();
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ci-parity-facts-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('tells its memory, and the disk where a folder will be', async () => {
    const { memory, disk, kvm } = await factsOf(machine, join(folder, 'not/yet'), signal);
    // Node asks the limit of a control group too, where there is one.
    assert.ok(memory && memory.total >= totalmem() && memory.free <= memory.total);
    const { blocks, bsize } = await statfs(folder);
    assert.ok(disk !== undefined && disk > 0 && disk <= blocks * bsize);
    assert.equal(kvm, process.platform === 'linux' ? existsSync('/dev/kvm') : undefined);
  });

  it('tells where programs are, in the order of the PATH, and only what can be run', async () => {
    const [one, two] = [join(folder, 'with space'), join(folder, 'two')];
    for (const path of [one, two]) {
      mkdirSync(path);
      writeFileSync(join(path, 'docker'), '');
      chmodSync(join(path, 'docker'), 0o755);
    }
    writeFileSync(join(two, 'text'), '');
    mkdirSync(join(two, 'folder'));
    const names = ['folder', 'text', 'docker', 'none'];
    const found = await findPrograms(machine, names, `:${one}:/nowhere/*:${two}`, signal);
    assert.deepEqual([...found], [['docker', [join(one, 'docker'), join(two, 'docker')]]]);
  });
});
