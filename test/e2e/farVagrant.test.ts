import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readLedger } from '../../src/machines/leases/ledger';
import { listReproductions, type Reproduction } from '../../src/reproduce/store';
import type { Demo } from '../bed/demo/demo';
import { cleanEnv } from '../bed/host/host';
import { startMetal, type MetalDouble } from '../bed/metal/double';
import { realDevices } from '../bed/metal/realDevice';
import { needSshd, type Sshd } from '../bed/sshd';
import { farContainers, farLeftovers, farVagrant } from '../bed/vagrant/far';
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
  type E2eBed,
} from './bed';

/** What the Vagrant here is, a stand-in, could not do: there is a container, and only over there. */
describe('The real Vagrant on a borrowed machine', function () {
  this.timeout('2m');
  const { signal } = new AbortController();
  let bed: E2eBed;
  let demo: Demo;
  let metal: MetalDouble | undefined;
  let far: Sshd;
  let lease: string;
  let env: Record<string, string>;
  let untouched: () => void;
  let cli: Cli | undefined;
  let whole: readonly string[] = [];

  before(async function () {
    await needSshd.call(this);
    const vagrant = await farVagrant(signal);
    if ('missing' in vagrant) without(this, vagrant.missing);
    bed = await openBed(this, { vagrant: 'stand-in' });
    demo = await bed.demo();
    untouched = guardRepository(demo);
    const { boot, devices } = realDevices(vagrant.firstBoot, vagrant);
    metal = await startMetal({ boot });
    env = { ...(await lendTo(demo, metal)), METAL_AUTH_TOKEN: metal.token };
    const { code, output } = await ciParity('borrow', 'metal', '--yes');
    assert.equal(code, 0, output);
    const [device] = devices;
    assert.ok(device);
    far = device.sshd;
    lease = readLedger(demo.stateDir).leases[0]?.id ?? '';
  });
  afterEach(() => cli?.signal('SIGKILL'));
  after(async () => {
    await metal?.[Symbol.asyncDispose]();
    await bed[Symbol.asyncDispose]();
  });

  const ciParity = (...args: string[]) => runCli(demo, bed.packaged, args, env);
  const reproduce = (url = demo.failedRunUrl, ...args: string[]): Cli =>
    (cli = startCli(demo, bed.packaged, ['reproduce', url, '--on', lease, ...args], env));
  const newest = (): Reproduction => {
    const [one] = listReproductions(demo.stateDir);
    assert.ok(one);
    return one;
  };
  /** Neither of Vagrant nor of ours, but for the repository that the next time has to be sent the less for. */
  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(await farLeftovers(far), []);
    const left = await far.inside('ls -A /root/.cache/ci-parity/workspaces /tmp');
    assert.equal(left, '/root/.cache/ci-parity/workspaces:\n\n/tmp:');
    const marked = 'grep -lz ^CI_PARITY_COOKIE= /proc/[0-9]*/environ 2> /dev/null; true';
    assert.equal(await far.inside(marked), '', 'processes');
    await assertNothingLeft(demo);
    untouched();
  }
  /** The lines of steps, without what differs from one time to the next. */
  const lines = (output: string): string[] =>
    output
      .replaceAll(newest().files.id, 'ID')
      .replaceAll(/_\d{10}$|(?<=created: )\w+$|(?<=\()\d+\.\d\ds(?=\))/gm, 'OTHER')
      .split('\n')
      .filter((line) => !/^▸|Warning: .* Retrying\.\.\.$/.test(line));

  it('brings up a machine over there, streams what its tests say, and comes to the verdict; nothing is left', async () => {
    const running = reproduce();
    await running.says(/Waiting for machine to boot/);
    const { files } = newest();
    const containers = await farContainers(far);
    assert.match(containers.join(), new RegExp(`^${files.id}_moat-42_\\d+$`));
    const { code } = await running.exit;
    assert.equal(code, 0, running.output());
    assert.doesNotMatch(running.output(), /making .* ready/, 'it was ready when it was borrowed');
    assert.match(running.output(), /Bringing machine 'moat-42' up with 'docker' provider/);
    assert.match(running.output(), /--- FAIL: TestPolicyEgressDeny/);
    assert.match(running.output(), /\+ vagrant destroy -f\n.*Deleting the container/s);
    assert.equal(newest().verdict?.sentence, 'reproduced: Build failed as in #42, same test');
    whole = lines(running.output());
    await nothingIsLeft();
  });

  it('loses and doubles no line where the connection is cut again and again', async () => {
    const running = reproduce();
    for (const moment of [
      /Creating the container/,
      /Waiting for machine/,
      /=== RUN/,
      /destroy -f/,
    ]) {
      await running.says(moment);
      assert.ok((await far.cut()) > 0);
    }
    const { code } = await running.exit;
    assert.equal(code, 0, running.output());
    assert.deepEqual(lines(running.output()), whole);
    await nothingIsLeft();
  });

  it('passes at a commit that passes, on the machine where another one has failed', async () => {
    const running = reproduce(demo.runUrl(44));
    const { code } = await running.exit;
    assert.equal(newest().verdict?.kind, 'passed here', running.output());
    assert.match(running.output(), /--- PASS: TestPolicyEgressDeny/);
    assert.equal(code, 1);
    await nothingIsLeft();
  });

  it('is told to destroy by the Jenkinsfile’s own post, when Ctrl-C comes while the machine boots', async () => {
    const running = reproduce();
    await running.says(/Waiting for machine to boot/);
    running.signal('SIGINT');
    const { code } = await running.exit;
    assert.equal(code, 130, running.output());
    const destroy = running.events().find((event) => event.type === 'step' && event.post);
    assert.ok(destroy?.type === 'step', running.output());
    const exit = running.events().find((one) => one.type === 'exit' && one.step === destroy.step);
    assert.ok(exit?.type === 'exit');
    assert.equal(exit.code, 0, running.output());
    assert.equal(newest().verdict?.kind, 'cancelled');
    await nothingIsLeft();
  });

  const killed: Readonly<Record<string, RegExp>> = {
    'while the machine is made': /Creating the container/,
    'in the tests': /=== RUN/,
  };
  for (const [when, moment] of Object.entries(killed))
    it(`is put away by the next program when ours is killed (-9) ${when}`, async () => {
      const running = reproduce();
      await running.says(moment);
      process.kill(running.pid, 'SIGKILL');
      await running.exit;
      const { files, status } = newest();
      assert.equal(status.state, 'interrupted');
      const { code, output } = await ciParity('clean');
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`${files.id} left something: putting it away`));
      await nothingIsLeft();
    });

  it('keeps the machine for the person to enter, until `finish` is said', async () => {
    const running = reproduce(demo.failedRunUrl, '--keep', 'on-failure');
    await running.event(({ type }) => type === 'kept');
    const { files } = newest();
    const inside = execFileSync(process.execPath, [bed.packaged.cli, 'enter', files.id], {
      input: 'whoami; ls /vagrant\n',
      env: cleanEnv({ ...demo.env, ...env }),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    assert.match(inside, /^vagrant\n[^]*Jenkinsfile/m);
    const { code, output } = await ciParity('finish', files.id);
    assert.equal(code, 0, output);
    assert.equal((await running.exit).code, 0, running.output());
    assert.match(running.output(), /\+ vagrant destroy -f/);
    await nothingIsLeft();
  });

  it('goes with the borrowed machine, which is given back in the middle of it', async () => {
    const running = reproduce();
    await running.says(/Waiting for machine to boot/);
    process.kill(running.pid, 'SIGKILL');
    await running.exit;
    const returned = await ciParity('return', lease);
    assert.equal(returned.code, 0, returned.output);
    assert.ok(metal);
    assertGivenBack(demo, metal);
    const { code, output } = await ciParity('clean');
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`the machine ${lease} was given back: nothing is left there`));
    await assertNothingLeft(demo);
    untouched();
  });
});
