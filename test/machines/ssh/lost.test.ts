import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { UserError } from '../../../src/base/errors';
import { collecting, never, openFar, quick } from './far';
import { needSshd } from '../../bed/sshd';

describe('A step on a machine whose connection is lost', function () {
  this.timeout(120_000);
  before(needSshd);

  it('loses and doubles no byte when the connection is cut fifty times', async () => {
    await using far = await openFar();
    // Numbered lines in bursts: a line that is lost, doubled or out of order changes the sum.
    const script = `#!/bin/bash
n=0; while [ ! -e enough ]; do seq -f "%012.0f some words that fill the line" $((n*1000)) $((n*1000+999)); n=$((n+1)); sleep 0.1; done; echo "$((n*1000))" > lines; exit 42`;
    const hash = createHash('sha256');
    let bytes = 0;
    let cuts = 0;
    let next = 10_000;
    const o = collecting({
      onOutput: async (chunk) => {
        hash.update(chunk);
        bytes += chunk.length;
        if (cuts >= 50 || bytes < next) return;
        next = bytes + Math.floor(Math.random() * 50_000);
        if ((await far.host.cut()) > 0) cuts++;
        if (cuts === 50) await far.host.inside('touch /root/enough');
      },
    });
    const exit = await far.machine.run(script, o);
    const lines = Number(await far.host.inside('cat /root/lines'));
    const wanted = createHash('sha256');
    for (let line = 0; line < lines; line++)
      wanted.update(`${String(line).padStart(12, '0')} some words that fill the line\n`);
    assert.equal(cuts, 50);
    assert.equal(bytes, lines * 43);
    assert.equal(exit.code, 42);
    assert.equal(hash.digest('hex'), wanted.digest('hex'));
    assert.match(far.said.join('\n'), /was lost.*\n.*is back/);
  });

  it('begins once and ends, whenever the connection is cut while it begins', async () => {
    await using far = await openFar();
    for (let step = 0; step < 40; step++) {
      const o = collecting();
      const running = far.machine.run('#!/bin/sh\necho begun; exit 3', o);
      // Each time a little later, from before it is asked for to after its end.
      await delay(step / 2);
      await far.host.cut();
      const exit = await running;
      assert.deepEqual([exit.code, Buffer.concat(o.chunks).toString()], [3, 'begun\n']);
    }
  });

  it('goes on while nothing comes through, and is followed again when the network is back', async () => {
    await using far = await openFar();
    let silent: Promise<void> | undefined;
    const o = collecting();
    const running = far.machine.run(
      '#!/bin/sh\necho one; sleep 1; echo two; sleep 1; echo three; exit 5',
      {
        ...o,
        onOutput: (chunk) => {
          o.chunks.push(chunk);
          // Longer than a connection is believed in.
          silent ??= far.host.drop().then(async () => {
            while (far.said.length === 0) await delay(50);
            await delay(500);
            await far.host.heal();
          });
        },
      },
    );
    const exit = await running;
    await silent;
    assert.equal(exit.code, 5);
    assert.equal(o.text(), 'one\ntwo\nthree\n');
    assert.deepEqual(
      far.said.map((words) => /was lost|is back/.exec(words)?.[0]),
      ['was lost', 'is back'],
    );
  });

  it('is told to be given up when its machine stays away', async () => {
    await using far = await openFar({}, { patience: { ...quick, away: 1500, connect: 500 } });
    const running = far.machine.run('#!/bin/sh\necho up; sleep 300', {
      ...collecting(),
      onOutput: () => far.host.drop(),
    });
    await assert.rejects(running, (error: UserError) => {
      assert.match(error.message, /has been away for \d+ seconds/);
      assert.match(error.advice ?? '', /may still run/);
      return true;
    });
    await far.host.heal();
  });

  it('is told when the machine was restarted meanwhile', async () => {
    await using far = await openFar();
    const running = far.machine.run('#!/bin/sh\necho up; sleep 300', {
      ...collecting(),
      onOutput: () => far.host.reboot({ silently: true }),
    });
    await assert.rejects(running, /was restarted while the step ran/);
    const o = collecting();
    assert.equal((await far.machine.run('#!/bin/sh\necho again', o)).code, 0);
    assert.equal(o.text(), 'again\n');
  });

  it('gets its signal as soon as the connection is back', async () => {
    await using far = await openFar();
    const cancel = new AbortController();
    const o = collecting({
      signal: cancel.signal,
      grace: 30_000,
      onOutput: async (chunk) => {
        o.chunks.push(chunk);
        if (!chunk.includes('ready')) return;
        await far.host.drop();
        cancel.abort();
        void delay(3000).then(() => far.host.heal());
      },
    });
    const script = `#!/bin/bash\ntrap 'echo interrupted; exit 3' INT\necho ready; while :; do sleep 0.1; done`;
    const exit = await far.machine.run(script, o);
    assert.equal(exit.code, 3);
    assert.equal(o.text(), 'ready\ninterrupted\n');
  });

  it('is not waited for by whoever kills it while its machine is away', async () => {
    await using far = await openFar({}, { patience: { ...quick, connect: 1000 } });
    const kill = new AbortController();
    const o = collecting({
      kill: kill.signal,
      onOutput: async () => {
        await far.host.drop();
        kill.abort();
      },
    });
    await assert.rejects(
      far.machine.run('#!/bin/sh\necho up; sleep 300', o),
      /may still run there/,
    );
    await far.host.heal();
  });

  it('keeps its output on the far disk while nobody reads it', async () => {
    await using far = await openFar();
    const before = process.memoryUsage().rss;
    let most = 0;
    let bytes = 0;
    const exit = await far.machine.run('#!/bin/sh\nhead -c 200000000 /dev/zero', {
      ...collecting(),
      onOutput: async (chunk) => {
        if (bytes === 0) await delay(1500);
        bytes += chunk.length;
        most = Math.max(most, process.memoryUsage().rss);
      },
    });
    assert.equal(exit.code, 0);
    assert.equal(bytes, 200_000_000);
    assert.ok(most - before < 120e6, `${Math.round((most - before) / 1e6)} MB`);
  });

  it('says so when the far disk is full', async () => {
    await using far = await openFar({ homeMegabytes: 4 });
    await far.host.inside('head -c 9000000 /dev/zero > /root/fill || true');
    await assert.rejects(far.machine.run('echo hi', collecting()), /The disk of 10\..* is full/);
    await assert.rejects(far.machine.files.write('/root/new', Buffer.alloc(100_000), {}, never), {
      code: 'ENOSPC',
    });
  });

  it('says so when its own output has filled the far disk', async () => {
    await using far = await openFar({ homeMegabytes: 4 });
    await assert.rejects(
      far.machine.run('#!/bin/sh\nhead -c 9000000 /dev/zero', collecting()),
      /The disk of 10\..* is full/,
    );
  });

  it('is looked for also where it was lost while nobody wanted anything', async () => {
    await using far = await openFar({}, { patience: { ...quick, connect: 500 } });
    await far.host.drop();
    // Longer than a connection is believed in.
    await delay(3000);
    assert.deepEqual(far.said, []);
    const listed = far.machine.files.list('/root/none', never);
    while (far.said.length === 0) await delay(20);
    await far.host.heal();
    assert.deepEqual(await listed, []);
    assert.deepEqual(
      far.said.map((words) => /was lost|is back/.exec(words)?.[0]),
      ['was lost', 'is back'],
    );
  });

  it('does not send for ever what never gets there', async () => {
    await using far = await openFar();
    let began = 0;
    async function* input(): AsyncGenerator<Buffer> {
      began++;
      yield Buffer.alloc(1000);
      await far.host.cut();
      yield Buffer.alloc(1000);
    }
    const sent = far.machine.exec(['sh', '-c', 'cat > /dev/null'], { signal: never, input });
    await assert.rejects(sent, /is lost each time before \d+ bytes have been sent/);
    assert.ok(began > 3 && began < 20, `${began} times`);
  });
});
