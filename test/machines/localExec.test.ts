import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { openLocalMachine } from '../../src/machines/local';

describe('A program on the local machine', () => {
  const { signal } = new AbortController();
  const machine = openLocalMachine();

  it('is given its input, and gives back both streams and its exit code', async () => {
    const command = ['sh', '-c', 'cat; echo "$1" >&2; exit 3', 'sh', "an 'argument'"];
    assert.deepEqual(await machine.exec(command, { input: 'secret', signal }), {
      code: 3,
      stdout: 'secret',
      stderr: "an 'argument'\n",
    });
  });

  it('is answered what hangs on what it says first, which ends at an empty line or with it', async () => {
    async function* answer(head: Promise<string>): AsyncGenerator<Buffer> {
      yield Buffer.from(`<${await head}>`);
    }
    const exec = async (script: string) =>
      (await machine.exec(['sh', '-c', script], { input: answer, signal })).stdout;
    assert.equal(await exec('echo one; echo two; echo; cat'), 'one\ntwo\n\n<one\ntwo\n>');
    assert.equal(await exec('echo one; exec true'), 'one\n');
  });

  it('need not read its input', async () => {
    const options = { input: 'x'.repeat(1 << 20), signal };
    assert.equal((await machine.exec(['true'], options)).code, 0);
  });

  it('has no standard input unless it is given one', async () => {
    assert.equal((await machine.exec(['cat'], { signal })).stdout, '');
  });

  it('runs in the home folder with the environment of this program unless told', async () => {
    const command = ['sh', '-c', 'pwd; echo "$HOME"'];
    const home = homedir();
    assert.equal((await machine.exec(command, { signal })).stdout, `${home}\n${home}\n`);
    const told = { directory: '/', environment: { HOME: '/there' }, signal };
    assert.equal((await machine.exec(command, told)).stdout, '/\n/there\n');
  });

  it('is told to be missing by code 127', async () => {
    assert.equal((await machine.exec(['ci-parity-no-such-program'], { signal })).code, 127);
  });

  it('is ended by the signal, whose reason is told, and by the timeout', async () => {
    const stop = new AbortController();
    const running = machine.exec(['sleep', '600'], { signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(running, { message: 'enough' });
    assert.equal((await machine.exec(['sleep', '600'], { timeout: 50, signal })).code, undefined);
  });

  it('may print without end: what is too much is dropped', async () => {
    const { code, stdout } = await machine.exec(['sh', '-c', 'yes | head -c 20000000'], { signal });
    assert.equal(code, 0);
    assert.equal(stdout.length, 16 << 20);
  });

  it('is found and ended by a cookie in its environment', async () => {
    const env = { ...process.env, CI_PARITY_COOKIE: `exec-test-${process.pid}` };
    const child = spawn('sleep', ['600'], { env, stdio: 'ignore' });
    await once(child, 'spawn');
    const exited = once(child, 'exit');
    const cookie = `CI_PARITY_COOKIE=${env.CI_PARITY_COOKIE}`;
    assert.deepEqual(await machine.endProcesses(cookie, 2000, signal), []);
    assert.deepEqual(await exited, [null, 'SIGTERM']);
  });
});
