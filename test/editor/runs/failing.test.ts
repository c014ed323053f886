import assert from 'node:assert/strict';
import { failingIn } from '../../../src/editor/runs/failing';
import type { Job, JobState } from '../../../src/jenkins/jobs';
import { jobUrl } from '../../../src/jenkins/url';

const SERVER = 'http://ci/jenkins/';

describe('what fails on a server', () => {
  it('are the jobs that fail or are unstable, and the folders around them', () => {
    const jobs = [
      job('well/a', 'passed'),
      job('ill/in/b', 'failed'),
      job('ill/in/c', 'unstable'),
      job('ill/d', 'aborted'),
      job('off', 'disabled'),
    ];
    const expected = ['ill', 'ill/in', 'ill/in/b', 'ill/in/c'].map((name) => jobUrl(SERVER, name));
    assert.deepEqual([...failingIn(jobs, SERVER)].sort(), [SERVER, ...expected].sort());
  });
});

function job(name: string, state: JobState): Job {
  const url = jobUrl(SERVER, name);
  return { name, fullName: name, url, kind: 'job', state, running: false };
}
