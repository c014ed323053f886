import assert from 'node:assert/strict';
import { connect } from '../../src/jenkins/client';
import { startJenkins } from '../bed/jenkins/double';
import { hugeLog } from '../bed/jenkins/hugeLog';
import { LARGEST_JOB, SCALE, scaleWorld } from '../bed/jenkins/scale';
import type { JobSpec } from '../bed/jenkins/world';

const { signal } = new AbortController();
const now = Date.UTC(2026, 1, 1, 12);

describe('the double at scale', () => {
  it('has 2,000 jobs in 60 folders, with 300,000 runs in all', () => {
    const all = (jobs: readonly JobSpec[]): JobSpec[] =>
      jobs.flatMap((job) => [job, ...all(job.jobs ?? [])]);
    const items = all(scaleWorld({ now }).jobs);
    const jobs = items.filter((job) => job.jobs === undefined);
    assert.equal(jobs.length, SCALE.jobs);
    assert.equal(items.length - jobs.length, SCALE.folders);
    const runs = jobs.map(({ madeRuns }) => madeRuns?.newest ?? 0);
    assert.equal(
      runs.reduce((a, b) => a + b),
      SCALE.runs,
    );
    assert.equal(Math.max(...runs), runs[0]);
  });

  it('tells of its runs page by page, and of each what the plugins would', async () => {
    await using jenkins = await startJenkins({ world: scaleWorld({ now }) });
    using client = connect({ base: jenkins.base });
    const job = `${jenkins.base}job/org-1/job/service-2/job/PR-7/`;
    const newest = await client.runs(job, { limit: 20 }, signal);
    const older = await client.runs(job, { limit: 5, olderThan: newest.at(-1)!.number }, signal);
    assert.equal(older[0]?.number, newest.at(-1)!.number - 1);
    assert.ok(newest[0]!.startedAt <= now && newest[0]!.startedAt > newest[1]!.startedAt);
    assert.equal(newest[0]?.change?.id, '7');
    const stages = await client.stages(older[0], signal);
    assert.equal(stages.find(({ name }) => name === 'Runtime')?.children.length, 4);
  });

  it('tells any part of the largest log', async () => {
    const log = hugeLog(2e9);
    await using jenkins = await startJenkins({ world: scaleWorld({ now, log }) });
    using client = connect({ base: jenkins.base });
    const job = `${jenkins.base}${LARGEST_JOB.split('/')
      .map((name) => `job/${name}/`)
      .join('')}`;
    const [run] = await client.runs(job, { limit: 1 }, signal);
    const url = `${run!.url}logText/progressiveText?start=${log.size - 65_536}`;
    const answer = await fetch(url);
    assert.equal(answer.headers.get('x-text-size'), String(log.size));
    const end = await answer.text();
    assert.ok(end.endsWith('\r\nERROR: script returned exit code 2\r\nFinished: FAILURE\r\n'));
    assert.ok(!end.includes('\u001b[8mha:'));
    for await (const { bytes } of client.log(run!, { signal })) {
      assert.ok(bytes.toString().startsWith('Started by user Ada\nObtained Jenkinsfile from '));
      break;
    }
  });
});

describe('a log that is larger than what may be held', () => {
  it('is read to its end to say why a run failed', async () => {
    const log = hugeLog(256e6);
    await using jenkins = await startJenkins({ world: scaleWorld({ now, log }) });
    using client = connect({ base: jenkins.base });
    const job = `${jenkins.base}job/org-1/job/service-1/job/main/`;
    const [run] = await client.runs(job, { limit: 1 }, signal);
    const stages = await client.stages(run!, signal);
    const held = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const before = held();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, held())), 5);
    const { failure } = await client.explain(run!, stages, signal);
    clearInterval(watch);
    assert.deepEqual(failure.stage, ['Runtime tests']);
    assert.equal(failure.exitCode, 2);
    assert.equal(failure.tests[0]?.name, 'TestPolicyEgressDeny');
    // What is no longer used is not collected at once, here and in the double.
    assert.ok(most - before < 150e6, `${most - before} bytes more were held`);
  });
});

describe('a log that is made as it is read', () => {
  it('has its marks where it says, without its notes', () => {
    const log = hugeLog(8e6);
    const raw = Buffer.concat([...log.from(0)]);
    assert.equal(raw.length, log.size);
    const clean = Buffer.from(
      raw.toString('latin1').replace(/\u001b\[8mha:[^\n]*?\u001b\[0m/g, ''),
      'latin1',
    );
    assert.equal(clean.length, log.clean.size);
    const lines = clean.toString().split('\n');
    assert.equal(lines.length - 1, log.clean.lines);
    for (const { text, line, offset } of [...log.needles, log.failure]) {
      assert.equal(lines[line - 1], text);
      assert.equal(clean.indexOf(text), offset);
      assert.equal(clean.lastIndexOf(text), offset);
    }
  });

  it('is the same from anywhere, in whole lines', () => {
    const log = hugeLog(8e6);
    const raw = Buffer.concat([...log.from(0)]);
    for (const start of [1, 65_535, 65_536, 4_000_001, log.size - 1, log.size]) {
      const pieces = [...log.from(start)];
      assert.ok(Buffer.concat(pieces).equals(raw.subarray(start)));
      assert.ok(pieces.every((piece) => piece.at(-1) === 10));
    }
  });
});
