import assert from 'node:assert/strict';
import { execa } from 'execa';
import type { UserError } from '../../../src/base/errors';
import type { RunOptions } from '../../../src/machines/machine';
import { openSshMachine } from '../../../src/machines/ssh/sshMachine';
import { addressOf, collecting, never, openFar, quick, surroundings, type Far } from './far';
import { needSshd, startSshd, type Sshd } from '../../bed/sshd';

describe('A machine that is reached by SSH', () => {
  let far: Far;

  before(needSshd);
  before(async () => {
    far = await openFar({
      banner: 'Welcome \u001b]0;owned\u0007\n',
      motd: 'noise\nnot \u001b[31mours\n',
    });
  });
  after(() => far[Symbol.asyncDispose]());

  it('runs a script by sh -xe, with both streams in the order of writing', async () => {
    const o = collecting();
    const exit = await far.machine.run('echo one\necho two >&2\nfalse\necho never', o);
    assert.equal(o.text(), '+ echo one\none\n+ echo two\ntwo\n+ false\n');
    assert.deepEqual(exit, { code: 1, signal: undefined, stdout: undefined });
  });

  it('runs a script with a #! line by that', async () => {
    const o = collecting();
    const exit = await far.machine.run(
      '#!/bin/bash\nfalse\necho "${BASH_VERSION:+bash}"; exit 7',
      o,
    );
    assert.equal(o.text(), 'bash\n');
    assert.equal(exit.code, 7);
  });

  it('gives a step no standard input and only the environment it was given', async () => {
    const o = collecting({
      environment: {
        PATH: '/usr/bin:/bin',
        ONLY: `it's\n"this" $HOME\\`,
        PS4: '> ',
        'not.a.name': '1',
      },
    });
    await far.machine.run(
      '#!/bin/sh\ncat; env -0 | tr "\\0\\n" "\\n|" | grep -v "^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD="',
      o,
    );
    assert.deepEqual(o.text().trim().split('\n').sort(), [
      `ONLY=it's|"this" $HOME\\`,
      'PATH=/usr/bin:/bin',
      'PS4=> ',
    ]);
  });

  it('runs in the directory it was told, with the umask of a login and no terminal', async () => {
    const o = collecting({ directory: '/usr/share' });
    await far.machine.run('#!/bin/sh\npwd; umask; tty; trap', o);
    assert.equal(o.text(), '/usr/share\n0022\nnot a tty\n');
  });

  it('gives standard output back when it is to be captured', async () => {
    const o = collecting({ captureStdout: true });
    const exit = await far.machine.run('echo value; echo noise >&2', o);
    assert.equal(exit.stdout, 'value\n');
    assert.match(o.text(), /noise/);
    assert.doesNotMatch(o.text(), /^value/m);
  });

  it('does not wait for what a script leaves in the background', async () => {
    const o = collecting();
    const exit = await far.machine.run('sleep 300 & echo left $!', o);
    assert.equal(exit.code, 0);
    await far.host.inside(`kill ${/left (\d+)/.exec(o.text())?.[1]}`);
  });

  it('tells an exit code from a signal', async () => {
    const code = await far.machine.run('#!/bin/sh\nexit 137', collecting());
    assert.deepEqual([code.code, code.signal], [137, undefined]);
    const killed = await far.machine.run('#!/bin/sh\nkill -KILL $$', collecting());
    assert.deepEqual([killed.code, killed.signal], [undefined, 'SIGKILL']);
  });

  it('asks the whole process group to end, and insists', async () => {
    const cancel = new AbortController();
    const o = collecting({
      signal: cancel.signal,
      grace: 100,
      onOutput: (chunk) => {
        if (chunk.includes('ready')) cancel.abort();
      },
    });
    const script = `#!/bin/bash\ntrap '' INT TERM\nbash -c 'trap "" INT TERM; echo ready; exec sleep 54321' & wait; sleep 54321`;
    const exit = await far.machine.run(script, o);
    assert.equal(exit.signal, 'SIGKILL');
    assert.equal(await far.host.inside('ps ax | grep -c "[s]leep 54321" || true'), '0');
  });

  it('interrupts a script first, as a person would', async () => {
    const cancel = new AbortController();
    const chunks: Buffer[] = [];
    const o = collecting({
      signal: cancel.signal,
      grace: 20_000,
      onOutput: (chunk) => {
        chunks.push(chunk);
        if (chunk.includes('ready')) cancel.abort();
      },
    });
    const exit = await far.machine.run(
      `#!/bin/bash\ntrap 'echo interrupted; exit 3' INT\necho ready; while :; do sleep 0.1; done`,
      o,
    );
    assert.equal(exit.code, 3);
    assert.match(Buffer.concat(chunks).toString(), /interrupted/);
  });

  it('does not begin a step that was ended before', async () => {
    const exit = await far.machine.run(
      'touch /root/begun',
      collecting({ kill: AbortSignal.abort() }),
    );
    assert.equal(exit.signal, 'SIGINT');
    assert.equal(await far.host.inside('ls /root/begun 2>/dev/null || echo none'), 'none');
  });

  it('says what is wrong when a script cannot be started', async () => {
    const o = collecting({ directory: '/nowhere/at/all' });
    await assert.rejects(
      far.machine.run('true', o),
      /could not be started: \/nowhere\/at\/all is no folder/,
    );
    const exit = await far.machine.run('#!/no/such/interpreter\n', collecting());
    assert.notEqual(exit.code, 0);
  });

  it('runs a script in an enclosure, which is told of signals itself', async () => {
    const cancel = new AbortController();
    const told: string[] = [];
    const inside: RunOptions['inside'] = {
      enter: (command) => ({
        command: ['env', 'INSIDE=yes', ...command],
        environment: { PATH: '/usr/bin:/bin' },
        signal: async (name) => {
          told.push(name);
          if (name === 'SIGINT')
            await far.host.inside('until pkill -f "sleep 4321[1]"; do sleep 0.1; done');
        },
      }),
    };
    const o = collecting({ signal: cancel.signal, inside, grace: 10_000 });
    const onOutput = (chunk: Buffer): void => {
      o.chunks.push(chunk);
      if (chunk.includes('sleep 43211')) cancel.abort();
    };
    const exit = await far.machine.run('echo $INSIDE >&2; sleep 43211', { ...o, onOutput });
    assert.deepEqual(told, ['SIGINT', 'SIGKILL']);
    assert.equal(exit.code, 143);
    assert.match(o.text(), /^yes$/m);
  });

  it('answers a program what hangs on what it says first, which ends at an empty line or with it', async () => {
    async function* answer(head: Promise<string>): AsyncGenerator<Buffer> {
      yield Buffer.from(`<${await head}>`);
    }
    const exec = async (script: string) =>
      (await far.machine.exec(['sh', '-c', script], { input: answer, signal: never })).stdout;
    const talk = 'echo one; echo two; echo; cat';
    assert.equal(await exec(talk), 'one\ntwo\n\n<one\ntwo\n>');
    assert.equal(await exec('echo one; exec true'), 'one\n');
  });

  it('runs a program to its end and gathers what it writes', async () => {
    const { machine } = far;
    const cat = await machine.exec(['sh', '-c', 'cat; echo err >&2; pwd; exit 3'], {
      input: 'in\n',
      signal: never,
    });
    assert.deepEqual(cat, { code: 3, stdout: 'in\n/root\n', stderr: 'err\n' });
    const missing = await machine.exec(['no-such-program'], { signal: never });
    assert.equal(missing.code, 127);
    const late = await machine.exec(['sleep', '300'], { timeout: 300, signal: never });
    assert.equal(late.code, undefined);
    const environment = { ONLY: 'this' };
    const env = await machine.exec(['/usr/bin/env'], {
      environment,
      directory: '/',
      signal: never,
    });
    assert.match(env.stdout, /^ONLY=this$/m);
    assert.doesNotMatch(env.stdout, /HOME=/);
    await assert.rejects(machine.exec(['sleep', '300'], { signal: AbortSignal.timeout(300) }), {
      name: 'TimeoutError',
    });
  });

  it('runs more steps at once than a server allows sessions', async () => {
    const all = Array.from({ length: 14 }, async (_none, index) => {
      const o = collecting();
      await far.machine.run(`#!/bin/sh\nsleep 1; echo ${index}`, o);
      return o.text();
    });
    assert.deepEqual(
      await Promise.all(all),
      all.map((_none, index) => `${index}\n`),
    );
  });

  it('ends processes by a cookie, but no hypervisor', async () => {
    const { machine, host } = far;
    await machine.run(
      '#!/bin/bash\ncp /bin/sleep /tmp/qemu-sleep; /tmp/qemu-sleep 77771 & sleep 77772 & nohup bash -c "trap \'\' TERM; echo up; exec sleep 77773" &\nsleep 0.5',
      collecting({ environment: { PATH: '/usr/bin:/bin', COOKIE: 'a b' } }),
    );
    assert.deepEqual(await machine.endProcesses('COOKIE=a b', 500, never), []);
    assert.equal(
      await host.inside('ps ax -o args= | grep "[s]leep 7777" || true'),
      '/tmp/qemu-sleep 77771',
    );
    await host.inside('pkill -f 7777[1]');
  });

  it('ends also what is started while it ends others', async () => {
    const { machine, host } = far;
    const options = collecting({ environment: { PATH: '/usr/bin:/bin', COOKIE: 'many' } });
    let up: () => void = () => undefined;
    const isUp = new Promise<void>((resolve) => (up = resolve));
    const running = machine.run(
      '#!/bin/sh\ntrap "" TERM; echo up; while :; do sleep 77774 & sleep 0.01; done',
      { ...options, onOutput: () => up() },
    );
    await isUp;
    assert.deepEqual(await machine.endProcesses('COOKIE=many', 100, never), []);
    assert.equal(await host.inside('pgrep -f "[s]leep 77774" || true'), '');
    await running;
  });

  it('keeps nothing of a step, and no secret while it runs', async () => {
    const { machine, host } = far;
    let seen = '';
    await machine.run('#!/bin/sh\nsleep 1; echo $SECRET > /dev/null', {
      ...collecting({ environment: { PATH: '/usr/bin:/bin', SECRET: 'hunter22' } }),
    });
    const running = machine.run('#!/bin/sh\necho up; sleep 1; echo "$SECRET" | wc -c', {
      ...collecting({
        environment: { PATH: '/usr/bin:/bin', SECRET: 'hunter22' },
        onOutput: async (chunk) => {
          if (!chunk.includes('up')) return;
          seen = await host.inside(
            'cat /proc/[0-9]*/cmdline | tr "\\0" " "; grep -r hunter2[2] /root/.cache || true',
          );
        },
      }),
    });
    await running;
    assert.match(seen, /supervise/);
    assert.doesNotMatch(seen, /hunter22/);
    await machine.exec(['true'], { signal: never });
    // The last one's folder is removed while the next one is answered.
    const left = await host.inside('sleep 1; ls /root/.cache/ci-parity/steps');
    assert.equal(left, '');
  });

  it('sweeps what others left a day ago, but not what still runs', async () => {
    await using other = await openFar();
    const steps = '/root/.cache/ci-parity/steps';
    await other.host.inside(
      `mkdir -p ${steps}/dead ${steps}/new ${steps}/alive; : > ${steps}/alive/running; echo 1 > ${steps}/alive/supervisor; touch -d "3 days ago" ${steps}/dead ${steps}/alive`,
    );
    await using again = await openSshMachine(addressOf(other.host), await surroundings(), never);
    assert.deepEqual(await again.files.list(steps, never), ['alive', 'new']);
  });
});

