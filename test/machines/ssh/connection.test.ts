import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isUserError, type UserError } from '../../../src/base/errors';
import { openSshMachine } from '../../../src/machines/ssh/sshMachine';
import type { HostKeyQuestion } from '../../../src/machines/ssh/surroundings';
import { startSshAgent } from '../../bed/sshAgent';
import { needSshd, startSshd } from '../../bed/sshd';
import { addressOf, never, quick, surroundings } from './far';

describe('A connection by SSH', function () {
  this.timeout(60_000);
  let folder: string;
  before(needSshd);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ci-parity-ssh-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('asks once whether a host key is the right one, and refuses another one later', async () => {
    await using host = await startSshd();
    const { hostKeys, ...address } = addressOf(host);
    assert.equal(hostKeys?.length, 1);
    const asked: HostKeyQuestion[] = [];
    const around = await surroundings({
      stateDirectory: folder,
      ask: {
        hostKey: (question) => Promise.resolve(asked.push(question) > 0),
        passphrase: () => Promise.resolve(undefined),
      },
    });
    for (let time = 0; time < 2; time++) {
      await using machine = await openSshMachine(address, around, never);
      assert.equal(machine.home, '/root');
    }
    const { stdout } = await execa('ssh-keygen', ['-lf', '-'], { input: host.hostKey });
    assert.equal(asked.length, 1);
    assert.ok(stdout.includes(asked[0]?.fingerprint ?? '?'));
    assert.equal(asked[0]?.type, 'ssh-ed25519');

    await host.changeHostKey();
    await assert.rejects(openSshMachine(address, around, never), (error: UserError) => {
      assert.match(error.message, /is not the one that is known: it shows ssh-ed25519 SHA256:/);
      assert.ok(error.advice?.includes(`${join(folder, 'known_hosts')}:1`));
      return true;
    });
    assert.equal(asked.length, 1);
  });

  it('accepts no key but the one that the lender told', async () => {
    await using host = await startSshd();
    const address = addressOf(host);
    await host.changeHostKey();
    const around = await surroundings({ stateDirectory: folder });
    await assert.rejects(openSshMachine(address, around, never), /is not the one that is known/);
  });

  it('asks for the passphrase of a key once, also when the connection is made again', async () => {
    await using host = await startSshd({ passphrase: 'open sesame' });
    let asked = 0;
    const around = await surroundings({
      stateDirectory: folder,
      ask: {
        hostKey: () => Promise.resolve(false),
        passphrase: () => Promise.resolve(asked++ === 0 ? 'open sesame' : 'wrong'),
      },
    });
    await using machine = await openSshMachine(addressOf(host), around, never);
    await host.cut();
    assert.deepEqual(await machine.files.list('/root/none', never), []);
    assert.equal(asked, 1);
  });

  it('asks for a passphrase again where it was wrong, three times at most', async () => {
    await using host = await startSshd({ passphrase: 'open sesame' });
    const asked: boolean[] = [];
    const answering = (answers: readonly string[]) =>
      surroundings({
        stateDirectory: folder,
        ask: {
          hostKey: () => Promise.resolve(false),
          passphrase: ({ again }) => Promise.resolve(answers[asked.push(again) - 1]),
        },
      });
    const right = await answering(['sesame', 'open sesame']);
    await using machine = await openSshMachine(addressOf(host), right, never);
    assert.equal(machine.home, '/root');
    assert.deepEqual(asked.splice(0), [false, true]);
    const wrong = await answering(['a', 'b', 'c', 'open sesame']);
    await assert.rejects(openSshMachine(addressOf(host), wrong, never), (error: UserError) => {
      assert.match(error.advice ?? '', /the passphrase is wrong/);
      return true;
    });
    assert.deepEqual(asked, [false, true, true]);
  });

  it('goes through another host, by the names of the OpenSSH configuration', async () => {
    await using outer = await startSshd();
    await using inner = await startSshd({ behind: outer });
    const known = join(folder, 'known');
    await writeFile(known, `${outer.knownHosts}\n${inner.hostKey.replace(/^/, 'inner-alias ')}\n`);
    await execa('ssh-keygen', ['-H', '-f', known]);
    const configFile = join(folder, 'config');
    await writeFile(
      configFile,
      `Host way\n  HostName ${outer.address}\n  User root\n  IdentityFile ${outer.keyFile}\nHost goal\n  HostName ${inner.address}\n  User root\n  IdentityFile ${inner.keyFile}\n  HostKeyAlias inner-alias\n  ProxyJump way\nHost *\n  IdentityAgent none\n  UserKnownHostsFile ${known}\n`,
    );
    const around = await surroundings({ stateDirectory: folder, configFile });
    await using machine = await openSshMachine({ host: 'goal' }, around, never);
    const seen = await machine.exec(['hostname', '-I'], { signal: never });
    assert.ok(seen.stdout.includes(inner.address));
  });

  it('goes through several hosts one after the other, as ProxyJump names them', async () => {
    await using first = await startSshd();
    await using second = await startSshd({ behind: first });
    await using goal = await startSshd({ behind: second });
    const known = join(folder, 'known');
    const hosts = [first, second, goal];
    await writeFile(known, hosts.map(({ knownHosts }) => `${knownHosts}\n`).join(''));
    const configFile = join(folder, 'config');
    await writeFile(
      configFile,
      `Host goal\n  HostName ${goal.address}\n  ProxyJump root@${first.address},root@${second.address}:22\nHost *\n  User root\n${hosts.map(({ keyFile }) => `  IdentityFile ${keyFile}\n`).join('')}  IdentityAgent none\n  UserKnownHostsFile ${known}\n`,
    );
    const around = await surroundings({ stateDirectory: folder, configFile });
    await using machine = await openSshMachine({ host: 'goal' }, around, never);
    const seen = await machine.exec(['hostname', '-I'], { signal: never });
    assert.ok(seen.stdout.includes(goal.address));
  });

  it('says what was tried when nobody is let in', async () => {
    await using host = await startSshd();
    const other = join(folder, 'other');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const around = await surroundings({ stateDirectory: folder });
    const address = { ...addressOf(host), keyFile: other };
    await assert.rejects(openSshMachine(address, around, never), (error: UserError) => {
      assert.match(error.message, /does not let root in/);
      assert.ok(error.advice?.includes(other));
      return true;
    });
  });

  it('tells a host that refuses from one that is not known and one that says nothing', async () => {
    await using host = await startSshd();
    const around = await surroundings({
      stateDirectory: folder,
      patience: { ...quick, connect: 700 },
    });
    const open = (changes: object) =>
      openSshMachine({ ...addressOf(host), ...changes }, around, never);
    await assert.rejects(open({ port: 4 }), /refuses connections at port 4/);
    await assert.rejects(open({ host: 'no.such.host.invalid' }), /is not known|cannot be reached/);
    await assert.rejects(open({ host: '-oProxyCommand=x' }), /cannot be the name of a host/);
    await host.drop();
    await assert.rejects(open({}), /does not answer/);
    await host.heal();
    const cancel = AbortSignal.abort();
    await assert.rejects(openSshMachine(addressOf(host), around, cancel), { name: 'AbortError' });
  });

  it('uses an agent', async () => {
    await using host = await startSshd();
    const { keyFile = '', ...address } = addressOf(host);
    using agent = startSshAgent(join(folder, 'agent'), keyFile);
    const environment = { ...process.env, SSH_AUTH_SOCK: agent.socket };
    const around = await surroundings({ stateDirectory: folder, environment });
    await using machine = await openSshMachine(address, around, never);
    assert.equal(machine.home, '/root');
    assert.equal(await readFile(join(folder, 'known_hosts'), 'utf8').catch(() => ''), '');
  });

  it('goes on to a key file where the agent is away', async () => {
    await using host = await startSshd();
    const configFile = join(folder, 'config');
    await writeFile(configFile, `Host *\n  IdentityFile ${host.keyFile}\n`);
    const { keyFile, ...address } = addressOf(host);
    assert.equal(keyFile, host.keyFile);
    const environment = { ...process.env, SSH_AUTH_SOCK: join(folder, 'nobody') };
    const around = await surroundings({ stateDirectory: folder, configFile, environment });
    await using machine = await openSshMachine(address, around, never);
    assert.equal(machine.home, '/root');
  });

  it('tells a goal that refuses the host before it from one that says nothing to it', async () => {
    await using outer = await startSshd();
    await using inner = await startSshd({ behind: outer });
    const known = join(folder, 'known');
    await writeFile(known, `${outer.knownHosts}\n${inner.knownHosts}\n`);
    const configFile = join(folder, 'config');
    await writeFile(
      configFile,
      `Host *\n  User root\n  IdentityAgent none\n  IdentityFile ${outer.keyFile}\n  IdentityFile ${inner.keyFile}\n  UserKnownHostsFile ${known}\nHost ${inner.address}\n  ProxyJump ${outer.address}\n`,
    );
    const around = await surroundings({
      stateDirectory: folder,
      configFile,
      patience: { ...quick, connect: 1500 },
    });
    const goal = { host: inner.address };
    await assert.rejects(
      openSshMachine({ ...goal, port: 4 }, around, never),
      (error: UserError) => {
        assert.match(error.message, /cannot be reached from the host that leads to it: /);
        assert.ok(isUserError(error));
        return true;
      },
    );
    await inner.drop();
    await assert.rejects(
      openSshMachine(goal, around, never),
      /does not answer the host that leads/,
    );
    await inner.heal();
    await using machine = await openSshMachine(goal, around, never);
    assert.equal(machine.home, '/root');
  });
});
