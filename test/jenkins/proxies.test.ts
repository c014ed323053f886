import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { connect, type Client } from '../../src/jenkins/client';
import { JenkinsError } from '../../src/jenkins/jenkinsError';
import { goesAround, nameOf, proxyAt, proxyOfEnvironment } from '../../src/jenkins/wire/proxies';
import type { TlsOptions } from '../../src/jenkins/wire/certificates';
import type { Route } from '../../src/jenkins/wire/way';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import { createAuthority } from '../bed/net/certificates';
import { startProxy, type ProxyDouble, type ProxyOptions } from '../bed/net/proxy';

const { signal } = new AbortController();
const authority = createAuthority('Example Authority');
const certified = authority.issue({ name: 'ci.test', hosts: ['ci.test'] });
const users = { ada: { token: 'canary-t0ken' } };

interface Bed extends AsyncDisposable {
  readonly jenkins: JenkinsDouble;
  readonly proxy: ProxyDouble;
  /** A client of the server by a name that only the proxy knows. */
  client(route: Route, tls?: TlsOptions): Client;
}

async function bed(options: ProxyOptions, server: Partial<JenkinsOptions> = {}): Promise<Bed> {
  const jenkins = await startJenkins({ world: { jobs: [] }, users, ...server });
  const proxy = await startProxy({ hosts: ['ci.test'], ...options });
  const clients: Client[] = [];
  return {
    jenkins,
    proxy,
    client(route, tls) {
      const base = jenkins.base.replace('127.0.0.1', 'ci.test');
      const client = connect({ base, route, tls, user: 'ada', token: 'canary-t0ken' });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client[Symbol.dispose]();
      await proxy[Symbol.asyncDispose]();
      await jenkins.close();
    },
  };
}

async function refusal(client: Client): Promise<JenkinsError> {
  const error: unknown = await client.ping(signal).catch((reason: unknown) => reason);
  assert.ok(error instanceof JenkinsError, String(error));
  assert.equal(error.kind, 'proxy', error.message);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /canary/);
  return error;
}

describe('Through a proxy', () => {
  const secured = { tls: { ...certified } };
  for (const [what, server, tls] of [
    ['a server that speaks in the clear', {}, {}],
    ['a secure server', secured, { ca: authority.ca }],
  ] as const) {
    const secure = 'tls' in server;

    it(`${what} is reached by a name that only the proxy knows`, async () => {
      await using it = await bed({}, server);
      const client = it.client(proxyAt(it.proxy.url), tls);
      assert.equal((await client.ping(signal)).user, 'ada');
      const [asked] = it.proxy.requests;
      assert.equal(
        asked,
        secure ? `CONNECT ${new URL(client.base).host}` : `GET ${client.base}api/json?tree=mode`,
      );
      assert.equal(it.jenkins.requests[0]?.headers.host, new URL(client.base).host);
    });

    it(`${what} is reached with the user and password of the proxy, which the server does not see`, async () => {
      await using it = await bed({ login: 'bob:canary p@ss' }, server);
      const url = it.proxy.url.replace('//', '//bob:canary%20p%40ss@');
      await it.client(proxyAt(url), tls).ping(signal);
      const authorization = `Basic ${Buffer.from('bob:canary p@ss').toString('base64')}`;
      const said = { url: new URL(it.proxy.url), authorization };
      await it.client(said, tls).ping(signal);
      for (const { headers } of it.jenkins.requests)
        assert.equal(headers['proxy-authorization'], undefined);
    });

    it(`${what} is not reached where the proxy wants a password, and that is said`, async () => {
      await using it = await bed({ login: 'bob:right' }, server);
      for (const login of ['', 'bob:canary@']) {
        const error = await refusal(
          it.client(proxyAt(it.proxy.url.replace('//', `//${login}`)), tls),
        );
        assert.match(error.message, /wants a user name and a password/);
      }
      assert.deepEqual(it.jenkins.requests, []);
    });

    it(`${what} is not reached where no proxy answers, and that is said`, async () => {
      await using it = await bed({}, server);
      const url = it.proxy.url.replace('//', '//bob:canary@');
      await it.proxy[Symbol.asyncDispose]();
      const error = await refusal(it.client(proxyAt(url), tls));
      assert.match(error.message, new RegExp(`The proxy ${it.proxy.url} cannot be reached`));
    });
  }

  it('a secure server is not reached where the proxy refuses it, or cannot reach it', async () => {
    await using strict = await bed({ refuses: 403 }, secured);
    const refused = await refusal(strict.client(proxyAt(strict.proxy.url), { ca: authority.ca }));
    assert.match(refused.message, /does not let us through \(HTTP 403\)/);
    await using lost = await bed({}, secured);
    await lost.jenkins.down();
    const unreached = await refusal(lost.client(proxyAt(lost.proxy.url), { ca: authority.ca }));
    assert.match(unreached.advice ?? '', /cannot reach the server/);
  });

  it('a secure server’s certificate is still looked at', async () => {
    await using it = await bed({}, secured);
    const route = proxyAt(it.proxy.url);
    const error: unknown = await it
      .client(route)
      .ping(signal)
      .catch((reason: unknown) => reason);
    assert.ok(error instanceof JenkinsError);
    const { fingerprint } = error.distrusted!.certificate;
    assert.equal((await it.client(route, { fingerprint }).ping(signal)).user, 'ada');
    const wrong: unknown = await it
      .client(route, { fingerprint: fingerprint.replace(/^../, '00') })
      .ping(signal)
      .catch((reason: unknown) => reason);
    assert.equal((wrong as JenkinsError).distrusted?.doubt, 'changed');
  });

  it('a tunnel is used again, but not for what is posted', async () => {
    await using it = await bed({}, { ...secured, linter: () => 'ok' });
    const client = it.client(proxyAt(it.proxy.url), { ca: authority.ca });
    for (let times = 0; times < 3; times++) await client.jobs(client.base, signal);
    assert.equal(it.proxy.requests.length, 1);
    await client.lint('agent', signal);
    assert.equal(it.proxy.requests.length, 2);
  });

  it('that speaks TLS itself all works as well, if its certificate is believed', async () => {
    const tls = authority.issue({ name: 'proxy' });
    await using it = await bed({ tls }, secured);
    const believed = { url: new URL(it.proxy.url), unchecked: true };
    assert.equal((await it.client(believed, { ca: authority.ca }).ping(signal)).user, 'ada');
    const error = await refusal(it.client(proxyAt(it.proxy.url), { ca: authority.ca }));
    assert.match(error.message, /cannot be reached/);
    await using clear = await bed({ tls });
    const unchecked = { url: new URL(clear.proxy.url), unchecked: true };
    assert.equal((await clear.client(unchecked).ping(signal)).user, 'ada');
  });
});