describe('What a login prints or waits for', function () {
  this.timeout(60_000);
  before(needSshd);

  const login = async (host: Sshd, bashrc: string): Promise<void> => {
    await host.inside(`cat > /root/.bashrc <<'END'\n${bashrc}\nEND`);
  };

  it('is nobody’s, as the banner is, however much it is', async () => {
    await using far = await openFar({ banner: 'Welcome \u001b]0;owned\u0007\n' });
    const { host } = far;
    // More than what is looked through at once.
    await login(host, 'head -c 3000000 /dev/zero | tr "\\0" x; seq 100000; echo >&2 noise');
    const { address, keyFile, user } = host;
    const plain = ['-F', 'none', '-i', keyFile, '-o', 'StrictHostKeyChecking=no'];
    const known = ['-o', 'UserKnownHostsFile=/dev/null'];
    const seen = await execa('ssh', [...plain, ...known, `${user}@${address}`, 'true']);
    assert.match(seen.stderr, /Welcome/);
    assert.ok(seen.stdout.length > 3_000_000);
    const said: string[] = [];
    const around = await surroundings({ say: (words) => said.push(words) });
    await using machine = await openSshMachine(addressOf(host), around, never);
    const o = collecting();
    await machine.run('#!/bin/sh\necho mine; echo too >&2', o);
    assert.equal(o.text(), 'mine\ntoo\n');
    assert.equal((await machine.exec(['echo', 'mine'], { signal: never })).stdout, 'mine\n');
    assert.deepEqual(said, []);
  });

  const endless = {
    waits: 'sleep 1000',
    'never ends': 'while :; do echo noise; done',
    'reads what is meant for commands': 'read -r line; cat > /dev/null',
  };
  for (const [what, bashrc] of Object.entries(endless))
    it(`is told where it ${what}`, async () => {
      await using host = await startSshd();
      await login(host, bashrc);
      const around = await surroundings({ patience: { ...quick, connect: 2000 } });
      await assert.rejects(openSshMachine(addressOf(host), around, never), (error: UserError) => {
        assert.match(error.message, /lets us in, but its shell does not answer/);
        assert.match(error.advice ?? '', /\.bashrc/);
        return true;
      });
    });
});
