import assert from 'node:assert/strict';
import { routeElsewhere, routeTo, type ProxySettings } from '../../../src/editor/servers/route';

const BASE = 'https://ci.example.org/';
const nothing: ProxySettings = {
  proxy: '',
  noProxy: [],
  authorization: undefined,
  support: 'override',
  strict: true,
};
const secret: ProxySettings = {
  ...nothing,
  proxy: 'http://proxy.example.org:3128',
  authorization: 'Basic Ym9i',
};

function route(
  settings: Partial<ProxySettings>,
  environment: Record<string, string> = {},
  find = routeTo,
) {
  const found = find(BASE, { ...nothing, ...settings }, environment);
  return typeof found === 'string' ? found : { ...found, url: found.url.href };
}

describe('The route from the editor to a server', () => {
  it('is what VS Code makes of its own settings, wherever it heeds them', () => {
    assert.equal(route({}), 'of the host');
    assert.equal(route({ proxy: secret.proxy }), 'of the host');
    assert.equal(route({ proxy: secret.proxy, strict: false }), 'of the host');
    assert.equal(route({}, { HTTPS_PROXY: 'http://a:1' }), 'of the host');
    assert.equal(route({ authorization: 'Basic x' }), 'of the host');
  });

  it('is made by ourselves where VS Code would leave out what a proxy wants', () => {
    assert.deepEqual(route(secret), {
      url: 'http://proxy.example.org:3128/',
      authorization: 'Basic Ym9i',
      unchecked: false,
    });
    assert.deepEqual(route({ proxy: 'https://proxy.example.org', strict: false }), {
      url: 'https://proxy.example.org/',
      unchecked: true,
    });
  });

  it('leads around the proxy where the settings say so', () => {
    assert.equal(route({ ...secret, support: 'off' }), 'of the host');
    assert.equal(route({ ...secret, noProxy: ['example.org'] }), 'of the host');
    assert.equal(route(secret, { NO_PROXY: 'ci.example.org' }), 'of the host');
    // The setting takes the environment's place.
    assert.notEqual(route({ ...secret, noProxy: ['a'] }, { NO_PROXY: '*' }), 'of the host');
    const local = routeTo('http://localhost:8080/', secret, {});
    assert.equal(local, 'of the host');
  });

  it('is left to VS Code with kinds of proxies that only it knows, and with what is none', () => {
    for (const proxy of ['socks5://proxy:1080', 'http://:x', 'nonsense'])
      assert.equal(route({ ...secret, proxy }), 'of the host', proxy);
  });
});

describe('The route from a process of ours to a server', () => {
  function elsewhere(settings: Partial<ProxySettings>, environment?: Record<string, string>) {
    const found = route(settings, environment, routeElsewhere);
    return typeof found === 'string' ? found : found.url;
  }

  it('is through the proxy that the settings name, or else the environment', () => {
    const { proxy } = secret;
    assert.equal(elsewhere({}), 'straight');
    assert.equal(elsewhere({}, { HTTPS_PROXY: 'http://a:1' }), 'http://a:1/');
    assert.equal(elsewhere({ proxy }, { HTTPS_PROXY: 'http://a:1' }), `${proxy}/`);
    assert.deepEqual(route(secret, {}, routeElsewhere), route(secret));
  });

  it('leads around them where the settings say so, and where only VS Code knows the kind', () => {
    const { proxy } = secret;
    assert.equal(elsewhere({ proxy, noProxy: ['example.org'] }), 'straight');
    assert.equal(elsewhere({ proxy }, { NO_PROXY: 'ci.example.org' }), 'straight');
    assert.equal(elsewhere({ support: 'off' }, { HTTPS_PROXY: 'http://a:1' }), 'straight');
    assert.equal(elsewhere({}, { HTTPS_PROXY: 'socks5://a:1' }), 'straight');
  });
});
