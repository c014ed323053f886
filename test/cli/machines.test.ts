import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { offerSecrets } from '../../src/base/secretChannel';
import { readLedger, whoWeAre } from '../../src/machines/leases/ledger';
import { ownerMark } from '../../src/machines/leases/ownerMark';
import { startMetal } from '../bed/metal/double';
import { realDevices } from '../bed/metal/realDevice';
import { standInPackages } from '../bed/packages';
import { needSshd, sshdMissing, startSshd } from '../bed/sshd';
import { without } from '../bed/without';
import { program } from './program';

/** A lender by commands: a lease's machine is a file of its name. */
const LENDER = String.raw`
request=$(cat)
lease=$(printf '%s' "$request" | sed -n 's/.*"lease":"\([a-z0-9]*\)".*/\1/p')
owner=$(printf '%s' "$request" | sed -n 's/.*"owner":"\([^"]*\)".*/\1/p')
case $1 in
borrow)
  echo "$owner" >"$BOOKS/$lease"
  echo 'it boots' >&2
  echo '{"ssh":{"host":"192.0.2.9","user":"root","keyFile":"/k","hostKeys":["ssh-ed25519 AAAA"]},"title":"a box"}' ;;
extend) echo '{}' ;;
return) rm -f "$BOOKS/$lease"; echo '{"gone":true}' ;;
list)
  printf '{"machines":['
  comma=
  for machine in "$BOOKS"/*; do
    [ -e "$machine" ] || continue
    printf '%s{"lease":"%s","owner":"%s","title":"a box"}' "$comma" "$(basename "$machine")" "$(cat "$machine")"
    comma=,
  done
  echo ']}' ;;
esac
`;

