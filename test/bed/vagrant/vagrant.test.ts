import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Sample, makeSample } from '../sample/sample';
import { leftovers, libvirtBed, podmanBed, removeLeftovers } from './vagrant';
import { without } from '../without';

const beds = {
  podman: { open: podmanBed, memory: /guest memory: \d+ kB/ },
  // The kernel keeps some of the 4096 MB for itself.
  libvirt: { open: libvirtBed, memory: /guest memory: (39|40|41)\d{5} kB/ },
};

for (const [name, { open, memory }] of Object.entries(beds))
  describe(`The sample in a ${name} bed`, function () {
    this.timeout('5m');
    let root: string;
    let sample: Sample;
    const stop = new AbortController();

    before(async () => {
      root = await mkdtemp(join(tmpdir(), 'ci-parity-bed-'));
      sample = await makeSample(join(root, 'moat'), stop.signal);
    });
    after(async () => {
      stop.abort();
      await rm(root, { recursive: true, force: true });
    });

    it('fails at the broken commit, passes at the mended one, and leaves nothing', async function () {
      const bed = await open(stop.signal);
      if ('missing' in bed) without(this, bed.missing);
      // A HOME with nothing in it: the bed does not live there.
      const env = { ...process.env, HOME: root, ...bed.env, MEMORY: '4096', RUN_TEST_SUITE: '1' };
      const run = async (cwd: string, command: string, ...args: string[]) => {
        const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
        const closed = once(child, 'close');
        const output = await text(child.stdout);
        return { code: ((await closed) as [number | null])[0], output };
      };
      for (const [commit, code] of [
        [sample.commits.broken, 1],
        [sample.commits.mended, 0],
      ] as const) {
        // The machine is named after the directory, so its name must be nobody else's.
        const dir = join(root, `${basename(root)}-${commit.slice(0, 7)}`);
        const added = await run(
          sample.dir,
          'git',
          'worktree',
          'add',
          '-q',
          '--detach',
          dir,
          commit,
        );
        assert.equal(added.code, 0);
        try {
          const up = await run(dir, './contrib/vagrant/start.sh');
          assert.equal(up.code, code, up.output);
          assert.match(up.output, memory);
          const failed = [...up.output.matchAll(/--- FAIL: (\w+)/g)].map((match) => match[1]);
          assert.deepEqual(failed, code === 0 ? [] : ['TestPolicyEgressDeny']);
          const here = await leftovers(bed, stop.signal);
          assert.equal(here.filter((machine) => machine.startsWith(basename(dir))).length, 1);
          assert.equal((await run(dir, 'vagrant', 'destroy', '-f')).code, 0);
          const left = await leftovers(bed, stop.signal);
          assert.deepEqual(
            left.filter((machine) => machine.startsWith(basename(dir))),
            [],
          );
        } finally {
          await removeLeftovers(bed, basename(dir), stop.signal);
        }
      }
    });
  });
