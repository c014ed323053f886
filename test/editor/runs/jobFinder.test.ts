import assert from 'node:assert/strict';
import { createJobFinder } from '../../../src/editor/runs/jobFinder';
import type { Job } from '../../../src/jenkins/jobs';
import { jobUrl } from '../../../src/jenkins/url';

const find = createJobFinder(
  [
    'networking',
    'networking/cilium',
    'networking/cilium/main',
    'networking/cilium/feature%2Fcilium-agent',
    'networking/proxy-cilium',
    'docs/incilium',
    'cilium-docs/site',
    'climb/lium',
    'nightly',
  ].map(job),
);

function found(typed: string, limit = 50): string[] {
  return find(typed, limit).map(({ fullName }) => fullName);
}

describe('finding a job as somebody types', () => {
  it('prefers the whole last name, then its beginning, its words, and folders', () => {
    assert.deepEqual(found('cilium'), [
      'networking/cilium',
      'networking/cilium/feature%2Fcilium-agent',
      'networking/proxy-cilium',
      'docs/incilium',
      'cilium-docs/site',
      'networking/cilium/main',
      'climb/lium',
    ]);
  });

  it('wants all words, in any order and case', () => {
    assert.deepEqual(found('MAIN net'), ['networking/cilium/main']);
    assert.deepEqual(found('main docs'), []);
  });

  it('finds what only has the letters in their order, and nothing else', () => {
    assert.deepEqual(found('ngtly'), ['nightly']);
    assert.deepEqual(found('ylthgin'), []);
  });

  it('finds a branch by the name that people write', () => {
    assert.deepEqual(found('feature/cil'), ['networking/cilium/feature%2Fcilium-agent']);
  });

  it('finds the job whose address was pasted', () => {
    assert.deepEqual(found('http://ci/job/networking/job/cilium/12/console'), [
      'networking/cilium',
    ]);
    assert.deepEqual(found('http://ci/job/gone/'), []);
  });

  it('gives no more than it was asked for, the best of them, and something for nothing typed', () => {
    assert.deepEqual(found('cilium', 1), ['networking/cilium']);
    assert.equal(found('', 3).length, 3);
  });
});

function job(fullName: string): Job {
  return {
    name: fullName,
    fullName,
    url: jobUrl('http://ci/', fullName),
    kind: 'job',
    state: 'passed',
    running: false,
  };
}
