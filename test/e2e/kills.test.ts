import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { Cleanups } from '../../src/base/cleanups';
import { readLedger } from '../../src/machines/leases/ledger';
import { listReproductions } from '../../src/reproduce/store';
import { runLike42, type Demo } from '../bed/demo/demo';
import { startMetal } from '../bed/metal/double';
import { realDevices } from '../bed/metal/realDevice';
import { standInVagrant } from '../bed/packages';
import { needSshd } from '../bed/sshd';
import { farLeftovers, farVagrant } from '../bed/vagrant/far';
import { without } from '../bed/without';
import {
  assertNothingLeft,
  commitOnto,
  guardRepository,
  lendTo,
  openBed,
  runCli,
  startCli,
  type Cli,
  type E2eBed,
} from './bed';

/**
 * How many kills, and the seed of their moments: `CI_PARITY_KILLS=200:7`. With it Vagrant is the real one; without it
 * there are a few, and a stand-in that makes no machines.
 */
const wanted = process.env['CI_PARITY_KILLS'];
const [kills = 24, seed = 1] = (wanted ?? '').split(':').flatMap((word) => Number(word) || []);
const real = wanted !== undefined;

/** A program that is killed at some moment, and what a person does afterwards. */
interface Deed {
  readonly name: string;
  /** Brings about what it starts from, and starts it. */
  start(): Promise<Cli>;
  /** What the person does next, after which nothing is left. */
  mend(): Promise<void>;
}

describe(`${kills} kills (-9) at any moment`, function () {
  this.timeout(real ? '3h' : '10m');
  const cleanups = new Cleanups();
  const deeds: (Deed & { readonly milliseconds: number })[] = [];
  let bed: E2eBed;

  before(needSshd);
  before(async function () {
    bed = await openBed(this, { vagrant: real ? 'podman' : 'stand-in' });
    cleanups.defer(async () => bed[Symbol.asyncDispose]());
    const all = [
      ...(await localDeeds(bed)),
      ...(await farDeeds(this, bed, cleanups)),
      ...(await borrowingDeeds(bed, cleanups)),
    ];
    for (const deed of all) {
      const cli = await deed.start();
      const started = performance.now();
      await cli.exit;
      const milliseconds = performance.now() - started;
      await deed.mend();
      deeds.push({ ...deed, milliseconds });
    }
  });
  after(() => cleanups[Symbol.asyncDispose]());

  const moments = fc.sample(fc.integer({ min: 0, max: 99 }), { numRuns: kills, seed });
  for (const [number, moment] of moments.entries())
    it(`leave nothing: ${number + 1}, after ${moment} % of its time`, async () => {
      const deed = deeds[number % deeds.length];
      assert.ok(deed);
      bed.mend();
      const cli = await deed.start();
      const timer = setTimeout(() => killAlone(cli), (moment / 100) * deed.milliseconds);
      const { signal } = await cli.exit;
      clearTimeout(timer);
      const how = signal === null ? 'ended before' : 'killed';
      try {
        await deed.mend();
      } catch (error) {
        throw new Error(`${deed.name}, ${how}:\n${cli.output()}`, { cause: error });
      }
    });
});

/** Ends the program, and nothing that it has started. */
function killAlone(cli: Cli): void {
  process.kill(cli.pid, 'SIGKILL');
}

/** All that one does with reproductions, where `on` says, and what of them is there afterwards. */
function reproducing(
  bed: E2eBed,
  demo: Demo,
  where: string,
  on: readonly string[],
  env: Readonly<Record<string, string>>,
  nothingIsLeft: () => Promise<void>,
): Deed[] {
  const untouched = guardRepository(demo);
  const start = (...args: string[]): Cli => startCli(demo, bed.packaged, args, env);
  const reproduce = (...args: string[]): Cli =>
    start('reproduce', demo.failedRunUrl, ...on, ...args);
  const mend = async (): Promise<void> => {
    const { code, output } = await runCli(demo, bed.packaged, ['clean'], env);
    assert.equal(code, 0, output);
    await nothingIsLeft();
    await assertNothingLeft(demo);
    untouched();
  };
  let finishing: Cli | undefined;
  const keep = async (): Promise<{ readonly cli: Cli; readonly id: string }> => {
    const cli = reproduce('--keep', 'on-failure');
    await cli.event(({ type }) => type === 'kept');
    const [newest] = listReproductions(demo.stateDir);
    assert.ok(newest);
    return { cli, id: newest.files.id };
  };
  return [
    {
      name: `reproduce ${where}`,
      start: () => Promise.resolve(reproduce()),
      mend,
    },
    {
      name: `plan ${where}`,
      start: () => {
        execFileSync('git', ['prune', '--expire=now'], { cwd: demo.repository });
        return Promise.resolve(start('plan', demo.runUrl(45), ...on));
      },
      mend,
    },
    {
      name: `clean ${where}`,
      start: async () => {
        const { cli } = await keep();
        killAlone(cli);
        await cli.exit;
        return start('clean');
      },
      mend,
    },
    {
      name: `finish ${where}`,
      start: async () => start('finish', (await keep()).id),
      mend: async () => {
        const [newest] = listReproductions(demo.stateDir);
        assert.ok(newest);
        const { code, output } = await runCli(demo, bed.packaged, ['finish', newest.files.id], env);
        assert.equal(code, 0, output);
        await mend();
      },
    },
    {
      name: `a finished reproduction ${where}`,
      start: async () => {
        const { cli, id } = await keep();
        finishing = start('finish', id);
        return cli;
      },
      mend: async () => {
        // It puts away what the killed one has left, and `clean` leaves that to it.
        await finishing?.exit;
        await mend();
      },
    },
  ];
}

