import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { openLocalMachine } from '../../src/machines/local';
import type { RunOptions } from '../../src/machines/machine';

describe('The local machine', () => {
  const never = new AbortController().signal;
  const options = (changes: Partial<RunOptions> = {}): RunOptions & { text: () => string } => {
    const chunks: Buffer[] = [];
    return {
      directory: tmpdir(),
      environment: { PATH: process.env['PATH'] ?? '' },
      onOutput: (chunk) => void chunks.push(chunk),
      signal: never,
      kill: never,
      grace: 1000,
      captureStdout: false,
      text: () => Buffer.concat(chunks).toString(),
      ...changes,
    };
  };

  it('runs a script by sh -xe, with both streams in the order of writing', async () => {
    await using machine = openLocalMachine();
    const o = options();
    const exit = await machine.run('echo one\necho two >&2\nfalse\necho never', o);
    assert.deepEqual(exit, { code: 1, signal: undefined, stdout: undefined });
    assert.equal(o.text(), '+ echo one\none\n+ echo two\ntwo\n+ false\n');
  });

  it('runs a script with a #! line by that', async () => {
    await using machine = openLocalMachine();
    const o = options();
    const exit = await machine.run('#!/bin/bash\nfalse\necho "${BASH_VERSION:+bash}"; exit 7', o);
    assert.equal(exit.code, 7);
    assert.equal(o.text(), 'bash\n');
  });

  it('gives a step no standard input and only the environment it was given', async () => {
    await using machine = openLocalMachine();
    const o = options({ environment: { PATH: process.env['PATH'] ?? '', ONLY: 'this' } });
    await machine.run('#!/bin/sh\ncat; env | grep -v "^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD="', o);
    assert.deepEqual(o.text().trim().split('\n').sort(), [
      'ONLY=this',
      `PATH=${process.env['PATH'] ?? ''}`,
    ]);
  });

  it('gives standard output back when it is to be captured', async () => {
    await using machine = openLocalMachine();
    const o = options({ captureStdout: true });
    const exit = await machine.run('echo value; echo noise >&2', o);
    assert.equal(exit.stdout, 'value\n');
    assert.match(o.text(), /noise/);
  });

  it('does not wait for what a script leaves in the background', async () => {
    await using machine = openLocalMachine();
    const o = options();
    const exit = await machine.run('sleep 300 & echo left $!', o);
    assert.equal(exit.code, 0);
    const [, pid] = /left (\d+)/.exec(o.text()) ?? [];
    process.kill(Number(pid));
  });

  it('asks the whole process group to end, and insists', async () => {
    await using machine = openLocalMachine();
    const cancel = new AbortController();
    const o = options({
      signal: cancel.signal,
      grace: 100,
      onOutput: (chunk) => {
        if (chunk.includes('ready')) cancel.abort();
      },
    });
    const exit = await machine.run(
      `#!/bin/bash\ntrap '' INT TERM\nbash -c 'trap "" INT TERM; echo ready; sleep 300' & wait; sleep 300`,
      o,
    );
    assert.equal(exit.signal, 'SIGKILL');
  });

  it('says what is wrong when a script cannot be started', async () => {
    await using machine = openLocalMachine();
    await assert.rejects(
      machine.run('true', options({ directory: '/nowhere/at/all' })),
      /could not be started/,
    );
    const exit = await machine.run('#!/no/such/interpreter\n', options());
    assert.notEqual(exit.code, 0);
  });
});