describe('ci-parity about machines', () => {
  let root: string;
  let books: string;
  let environment: Record<string, string> = {};
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ci-parity-machines-'));
    books = join(root, 'books');
    for (const folder of ['books', 'bin', 'config/ci-parity', 'state'])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'lender.sh'), LENDER);
    const words = (verb: string): string[] => ['sh', join(root, 'lender.sh'), verb];
    settings({
      caps: { hours: 4 },
      lenders: [
        {
          ...{ kind: 'command', name: 'box', environment: { BOOKS: books } },
          ...{ borrow: words('borrow'), return: words('return') },
          ...{ extend: words('extend'), list: words('list') },
          // Nobody is at its address.
          install: false,
          offers: [{ id: 'big', title: 'a big box', price: { amount: 1.5, currency: 'EUR' } }],
        },
      ],
    });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const settings = (value: unknown): void =>
    writeFileSync(join(root, 'config/ci-parity/lenders.json'), JSON.stringify(value));
  const ledger = () => readLedger(join(root, 'state', 'ci-parity')).leases;

  function ciParity(...args: string[]): Promise<{ code: unknown; output: string; errors: string }> {
    const env = {
      ...process.env,
      XDG_CONFIG_HOME: join(root, 'config'),
      XDG_STATE_HOME: join(root, 'state'),
      PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
      METAL_AUTH_TOKEN: 'c4nary',
      ...environment,
    };
    return new Promise((done) => {
      const [node = '', ...words] = [...program, ...args];
      const child = execFile(node, words, { env }, (error, output, errors) => {
        done({ code: error?.code ?? 0, output, errors });
      });
      child.stdin?.end();
    });
  }

  it('borrow asks first, and takes no silence for a yes', async () => {
    const { code, errors } = await ciParity('borrow', '--for', '90m');
    assert.equal(code, 2);
    assert.match(
      errors,
      /a big box of box, for 1 h 30 min: up to 3\.00 EUR\. If it is right: --yes/,
    );
    assert.deepEqual([readdirSync(books), ledger()], [[], []]);
  });

  it('borrow, machines, extend, return: one after the other', async () => {
    const borrowed = await ciParity('borrow', 'box/big', '--yes');
    assert.equal(borrowed.code, 0, borrowed.errors);
    const [lease] = ledger();
    const id = lease?.id ?? '';
    assert.match(borrowed.output, /▸ a big box of box, for 2 h: up to 3\.00 EUR\n▸ it boots\n/);
    assert.match(borrowed.output, new RegExp(`^${id}  a box of box  lent  2 h left`, 'm'));
    assert.deepEqual(readdirSync(books), [id]);
    assert.equal(lease?.owner.process, undefined, 'it is kept when the program has ended');

    const { output } = await ciParity('machines');
    assert.match(
      output,
      new RegExp(`^${id}  a box of box  lent  (2 h|1 h 59 min) left  1\\.50 EUR so far$`, 'm'),
    );
    assert.match(output, /^box\/big {2}a big box {2}1\.50 EUR an hour$/m);

    const extended = await ciParity('extend', id, '--for', '1h');
    assert.match(
      extended.output,
      /▸ a box is lent for (3 h|2 h 59 min) more, up to 4\.50 EUR in all/,
    );
    const tooLong = await ciParity('extend', id, '--for', '2h');
    assert.deepEqual([tooLong.code, /more than 4 hours/.test(tooLong.errors)], [3, true]);

    const returned = await ciParity('return', id);
    assert.deepEqual([returned.code, ledger(), readdirSync(books)], [0, [], []]);
    assert.match(returned.output, new RegExp(`a box \\(${id}\\) is gone`));
  });

  it('speak JSON', async () => {
    await ciParity('borrow', '--yes');
    writeFileSync(join(books, 'abcdefabcdef'), 'bob@desk');
    const { output } = await ciParity('machines', '--json');
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ['lease', 'other', 'offer'],
    );
    const [lease, other, offer] = lines;
    assert.deepEqual(
      [lease?.['state'], lease?.['lender'], lease?.['soFar'], lease?.['work']],
      ['lent', 'box', { amount: 1.5, currency: 'EUR' }, []],
    );
    assert.ok(Number(lease?.['secondsLeft']) > 7000);
    assert.equal(other?.['owner'], 'bob@desk');
    assert.equal(offer?.['id'], 'big');
  });

  it('return --all gives all back, and says where there is nothing', async () => {
    await ciParity('borrow', '--yes', '--for', '1h');
    await ciParity('borrow', '--yes', '--for', '1h');
    assert.equal(readdirSync(books).length, 2);
    const { code } = await ciParity('return', '--all');
    assert.deepEqual([code, readdirSync(books), ledger()], [0, [], []]);
    assert.match((await ciParity('return', '--all')).output, /nothing is borrowed/);
    assert.equal((await ciParity('return')).code, 2);
    assert.equal((await ciParity('return', 'nothing-there')).code, 3);
  });

  it('look after what no ledger knows, and is ours: it goes back', async () => {
    for (const words of [['clean'], ['return', '--all'], ['extend', 'a box']]) {
      if (words[0] === 'extend') await ciParity('borrow', '--yes', '--for', '1h');
      const mark = await ownerMark(join(root, 'state/ci-parity'), whoWeAre());
      writeFileSync(join(books, 'abcdefabcdef'), mark);
      const { code, output } = await ciParity(...words);
      assert.equal(code, 0);
      assert.match(output, /giving back a box of box, which nobody uses any more/);
      assert.deepEqual(
        readdirSync(books),
        ledger().map(({ id }) => id),
      );
    }
  });

  it('ssh logs in with the lease’s key and no other host, and has its exit code', async () => {
    await ciParity('borrow', '--yes');
    const [{ id } = { id: '' }] = ledger();
    const ssh = join(root, 'bin', 'ssh');
    writeFileSync(ssh, '#!/bin/sh\nfor word; do echo "[$word]"; done\nexit 7\n');
    chmodSync(ssh, 0o755);
    const { code, output } = await ciParity('ssh', id, '--', 'ls', '-l', 'a b');
    assert.equal(code, 7);
    assert.match(output, /^\[-i\]\n\[\/k\]$/m);
    assert.match(output, /^\[StrictHostKeyChecking=yes\]$/m);
    assert.match(output, /\[192\.0\.2\.9\]\n\[ls\]\n\[-l\]\n\[a b\]\n$/);
    const known = join(root, 'state/ci-parity/leases', id, 'known_hosts');
    assert.match(readFileSync(known, 'utf8'), /ssh-ed25519 AAAA/);
    assert.equal((await ciParity('ssh', 'nothing')).code, 3);
  });

  it('return says why it does not come about, while it is tried again', async () => {
    await ciParity('borrow', '--yes', '--for', '1h');
    const [{ id } = { id: '' }] = ledger();
    const once = `if [ "$1" = return ] && [ ! -e "$BOOKS/../late" ]; then : >"$BOOKS/../late"; echo 'not now' >&2; exit 1; fi\n`;
    writeFileSync(join(root, 'lender.sh'), once + LENDER);
    const { code, output } = await ciParity('return', id);
    assert.equal(code, 0);
    assert.match(output, /a box \([a-z0-9]{12}\): .*not now.* \(it is tried again in 1 s\)\n/);
    assert.match(output, /is gone\n$/);
    assert.deepEqual([readdirSync(books), ledger()], [[], []]);
  });

  it('are called by what they are, and by their ids where two are called the same', async () => {
    await ciParity('borrow', '--yes', '--for', '1h');
    const [first] = ledger();
    const extended = await ciParity('extend', 'a box', '--for', '1h');
    assert.equal(extended.code, 0, extended.errors);
    await ciParity('borrow', '--yes', '--for', '1h');
    for (const words of [
      ['return', '192.0.2.9'],
      ['ssh', 'a box', '--', 'true'],
      ['extend', 'a box'],
    ]) {
      const { code, errors } = await ciParity(...words);
      assert.equal(code, 3);
      assert.match(errors, /Several borrowed machines are called/);
      for (const { id } of ledger()) assert.match(errors, new RegExp(`${id}  a box of box`));
    }
    assert.equal((await ciParity('return', first?.id ?? '')).code, 0);
    assert.equal((await ciParity('return', '192.0.2.9')).code, 0);
    assert.deepEqual(ledger(), []);
    const { code, errors } = await ciParity('ssh', 'a box');
    assert.deepEqual([code, /There is no borrowed machine "a box"/.test(errors)], [3, true]);
  });

  it('say what is wrong with the settings, and where', async () => {
    settings({ lenders: [{ kind: 'pool', name: 'lab', host: [] }] });
    const { code, errors } = await ciParity('machines');
    assert.equal(code, 3);
    assert.match(errors, /lenders\.json is not understood/);
    assert.match(errors, /lenders\[0\]\.hosts is missing/);
  });

  it('say that nobody lends where nobody is named', async () => {
    rmSync(join(root, 'config/ci-parity/lenders.json'));
    const { code, output } = await ciParity('machines');
    assert.equal(code, 0);
    assert.match(output, /nothing is borrowed\n▸ nobody lends: name lenders in .*lenders\.json\n/);
    const { code: refused, errors } = await ciParity('borrow');
    assert.equal(refused, 3);
    assert.match(errors, /Nobody lends machines yet\.\n.*Name lenders in .*lenders\.json\.\n/);
    assert.equal(existsSync(join(root, 'state/ci-parity/leases')), false);
  });

  it('ask the Metal API with the token of the environment, or with the one that the editor offers', async () => {
    const tokens: unknown[] = [];
    const api = createServer((request, response) => {
      tokens.push(request.headers['x-auth-token']);
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"errors":["no"]}');
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = api.address() as AddressInfo;
      const address = `http://127.0.0.1:${port}/metal/v1`;
      settings({ lenders: [{ kind: 'packet', name: 'metal', address }] });
      const { output } = await ciParity('machines');
      assert.match(output, /metal: /);
      assert.deepEqual([...new Set(tokens.splice(0))], ['c4nary']);
      const text = { kind: 'text', text: 'offered' } as const;
      await using offer = await offerSecrets({ METAL_AUTH_TOKEN: text });
      environment = { CI_PARITY_SECRETS: offer.path };
      await ciParity('machines');
      assert.deepEqual([...new Set(tokens)], ['offered']);
    } finally {
      environment = {};
      api.closeAllConnections();
      await new Promise((resolve) => api.close(resolve));
    }
  });

  it('say that a token is missing to whoever wants something of that lender, and to nobody else', async () => {
    settings({ lenders: [{ kind: 'packet', name: 'metal' }] });
    environment = { METAL_AUTH_TOKEN: '' };
    try {
      const shown = await ciParity('machines');
      assert.match(shown.output, /metal: The token of "metal" is not known/);
      const { output } = await ciParity('clean');
      assert.equal(output, '▸ there was nothing to put away\n');
    } finally {
      environment = {};
    }
  });

  it('borrow a host of one’s own, on a real SSH server, and give it back', async function () {
    this.timeout(60_000);
    const missing = sshdMissing();
    if (missing !== undefined) without(this, missing);
    await using server = await startSshd();
    const { address: host, port, user, keyFile, hostKey } = server;
    const lab = { host, port, user, keyFile, hostKeys: [hostKey] };
    settings({ lenders: [{ kind: 'pool', name: 'lab', hosts: [lab] }] });
    const borrowed = await ciParity('borrow', 'lab', '--yes');
    assert.equal(borrowed.code, 0, borrowed.errors);
    const [{ id } = { id: '' }] = ledger();
    try {
      const shown = await ciParity(
        'ssh',
        id,
        '--',
        'head',
        '-n',
        '1',
        '/var/tmp/ci-parity-lease/lease',
      );
      assert.deepEqual([shown.code, shown.output], [0, `${id}\n`]);
    } finally {
      const { code, errors } = await ciParity('return', id);
      assert.equal(code, 0, errors);
    }
    assert.deepEqual(ledger(), []);
  });

  it('borrow a machine that gets ready from its first start, for what the clone needs', async function () {
    this.timeout(120_000);
    await needSshd.call(this);
    const clone = join(root, 'clone');
    mkdirSync(clone);
    const vagrantfile = 'Vagrant.configure("2") { |c| c.vagrant.plugins = "vagrant-reload" }\n';
    writeFileSync(join(clone, 'Vagrantfile'), vagrantfile);
    for (const words of [
      ['init', '-q'],
      ['add', '-A'],
      ['commit', '-q', '-m', 'x'],
    ])
      execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@localhost', ...words], {
        cwd: clone,
      });
    const real = realDevices(standInPackages());
    await using double = await startMetal({ boot: real.boot });
    const { address, token } = double;
    settings({ lenders: [{ kind: 'packet', name: 'metal', address }] });
    environment = { METAL_AUTH_TOKEN: token };
    try {
      const borrowed = await ciParity('borrow', 'metal', '--yes', '--repository', clone);
      assert.equal(borrowed.code, 0, borrowed.errors);
      const [lease] = ledger();
      assert.match(borrowed.output, / is ready\n$/);
      assert.equal(lease?.state.kind, 'ready');
      const [device] = real.devices;
      const log = await device?.sshd.inside('cat /var/lib/ci-parity/bootstrap.log');
      assert.match(log ?? '', /Setting up vagrant\n.*ci-parity: ready$/s);
      const returned = await ciParity('return', '--all');
      assert.equal(returned.code, 0, returned.errors);
    } finally {
      environment = {};
    }
    assert.deepEqual([double.books().devices, ledger()], [[], []]);
  });

  it('keep the API’s token from what they start', async () => {
    writeFileSync(join(root, 'lender.sh'), `env >"$BOOKS/environment"\n${LENDER}`);
    await ciParity('borrow', '--yes');
    assert.doesNotMatch(readFileSync(join(books, 'environment'), 'utf8'), /c4nary/);
  });
});
