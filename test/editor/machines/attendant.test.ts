import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stateDirectory } from '../../../src/base/stateDirectory';
import { Attendant, type Greeting } from '../../../src/editor/machines/attendant';
import { LeaseWatch } from '../../../src/editor/machines/leaseWatch';
import { isThere } from '../../../src/editor/machines/machineText';
import type { Lease } from '../../../src/machines/leases/ledger';
import { change, strikeOff, whoWeAre } from '../../../src/machines/leases/ledger';
import { ownerMark } from '../../../src/machines/leases/ownerMark';
import { lendByScripts, type ScriptLender } from '../../bed/scriptLender';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const { signal } = new AbortController();
const wish = { lender: 'boxes', offer: 'big', hours: 2 };

describe("A window's attendant", function () {
  this.timeout(60_000);
  let root: string;
  let lender: ScriptLender;
  let watch: LeaseWatch;
  let onClose: Greeting['onClose'];
  const before = { ...process.env };
  const changes = new EventEmitter();
  const died = new EventEmitter();
  const attendants: Attendant[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-attendant-'));
    process.env['XDG_STATE_HOME'] = join(root, 'state');
    process.env['XDG_CONFIG_HOME'] = join(root, 'config');
    lender = lendByScripts(root);
    onClose = 'ask';
    watch = new LeaseWatch(() => changes.emit('change'));
  });
  afterEach(async () => {
    onClose = 'return';
    lender.break(false);
    lender.letGoOn();
    const cleaner = attendant();
    await until((leases) => leases.every(({ state }) => state.kind !== 'asked'));
    for (const { id } of watch.all()) await cleaner.ask('return', { lease: id }, signal);
    for (const one of attendants.splice(0)) one[Symbol.dispose]();
    watch[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
    for (const name of ['XDG_STATE_HOME', 'XDG_CONFIG_HOME'])
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
  });

  function attendant(
    greeting = () => Promise.resolve<Greeting>({ onClose, tokens: {} }),
  ): Attendant {
    const made = new Attendant({
      cli,
      greeting,
      news: () => undefined,
      question: () => Promise.reject(new Error('Nobody is to be asked.')),
      died: (pid) => died.emit('died', pid),
      log: (line) => process.stderr.write(`${line}\n`),
    });
    attendants.push(made);
    return made;
  }

  async function until(holds: (leases: readonly Lease[]) => boolean): Promise<void> {
    while (!holds(watch.all())) await once(changes, 'change');
  }

  function theOne(): Lease {
    const [lease, ...others] = watch.all();
    assert.ok(lease);
    assert.deepEqual(others, []);
    return lease;
  }

  it('tells what may be borrowed, and what is allowed', async () => {
    const { offers, problems, caps } = await attendant().ask('offers', {}, signal);
    assert.deepEqual(
      offers.map((one) => [one.lender, one.offer.id, one.offer.price?.amount]),
      [['boxes', 'big', 1.5]],
    );
    assert.deepEqual([problems, caps.hours], [[], 4]);
  });

  it('is started again once what kept it from starting is mended', async () => {
    let mended = false;
    const mine = attendant(() =>
      mended
        ? Promise.resolve({ onClose, tokens: {} })
        : Promise.reject(new Error('lenders.json has a mistake')),
    );
    await assert.rejects(mine.ask('offers', {}, signal), /has a mistake/);
    mended = true;
    assert.equal((await mine.ask('offers', {}, signal)).offers.length, 1);
  });

  it('ends when it has nothing to do, also where it was asked something meanwhile', async () => {
    let greeted = 0;
    const mine = attendant(() => Promise.resolve({ onClose, tokens: {}, greeted: ++greeted }));
    await mine.ask('offers', {}, signal);
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      mine.rest();
      mock.timers.tick(20_000);
      const asked = mine.ask('offers', {}, signal);
      mock.timers.tick(20_000);
      await asked;
      mock.timers.tick(30_000);
    } finally {
      mock.timers.reset();
    }
    assert.equal(greeted, 1);
    await mine.ask('offers', {}, signal);
    assert.equal(greeted, 2, 'the first one has ended');
  });

  it('borrows with progress, extends within the caps, and gives back', async () => {
    const mine = attendant();
    const said: string[] = [];
    const lease = await mine.ask('borrow', wish, signal, (words) => said.push(words));
    assert.deepEqual(said, ['the machine is being made (40 %)', 'it boots']);
    await until((leases) => leases.some(isThere));
    assert.ok(mine.owns(theOne()));
    const longer = await mine.ask('extend', { lease: lease.id, hours: 1 }, signal);
    assert.equal(longer.end - lease.end, 3600_000);
    await assert.rejects(
      mine.ask('extend', { lease: lease.id, hours: 10 }, signal),
      (error: Error) => error.name === 'UserError' && /more than 4 hours/.test(error.message),
    );
    await mine.ask('return', { lease: lease.id }, signal);
    await until((leases) => leases.length === 0);
    assert.deepEqual(lender.machines(), []);
  });

  it('never borrows what has become dearer than was agreed', async () => {
    const most = { amount: 1, currency: 'EUR' };
    await assert.rejects(attendant().ask('borrow', { ...wish, most }, signal), /No machine/);
    assert.deepEqual(lender.machines(), []);
  });

  it('gives back what was made for a wish that is cancelled', async () => {
    lender.hold();
    const cancel = new AbortController();
    const borrowing = attendant().ask('borrow', wish, cancel.signal, () => cancel.abort());
    await assert.rejects(borrowing, { name: 'AbortError' });
    await until(
      ([lease]) => lease?.state.kind === 'returning' && lease.state.problem !== undefined,
    );
    assert.deepEqual(lender.machines(), []);
    // It would look again in two minutes, whether a request that was under way has made one after all.
    assert.match(JSON.stringify(theOne().state), /may still be under way/);
    const pid = theOne().owner.process?.pid;
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
    await strikeOff(join(root, 'state', 'ci-parity'), theOne().id);
  });

  it('lets go of a machine when its window closes, and the next window may take it within 40 minutes', async () => {
    const first = attendant();
    const { id, end } = await first.ask('borrow', wish, signal);
    first[Symbol.dispose]();
    await until(([lease]) => lease?.letGo !== undefined);
    const left = theOne();
    assert.equal(left.owner.process, undefined);
    assert.ok(left.end - Date.now() <= 40 * 60_000);
    assert.equal(left.letGo?.end, end);
    const second = attendant();
    assert.deepEqual(await second.ask('take', { leases: [id] }, signal), [id]);
    await until(([lease]) => lease?.letGo === undefined);
    assert.equal(theOne().end, end);
    assert.ok(second.owns(theOne()));
    assert.deepEqual((await second.ask('sweep', {}, signal)).returned, []);
  });

  it('gives a machine that nobody came back for back at its end, though no window is open', async () => {
    const mine = attendant();
    const { id } = await mine.ask('borrow', wish, signal);
    mine[Symbol.dispose]();
    await until(([lease]) => lease?.letGo !== undefined);
    const root = stateDirectory();
    await change(root, id, (lease) => ({ ...lease, end: Date.now() }));
    await until((leases) => leases.length === 0);
    assert.deepEqual(lender.machines(), []);
  });

  it('keeps a machine until its end where that is wanted', async () => {
    const mine = attendant();
    const { end } = await mine.ask('borrow', wish, signal);
    onClose = 'keep';
    await mine.tell();
    mine[Symbol.dispose]();
    await until(([lease]) => lease !== undefined && !lease.owner.process);
    const lease = theOne();
    assert.deepEqual([lease.end, lease.until, lease.letGo], [end, end, undefined]);
    const [, extended] = lender.asked();
    assert.match(extended ?? '', /^extend 7[12]\d\d$/);
  });

  it('takes nothing from one that lives', async () => {
    const { id } = await attendant().ask('borrow', wish, signal);
    assert.deepEqual(await attendant().ask('take', { leases: [id] }, signal), []);
  });

  it('tells when it was killed, and what it owned is taken by the next before a sweep finds it', async () => {
    const mine = attendant();
    const { id, owner } = await mine.ask('borrow', wish, signal);
    const pid = owner.process?.pid;
    assert.ok(pid);
    const told = once(died, 'died');
    process.kill(pid, 'SIGKILL');
    assert.deepEqual(await told, [pid]);
    assert.deepEqual(await mine.ask('take', { leases: [id] }, signal), [id]);
    assert.deepEqual((await mine.ask('sweep', {}, signal)).returned, []);
    assert.deepEqual(lender.machines(), [id]);
  });

  it('sweeps what nobody knows any more, and names what others have', async () => {
    lender.strand('abcdef123456', await ownerMark(stateDirectory(), whoWeAre()));
    lender.strand('abcdef333333', `k3f9x2q8abcd.${whoWeAre()}`);
    lender.strand('abcdef654321', 'eve@elsewhere');
    const { returned, left, others } = await attendant().ask('sweep', {}, signal);
    assert.deepEqual(returned, ['a big box of boxes']);
    assert.deepEqual(left, []);
    assert.deepEqual(
      [...others].sort(),
      [
        `a big box of boxes, lent to ${whoWeAre()}`,
        'a big box of boxes, lent to eve@elsewhere',
      ].sort(),
    );
    assert.deepEqual(lender.machines().sort(), ['abcdef333333', 'abcdef654321']);
  });

  it('says why a machine could not be given back, and gives it back when it is asked again', async () => {
    const mine = attendant();
    const { id } = await mine.ask('borrow', wish, signal);
    lender.break(true);
    const cancel = new AbortController();
    const returning = mine.ask('return', { lease: id }, cancel.signal);
    await until(
      ([lease]) => lease?.state.kind === 'returning' && lease.state.problem !== undefined,
    );
    cancel.abort();
    await assert.rejects(returning, { name: 'AbortError' });
    const { state } = theOne();
    assert.ok(state.kind === 'returning');
    assert.match(state.problem ?? '', /there is no way/);
    lender.break(false);
    await mine.ask('return', { lease: id }, signal);
    await until((leases) => leases.length === 0);
  });
});
