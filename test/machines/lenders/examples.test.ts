import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LeaseRequest, Lender } from '../../../src/machines/lender';
import { isLoanRefused } from '../../../src/machines/lender';
import { commandLender } from '../../../src/machines/lenders/command';
import { without } from '../../bed/without';

const examples = fileURLToPath(new URL('../../../media/lenders', import.meta.url));
const standIn = fileURLToPath(new URL('../../bed/clouds.mjs', import.meta.url));
const { signal } = new AbortController();

describe('The examples of lenders', () => {
  for (const name of readdirSync(examples))
    it(`are scripts of a POSIX shell: ${name}`, () => {
      const { status, stderr } = spawnSync('sh', ['-n', join(examples, name)], {
        encoding: 'utf8',
      });
      assert.deepEqual([status, stderr], [0, '']);
    });

  it('arm an end on the machine that outlives restarts, and move it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-end-'));
    try {
      const asked = join(folder, 'asked');
      writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\necho "$*" >>${asked}\n`, {
        mode: 0o755,
      });
      for (const name of ['key', 'host'])
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
      const request = JSON.stringify({ lease: 'abcdef123456', folder, seconds: 5400 });
      const line = `. ${join(examples, 'common.sh')}; user_data`;
      const data = execFileSync('sh', ['-c', line, join(examples, 'x.sh'), 'borrow'], {
        input: request,
        encoding: 'utf8',
      });
      assert.match(data, /runcmd:\n {2}- \[\/usr\/local\/sbin\/ci-parity-end, "5400"\]\n$/);
      const [, script = ''] = /content: \|\n((?: {6}.*\n)+)/.exec(data) ?? [];
      const end = script.replace(/^ {6}/gm, '').replace('/etc/systemd/system', folder);
      for (const seconds of [5400, 7200]) {
        const before = Date.now();
        execFileSync('sh', ['-c', end, 'sh', String(seconds)], {
          env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
        });
        const timer = readFileSync(join(folder, 'ci-parity-end.timer'), 'utf8');
        const [, date = ''] = /^OnCalendar=(.*) UTC$/m.exec(timer) ?? [];
        const late = Date.parse(`${date}Z`) - before - seconds * 1000;
        assert.ok(late > -1500 && late < 60_000, timer);
        assert.match(timer, /^Persistent=true$/m);
      }
      const service = readFileSync(join(folder, 'ci-parity-end.service'), 'utf8');
      assert.match(service, /^ExecStart=\/sbin\/shutdown -h now$/m);
      const words = readFileSync(asked, 'utf8').trim().split('\n');
      const round = ['daemon-reload', 'enable ci-parity-end.timer', 'restart ci-parity-end.timer'];
      assert.deepEqual(words, [...round, ...round]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe('with stand-ins for the clouds’ own tools', () => {
    let folder: string;
    let cloud: string;
    before(function () {
      if (spawnSync('jq', ['--version']).status !== 0)
        without(this, 'jq is missing: apt-get install jq');
    });
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'ci-parity-clouds-'));
      cloud = join(folder, 'cloud.json');
      mkdirSync(join(folder, 'bin'));
      // As in the state directory of a Mac.
      mkdirSync(join(folder, 'a lease'), { mode: 0o700 });
      for (const program of ['aws', 'hcloud', 'curl', 'bkr', 'ssh']) {
        copyFileSync(standIn, join(folder, 'bin', program));
        chmodSync(join(folder, 'bin', program), 0o755);
      }
      // Node takes a file without an ending for a module only where a package says so.
      writeFileSync(join(folder, 'bin', 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'token'), 's3cret\n', { mode: 0o600 });
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const lenderOf = (name: string, more: Record<string, string> = {}): Lender => {
      const words = (verb: string): string[] => ['sh', join(examples, `${name}.sh`), verb];
      return commandLender(
        {
          ...{ name, borrow: words('borrow'), return: words('return') },
          ...{ extend: words('extend'), list: words('list'), offers: [], timeoutMinutes: 1 },
        },
        {
          PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
          CLOUD: cloud,
          POLL_SECONDS: '0.01',
          AWS_IMAGE: 'ami-1',
          AWS_SUBNET: 'subnet-1',
          AWS_SECURITY_GROUP: 'sg-1',
          LATITUDE_TOKEN_FILE: join(folder, 'token'),
          LATITUDE_PROJECT: 'p1',
          LATITUDE_SITE: 'ASH',
          BEAKER_DISTRO: 'Fedora-41',
          BEAKER_REQUIRE: 'memory > 16000',
          ...more,
        },
      );
    };
    const stateOf = (): { machines: unknown[]; data: unknown[]; asked: string[] } =>
      JSON.parse(readFileSync(cloud, 'utf8')) as ReturnType<typeof stateOf>;
    const emptied = (): void =>
      assert.deepEqual([stateOf().machines, stateOf().data], [[], []], 'something is left');
    const told: string[] = [];
    beforeEach(() => void told.splice(0));
    const request = (): LeaseRequest => ({
      id: 'abcdef123456',
      owner: 'k3f9x2q8abcd.ada@laptop',
      until: Date.now() + 7200_000,
      folder: join(folder, 'a lease'),
      progress: (words) => told.push(words),
      note: () => Promise.resolve(),
    });

    const clouds = [
      ['aws', 'c5.metal'],
      ['hetzner', 'ccx33'],
      ['latitude', 'c2-small-x86'],
      ['beaker', 'x86_64'],
    ] as const;
    for (const [name, offer] of clouds) {
      it(`borrow, list, extend and give back: ${name}`, async function () {
        // Each question starts a Node.
        this.timeout(60_000);
        const lender = lenderOf(name);
        const { ssh, handle, title } = await lender.borrow({ offer }, request(), signal);
        assert.equal(title, name === 'beaker' ? '192.0.2.1' : offer);
        assert.deepEqual([ssh.host, ssh.user], ['192.0.2.1', 'root']);
        const [hostKey = ''] = ssh.hostKeys ?? [];
        assert.match(hostKey, /^ssh-ed25519 [A-Za-z0-9+/]+$/);
        const { keyFile = '' } = ssh;
        assert.equal(statSync(keyFile).mode & 0o777, 0o600);
        assert.match(
          execFileSync('ssh-keygen', ['-y', '-f', keyFile], { encoding: 'utf8' }),
          /^ssh-ed25519/,
        );
        // The host's private key stays nowhere here.
        assert.equal(existsSync(join(folder, 'a lease', 'host')), false);
        assert.equal(existsSync(join(folder, 'a lease', 'user-data')), false);
        assert.ok(told.some((words) => words.includes('waiting')));

        const [one, ...more] = (await lender.list(signal)) ?? [];
        assert.deepEqual(
          [one?.lease, one?.owner, more.length],
          ['abcdef123456', 'k3f9x2q8abcd.ada@laptop', 0],
        );
        const lent = { id: 'abcdef123456', handle };
        await lender.extend(lent, Date.now() + 10_800_000, signal);
        // The machine's own end, or the lab's, moves too.
        const moved = stateOf().asked.filter((line) => /ci-parity-end|watchdog-extend/.test(line));
        assert.match(
          moved.at(-1) ?? '',
          /(root@192\.0\.2\.1 \S+ci-parity-end|--by) 108(00|01|799)\b/,
        );
        if (name === 'hetzner') {
          const [extended] = (await lender.list(signal)) ?? [];
          assert.ok(Math.abs((extended?.until ?? 0) - Date.now() - 10_800_000) < 60_000);
        }
        // By the id alone, too: the answer to borrow may have been lost.
        await lender.giveBack({ ...lent, handle: {} }, signal);
        assert.deepEqual(await lender.list(signal), []);
        emptied();
        await lender.giveBack(lent, signal);
        // Who cannot be asked is not taken for one that has nothing.
        const away = lenderOf(name, { CLOUD_DOWN: '1' });
        await assert.rejects(away.giveBack(lent, signal), /"return" of/);
        await assert.rejects(away.list(signal), /"list" of/);
        // A command line can be read by everybody; `LS0t` is how a key's first dashes look in base64.
        assert.doesNotMatch(stateOf().asked.join('\n'), /PRIVATE KEY|LS0t|s3cret/);
        assert.doesNotMatch(told.join('\n'), /s3cret/);
      });

      it(`do not take a machine for gone that they do not see from elsewhere: ${name}`, async function () {
        this.timeout(60_000);
        const lender = lenderOf(name);
        const { handle } = await lender.borrow({ offer }, request(), signal);
        const lent = { id: 'abcdef123456', handle };
        const away = lenderOf(name, { CLOUD_PLACE: 'away' });
        assert.deepEqual(await away.list(signal), []);
        await assert.rejects(away.giveBack(lent, signal), /ended with exit code 1: .+/);
        await assert.rejects(away.extend(lent, Date.now() + 60_000, signal), /exit code 1: .+/);
        assert.equal(stateOf().machines.length, 1);
        await lender.giveBack(lent, signal);
        emptied();
      });
    }

    const refused: readonly (readonly [string, string, string, Record<string, string>, RegExp])[] =
      [
        ['aws', 'a setting that is missing', 'c5.metal', { AWS_IMAGE: '' }, /AWS_IMAGE is not set/],
        [
          'aws',
          'no group that lets SSH in',
          'c5.metal',
          { AWS_SECURITY_GROUP: '' },
          /AWS_SECURITY_GROUP/,
        ],
        ['aws', 'an image that is not there', 'c5.metal', { AWS_IMAGE: 'ami-2' }, /InvalidAMIID/],
        ['aws', 'a disk of no size', 'c5.metal', { AWS_DISK: 'big' }, /AWS_DISK/],
        ['aws', 'a cloud that has none', 'none.metal', {}, /InsufficientInstanceCapacity/],
        ['aws', 'nobody signed in', 'c5.metal', { CLOUD_DENIED: '1' }, /credentials/],
        ['hetzner', 'nobody signed in', 'ccx33', { CLOUD_DENIED: '1' }, /no active context/],
        ['hetzner', 'an offer that is not there', 'ccx99', {}, /Server Type not found/],
        ['hetzner', 'a cloud that has none', 'none', {}, /resource_unavailable/],
        ['latitude', 'nobody signed in', 'c2', { CLOUD_DENIED: '1' }, /401/],
        [
          'latitude',
          'a token that is not there',
          'c2',
          { LATITUDE_TOKEN_FILE: '/nowhere' },
          /nowhere/,
        ],
        ['latitude', 'a project that is not there', 'c2', { LATITUDE_PROJECT: 'p2' }, /p2 is none/],
        ['beaker', 'nobody signed in', 'x86_64', { CLOUD_DENIED: '1' }, /401/],
        ['beaker', 'no distribution', 'x86_64', { BEAKER_DISTRO: '' }, /BEAKER_DISTRO/],
      ];
    for (const [name, what, offer, environment, words] of refused)
      it(`refuse where nothing was made: ${name}, ${what}`, async () => {
        await assert.rejects(
          lenderOf(name, environment).borrow({ offer }, request(), signal),
          (error: Error) => isLoanRefused(error) && words.test(error.message),
        );
        if (existsSync(cloud)) emptied();
      });

    for (const [name, offer] of clouds)
      it(`refuse another system than they have, and a tool that is missing: ${name}`, async () => {
        const lender = lenderOf(name);
        await assert.rejects(
          lender.borrow({ offer, system: 'plan_9' }, request(), signal),
          (error: Error) => isLoanRefused(error) && error.message.includes('not plan_9'),
        );
        assert.equal(existsSync(cloud), false, 'the cloud was asked');
        rmSync(join(folder, 'bin'), { recursive: true });
        mkdirSync(join(folder, 'bin'));
        for (const program of ['sh', 'cat', 'dirname', 'tr', 'jq', 'ssh', 'ssh-keygen', 'base64'])
          symlinkSync(
            execFileSync('which', [program], { encoding: 'utf8' }).trim(),
            join(folder, 'bin', program),
          );
        const bare = lenderOf(name, { PATH: join(folder, 'bin') });
        await assert.rejects(
          bare.borrow({ offer }, request(), signal),
          (error: Error) => isLoanRefused(error) && error.message.includes('is not installed'),
        );
        // What was made before may still be there.
        const lent = { id: 'abcdef123456', handle: {} };
        await assert.rejects(bare.giveBack(lent, signal), /is not installed/);
      });

    it('take the system that they have, however it is written, and ask for memory', async () => {
      const wish = { offer: 'x86_64', system: 'fedora_41', memory: 65_536 };
      await lenderOf('beaker').borrow(wish, request(), signal);
      assert.match(stateOf().asked.join('\n'), /--hostrequire memory >= 65536/);
    });

    it('give up, and name the firewall, where nobody can log in', async () => {
      const shut = lenderOf('aws', { AWS_SECURITY_GROUP: 'default', SSH_SECONDS: '2' });
      await assert.rejects(
        shut.borrow({ offer: 'c5.metal' }, request(), signal),
        /nobody can log in at 192\.0\.2\.1 \(does its firewall or security group let SSH in\?\): Connection timed out/,
      );
      assert.ok(told.some((words) => words.includes('waiting for the SSH server')));
      await shut.giveBack({ id: 'abcdef123456', handle: {} }, signal);
      emptied();
    });

    it('find a key again that was left without its server: hetzner', async () => {
      const lender = lenderOf('hetzner');
      const { handle } = await lender.borrow({ offer: 'ccx33' }, request(), signal);
      writeFileSync(cloud, JSON.stringify({ ...stateOf(), machines: [] }));
      const [key] = (await lender.list(signal)) ?? [];
      assert.deepEqual([key?.lease, key?.owner], ['abcdef123456', 'k3f9x2q8abcd.ada@laptop']);
      // Nothing is lent any more.
      assert.ok((key?.until ?? Infinity) <= Date.now());
      await lender.giveBack({ id: 'abcdef123456', handle }, signal);
      emptied();
    });

    it('give back what was borrowed with a token that is another one by now: hetzner', async () => {
      const { handle } = await lenderOf('hetzner', { HCLOUD_TOKEN: 'old-s3cret' }).borrow(
        { offer: 'ccx33' },
        request(),
        signal,
      );
      assert.doesNotMatch(JSON.stringify(handle), /s3cret/);
      const renewed = lenderOf('hetzner', { HCLOUD_TOKEN: 'new' });
      const lent = { id: 'abcdef123456', handle };
      await renewed.giveBack(lent, signal);
      emptied();
      // Whether it is gone, or in another project, cannot be told any more.
      await assert.rejects(renewed.giveBack(lent, signal), /it was borrowed in the project of/);
    });
  });
});
