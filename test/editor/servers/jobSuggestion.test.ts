import assert from 'node:assert/strict';
import { suggestJobs } from '../../../src/editor/servers/jobSuggestion';

function suggested(names: readonly string[], remotes: readonly string[]): string[] {
  const jobs = names.map((name) => ({ name, url: name }));
  return suggestJobs(jobs, remotes).map(({ name }) => name);
}

describe('suggesting a job', () => {
  it('puts the job named as owner and repository before one named as the repository', () => {
    assert.deepEqual(
      suggested(
        ['other', 'forks/cilium', 'cilium-nightly', 'cilium/cilium'],
        ['git@github.com:cilium/cilium.git'],
      ),
      ['cilium/cilium', 'forks/cilium', 'cilium-nightly'],
    );
  });

  it('does not mind case, protocol and .git', () => {
    assert.deepEqual(suggested(['Team/Moat'], ['ssh://git@host:2222/x/moat.git']), ['Team/Moat']);
  });

  it('suggests nothing for a repository that no job is named after', () => {
    assert.deepEqual(suggested(['a', 'b'], ['https://host/x/moat']), []);
  });

  it('takes the name of a folder like that of a repository', () => {
    assert.deepEqual(suggested(['networking/cilium'], ['/srv/origin.git', 'cilium']), [
      'networking/cilium',
    ]);
  });
});
