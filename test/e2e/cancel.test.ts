import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { listReproductions, type Reproduction } from '../../src/reproduce/store';
import type { Demo } from '../bed/demo/demo';
import { cleanEnv } from '../bed/host/host';
import {
  assertNothingLeft,
  guardRepository,
  machinesOf,
  openBed,
  processesOf,
  runCli,
  startCli,
  type Cli,
  type E2eBed,
} from './bed';

describe('A person who stops a reproduction', function () {
  this.timeout('2m');
  let bed: E2eBed;
  let demo: Demo;
  let untouched: () => void;
  let cli: Cli;

  before(async function () {
    bed = await openBed(this, { vagrant: 'podman' });
    demo = await bed.demo();
    untouched = guardRepository(demo);
  });
  beforeEach(() => bed.mend());
  afterEach(() => cli.signal('SIGKILL'));
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  const reproduce = (...args: string[]): Cli => {
    cli = startCli(demo, bed.packaged, ['reproduce', demo.failedRunUrl, ...args]);
    return cli;
  };
  const newest = (): Reproduction => {
    const [one] = listReproductions(demo.stateDir);
    assert.ok(one);
    return one;
  };
  /** Cancelled in an orderly way: the step stopped, `post` ran, nothing is left. */
  const orderly = async (why: RegExp): Promise<void> => {
    const { code } = await cli.exit;
    assert.equal(code, 130, cli.output());
    assert.match(cli.output(), why);
    assert.match(cli.output(), /\+ vagrant destroy -f/);
    const destroy = cli.events().find((event) => event.type === 'step' && event.post);
    assert.ok(destroy?.type === 'step');
    const exit = cli.events().find((event) => event.type === 'exit' && event.step === destroy.step);
    assert.ok(exit?.type === 'exit');
    assert.equal(exit.code, 0, cli.output());
    assert.equal(newest().verdict?.kind, 'cancelled');
    await assertNothingLeft(demo);
    untouched();
  };

  it('by Ctrl-C while the machine boots sees it destroyed by the Jenkinsfile’s own post', async () => {
    await reproduce().says(/Waiting for machine to boot/);
    cli.signal('SIGINT');
    await orderly(/interrupted: stopping the step/);
  });

  it('by closing the terminal does the same', async () => {
    await reproduce().says(/Waiting for machine to boot/);
    cli.signal('SIGHUP');
    await orderly(/the terminal was closed: stopping the step/);
  });

  it('by the editor’s Stop does the same', async () => {
    await reproduce().says(/Creating the container/);
    writeFileSync(newest().files.stop, '');
    await orderly(/asked to stop: stopping the step/);
  });

  it('by Ctrl-C twice ends at once and is told what is left, which `clean` puts away', async () => {
    await reproduce().says(/Waiting for machine to boot/);
    cli.signal('SIGINT');
    await cli.event(({ type }) => type === 'cancelling');
    cli.signal('SIGINT');
    const asked = Date.now();
    assert.equal((await cli.exit).code, 130, cli.output());
    assert.ok(Date.now() - asked < 5000);
    const { files } = newest();
    assert.ok(cli.output().includes(`left: machine ${files.workspace}`), cli.output());
    const { code, output } = await runCli(demo, bed.packaged, ['clean']);
    assert.equal(code, 0, output);
    await assertNothingLeft(demo);
    untouched();
  });

  it('before the checkout leaves nothing', async () => {
    await reproduce().event(({ type }) => type === 'started');
    cli.signal('SIGINT');
    assert.equal((await cli.exit).code, 130, cli.output());
    assert.doesNotMatch(cli.output(), /\+ /);
    await assertNothingLeft(demo);
    untouched();
  });

  it('keeps the machine on failure, until `finish` is said elsewhere', async () => {
    await reproduce('--keep', 'on-failure').event(({ type }) => type === 'kept');
    const { files, status, verdict } = newest();
    assert.equal(status.state, 'kept');
    assert.equal(verdict?.sentence, 'reproduced: Build failed as in #42, same test');
    assert.equal((await machinesOf(demo, [files.id])).length, 1);
    assert.ok(existsSync(files.workspace));
    assert.doesNotMatch(cli.output(), /vagrant destroy/);
    // The Vagrantfile names the machine after BUILD_NUMBER, which only the run's environment has.
    const inside = execFileSync(process.execPath, [bed.packaged.cli, 'enter', files.id], {
      input: 'whoami; ls /vagrant\n',
      env: cleanEnv(demo.env),
      encoding: 'utf8',
    });
    assert.match(inside, /^vagrant\n[^]*Jenkinsfile/m);
    const finishes = [startCli(demo, bed.packaged, ['finish', files.id])];
    await cli.event(({ type }) => type === 'finishing');
    // Said again while `post` is run.
    finishes.push(startCli(demo, bed.packaged, ['finish', files.id]));
    for (const finish of finishes) assert.equal((await finish.exit).code, 0, finish.output());
    assert.ok(!existsSync(files.finish));
    assert.equal((await cli.exit).code, 0, cli.output());
    assert.match(cli.output(), /\+ vagrant destroy -f/);
    await assertNothingLeft(demo);
    assert.deepEqual(processesOf(files.id), []);
    untouched();
  });

  it('while it is kept means to finish it', async () => {
    await reproduce('--keep', 'always').event(({ type }) => type === 'kept');
    cli.signal('SIGINT');
    assert.equal((await cli.exit).code, 0, cli.output());
    assert.match(cli.output(), /\+ vagrant destroy -f/);
    assert.match(cli.output(), /reproduced: Build failed as in #42, same test/);
    await assertNothingLeft(demo);
  });
});