describe('The proxy of an environment', () => {
  const of = (base: string, environment: Record<string, string>): string | undefined => {
    const proxy = proxyOfEnvironment(base, environment);
    return proxy && nameOf(proxy);
  };
  const SECURE = 'https://ci.example.org/jenkins/';
  const CLEAR = 'http://ci.example.org:8080/';

  it('is that of the protocol, else that for all, in lower case first', () => {
    const all = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://c:2', ALL_PROXY: 'http://a:3' };
    assert.equal(of(SECURE, all), 'http://s:1');
    assert.equal(of(CLEAR, all), 'http://c:2');
    assert.equal(of(SECURE, { ...all, https_proxy: 'l:4' }), 'http://l:4');
    assert.equal(of(SECURE, { HTTP_PROXY: 'http://c:2' }), undefined);
    assert.equal(of(CLEAR, { all_proxy: 'http://a:3' }), 'http://a:3');
    assert.equal(of(SECURE, { HTTPS_PROXY: '' }), undefined);
    assert.equal(of(SECURE, {}), undefined);
  });

  it('in HTTP_PROXY is not believed where a visitor of a web page could have set it', () => {
    assert.equal(of(CLEAR, { HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' }), undefined);
  });

  it('is not gone through to what NO_PROXY names', () => {
    const HTTPS_PROXY = 'http://s:1';
    for (const NO_PROXY of [
      '*',
      'ci.example.org',
      'example.org',
      '.example.org',
      ' a, *.example.org ',
      'ci.example.org:443',
      'EXAMPLE.ORG',
    ])
      assert.equal(of(SECURE, { HTTPS_PROXY, NO_PROXY }), undefined, NO_PROXY);
    for (const NO_PROXY of ['', 'xample.org', 'ci.example.org:8443', 'other.example.org', ','])
      assert.equal(of(SECURE, { HTTPS_PROXY, NO_PROXY }), HTTPS_PROXY, NO_PROXY);
    assert.equal(of(SECURE, { HTTPS_PROXY, no_proxy: 'example.org', NO_PROXY: '' }), undefined);
  });

  it('is not gone through to this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
      assert.ok(goesAround(`http://${host}:8080/`, []), host);
  });

  it('that we cannot use is told, without its password', () => {
    for (const HTTPS_PROXY of ['socks5://bob:canary@s:1', 'http://bob:canary@:x']) {
      assert.throws(
        () => of(SECURE, { HTTPS_PROXY }),
        (error) =>
          error instanceof JenkinsError && error.kind === 'proxy' && !/canary/.test(inspect(error)),
      );
    }
  });
});
