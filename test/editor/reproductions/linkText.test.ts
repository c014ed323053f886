import assert from 'node:assert/strict';
import { readLink } from '../../../src/editor/reproductions/linkText';

const run = (query: string, path = '/reproduce') => readLink({ path, query })?.run;

describe('a link to a run', () => {
  it('is read in both spellings, and names the wish and the server', () => {
    const wanted = { run: 'https://ci/jenkins/job/moat/42/', server: 'https://ci/jenkins/' };
    const address = 'https://ci/jenkins/job/moat/42/console';
    assert.deepEqual(readLink({ path: '/reproduce', query: `url=${address}` }), {
      wish: 'reproduce',
      ...wanted,
    });
    assert.deepEqual(readLink({ path: '/open', query: `x=1&run=${address}` }), {
      wish: 'open',
      ...wanted,
    });
  });

  it('means the last failure where it names a job', () => {
    assert.equal(run('url=https://ci/job/moat/'), 'https://ci/job/moat/lastUnsuccessfulBuild/');
  });

  it('keeps the names of branches, whether the link was encoded or not', () => {
    const wanted = 'https://ci/job/moat/job/feature%252Fx/3/';
    assert.equal(run('url=https://ci/job/moat/job/feature%252Fx/3/'), wanted);
    assert.equal(run('url=https://ci/job/moat/job/feature%2Fx/3/'), wanted);
    const blue = 'url=https://ci/blue/organizations/jenkins/moat/detail/feature%2Fx/3/pipeline';
    assert.equal(run(blue), wanted);
    assert.equal(run('url=https://ci/job/My Job/1/'), 'https://ci/job/My%20Job/1/');
  });

  it('loses fragments, queries and whatever else is not the address of a run', () => {
    const wanted = 'https://ci/job/moat/42/';
    for (const rest of ['#top', '?delay=0', '#/../../job/evil/1/', 'replay/run?x'])
      assert.equal(run(`url=https://ci/job/moat/42/${rest}`), wanted, rest);
  });

  it('is none with another protocol, a user, unseen characters, or no run at all', () => {
    const hostile = [
      'javascript:alert(1)//job/x/1/',
      'file:///job/x/1/',
      'command:ciParity.cleanUp?/job/x/1',
      'https://ci.example.org@evil.example/job/x/1/',
      'https://user:pass@ci/job/x/1/',
      'https://ci/job/moat/42/\nhttps://good/',
      'https://ci/job/mo\u202eat/42/',
      'https://ci/job/moat/42/\u0000',
      `https://ci/job/${'x'.repeat(2000)}/1/`,
      'https://ci/',
      'job/moat/42/',
      '',
    ];
    for (const address of hostile) assert.equal(run(`url=${address}`), undefined, address);
    assert.equal(run('url=https://ci/job/moat/42/', '/delete'), undefined);
    assert.equal(run('job=https://ci/job/moat/42/'), undefined);
  });

  it('shows by its own host where an address only pretends', () => {
    assert.equal(
      run('url=https://evil.example/https://ci/job/moat/42/'),
      'https://evil.example/https:/ci/job/moat/42/',
    );
  });
});
