import assert from 'node:assert/strict';
import {
  otherBases,
  serverAddress,
  serverName,
  tokenPage,
} from '../../../src/editor/servers/serverAddress';

describe("a server's address", () => {
  const cases: Record<string, string | undefined> = {
    'https://ci.example.org': 'https://ci.example.org/',
    'https://ci.example.org/jenkins/job/a/job/b/42/console': 'https://ci.example.org/jenkins/',
    'https://ci.example.org/jenkins/view/all/job/a/': 'https://ci.example.org/jenkins/',
    'https://ci.example.org/jenkins/login?from=%2Fjenkins%2F': 'https://ci.example.org/jenkins/',
    'https://ci.example.org/user/ada/security/': 'https://ci.example.org/',
    'https://ci.example.org/manage/configureSecurity/': 'https://ci.example.org/',
    'https://ci.example.org/blue/organizations/jenkins/a/activity': 'https://ci.example.org/',
    'http://ada:secret@ci.example.org/x?y#z': 'http://ci.example.org/x/',
    ' ci.example.org/jenkins ': 'https://ci.example.org/jenkins/',
    'localhost:8080': 'http://localhost:8080/',
    '': undefined,
    'ftp://ci.example.org': undefined,
    'not an address': undefined,
  };
  for (const [typed, base] of Object.entries(cases))
    it(`of ${JSON.stringify(typed)} is ${base ?? 'none'}`, () => {
      assert.equal(serverAddress(typed), base);
    });

  it('gives a server its name', () => {
    assert.equal(serverName('https://ci.example.org:8443/jenkins/'), 'ci.example.org:8443/jenkins');
  });

  it("leads to the user's page for tokens, which older servers have elsewhere", () => {
    const page = (version: string | undefined) => tokenPage('https://ci/', 'ada b', version);
    assert.equal(page('2.504.3'), 'https://ci/user/ada%20b/security/');
    assert.equal(page(undefined), 'https://ci/user/ada%20b/security/');
    assert.equal(page('2.462.3'), 'https://ci/user/ada%20b/configure');
  });

  it('that is wrong is looked for at shorter paths, and below the usual prefix', () => {
    assert.deepEqual(otherBases('https://ci/a/b/'), [
      'https://ci/a/b/jenkins/',
      'https://ci/a/',
      'https://ci/',
      'https://ci/jenkins/',
    ]);
    assert.deepEqual(otherBases('https://ci/'), ['https://ci/jenkins/']);
    assert.deepEqual(otherBases('https://ci/jenkins/'), [
      'https://ci/jenkins/jenkins/',
      'https://ci/',
    ]);
  });
});