/** The sample with a run #45, whose commit only `origin` has. */
async function openDemo(bed: E2eBed): Promise<Demo> {
  return bed.demo({
    prepare: (sample) => {
      const git = (...args: string[]): void => {
        execFileSync('git', args, { cwd: sample.dir });
      };
      const commit = commitOnto(sample, sample.commits.broken, { 'README.md': 'Only there.\n' });
      git('push', '-q', 'origin', `${commit}:refs/heads/only-there`);
      git('update-ref', '-d', 'refs/remotes/origin/only-there');
      git('reflog', 'expire', '--expire=now', '--all');
      return Promise.resolve([runLike42(45, commit, sample.origin)]);
    },
  });
}

async function localDeeds(bed: E2eBed): Promise<Deed[]> {
  return reproducing(bed, await openDemo(bed), 'here', [], {}, () => Promise.resolve());
}

/** On a machine that was borrowed. */
async function farDeeds(context: Mocha.Context, bed: E2eBed, cleanups: Cleanups): Promise<Deed[]> {
  const found = real ? await farVagrant('podman', new AbortController().signal) : undefined;
  if (found && 'missing' in found) return without(context, found.missing);
  const { boot, devices } = realDevices(found ? found.firstBoot : standInVagrant(), found);
  const metal = await startMetal({ boot });
  cleanups.defer(async () => metal[Symbol.asyncDispose]());
  const demo = await openDemo(bed);
  const lender = { install: false };
  const env = { ...(await lendTo(demo, metal, lender)), METAL_AUTH_TOKEN: metal.token };
  const { code, output } = await runCli(demo, bed.packaged, ['borrow', 'metal', '--yes'], env);
  assert.equal(code, 0, output);
  const [lease] = readLedger(demo.stateDir).leases;
  const [device] = devices;
  assert.ok(lease && device);
  const { sshd } = device;
  return reproducing(bed, demo, 'far away', ['--on', lease.id], env, async () => {
    if (found) assert.deepEqual(await farLeftovers(found, sshd), []);
    const kept = '/root/.cache/ci-parity/lent';
    // Before the first reproduction there is none.
    assert.equal(await sshd.inside(`mkdir -p ${kept}; ls -A ${kept} /tmp`), `${kept}:\n\n/tmp:`);
    const marked = 'grep -lz ^CI_PARITY_COOKIE= /proc/[0-9]*/environ 2> /dev/null; true';
    assert.equal(await sshd.inside(marked), '', 'processes');
  });
}

/** Borrowing and giving back. */
async function borrowingDeeds(bed: E2eBed, cleanups: Cleanups): Promise<Deed[]> {
  const metal = await startMetal({ boot: realDevices().boot });
  cleanups.defer(async () => metal[Symbol.asyncDispose]());
  const demo = await bed.demo();
  const untouched = guardRepository(demo);
  const env = {
    ...(await lendTo(demo, metal, { install: false })),
    METAL_AUTH_TOKEN: metal.token,
  };
  const ciParity = (...args: string[]): ReturnType<typeof runCli> =>
    runCli(demo, bed.packaged, args, env);
  const start = (...args: string[]): Cli => startCli(demo, bed.packaged, args, env);
  const leases = (): string[] => readLedger(demo.stateDir).leases.map(({ id }) => id);
  const mend = async (): Promise<void> => {
    const cleaned = await ciParity('clean');
    assert.equal(cleaned.code, 0, cleaned.output);
    for (const id of leases()) {
      const returned = await ciParity('return', id);
      assert.equal(returned.code, 0, returned.output);
    }
    const { devices, keys } = metal.books();
    assert.deepEqual({ devices, keys, ...readLedger(demo.stateDir) }, NOTHING);
    untouched();
  };
  return [
    { name: 'borrow', start: () => Promise.resolve(start('borrow', 'metal', '--yes')), mend },
    {
      name: 'return',
      start: async () => {
        const { code, output } = await ciParity('borrow', 'metal', '--yes');
        assert.equal(code, 0, output);
        return start('return', ...leases());
      },
      mend,
    },
  ];
}

const NOTHING = { devices: [], keys: [], leases: [], damaged: [] };
