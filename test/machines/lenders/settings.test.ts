import assert from 'node:assert/strict';
import Ajv from 'ajv';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usualCaps } from '../../../src/machines/leases/caps';
import { lendersFile, makeLendersFile } from '../../../src/machines/lenders/lendersFile';
import { parseLendingSettings, readLendingSettings } from '../../../src/machines/lenders/settings';

const schema = JSON.parse(
  readFileSync(
    fileURLToPath(new URL('../../../media/lenders.schema.json', import.meta.url)),
    'utf8',
  ),
) as object;

describe('The settings of lending', () => {
  const accepted = new Ajv({ strict: true }).compile(schema);

  const whole = {
    $schema: 'https://example.org/schema.json',
    caps: { hours: 4, price: 10, perDay: 20 },
    lenders: [
      {
        kind: 'packet',
        name: 'metal',
        address: 'https://api.example.org/metal/v1/',
        project: '0f6e…'.replace('…', ''),
        metros: ['am'],
        plans: ['c3.small.x86'],
        system: 'debian_12',
        spot: true,
      },
      {
        kind: 'pool',
        name: 'lab',
        hosts: ['vm1', { host: '192.0.2.5', port: 22, user: 'root', keyFile: '~/.ssh/lab' }],
        fromSshConfig: ['lab-*', '!lab-gateway'],
      },
      {
        kind: 'command',
        name: 'aws',
        borrow: ['sh', '~/aws.sh', 'borrow'],
        return: ['sh', '~/aws.sh', 'return'],
        extend: ['sh', '~/aws.sh', 'extend'],
        list: ['sh', '~/aws.sh', 'list'],
        offers: [
          {
            id: 'c5.metal',
            title: 'c5',
            price: { amount: 4.08, currency: 'USD' },
            memory: 196_608,
            cpus: 96,
          },
        ],
        timeoutMinutes: 45,
        environment: { AWS_REGION: 'eu-central-1', AWS_CONFIG_FILE: '~/.aws/ci' },
      },
    ],
  };

  it('are read whole', () => {
    const parsed = parseLendingSettings(JSON.stringify(whole));
    assert.equal(parsed.kind, 'understood');
    const { caps, lenders } = parsed.settings;
    assert.deepEqual(caps, whole.caps);
    const [metal, lab, aws] = lenders;
    assert.ok(metal?.kind === 'packet' && lab?.kind === 'pool' && aws?.kind === 'command');
    assert.equal(metal.address, 'https://api.example.org/metal/v1');
    assert.deepEqual(lab.hosts, [
      { host: 'vm1' },
      { host: '192.0.2.5', port: 22, user: 'root', keyFile: join(homedir(), '.ssh/lab') },
    ]);
    assert.deepEqual(lab.fromSshConfig, ['lab-*', '!lab-gateway']);
    assert.deepEqual(aws.borrow, ['sh', join(homedir(), 'aws.sh'), 'borrow']);
    assert.deepEqual(aws.environment, {
      AWS_REGION: 'eu-central-1',
      AWS_CONFIG_FILE: join(homedir(), '.aws/ci'),
    });
    assert.equal(aws.offers[0]?.price?.amount, 4.08);
    assert.ok(accepted(whole), JSON.stringify(accepted.errors));
  });

  for (const [told, patterns] of [
    [true, ['*']],
    ['lab-?', ['lab-?']],
  ] as const)
    it(`take hosts of the OpenSSH configuration: ${told}`, () => {
      const value = { lenders: [{ kind: 'pool', name: 'lab', fromSshConfig: told }] };
      const parsed = parseLendingSettings(JSON.stringify(value));
      assert.equal(parsed.kind, 'understood');
      const [lab] = parsed.settings.lenders;
      assert.ok(lab?.kind === 'pool');
      assert.deepEqual([lab.hosts, lab.fromSshConfig], [[], patterns]);
      assert.ok(accepted(value), JSON.stringify(accepted.errors));
    });

  it('may be left out, and have what is usual then', () => {
    const parsed = parseLendingSettings('{}');
    assert.deepEqual(parsed, { kind: 'understood', settings: { caps: usualCaps, lenders: [] } });
    assert.deepEqual(readLendingSettings('/nowhere/lenders.json').lenders, []);
  });

  const command = { kind: 'command', name: 'c', borrow: ['b'], return: ['r'] };
  for (const [what, value, problem] of [
    [
      'a field that is not known',
      { lenders: [], lender: [] },
      /^lender is not known here; there are: \$schema, caps, lenders$/,
    ],
    [
      'a field of a lender that is not known',
      { lenders: [{ kind: 'pool', name: 'p', hosts: [], token: 'x' }] },
      /^lenders\[0\]\.token is not known here/,
    ],
    [
      'a kind that is not known',
      { lenders: [{ kind: 'cloud', name: 'c' }] },
      /^lenders\[0\]\.kind is not "packet", "pool" or "command"$/,
    ],
    [
      'a lender without a name',
      { lenders: [{ kind: 'pool', hosts: [] }] },
      /^lenders\[0\]\.name is missing$/,
    ],
    [
      'a pool without hosts',
      { lenders: [{ kind: 'pool', name: 'p' }] },
      /^lenders\[0\]\.hosts is missing$/,
    ],
    [
      'a pattern that is none',
      { lenders: [{ kind: 'pool', name: 'p', fromSshConfig: ['a b'] }] },
      /^lenders\[0\]\.fromSshConfig\[0\] is not a pattern of host names such as "lab-\*"$/,
    ],
    [
      'a host that is an option',
      { lenders: [{ kind: 'pool', name: 'p', hosts: ['-x'] }] },
      /^lenders\[0\]\.hosts\[0\]\.host is not the name of a host$/,
    ],
    [
      'a command that is a line',
      { lenders: [{ ...command, borrow: 'sh x' }] },
      /^lenders\[0\]\.borrow is not a list$/,
    ],
    [
      'a command without return',
      { lenders: [{ kind: 'command', name: 'c', borrow: ['b'] }] },
      /^lenders\[0\]\.return is missing$/,
    ],
    [
      'an address in clear',
      { lenders: [{ kind: 'packet', name: 'm', project: 'p', address: 'http://api.example.org' }] },
      /^lenders\[0\]\.address is not an address that begins with https/,
    ],
    [
      'caps of words',
      { caps: { hours: 'many' } },
      /^caps\.hours is not a number from 0\.1 to 10000$/,
    ],
  ] as const)
    it(`say where ${what} is`, () => {
      const parsed = parseLendingSettings(JSON.stringify(value));
      assert.equal(parsed.kind, 'not understood');
      assert.match(parsed.problems.join('\n'), problem);
      assert.equal(accepted(value), false);
    });

  it('have each name once', () => {
    const parsed = parseLendingSettings(JSON.stringify({ lenders: [command, command] }));
    assert.deepEqual(parsed, {
      kind: 'not understood',
      problems: ['lenders[1].name: "c" is there twice'],
    });
  });

  it('say that something is no JSON', () => {
    const parsed = parseLendingSettings('{');
    assert.match(JSON.stringify(parsed), /it is no JSON/);
  });

  it('are made with nobody in them, where there are none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-lenders-'));
    try {
      const path = join(folder, 'ci-parity', 'lenders.json');
      makeLendersFile(path);
      assert.deepEqual(readLendingSettings(path), { caps: usualCaps, lenders: [] });
      writeFileSync(path, '{}');
      makeLendersFile(path);
      assert.equal(readFileSync(path, 'utf8'), '{}');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('lie where the platform has them', () => {
    assert.equal(lendersFile({ XDG_CONFIG_HOME: '/x', HOME: '/h' }), '/x/ci-parity/lenders.json');
    assert.equal(
      lendersFile({ XDG_CONFIG_HOME: 'x', HOME: '/h' }),
      '/h/.config/ci-parity/lenders.json',
    );
  });
});
