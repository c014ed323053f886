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
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LeaseRequest, Lender } from '../../../src/machines/lender';
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
      mkdirSync(join(folder, 'lease'), { mode: 0o700 });
      for (const program of ['aws', 'hcloud', 'curl', 'bkr', 'ssh', 'ssh-keyscan']) {
        copyFileSync(standIn, join(folder, 'bin', program));
        chmodSync(join(folder, 'bin', program), 0o755);
      }
      // Node takes a file without an ending for a module only where a package says so.
      writeFileSync(join(folder, 'bin', 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'token'), 's3cret\n', { mode: 0o600 });
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const lenderOf = (name: string): Lender => {
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
          LATITUDE_TOKEN_FILE: join(folder, 'token'),
          LATITUDE_PROJECT: 'p1',
          LATITUDE_SITE: 'ASH',
          BEAKER_DISTRO: 'Fedora-41',
          BEAKER_REQUIRE: 'memory > 16000',
        },
      );
    };
    const stateOf = (): { machines: unknown[]; data: unknown[]; asked: string[] } =>
      JSON.parse(readFileSync(cloud, 'utf8')) as ReturnType<typeof stateOf>;
    const told: string[] = [];
    const request = (): LeaseRequest => ({
      id: 'abcdef123456',
      owner: 'ada@laptop',
      until: Date.now() + 7200_000,
      folder: join(folder, 'lease'),
      progress: (words) => told.push(words),
      note: () => Promise.resolve(),
    });

    for (const [name, offer] of [
      ['aws', 'c5.metal'],
      ['hetzner', 'ccx33'],
      ['latitude', 'c2-small-x86'],
      ['beaker', 'x86_64'],
    ] as const)
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
        assert.equal(existsSync(join(folder, 'lease', 'host')), false);
        assert.equal(existsSync(join(folder, 'lease', 'user-data')), false);
        assert.ok(told.some((words) => words.includes('waiting')));

        const [one, ...more] = (await lender.list(signal)) ?? [];
        assert.deepEqual([one?.lease, one?.owner, more.length], ['abcdef123456', 'ada@laptop', 0]);
        const lent = { id: 'abcdef123456', handle };
        await lender.extend(lent, Date.now() + 10_800_000, signal);
        if (name === 'hetzner') {
          const [extended] = (await lender.list(signal)) ?? [];
          assert.ok(Math.abs((extended?.until ?? 0) - Date.now() - 10_800_000) < 60_000);
        }
        // By the id alone, too: the answer to borrow may have been lost.
        await lender.giveBack({ ...lent, handle: {} }, signal);
        assert.deepEqual(await lender.list(signal), []);
        assert.deepEqual([stateOf().machines, stateOf().data], [[], []]);
        await lender.giveBack(lent, signal);
        assert.doesNotMatch(stateOf().asked.join('\n'), /PRIVATE KEY|s3cret/);
      });
  });
});
