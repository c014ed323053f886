import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../src/base/errors';
import type { LeaseRequest, Lender, SshAddress } from '../../../src/machines/lender';
import { poolLender } from '../../../src/machines/lenders/pool';
import { LOCK } from '../../../src/machines/lenders/poolLock';
import { openLocalMachine } from '../../../src/machines/local';
import type { Machine } from '../../../src/machines/machine';
import { openSshMachine } from '../../../src/machines/ssh/sshMachine';
import { needSshd, startSshd } from '../../bed/sshd';
import { addressOf, quick, surroundings } from '../ssh/far';

describe('The lender of one’s own hosts', () => {
  let root: string;
  const down = new Set<string>();
  const { signal } = new AbortController();
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-pool-'));
    down.clear();
    for (const host of ['vm1', 'vm2']) mkdirSync(join(root, host, 'bin'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const lockOf = (host: string): string => join(root, host, 'lock');
  const leaseFile = (host: string): string[] =>
    readFileSync(join(lockOf(host), 'lease'), 'utf8').split('\n');
  /** Turns the host's clock: seconds ahead of ours. */
  const turnClock = (host: string, seconds: number): void => {
    const script = `#!/bin/sh\necho $(($(/bin/date +%s) + ${seconds}))\n`;
    writeFileSync(join(root, host, 'bin', 'date'), script);
    chmodSync(join(root, host, 'bin', 'date'), 0o755);
  };

  /** A host is a folder of this machine: with a lock, a home and a PATH of its own. */
  const openHost = ({ host }: SshAddress): Promise<Machine> => {
    if (down.has(host)) return Promise.reject(new UserError('no route to host'));
    const machine = openLocalMachine(join(root, 'scripts'));
    return Promise.resolve({
      ...machine,
      name: host,
      exec: (command, options) =>
        machine.exec(
          command.map((word) => (word === LOCK ? lockOf(host) : word)),
          {
            ...options,
            environment: {
              PATH: `${join(root, host, 'bin')}:${process.env['PATH'] ?? ''}`,
              HOME: join(root, host),
            },
          },
        ),
    });
  };
  const pool: Lender = poolLender({
    name: 'lab',
    hosts: [{ host: 'vm1' }, { host: 'vm2' }],
    open: openHost,
  });
  const request = (id: string, hours = 1): LeaseRequest & { noted: string[] } => {
    const noted: string[] = [];
    return {
      ...{ id, owner: `ada@${id.slice(0, 3)}`, until: Date.now() + hours * 3600_000 },
      ...{ folder: root, progress: () => undefined, noted },
      note: ({ host = '' }) => Promise.resolve(void noted.push(host)),
    };
  };
  /** A process of a reproduction. */
  const working = (id: string) => {
    const env = { PATH: process.env['PATH'] ?? '', CI_PARITY_COOKIE: id };
    const child = spawn('sleep', ['1000'], { env, stdio: 'ignore' });
    return { child, ended: once(child, 'exit') };
  };
  const [one, two, three] = ['aaaaaaaaaaa1', 'bbbbbbbbbbb2', 'ccccccccccc3'] as const;

  it('offers its hosts with what they have, and says who has them', async () => {
    down.add('vm2');
    const [first, second] = await pool.offers(signal);
    assert.match(first?.title ?? '', /^vm1 \(\d+ CPUs, [\d.]+ GB\)$/);
    assert.ok((first?.memory ?? 0) > 100 && (first?.cpus ?? 0) > 0 && first?.available === true);
    assert.deepEqual(first.price, { amount: 0, currency: 'XXX' });
    const { title, problem, available } = second ?? {};
    assert.deepEqual([title, problem, available], ['vm2', 'no route to host', false]);
    await pool.borrow({}, request(one), signal);
    const [lent] = await pool.offers(signal);
    assert.deepEqual([lent?.available, lent?.title.split(', ').at(-1)], [false, 'lent to ada@aaa']);
  });

  it('offers the others where one host lets us in and its shell waits', async function () {
    await needSshd.call(this);
    await using host = await startSshd();
    await host.inside('echo "sleep 1000" > /root/.bashrc');
    const around = await surroundings({
      stateDirectory: root,
      patience: { ...quick, connect: 2000 },
    });
    const lab = poolLender({
      name: 'lab',
      hosts: [{ host: 'vm1' }, addressOf(host)],
      open: (address, until) =>
        address.host === 'vm1' ? openHost(address) : openSshMachine(address, around, until),
    });
    const [first, second] = await lab.offers(signal);
    assert.deepEqual([first?.available, second?.available], [true, false]);
    assert.match(second?.problem ?? '', /lets us in, but its shell does not answer.*\.bashrc/s);
  });

  it('lends each host once, and writes down which before it locks it', async () => {
    const asked = request(one);
    const first = await pool.borrow({}, asked, signal);
    assert.deepEqual(
      [first.handle, first.ssh, asked.noted],
      [{ host: 'vm1' }, { host: 'vm1' }, ['vm1']],
    );
    const second = await pool.borrow({}, request(two), signal);
    assert.deepEqual(second.handle, { host: 'vm2' });
    await assert.rejects(pool.borrow({}, request(three), signal), {
      name: 'LoanRefused',
      advice: 'vm1 is lent to ada@aaa\nvm2 is lent to ada@bbb',
    });
    assert.deepEqual(leaseFile('vm1').slice(0, 2), [one, 'ada@aaa']);
  });

  it('lends a host to one only of many who ask at once', async () => {
    const ids = Array.from({ length: 6 }, (_, at) => `${'d'.repeat(11)}${at}`);
    const asked = ids.map((id) => pool.borrow({ offer: 'vm1' }, request(id), signal));
    const outcomes = await Promise.allSettled(asked);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('lends a host to one only of many who find the same stale lock, with or without its file', async () => {
    for (let round = 0; round < 12; round++) {
      rmSync(lockOf('vm1'), { recursive: true, force: true });
      mkdirSync(lockOf('vm1'));
      if (round % 2 === 0) writeFileSync(join(lockOf('vm1'), 'lease'), `${three}\nada\n1\n`);
      utimesSync(lockOf('vm1'), 0, 0);
      const ids = Array.from({ length: 6 }, (_, at) => `${'d'.repeat(11)}${at}`);
      const asked = ids.map((id) => pool.borrow({ offer: 'vm1' }, request(id), signal));
      const outcomes = await Promise.allSettled(asked);
      const lent = ids.filter((_, at) => outcomes[at]?.status === 'fulfilled');
      assert.deepEqual(lent, leaseFile('vm1').slice(0, 1), `round ${round}`);
    }
  });

  it('lends a host with enough memory, or none', async () => {
    await assert.rejects(
      pool.borrow({ memory: 1e9 }, request(one), signal),
      /No host of "lab" is free/,
    );
    assert.equal(existsSync(lockOf('vm1')), false);
  });

  it('gives back by the host that was noted, by the id alone, and twice', async () => {
    const { handle } = await pool.borrow({}, request(one), signal);
    await pool.giveBack({ id: two, handle }, signal);
    assert.equal(existsSync(lockOf('vm1')), true, 'that of another');
    await pool.giveBack({ id: one, handle: {} }, signal);
    assert.equal(existsSync(lockOf('vm1')), false);
    await pool.giveBack({ id: one, handle }, signal);
    await assert.rejects(
      pool.giveBack({ id: one, handle: { host: 'gone' } }, signal),
      /no host of "lab"/,
    );
    down.add('vm1');
    await assert.rejects(pool.giveBack({ id: one, handle }, signal), /no route to host/);
  });

  it('moves the end, and tells of one that was lost', async () => {
    const { handle } = await pool.borrow({}, request(one), signal);
    const before = Number(leaseFile('vm1')[2]);
    await pool.extend({ id: one, handle }, Date.now() + 5 * 3600_000, signal);
    assert.ok(Math.abs(Number(leaseFile('vm1')[2]) - before - 4 * 3600) < 60);
    assert.equal(leaseFile('vm1')[1], 'ada@aaa');
    await assert.rejects(
      pool.extend({ id: two, handle }, Date.now(), signal),
      /lent to this lease any more/,
    );
  });

  it('reckons by the host’s own clock', async () => {
    turnClock('vm1', 86_400);
    await pool.borrow({}, request(one, 2), signal);
    const [marked] = (await pool.list(signal)) ?? [];
    assert.deepEqual(
      [marked?.lease, marked?.owner, marked?.handle],
      [one, 'ada@aaa', { host: 'vm1' }],
    );
    assert.ok(Math.abs((marked?.until ?? 0) - Date.now() - 7200_000) < 60_000);
  });

  it('lists only where all hosts can be asked', async () => {
    down.add('vm2');
    await assert.rejects(async () => await pool.list(signal), /no route to host/);
  });

  it('takes a host over whose lease is past its end and a quarter of an hour, and clears it', async () => {
    await pool.borrow({ offer: 'vm1' }, request(one), signal);
    const left = join(root, 'vm1', '.cache', 'ci-parity', 'lent', 'cilium-1');
    mkdirSync(left, { recursive: true });
    turnClock('vm1', 3600 + 600);
    await assert.rejects(pool.borrow({ offer: 'vm1' }, request(two), signal), /is free/);
    turnClock('vm1', 3600 + 1000);
    await pool.borrow({ offer: 'vm1' }, request(two), signal);
    assert.equal(leaseFile('vm1')[0], two);
    assert.equal(existsSync(left), false);
    await pool.giveBack({ id: one, handle: { host: 'vm1' } }, signal);
    assert.equal(leaseFile('vm1')[0], two, 'the dead one takes nothing with it');
  });

  it('takes a host over whose lock was left half made', async () => {
    mkdirSync(lockOf('vm1'));
    await assert.rejects(pool.borrow({ offer: 'vm1' }, request(one), signal), /is free/);
    utimesSync(lockOf('vm1'), 0, 0);
    await pool.borrow({ offer: 'vm1' }, request(one), signal);
    assert.equal(leaseFile('vm1')[0], one);
  });

  it('takes what is in a lock for data', async () => {
    mkdirSync(lockOf('vm1'));
    const evil = `x$(touch ${root}/evil)\n\u001b[2J$(touch ${root}/evil)\na[$(touch ${root}/evil)]\n`;
    writeFileSync(join(lockOf('vm1'), 'lease'), evil);
    const [offer] = await pool.offers(signal);
    assert.doesNotMatch(offer?.title ?? '', /\p{Cc}/u);
    await assert.rejects(pool.borrow({ offer: 'vm1' }, request(one), signal), /is free/);
    assert.equal(existsSync(join(root, 'evil')), false);
  });

  it('clears a host that is given back: processes by their cookie, workspaces; not the caches', async () => {
    const { handle } = await pool.borrow({}, request(one), signal);
    const place = join(root, 'vm1', '.cache', 'ci-parity');
    const [left, kept] = ['lent/cilium-1', 'sources'];
    for (const folder of [left, `${left}@tmp`, kept])
      mkdirSync(join(place, folder), { recursive: true });
    const step = working('cilium-1');
    await pool.giveBack({ id: one, handle }, signal);
    await step.ended;
    const there = [left, `${left}@tmp`, kept].map((folder) => existsSync(join(place, folder)));
    assert.deepEqual(there, [false, false, true]);
  });

  it('leaves alone what is done on a host without a lease: a kept workspace, its processes, an agent', async () => {
    const { handle } = await pool.borrow({}, request(one), signal);
    const place = join(root, 'vm1', '.cache', 'ci-parity');
    const others = ['workspaces/cilium-2', 'workspaces/cilium-2@tmp', 'agents/0123456789ab'];
    const agent = `agents/${one}`;
    for (const folder of [...others, agent]) mkdirSync(join(place, folder), { recursive: true });
    const step = working('cilium-2');
    try {
      await pool.giveBack({ id: one, handle }, signal);
      const there = [...others, agent].map((folder) => existsSync(join(place, folder)));
      assert.deepEqual(there, [true, true, true, false]);
      assert.equal(step.child.exitCode ?? step.child.signalCode, null);
    } finally {
      step.child.kill();
      await step.ended;
    }
  });

  it('keeps a host whose virtual machine cannot be destroyed, until it can', async () => {
    const { handle } = await pool.borrow({}, request(one), signal);
    const workspace = join(root, 'vm1', '.cache', 'ci-parity', 'lent', 'cilium-1');
    const notes = join(workspace, 'sub', '.vagrant', 'machines', 'k8s', 'libvirt');
    mkdirSync(notes, { recursive: true });
    writeFileSync(join(notes, 'id'), 'some-id');
    const vagrant = (script: string): void => {
      writeFileSync(join(root, 'vm1', 'bin', 'vagrant'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(root, 'vm1', 'bin', 'vagrant'), 0o755);
    };
    vagrant('exit 1');
    await assert.rejects(pool.giveBack({ id: one, handle }, signal), /could not be destroyed/);
    assert.ok(existsSync(join(notes, 'id')));
    assert.equal(leaseFile('vm1')[0], one);
    vagrant('[ "$*" = "destroy -f" ] && rm .vagrant/machines/*/*/id');
    await pool.giveBack({ id: one, handle }, signal);
    assert.deepEqual([existsSync(workspace), existsSync(lockOf('vm1'))], [false, false]);
  });
});
