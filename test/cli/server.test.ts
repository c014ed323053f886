import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientFor } from '../../src/cli/server';
import { parseRunUrl } from '../../src/jenkins/url';
import { startJenkins } from '../bed/jenkins/double';
import { createAuthority } from '../bed/net/certificates';
import { startProxy } from '../bed/net/proxy';

const { signal } = new AbortController();

describe('The server on the command line', () => {
  it('is reached as the environment says: user, authority and proxy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ci-parity-cli-'));
    const authority = createAuthority('Example Authority');
    await using jenkins = await startJenkins({
      world: { jobs: [] },
      users: { ada: { token: 't0ken' } },
      tls: { ...authority.issue({ name: 'ci', hosts: ['ci.test'] }) },
    });
    await using proxy = await startProxy({ hosts: ['ci.test'] });
    const JENKINS_CA = join(folder, 'ca.pem');
    writeFileSync(JENKINS_CA, authority.ca);
    const address = parseRunUrl(`${jenkins.base.replace('127.0.0.1', 'ci.test')}job/a/1/`);
    const environment = { JENKINS_USER: 'ada', JENKINS_TOKEN: 't0ken', HTTPS_PROXY: proxy.url };
    try {
      using client = clientFor(address!, { ...environment, JENKINS_CA });
      assert.equal((await client.ping(signal)).user, 'ada');
      assert.equal(proxy.requests.length, 1);
      using distrustful = clientFor(address!, environment);
      await assert.rejects(distrustful.ping(signal), /Cannot trust ci\.test/);
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.throws(() => clientFor(address!, { JENKINS_CA }), /cannot be read: .*ca\.pem/);
  });
});
