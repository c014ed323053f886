import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Cleanups } from '../../src/base/cleanups';
import { readLedger } from '../../src/machines/leases/ledger';
import { listReproductions, type Reproduction } from '../../src/reproduce/store';
import { cleanEnv } from '../bed/host/host';
import { startMetal } from '../bed/metal/double';
import { realDevices } from '../bed/metal/realDevice';
import { needSshd } from '../bed/sshd';
import { farLeftovers, farMachines, farVagrant, type FarVagrant } from '../bed/vagrant/far';
import { without } from '../bed/without';
import {
  assertGivenBack,
  assertNothingLeft,
  guardRepository,
  lendTo,
  openBed,
  runCli,
  startCli,
  type Cli,
} from './bed';

describe('The real Vagrant on a borrowed machine', function () {
  this.timeout('4m');
  const cleanups = new Cleanups();
  let there: Borrowed;
  let whole: readonly string[] = [];
  before(needSshd);
  before(async function () {
    there = await borrow(this, 'podman', cleanups);
  });
  after(() => cleanups[Symbol.asyncDispose]());

  it('brings up a machine over there, streams what its tests say, and comes to the verdict; nothing is left', async () => {
    const cli = there.reproduce();
    await cli.says(/Waiting for machine to boot/);
    const { files } = there.newest();
    assert.match((await there.machines()).join(), new RegExp(`^${files.id}_moat-42_\\d+$`));
    const { code } = await cli.exit;
    assert.equal(code, 0, cli.output());
    assert.doesNotMatch(cli.output(), /making .* ready/, 'it was ready when it was borrowed');
    assert.match(cli.output(), /Bringing machine 'moat-42' up with 'docker' provider/);
    assert.match(cli.output(), /--- FAIL: TestPolicyEgressDeny/);
    assert.match(cli.output(), /\+ vagrant destroy -f\n.*Deleting the container/s);
    assert.equal(there.newest().verdict?.sentence, 'reproduced: Build failed as in #42, same test');
    whole = there.lines(cli);
    await there.nothingIsLeft();
  });

  it('loses and doubles no line where the connection is cut again and again', async () => {
    const cli = there.reproduce();
    for (const moment of [
      /Creating the container/,
      /Waiting for machine/,
      /=== RUN/,
      /destroy -f/,
    ]) {
      await cli.says(moment);
      assert.ok((await there.cut()) > 0);
    }
    const { code } = await cli.exit;
    assert.equal(code, 0, cli.output());
    assert.deepEqual(there.lines(cli), whole);
    await there.nothingIsLeft();
  });

  it('is told to destroy by the Jenkinsfile’s own post, when Ctrl-C comes while the machine boots', async () => {
    const cli = there.reproduce();
    await cli.says(/Waiting for machine to boot/);
    cli.signal('SIGINT');
    const { code } = await cli.exit;
    assert.equal(code, 130, cli.output());
    const destroy = cli.events().find((event) => event.type === 'step' && event.post);
    assert.ok(destroy?.type === 'step', cli.output());
    const exit = cli.events().find((event) => event.type === 'exit' && event.step === destroy.step);
    assert.ok(exit?.type === 'exit');
    assert.equal(exit.code, 0, cli.output());
    assert.equal(there.newest().verdict?.kind, 'cancelled');
    await there.nothingIsLeft();
  });

  it('is destroyed by post after the borrowed machine was restarted in the middle of it', async () => {
    const cli = there.reproduce();
    await cli.says(/Waiting for machine to boot/);
    await there.reboot();
    const { code } = await cli.exit;
    assert.equal(code, 3, cli.output());
    assert.match(cli.output(), /could not run: .* was restarted while the step ran/);
    assert.match(cli.output(), /\+ vagrant destroy -f\n.*Deleting the container/s);
    await there.nothingIsLeft();
  });

  const killed: Readonly<Record<string, RegExp>> = {
    'while the machine is made': /Creating the container/,
    'in the tests': /=== RUN/,
  };
  for (const [when, moment] of Object.entries(killed))
    it(`is put away by the next program when ours is killed (-9) ${when}`, async () => {
      await there.killed(moment);
      await there.putAwayByTheNext();
    });

  it('keeps the machine for the person to enter until `finish` is said, while another reproduction passes and puts away its own', async () => {
    const kept = there.reproduce(42, '--keep', 'on-failure');
    await kept.event(({ type }) => type === 'kept');
    const { id } = there.newest().files;
    const other = there.reproduce(44);
    assert.equal((await other.exit).code, 1, other.output());
    assert.match(other.output(), /--- PASS: TestPolicyEgressDeny/);
    assert.equal(there.newest().verdict?.kind, 'passed here', other.output());
    assert.match((await there.machines()).join(), new RegExp(`^${id}_moat-42_\\d+$`));
    assert.match(there.entered(id, 'whoami; ls /vagrant\n'), /^vagrant\n[^]*Jenkinsfile/m);
    const { code, output } = await there.ciParity('finish', id);
    assert.equal(code, 0, output);
    assert.equal((await kept.exit).code, 0, kept.output());
    assert.match(kept.output(), /\+ vagrant destroy -f/);
    await there.nothingIsLeft();
  });

  it('goes with the borrowed machine, which is given back in the middle of it', async () => {
    await there.killed(/Waiting for machine to boot/);
    await there.giveBack();
    const { code, output } = await there.ciParity('clean');
    assert.equal(code, 0, output);
    assert.match(output, /the machine \w+ was given back: nothing is left there/);
    await assertNothingLeft(there.demo);
    there.untouched();
  });
});

