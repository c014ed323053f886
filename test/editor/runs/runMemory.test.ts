import assert from 'node:assert/strict';
import { RunMemory } from '../../../src/editor/runs/runMemory';
import type { Job } from '../../../src/jenkins/jobs';
import { now, runWith } from './runs';

describe('the memory of runs', () => {
  const jobUrl = (nth: number) => `http://ci/job/${nth}/`;
  const runs = (nth: number, count: number) =>
    Array.from({ length: count }, (_, n) =>
      runWith({ number: count - n, jobUrl: jobUrl(nth), url: `${jobUrl(nth)}${count - n}/` }),
    );

  it('holds a part of 300,000 runs: what is watched, and what was wanted last', () => {
    const memory = new RunMemory();
    const watched = jobUrl(7);
    for (let nth = 0; nth < 3000; nth++) {
      memory.tellRuns(jobUrl(nth), { runs: runs(nth, 100), more: true }, now);
      memory.trim((url) => url === watched);
    }
    assert.ok(memory.held <= 20_100, `${memory.held} runs are held`);
    assert.equal(memory.list(watched)?.runs.length, 100);
    assert.equal(memory.list(jobUrl(2999))?.runs.length, 100);
    assert.equal(memory.list(jobUrl(8)), undefined);
  });

  it('keeps of a job that nobody looks at any more only the newest runs', () => {
    const memory = new RunMemory();
    memory.tellRuns(jobUrl(1), { runs: runs(1, 500), more: false }, now);
    memory.trim(() => true);
    assert.equal(memory.held, 500);
    memory.trim(() => false);
    assert.equal(memory.held, 100);
    assert.equal(memory.list(jobUrl(1))?.more, true);
  });

  it('counts what it holds rightly after all of that is forgotten', () => {
    const memory = new RunMemory();
    for (const count of [10, 30, 20])
      memory.tellRuns(jobUrl(1), { runs: runs(1, count), more: false }, now);
    assert.equal(memory.held, 20);
    memory.forget('http://ci/');
    assert.equal(memory.held, 0);
  });

  it('keeps what only a project tells of its branches when the index is told again', () => {
    const memory = new RunMemory();
    const project = job('moat', 'multibranch');
    const branch = job('moat/main', 'job');
    memory.tellIndex('http://ci/', [project, branch], now);
    const detailed = { ...branch, description: 'the main branch', isMain: true };
    memory.tellInside(project.url, { kind: 'multibranch', jobs: [detailed], heardAt: now });
    assert.deepEqual(memory.tellIndex('http://ci/', [project, branch], now), []);
    const failed: Job = { ...branch, state: 'failed' };
    assert.deepEqual(memory.tellIndex('http://ci/', [project, failed], now), [project.url]);
    assert.deepEqual(memory.index('http://ci/')[1], { ...detailed, state: 'failed' });
  });

  function job(fullName: string, kind: Job['kind']): Job {
    const names = fullName.split('/');
    const url = `http://ci/${names.map((name) => `job/${name}/`).join('')}`;
    const state = kind === 'job' ? 'passed' : undefined;
    return { name: names.at(-1) ?? '', fullName, url, kind, state, running: false };
  }
});
