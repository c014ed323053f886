import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ServerTls } from '../../../src/editor/frame/settings';
import type { ProxySettings } from '../../../src/editor/servers/route';
import { wayOfPrograms } from '../../../src/editor/servers/wayOfPrograms';

const none: ProxySettings = {
  ...{ proxy: '', noProxy: [], authorization: undefined, support: 'override', strict: true },
};
const way = (
  tls: ServerTls,
  settings: Partial<ProxySettings> = {},
  environment: Record<string, string> = {},
) =>
  wayOfPrograms(
    { url: 'https://ci.example.org/', name: 'ci', user: undefined, tls },
    { ...none, ...settings },
    environment,
  );
const PROXY = 'http://proxy.example.org:3128/';

describe('What a program is told to reach a server as the editor does', () => {
  it('is nothing where there is nothing to tell', () => {
    assert.deepEqual(way({}), {});
    assert.deepEqual(way({}, {}, { HTTPS_PROXY: PROXY }), {});
  });

  it('is where the authorities are, also below the home folder', () => {
    assert.deepEqual(way({ ca: '~/ca.pem' }), { JENKINS_CA: join(homedir(), 'ca.pem') });
    assert.throws(() => way({ ca: 'ca.pem' }), /named from the root/);
  });

  it('is the proxy of the settings, instead of that of the environment', () => {
    const told = way({}, { proxy: PROXY }, { https_proxy: 'http://other:1', no_proxy: '*' });
    assert.deepEqual(told, {});
    const instead = way({}, { proxy: PROXY }, { https_proxy: 'http://other:1' });
    assert.equal(instead['HTTPS_PROXY'], PROXY);
    assert.equal(instead['https_proxy'], null);
  });

  it('is that there is no proxy, where the settings say so', () => {
    const told = way({}, { support: 'off' }, { HTTPS_PROXY: PROXY });
    assert.deepEqual(told, { NO_PROXY: 'ci.example.org', no_proxy: null });
  });

  it('is no secret, and nothing by halves: what cannot be told is refused', () => {
    const refused: (() => unknown)[] = [
      () => way({ clientCertificate: '/own.p12' }),
      () => way({ trustedCertificate: 'AA:BB' }),
      () => way({}, { proxy: 'http://ada:secret@proxy:3128' }),
      () => way({}, { proxy: PROXY, authorization: 'Basic YTpi' }),
    ];
    for (const told of refused) assert.throws(told, /^UserError: ci .* cannot be told/);
    assert.ok(way({ trustedCertificate: 'AA:BB', ca: '/ca.pem' }));
  });
});