describe('The real Vagrant with VMs on a borrowed machine', function () {
  this.timeout('5m');
  const cleanups = new Cleanups();
  let there: Borrowed;
  before(needSshd);
  before(async function () {
    there = await borrow(this, 'libvirt', cleanups);
  });
  after(() => cleanups[Symbol.asyncDispose]());

  it('gives the tests a VM with the memory that the Jenkinsfile asks for, and comes to the verdict; nothing is left', async () => {
    const cli = there.reproduce();
    await cli.says(/Waiting for domain to get an IP address/);
    assert.deepEqual(await there.machines(), [`${there.newest().files.id}_moat-42`]);
    const { code } = await cli.exit;
    assert.equal(code, 0, cli.output());
    const memory = Number(/guest memory: (\d+) kB/.exec(cli.output())?.[1]);
    // The kernel keeps some of the 4096 MB for itself.
    assert.ok(memory > 3_900_000 && memory < 4_194_304, `${memory} kB`);
    assert.match(cli.output(), /\+ vagrant destroy -f\n.*Removing domain/s);
    assert.equal(there.newest().verdict?.sentence, 'reproduced: Build failed as in #42, same test');
    await there.nothingIsLeft();
  });

  it('is put away by the next program when ours is killed (-9) while the VM boots; the machine is given back', async () => {
    await there.killed(/Waiting for domain to get an IP address/);
    await there.putAwayByTheNext();
    await there.giveBack();
    there.untouched();
  });
});

type Borrowed = Awaited<ReturnType<typeof borrow>>;

/** A machine that the command line has borrowed of the Metal double. The Vagrant here is a stand-in, and makes nothing. */
async function borrow(context: Mocha.Context, kind: FarVagrant['kind'], cleanups: Cleanups) {
  const vagrant = await farVagrant(kind, new AbortController().signal);
  if ('missing' in vagrant) without(context, vagrant.missing);
  const bed = await openBed(context, { vagrant: 'stand-in' });
  cleanups.defer(async () => bed[Symbol.asyncDispose]());
  const { boot, devices } = realDevices(vagrant.firstBoot, vagrant);
  const metal = await startMetal({ boot });
  cleanups.defer(async () => metal[Symbol.asyncDispose]());
  const demo = await bed.demo();
  const untouched = guardRepository(demo);
  const env = { ...(await lendTo(demo, metal)), METAL_AUTH_TOKEN: metal.token };
  const ciParity = (...args: string[]) => runCli(demo, bed.packaged, args, env);
  const borrowed = await ciParity('borrow', 'metal', '--yes');
  assert.equal(borrowed.code, 0, borrowed.output);
  const [{ id: lease } = { id: '' }] = readLedger(demo.stateDir).leases;
  const [device] = devices;
  assert.ok(device);
  const { sshd } = device;

  const reproduce = (run = 42, ...args: string[]): Cli => {
    const words = ['reproduce', demo.runUrl(run), '--on', lease, ...args];
    return startCli(demo, bed.packaged, words, env);
  };
  const newest = (): Reproduction => {
    const [one] = listReproductions(demo.stateDir);
    assert.ok(one);
    return one;
  };
  /** Neither of Vagrant nor of ours, but for the repository that the next time has to be sent the less for. */
  const nothingIsLeft = async (): Promise<void> => {
    assert.deepEqual(await farLeftovers(vagrant, sshd), []);
    const workspaces = '/root/.cache/ci-parity/lent';
    assert.equal(await sshd.inside(`ls -A ${workspaces} /tmp`), `${workspaces}:\n\n/tmp:`);
    const marked = 'grep -lz ^CI_PARITY_COOKIE= /proc/[0-9]*/environ 2> /dev/null; true';
    assert.equal(await sshd.inside(marked), '', 'processes');
    await assertNothingLeft(demo);
    untouched();
  };
  return {
    demo,
    ciParity,
    reproduce,
    newest,
    nothingIsLeft,
    machines: () => farMachines(vagrant, sshd),
    cut: () => sshd.cut(),
    reboot: () => sshd.reboot(),
    /** The lines of steps, without what differs from one time to the next. */
    lines: (cli: Cli): string[] =>
      cli
        .output()
        .replaceAll(newest().files.id, 'ID')
        .replaceAll(/_\d{10}$|(?<=created: )\w+$|(?<=\()\d+\.\d\ds(?=\))/gm, 'OTHER')
        .split('\n')
        .filter((line) => !/^▸|Warning: .* Retrying\.\.\.$/.test(line)),
    /** Ends our program, and nothing else, as soon as it says that. */
    killed: async (moment: RegExp): Promise<void> => {
      const cli = reproduce();
      try {
        await cli.says(moment);
      } finally {
        process.kill(cli.pid, 'SIGKILL');
      }
      await cli.exit;
      assert.equal(newest().status.state, 'interrupted');
    },
    putAwayByTheNext: async (): Promise<void> => {
      const { id } = newest().files;
      const { code, output } = await ciParity('clean');
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`${id} left something: putting it away`));
      await nothingIsLeft();
    },
    /** What a shell in the kept machine prints. */
    entered: (id: string, input: string): string =>
      execFileSync(process.execPath, [bed.packaged.cli, 'enter', id], {
        input,
        env: cleanEnv({ ...demo.env, ...env }),
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    giveBack: async (): Promise<void> => {
      const { code, output } = await ciParity('return', lease);
      assert.equal(code, 0, output);
      assertGivenBack(demo, metal);
    },
    untouched,
  };
}
