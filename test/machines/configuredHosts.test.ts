import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuredHosts, isMeant } from '../../src/machines/configuredHosts';
import type { SshAddress } from '../../src/machines/lender';
import { openLender } from '../../src/machines/lenders/open';
import { openSshMachine } from '../../src/machines/ssh/sshMachine';
import { needSshd, startSshd } from '../bed/sshd';
import { never, surroundings } from './ssh/far';

describe('The hosts of an OpenSSH configuration', function () {
  this.timeout(60_000);
  let folder: string;
  let config: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ci-parity-hosts-'));
    config = join(folder, 'config');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text.replaceAll('@', folder));
    }
  };

  it('are the names of Host lines, in their order and once, without patterns', () => {
    write({
      config: [
        '# Host commented',
        'Host vm1 vm2 *.example !vm3',
        '  HostName 192.0.2.1',
        '\thOsT="vm 4" vm5 # Host vm6',
        'Host = vm7',
        'Host vm1',
        'HostName vm8',
        'HostKeyAlias vm9',
        'Host *',
      ].join('\r\n'),
    });
    assert.deepEqual(configuredHosts(config), ['vm1', 'vm2', 'vm 4', 'vm5', 'vm7']);
  });

  it('come of included files too, and of those below a Match', () => {
    write({
      config: 'Include @/more.d/*.conf "@/with blank" @/none @/c*/own\nHost last\n',
      'more.d/2.conf': 'Host two\n',
      'more.d/1.conf': 'Match host x\n  User y\nHost one\nInclude @/deeper\n',
      'more.d/.hidden.conf': 'Host hidden\n',
      'more.d/3.txt': 'Host three\n',
      'with blank': 'Host blank\n',
      'cfg/own': 'Host own\n',
      deeper: 'Host deep\n',
    });
    const names = ['one', 'deep', 'two', 'blank', 'own', 'last'];
    assert.deepEqual(configuredHosts(config), names);
    // ssh reads it the same way: nothing in it is an error.
    for (const name of names) execFileSync('ssh', ['-G', '-F', config, name], { stdio: 'ignore' });
  });

  it('are none where there is no file, and an error where files include each other', () => {
    assert.deepEqual(configuredHosts(config), []);
    write({ config: 'Include @/config\n' });
    assert.throws(() => configuredHosts(config), /includes files too deeply/);
  });

  it('are meant by patterns as ssh has them', () => {
    const meant = (...patterns: string[]): string[] =>
      ['lab-1', 'lab-22', 'LAB-3', 'gate.lab', 'x'].filter((name) => isMeant(name, patterns));
    assert.deepEqual(meant('*'), ['lab-1', 'lab-22', 'LAB-3', 'gate.lab', 'x']);
    assert.deepEqual(meant('lab-?'), ['lab-1', 'LAB-3']);
    assert.deepEqual(meant('*lab*', '!gate.*'), ['lab-1', 'lab-22', 'LAB-3']);
    assert.deepEqual(meant('!x'), []);
    assert.deepEqual(meant('gatexlab'), []);
  });

  it('are lent by a pool that is told so, beside its own', async () => {
    write({ config: 'Host lab-1 lab-2 other\nHost lab-1\nHost "lab 3"\n' });
    const asked: string[] = [];
    const open = ({ host }: SshAddress) => {
      asked.push(host);
      return Promise.reject(new Error('nobody is there'));
    };
    const pool = { kind: 'pool', name: 'lab', install: false } as const;
    const around = { environment: {}, token: undefined, open, sshConfig: config };
    const ids = async (hosts: SshAddress[], fromSshConfig: string[]): Promise<string[]> =>
      (await openLender({ ...pool, hosts, fromSshConfig }, around).offers(never)).map(
        ({ id }) => id,
      );
    assert.deepEqual(await ids([{ host: 'lab-2', user: 'root' }], ['lab-*']), ['lab-2', 'lab-1']);
    assert.deepEqual(await ids([], ['*']), ['lab-1', 'lab-2', 'other']);
    assert.deepEqual(asked, ['lab-2', 'lab-1', 'lab-1', 'lab-2', 'other']);
    // What cannot be read is said when something is wanted of the lender.
    write({ config: 'Include @/config\n' });
    const broken = openLender({ ...pool, hosts: [], fromSshConfig: ['*'] }, around);
    await assert.rejects(broken.offers(never), /includes files too deeply/);
  });

  describe('on a real SSH server', () => {
    before(needSshd);

    it('are borrowed and given back by their names alone', async () => {
      await using host = await startSshd();
      write({
        config: 'Include @/lab\n',
        lab: `Host bench\n  HostName ${host.address}\n  User root\n  IdentityFile ${host.keyFile}\n  IdentityAgent none\n  UserKnownHostsFile @/known\n`,
        known: `${host.knownHosts}\n`,
      });
      const around = await surroundings({ stateDirectory: folder, configFile: config });
      const lender = openLender(
        { kind: 'pool', name: 'lab', hosts: [], fromSshConfig: ['ben*'], install: false },
        {
          environment: {},
          token: undefined,
          open: (address, signal) => openSshMachine(address, around, signal),
          sshConfig: config,
        },
      );
      const [offer] = await lender.offers(never);
      assert.match(offer?.title ?? '', /^bench \(\d+ CPUs/);
      const until = Date.now() + 3600_000;
      const request = { id: 'aaaaaaaaaaa1', owner: 'ada@here', until, folder };
      const quiet = { progress: () => undefined, note: () => Promise.resolve() };
      const { ssh, handle } = await lender.borrow({}, { ...request, ...quiet }, never);
      assert.deepEqual([ssh, handle], [{ host: 'bench' }, { host: 'bench' }]);
      assert.equal((await lender.list(never))?.[0]?.lease, request.id);
      await lender.giveBack({ id: request.id, handle }, never);
      assert.deepEqual(await lender.list(never), []);
    });
  });
});
