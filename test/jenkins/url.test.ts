import assert from 'node:assert/strict';
import { baseUrl, fullNameOf, jobUrl, parseRunUrl, rebase } from '../../src/jenkins/url';

const SERVER = 'https://ci.example.org/jenkins/';

describe('an address of Jenkins', () => {
  const pages: [string, string, number | string | undefined][] = [
    ['job/a/job/b/42/', 'job/a/job/b/', 42],
    ['job/a/job/b/42/console', 'job/a/job/b/', 42],
    ['job/a/42/stages/?selected-node=7#x', 'job/a/', 42],
    ['job/a/42/display/redirect', 'job/a/', 42],
    ['job/a/lastFailedBuild/', 'job/a/', 'lastFailedBuild'],
    ['job/a/', 'job/a/', undefined],
    ['job/a/configure', 'job/a/', undefined],
    ['view/all/job/a/7/', 'job/a/', 7],
    ['job/f/view/change-requests/job/PR-7/3', 'job/f/job/PR-7/', 3],
    ['job/cilium/job/feature%252Fx/5/', 'job/cilium/job/feature%252Fx/', 5],
    ['job/Test%20it/5', 'job/Test%20it/', 5],
    [
      'blue/organizations/jenkins/folder%2Fcilium/detail/master/42/pipeline',
      'job/folder/job/cilium/job/master/',
      42,
    ],
    [
      'blue/organizations/jenkins/cilium/detail/feature%2Fx/5/tests',
      'job/cilium/job/feature%252Fx/',
      5,
    ],
    ['blue/organizations/jenkins/plain/detail/plain/9/pipeline/13', 'job/plain/', 9],
    ['blue/organizations/jenkins/cilium/activity', 'job/cilium/', undefined],
  ];
  for (const [page, job, run] of pages) {
    it(`is read: ${page}`, () => {
      assert.deepEqual(parseRunUrl(` ${SERVER}${page}\n`), {
        server: SERVER,
        jobUrl: SERVER + job,
        run,
      });
    });
  }

  it('is not seen in other text', () => {
    for (const text of [
      '',
      '42',
      'https://ci.example.org/',
      'https://github.com/cilium/cilium',
      'file:///job/a/1',
      'javascript:/job/a/1/',
    ]) {
      assert.equal(parseRunUrl(text), undefined, text);
    }
  });

  it('loses credentials, query and fragment', () => {
    assert.equal(baseUrl('https://ada:secret@ci.example.org/jenkins?x#y'), SERVER);
  });

  it('that is none is refused with advice', () => {
    for (const text of ['', 'ci.example.org', 'ftp://ci.example.org/']) {
      assert.throws(() => baseUrl(text), { name: 'UserError' }, text);
    }
  });

  it('is made of a full name, where the branch keeps its encoding', () => {
    const url = jobUrl(SERVER, 'networking/cilium/feature%2Fx y');
    assert.equal(url, `${SERVER}job/networking/job/cilium/job/feature%252Fx%20y/`);
    assert.equal(fullNameOf(url), 'networking/cilium/feature%2Fx y');
  });

  it('that the server told is put onto the one the user typed', () => {
    const told = 'http://10.0.0.1:8080/view/all/job/a/job/feature%252Fx/42/';
    assert.equal(rebase(told, SERVER), `${SERVER}job/a/job/feature%252Fx/42/`);
    const queued = 'http://10.0.0.1:8080/ci/queue/item/17/';
    assert.equal(rebase(queued, SERVER), `${SERVER}queue/item/17/`);
    assert.equal(rebase('/ci/queue/item/17/', SERVER), `${SERVER}queue/item/17/`);
    assert.equal(rebase('https://evil.example/../x', SERVER), SERVER);
  });
});
