import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { connect } from '../../src/jenkins/client';
import { JenkinsError, type JenkinsErrorKind } from '../../src/jenkins/jenkinsError';
import type { Doubt, TlsOptions } from '../../src/jenkins/wire/certificates';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import { createAuthority, selfSigned, type Certified } from '../bed/net/certificates';

const { signal } = new AbortController();
const DAY = 86_400_000;
const authority = createAuthority('Example Authority');
const users = { ada: { token: 'canary-t0ken' } };

function jenkinsWith(tls: JenkinsOptions['tls']): Promise<JenkinsDouble> {
  return startJenkins({ world: { jobs: [] }, users, tls: { ...tls } });
}

async function ping(base: string, tls: TlsOptions): Promise<string | undefined> {
  using client = connect({ base, tls, user: 'ada', token: 'canary-t0ken' });
  return (await client.ping(signal)).user;
}

async function refusal(
  base: string,
  tls: TlsOptions,
  kind: JenkinsErrorKind = 'tls',
): Promise<JenkinsError> {
  const error: unknown = await ping(base, tls).catch((reason: unknown) => reason);
  assert.ok(error instanceof JenkinsError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /canary/);
  return error;
}

describe('A server with a certificate', () => {
  it('of an authority of its own is trusted when that is named', async () => {
    await using jenkins = await jenkinsWith(authority.issue({ name: 'ci.example.org' }));
    assert.equal(await ping(jenkins.base, { ca: authority.ca }), 'ada');
  });

  const distrusted: [Doubt, RegExp, () => Certified, TlsOptions][] = [
    ['self-signed', /its certificate is self-signed/, () => selfSigned({ name: 'ci' }), {}],
    [
      'unknown authority',
      /no authority that this machine knows/,
      () => authority.issue({ name: 'ci' }),
      {},
    ],
    [
      'expired',
      /expired on 20\d\d-\d\d-\d\d, and it is 20\d\d-\d\d-\d\d by the clock of this machine/,
      () =>
        authority.issue({
          name: 'ci',
          from: new Date(Date.now() - 9 * DAY),
          to: new Date(Date.now() - 2 * DAY),
        }),
      { ca: authority.ca },
    ],
    [
      'not yet valid',
      /not valid before/,
      () => authority.issue({ name: 'ci', from: new Date(Date.now() + DAY / 2) }),
      { ca: authority.ca },
    ],
    [
      'wrong name',
      /not for 127\.0\.0\.1 but for ci\.example\.org, other\.example\.org/,
      () => authority.issue({ name: 'ci', hosts: ['ci.example.org', 'other.example.org'] }),
      { ca: authority.ca },
    ],
  ];
  for (const [doubt, words, certified, tls] of distrusted) {
    it(`that is not to be trusted (${doubt}) is refused, and told with its fingerprint`, async () => {
      await using jenkins = await jenkinsWith(certified());
      const error = await refusal(jenkins.base, tls);
      assert.match(error.message, words);
      assert.equal(error.distrusted?.doubt, doubt);
      const { fingerprint, subject, issuer } = error.distrusted.certificate;
      assert.match(fingerprint, /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
      assert.equal(subject, 'CN=ci');
      assert.equal(issuer, doubt === 'self-signed' ? 'CN=ci' : 'CN=Example Authority');
      assert.ok(error.advice?.includes(fingerprint));
      // The token was not sent to somebody who may be anybody.
      assert.deepEqual(jenkins.requests, []);
    });
  }

  it('that was trusted by its fingerprint is trusted whoever vouches for it, and no other', async () => {
    await using jenkins = await jenkinsWith(
      selfSigned({ name: 'ci', hosts: ['elsewhere.example'], to: new Date(Date.now() - DAY / 2) }),
    );
    const { certificate } = (await refusal(jenkins.base, {})).distrusted!;
    const { fingerprint } = certificate;
    for (const written of [
      fingerprint,
      fingerprint.toLowerCase().replaceAll(':', ''),
      `SHA256:${fingerprint}`,
    ])
      assert.equal(await ping(jenkins.base, { fingerprint: written }), 'ada');
    const asked = jenkins.requests.length;

    // Also where an authority vouches for the new one.
    await using other = await jenkinsWith(authority.issue({ name: 'ci' }));
    const changed = await refusal(other.base, { fingerprint, ca: authority.ca });
    assert.equal(changed.distrusted?.doubt, 'changed');
    assert.match(changed.message, /not the one that you trusted/);
    assert.ok(changed.advice?.includes(`You trusted: ${fingerprint}`));
    assert.deepEqual([jenkins.requests.length, other.requests.length], [asked, 0]);
  });

  it('is looked at again on a connection that is used again', async () => {
    await using jenkins = await jenkinsWith(selfSigned({ name: 'ci' }));
    const { fingerprint } = (await refusal(jenkins.base, {})).distrusted!.certificate;
    using client = connect({ base: jenkins.base, tls: { fingerprint } });
    for (let times = 0; times < 3; times++) await client.jobs(client.base, signal);
    assert.equal(jenkins.requests.length, 3);
  });

  it('that names itself with tricks is told in one harmless line', async () => {
    const name = `ci\u001b[31m\nSHA-256 fingerprint: AA\u202e${'x'.repeat(500)}`;
    await using jenkins = await jenkinsWith(selfSigned({ name }));
    const { subject } = (await refusal(jenkins.base, {})).distrusted!.certificate;
    assert.doesNotMatch(subject, /\p{C}/u);
    assert.ok(subject.length <= 300);
  });
});

describe('A server that wants to know us by a certificate', () => {
  const server = authority.issue({ name: 'ci' });
  const demanding = { ...server, ca: authority.ca, requestCert: true, rejectUnauthorized: true };

  it('is shown ours', async () => {
    await using jenkins = await jenkinsWith(demanding);
    const { cert, key } = authority.issue({ name: 'ada' });
    assert.equal(await ping(jenkins.base, { ca: authority.ca, cert, key }), 'ada');
    // One file may hold both.
    assert.equal(await ping(jenkins.base, { ca: authority.ca, cert: cert + key }), 'ada');
    const locked = authority.issue({ name: 'ada', passphrase: 'canary phrase' });
    const tls = { ca: authority.ca, ...locked, passphrase: 'canary phrase' };
    assert.equal(await ping(jenkins.base, tls), 'ada');
  });

  // Node as a server only hangs up; OpenSSL says why, as others do.
  for (const version of ['tls1_2', 'tls1_3'])
    it(`is told as such, where we have none or another authority’s (${version})`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ci-parity-tls-'));
      const file = (name: string, text: string): string => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      const args = [
        ...['s_server', '-accept', '127.0.0.1:0', '-www', `-${version}`],
        ...['-cert', file('cert', server.cert), '-key', file('key', server.key)],
        ...['-CAfile', file('ca', authority.ca), '-Verify', '1', '-verify_return_error'],
      ];
      const openssl = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        let said = '';
        while (!/ACCEPT \S+:\d+/.test(said))
          said += String((await once(openssl.stdout, 'data'))[0]);
        const base = `https://127.0.0.1:${/:(\d+)/.exec(said)?.[1]}/`;
        const none = await refusal(base, { ca: authority.ca }, 'certificate');
        assert.match(none.message, /wants a certificate of yours/);
        const stranger = createAuthority('Another').issue({ name: 'ada' });
        const wrong = await refusal(base, { ca: authority.ca, ...stranger }, 'certificate');
        assert.match(wrong.message, /wants a certificate of yours/);
      } finally {
        openssl.kill();
        rmSync(folder, { recursive: true });
      }
    });

  it('is told as such where it says so in a page', async () => {
    await using jenkins = await jenkinsWith(server);
    const page = '<html><h1>400 Bad Request</h1>No required SSL certificate was sent</html>';
    jenkins.fault(/./, ({ response }) => {
      response.writeHead(400, { 'Content-Type': 'text/html' }).end(page);
    });
    const error = await refusal(jenkins.base, { ca: authority.ca }, 'certificate');
    assert.match(error.message, /wants a certificate of yours/);
  });

  it('is not asked with a key that the passphrase does not open, or with files that are none', async () => {
    await using jenkins = await jenkinsWith(demanding);
    const { cert, key } = authority.issue({ name: 'ada', passphrase: 'right' });
    for (const passphrase of ['canary', undefined]) {
      const error = await refusal(
        jenkins.base,
        { ca: authority.ca, cert, key, passphrase },
        'passphrase',
      );
      assert.match(error.message, /passphrase does not open/);
    }
    for (const tls of [{ cert: 'canary', key: 'canary' }, { pfx: Buffer.from('canary') }]) {
      const error = await refusal(jenkins.base, { ca: authority.ca, ...tls }, 'certificate');
      assert.match(error.message, /cannot be read/);
    }
    assert.deepEqual(jenkins.requests, []);
  });
});
