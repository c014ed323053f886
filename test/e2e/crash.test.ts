import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { listReproductions } from '../../src/reproduce/store';
import type { Demo } from '../bed/demo/demo';
import {
  assertNothingLeft,
  guardRepository,
  openBed,
  processesOf,
  runCli,
  startCli,
  type Cli,
  type E2eBed,
} from './bed';

/** The moments at which the runner is killed, each seen by what it wrote or said. */
const moments: readonly {
  readonly name: string;
  readonly reached: (cli: Cli) => Promise<unknown>;
  readonly args?: readonly string[];
}[] = [
  { name: 'in preflight', reached: (cli) => cli.event(({ type }) => type === 'started') },
  {
    name: 'while the worktree is made',
    reached: (cli) => cli.event((event) => event.type === 'intent' && event.what === 'worktree'),
  },
  {
    name: 'at the start of vagrant up',
    reached: (cli) => cli.event((event) => event.type === 'step' && !event.post),
  },
  { name: 'while the machine is made', reached: (cli) => cli.says(/Creating the container/) },
  { name: 'while the machine boots', reached: (cli) => cli.says(/Waiting for machine to boot/) },
  { name: 'in the tests', reached: (cli) => cli.says(/=== RUN/) },
  {
    name: "in post's vagrant destroy",
    reached: (cli) => cli.event((event) => event.type === 'step' && event.post),
  },
  { name: 'while putting away', reached: (cli) => cli.event(({ type }) => type === 'verdict') },
  {
    name: 'while a machine is kept',
    reached: (cli) => cli.event(({ type }) => type === 'kept'),
    args: ['--keep', 'on-failure'],
  },
];

describe('A runner that is killed (-9)', function () {
  this.timeout('2m');
  let bed: E2eBed;
  let demo: Demo;
  let untouched: () => void;

  before(async function () {
    bed = await openBed(this, { vagrant: 'podman' });
    demo = await bed.demo();
    untouched = guardRepository(demo);
  });
  beforeEach(() => bed.mend());
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  const killAt = async ({ reached, args = [] }: (typeof moments)[number]): Promise<string> => {
    const cli = startCli(demo, bed.packaged, ['reproduce', demo.failedRunUrl, ...args]);
    try {
      await reached(cli);
    } finally {
      process.kill(cli.pid, 'SIGKILL');
    }
    assert.equal((await cli.exit).signal, 'SIGKILL');
    const [newest] = listReproductions(demo.stateDir);
    assert.equal(newest?.status.state, 'interrupted');
    return newest.files.id;
  };

  for (const moment of moments)
    it(`${moment.name} leaves nothing after \`ci-parity clean\``, async () => {
      const id = await killAt(moment);
      const { code, output } = await runCli(demo, bed.packaged, ['clean']);
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`${id} left something: putting it away`));
      await assertNothingLeft(demo);
      untouched();
    });

  it('while the machine boots leaves nothing after the next reproduction either', async () => {
    const [, , , , booting] = moments;
    assert.ok(booting);
    const id = await killAt(booting);
    const { code, output } = await runCli(demo, bed.packaged, ['reproduce', demo.failedRunUrl]);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`${id} left something: putting it away`));
    assert.match(output, /reproduced: Build failed as in #42, same test/);
    await assertNothingLeft(demo);
    untouched();
  });

  it('in the tests leaves nothing either when the `clean` after it is killed while it destroys the machine', async () => {
    const [, , , , , inTests] = moments;
    assert.ok(inTests);
    const id = await killAt(inTests);
    const cleaning = startCli(demo, bed.packaged, ['clean']);
    await cleaning.says(/destroying what is left of Vagrant/);
    // Its `vagrant destroy` lives on.
    while (processesOf(id).length === 0) await delay(20);
    process.kill(cleaning.pid, 'SIGKILL');
    await cleaning.exit;
    const { code, output } = await runCli(demo, bed.packaged, ['clean']);
    assert.equal(code, 0, output);
    await assertNothingLeft(demo);
    untouched();
  });

  it('is shown as interrupted by `list`, and started again on its id only puts away', async () => {
    const [, , , , , inTests] = moments;
    assert.ok(inTests);
    const id = await killAt(inTests);
    const again = await runCli(demo, bed.packaged, ['run', id]);
    assert.match(again.output, /could not run: it was interrupted in Build/);
    assert.equal(again.code, 3);
    await assertNothingLeft(demo);
  });
});
