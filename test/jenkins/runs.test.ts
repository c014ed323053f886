import assert from 'node:assert/strict';
import { checkoutsOf, chooseCommit, parseRun } from '../../src/jenkins/runs';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const LIBRARY = 'f'.repeat(40);
const at = { server: 'http://ci/', jobUrl: 'http://ci/job/a/', remoteUrls: [] };

function buildData(sha: string, url: string, branch = 'refs/remotes/origin/main') {
  return {
    _class: 'hudson.plugins.git.util.BuildData',
    lastBuiltRevision: { SHA1: sha, branch: [{ name: branch }] },
    remoteUrls: [url],
  };
}

function runWith(...actions: unknown[]) {
  return {
    number: 7,
    result: 'SUCCESS',
    building: false,
    timestamp: 1,
    duration: 2,
    actions: [{}, ...actions],
  };
}

describe('the commit of a run', () => {
  const library = buildData(LIBRARY, 'https://github.com/acme/library');
  const own = buildData(SHA, 'git@github.com:acme/app.git');

  it('is that of the repository the caller knows, however its address is written', () => {
    const candidates = checkoutsOf(runWith(library, own));
    for (const url of [
      'https://github.com/acme/app',
      'https://ada:secret@github.com/acme/app.git/',
      'ssh://git@github.com:22/acme/app.git',
      'git@github.com:Acme/App',
    ]) {
      assert.equal(chooseCommit(candidates, ['https://other/x', url])?.sha, SHA, url);
    }
  });

  it('is the first where nothing matches, and none where nothing was checked out', () => {
    assert.equal(chooseCommit(checkoutsOf(runWith(library, own)), [])?.sha, LIBRARY);
    assert.equal(chooseCommit(checkoutsOf({}), ['x']), undefined);
    assert.equal(parseRun(runWith(), at)?.commit, undefined);
  });

  it('is the revision where there is one, with the addresses of its checkout', () => {
    const run = parseRun(runWith({ revision: { hash: SHA.toUpperCase() } }, library, own), at);
    assert.deepEqual(run?.commit, { sha: SHA, remoteUrls: ['git@github.com:acme/app.git'] });
  });

  it('is no text that only looks like one', () => {
    assert.equal(parseRun(runWith(buildData('--upload-pack=x', 'u')), at)?.commit, undefined);
  });

  it('comes with the branch it was found on', () => {
    assert.equal(parseRun(runWith(own), at)?.branch, 'main');
    assert.equal(parseRun(runWith(buildData(SHA, 'u', 'detached')), at)?.branch, undefined);
  });
});

describe('a run', () => {
  it('has its parameters as Jenkins tells them', () => {
    const parameters = [
      { _class: 'hudson.model.StringParameterValue', name: 'A', value: '' },
      { _class: 'hudson.model.BooleanParameterValue', name: 'B', value: true },
      { _class: 'hudson.model.PasswordParameterValue', name: 'C' },
      { _class: 'hudson.model.RunParameterValue', name: 'D', jobName: 'x', number: '3' },
    ];
    assert.deepEqual(parseRun(runWith({ parameters }), at)?.parameters, [
      { name: 'A', value: '', kind: 'StringParameterValue' },
      { name: 'B', value: true, kind: 'BooleanParameterValue' },
      { name: 'C', value: undefined, kind: 'PasswordParameterValue' },
      { name: 'D', value: undefined, kind: 'RunParameterValue' },
    ]);
  });

  it('is read from any shape of answer without an exception', () => {
    for (const json of [
      null,
      [],
      'x',
      7,
      {},
      { number: 'x' },
      { number: 1, actions: [null, 3, { causes: {} }] },
    ]) {
      assert.doesNotThrow(() => parseRun(json, at));
    }
  });
});
