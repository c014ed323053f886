/** What borrowing keeps to itself, with the real program on a real machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBed } from '../../bed/borrowing/bed';
import { createAuthority } from '../../bed/net/certificates';
import { standInPackages } from '../../bed/packages';
import { needSshd } from '../../bed/sshd';

describe('Borrowing', function () {
  this.timeout('3m');
  before(needSshd);

  it('has the secrets of a machine in no log, argument or file but the key of its lease, and that only while it lasts', async () => {
    await using bed = await openBed({ before: standInPackages(), lender: { install: true } });
    writeFileSync(join(bed.clone, 'Vagrantfile'), 'Vagrant.configure("2") { |config| }\n');
    bed.git('add', '--all');
    bed.git('commit', '-q', '-m', 'which wants something of a machine');
    // What programs leave in the system's own place for that is below the bed's folder, too.
    const environment = { TMPDIR: join(bed.root, 'tmp') };
    mkdirSync(environment.TMPDIR);
    const borrowed = await bed.run(['borrow', '--yes'], { environment });
    const { id } = bed.only();
    const { body } = bed.metal.requests.find(({ line }) => /^POST .*\/devices/.test(line)) ?? {};
    const { userdata } = body as { userdata: string };
    assert.ok(userdata.includes('PRIVATE KEY'), 'the host has its key from the user data');
    // Its first line is the same for all keys.
    const lines = userdata.split('\n');
    const begin = lines.findIndex((line) => line.includes('PRIVATE KEY'));
    const hostKey = lines.slice(begin + 2, begin + 4).join('\n');
    assert.match(hostKey, /^[\w+/=]{30,}\n[\w+/=]{30,}$/);
    const secrets = [bed.metal.token, ...hostKey.split('\n')];
    const device = bed.device().sshd;
    const holders = (): string[] =>
      readdirSync(bed.root, { recursive: true, encoding: 'utf8' })
        .map((name) => join(bed.root, name))
        .filter((path) => statSync(path).isFile())
        .filter((path) => secrets.some((secret) => readFileSync(path, 'utf8').includes(secret)));
    const keys = (): string[] =>
      readdirSync(bed.state, { recursive: true, encoding: 'utf8' }).filter((name) => {
        const path = join(bed.state, name);
        return statSync(path).isFile() && readFileSync(path, 'utf8').includes('PRIVATE KEY');
      });

    const program = await bed.reproducing(id, { environment });
    const words = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    const environments = await device.inside(
      "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' '\\n'",
    );
    await bed.enough();
    const { output } = await program.ended;
    const made = await device.inside('cat /var/lib/ci-parity/bootstrap.log');
    assert.match(made, /ci-parity: /);
    for (const text of [words, environments, borrowed.output, made, output])
      for (const secret of secrets) assert.ok(!text.includes(secret));
    // Over there the host's key is where its server reads it, and the token nowhere.
    const searched = secrets.map((secret) => `-e ${secret}`).join(' ');
    const places = '/var/lib/ci-parity /var/log /var/tmp /root /home /tmp';
    const found = `grep -rlF ${searched} ${places} 2> /dev/null; grep -rlF -e ${bed.metal.token} /etc /run; true`;
    assert.equal(await device.inside(found), '');
    assert.deepEqual(holders(), []);

    const [key = '', ...more] = keys();
    assert.deepEqual([key.split('/').slice(0, 2), more], [['leases', id], []]);
    assert.equal(statSync(join(bed.state, key)).mode & 0o777, 0o600);
    const returned = await bed.does(0, 'return', id);
    for (const secret of secrets) assert.ok(!returned.includes(secret));
    assert.deepEqual([holders(), keys()], [[], []]);
    bed.isEmpty();
  });

  it('has none in what the program of a window says, to it or to its log', async () => {
    await using bed = await openBed();
    const window = bed.attendant();
    const { offers } = await window.ask('offers', {});
    const [{ lender, offer } = assert.fail('nothing is offered')] = offers;
    const wish = { lender, offer: offer.id, hours: 1 };
    const { id } = await window.ask('borrow', wish);
    await window.ask('return', { lease: id });
    await window.close('return');
    const { body } = bed.metal.requests.find(({ line }) => /^POST .*\/devices/.test(line)) ?? {};
    const lines = (body as { userdata: string }).userdata.split('\n');
    const begin = lines.findIndex((line) => line.includes('PRIVATE KEY'));
    for (const secret of [bed.metal.token, ...lines.slice(begin + 2, begin + 4)])
      assert.ok(!window.so().includes(secret));
    bed.isEmpty();
  });

  it('sends its token to no server whose certificate is not trusted, and says what helps', async () => {
    const authority = createAuthority('the house');
    const seen: (string | string[] | undefined)[] = [];
    let target = '';
    const { cert, key } = authority.issue({ name: 'api' });
    const front = createServer({ cert, key }, (asked, answer) => {
      seen.push(asked.headers['x-auth-token']);
      const { method, url, headers } = asked;
      const onward = request(new URL(url ?? '', target), { method, headers });
      onward.on('response', (told: IncomingMessage) => {
        answer.writeHead(told.statusCode ?? 502, told.headers);
        told.pipe(answer);
      });
      asked.pipe(onward);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    try {
      const { port } = front.address() as AddressInfo;
      const address = `https://127.0.0.1:${port}/metal/v1`;
      await using bed = await openBed({ lender: { address } });
      target = bed.metal.address;
      const refused = await bed.run(['borrow', '--yes']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.output, /certificate of https:.* is not trusted here/);
      assert.match(refused.output, /NODE_EXTRA_CA_CERTS/);
      assert.deepEqual([seen, bed.metal.requests.length], [[], 0]);

      const file = join(bed.root, 'house.pem');
      writeFileSync(file, authority.ca);
      const environment = { NODE_EXTRA_CA_CERTS: file };
      const trusted = await bed.run(['borrow', '--yes'], { environment });
      assert.equal(trusted.code, 0, trusted.output);
      assert.ok(seen.length > 0 && seen.every((token) => token === bed.metal.token));
      const { code } = await bed.run(['return', bed.only().id], { environment });
      assert.equal(code, 0);
      bed.isEmpty();
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });
});
