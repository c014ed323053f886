import assert from 'node:assert/strict';
import { BranchRuns } from '../../../src/editor/told/branchRuns';
import { connect } from '../../../src/jenkins/client';
import { startJenkins, type JenkinsDouble } from '../../bed/jenkins/double';
import type { JobSpec, RunSpec } from '../../bed/jenkins/world';
import { INTERVAL, manualClock, storeOf } from '../runs/stores';

const failed: RunSpec = { number: 1, result: 'FAILURE', startedAt: Date.UTC(2026, 10, 23) };
const branch = (name: string, ...runs: RunSpec[]): JobSpec => ({ name, runs });
const project = (...jobs: JobSpec[]): JobSpec => ({ name: 'moat', kind: 'multibranch', jobs });

describe('the runs of the branch that is checked out', () => {
  it('are found in one request, and looked at again alone', async () => {
    await using bed = await plant([project(branch('main', failed), branch('other'))]);
    await bed.runs.follow('main');
    assert.deepEqual(bed.told(), ['branch moat/main #1']);
    assert.equal(bed.jenkins.requests.length, 1);
    await bed.look();
    assert.equal(bed.jenkins.requests.length, 2);
    assert.match(bed.jenkins.requests[1]?.path ?? '', /job\/main\/api/);
  });

  it('are those of the pull request that comes from it, where it has no job of its own', async () => {
    const environment = { CHANGE_ID: '17', CHANGE_BRANCH: 'topic' };
    const change = { title: 'A', author: 'eve', url: 'http://x/17', target: 'main' };
    await using bed = await plant([
      project(branch('main', failed), {
        ...branch('PR-17', { ...failed, environment }),
        change,
      }),
    ]);
    await bed.runs.follow('topic');
    assert.deepEqual(bed.told(), ['change moat/PR-17 #1']);
    assert.equal(bed.jenkins.requests.length, 2);
    await bed.runs.follow('main');
    assert.equal(bed.jenkins.requests.length, 2, 'its name is enough');
  });

  it('are found when the branch is built for the first time', async () => {
    await using bed = await plant([project(branch('main', failed))]);
    await bed.runs.follow('topic');
    assert.deepEqual(bed.told(), []);
    bed.jenkins.addJob('moat', branch('topic', failed));
    await bed.look(() => bed.told().length > 0);
    assert.deepEqual(bed.told(), ['branch moat/topic #1']);
  });

  it('are found when a server answers that did not', async () => {
    await using bed = await plant([branch('moat', failed)]);
    const fault = bed.jenkins.fault(/./, '500');
    await bed.runs.follow('main');
    assert.match(String(bed.runs.state()?.problem), /HTTP 500/);
    fault[Symbol.dispose]();
    await bed.look(() => bed.told().length > 0);
    assert.deepEqual(bed.told(), ['plain moat #1']);
    assert.equal(bed.runs.state()?.problem, undefined);
  });

  it('are none, and nothing is asked, where no branch is checked out', async () => {
    await using bed = await plant([branch('moat', failed)]);
    await bed.runs.follow('main');
    await bed.runs.follow(undefined);
    assert.equal(bed.runs.state(), undefined);
    assert.equal(bed.clock.next(), undefined);
  });

  it('are told of a branch that is switched to, not of the one before', async () => {
    await using bed = await plant([project(branch('main', failed), branch('other', failed))]);
    const first = bed.runs.follow('main');
    const second = bed.runs.follow('other');
    await Promise.all([first, second]);
    assert.deepEqual(bed.told(), ['branch moat/other #1']);
  });
});

async function plant(jobs: readonly JobSpec[]) {
  const jenkins: JenkinsDouble = await startJenkins({ world: { jobs } });
  const client = connect({ base: jenkins.base });
  const clock = manualClock();
  const store = storeOf(client, clock);
  let changed = (): void => undefined;
  const runs = new BranchRuns(
    {
      store,
      jobs: () => jobs.map(({ name }) => `${jenkins.base}job/${name}/`),
      sources: (url, signal) => client.changeSources(url, signal),
    },
    () => changed(),
  );
  const told = (): string[] =>
    (runs.state()?.jobs ?? []).map(
      ({ job, runs: [run] }) => `${job.how} ${run?.job ?? ''} #${run?.number ?? ''}`,
    );
  return {
    jenkins,
    runs,
    clock,
    told,
    /** Turns the clock to the next look, and resolves when what it told is known. */
    look: async (is: () => boolean = () => true): Promise<void> => {
      const looked = new Promise<void>((done) => {
        const once = store.onDidLook(() => {
          once[Symbol.dispose]();
          done();
        });
        clock.turn(100 * INTERVAL);
      });
      await looked;
      while (!is()) await new Promise<void>((done) => (changed = done));
    },
    [Symbol.asyncDispose]: async () => {
      runs[Symbol.dispose]();
      store[Symbol.dispose]();
      client[Symbol.dispose]();
      await jenkins.close();
    },
  };
}
