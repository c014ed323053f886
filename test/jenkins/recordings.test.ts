import assert from 'node:assert/strict';
import { createConsoleScanner } from '../../src/jenkins/consoleLog';
import { artifactsOf } from '../../src/jenkins/artifacts';
import { contentsOf } from '../../src/jenkins/contents';
import { executingOf } from '../../src/jenkins/executors';
import { stageViewInputsOf } from '../../src/jenkins/inputs';
import { fields, list } from '../../src/jenkins/json';
import { indexOf, jobsOf } from '../../src/jenkins/jobs';
import { parametersOfJob } from '../../src/jenkins/parameters';
import { queueItemOf, queueOf, type QueueItem } from '../../src/jenkins/queue';
import { failedTestsOf, outcomesOf } from '../../src/jenkins/report';
import type { Run, Stage } from '../../src/jenkins/run';
import { parseRun } from '../../src/jenkins/runs';
import { stagesOfDescribe, stagesOfRuns } from '../../src/jenkins/stages';
import { recordedText, skipWithoutRecordings } from './recordings';

const SERVER = 'https://ci.example.org/jenkins/';
const FISH = `${SERVER}job/fish/`;

type Check = (body: string) => void;

/** What a recording has to become. */
const RECORDINGS: Readonly<Record<string, Check | { readonly notAskedFor: string }>> = {
  'jenkins-rest/jobsInRootFolder.json': json((it) => {
    assert.deepEqual(
      jobsOf(it, SERVER).map(({ name, kind, state, url }) => [name, kind, state, url]),
      [
        // Templates are no jobs. Where no colour is told, nothing is known of the last run.
        ['Test Tool', 'job', undefined, `${SERVER}job/fish-test/`],
        ['Test MultiBranch Project', 'multibranch', undefined, `${SERVER}job/fish-multibranch/`],
        ['Test Folder', 'folder', undefined, `${SERVER}job/fish-folder/`],
        ['Test Free Style', 'job', 'failed', `${SERVER}job/fish-project/`],
        ['Test Workflow Job', 'job', undefined, `${SERVER}job/fish-workflow/`],
      ],
    );
    assert.equal(contentsOf(it, SERVER, SERVER).kind, 'server');
    assert.equal(indexOf(it, SERVER).length, 5);
  }),
  'jenkins-rest/jobsInJenkinsFolder.json': json((it) => {
    const contents = contentsOf(it, `${SERVER}job/folder/`, SERVER);
    assert.equal(contents.kind, 'folder');
    assert.deepEqual(
      contents.jobs.map(({ name, kind, url }) => [name, kind, url]),
      [['Test Project', 'job', `${SERVER}job/username/`]],
    );
  }),
  'devlake/multibranch_jobs.json': json((it) => {
    const project = `${SERVER}job/github_org/job/devlake-jenkins/`;
    assert.deepEqual(
      jobsOf(it, SERVER).map(({ url, fullName, state, change }) => [
        url,
        fullName,
        state,
        change?.id,
      ]),
      [
        [`${project}job/feature-1/`, 'github_org/devlake-jenkins/feature-1', 'passed', undefined],
        [`${project}job/feature-2/`, 'github_org/devlake-jenkins/feature-2', 'aborted', undefined],
        [`${project}job/main/`, 'github_org/devlake-jenkins/main', 'passed', undefined],
        [`${project}job/PR-2/`, 'github_org/devlake-jenkins/PR-2', 'passed', '2'],
      ],
    );
  }),
  'jenkins-rest/job-info.json': json((it) => {
    const contents = contentsOf(it, FISH, SERVER);
    assert.equal(contents.kind, 'job');
    assert.deepEqual(
      contents.runs.get(FISH)?.runs.map(({ number, url }) => [number, url]),
      [[7, `${FISH}7/`]],
    );
    assert.deepEqual(parametersOfJob(it), [
      {
        ...{ name: 'bear', description: 'some bear', type: 'BooleanParameterDefinition' },
        ...{ kind: 'boolean', initial: true },
      },
      {
        ...{ name: 'fish', description: 'some fish', type: 'StringParameterDefinition' },
        ...{ kind: 'text', lines: 'one', initial: 'salmon' },
      },
    ]);
    const { waiting } = contents.runs.get(FISH) ?? {};
    assert.deepEqual([waiting?.id, waiting?.jobUrl, waiting?.state.kind], [71, FISH, 'waiting']);
    assert.equal(waiting?.why, 'Build #7 is already in progress (ETA:52 sec)');
  }),
  'jenkins-rest/build-info.json': json((it) => {
    const run = runOf(it);
    assert.deepEqual(
      [run.url, run.result, run.building, run.startedAt, run.duration, run.estimatedDuration],
      [`${FISH}10/`, 'SUCCESS', false, 1461091892486, 60750, 60258],
    );
    assert.deepEqual([run.commit, run.branch, run.node], [undefined, undefined, undefined]);
    assert.deepEqual(run.causes, ['Started by user anonymous']);
    assert.deepEqual(run.parameters, [
      { name: 'bear', value: true, kind: '' },
      { name: 'fish', value: 'salmon', kind: '' },
    ]);
    assert.deepEqual(artifactsOf(it), [{ name: 'fish.txt', path: 'fish.txt' }]);
  }),
  'jenkins-rest/build-info-empty-and-null-params.json': json((it) => {
    assert.deepEqual(
      runOf(it).parameters.map(({ name, value }) => [name, value]),
      [
        ['bear', 'null'],
        ['fish', ''],
      ],
    );
  }),
  'jenkins-rest/build-info-git-commit.json': json((it) => {
    // Changes are no checkout: which commit was built, they do not say.
    assert.equal(runOf(it).commit, undefined);
    assert.equal(runOf(it).parameters.length, 2);
  }),
  'jenkins-rest/build-info-no-params.json': json((it) => {
    assert.deepEqual(runOf(it).parameters, []);
    assert.deepEqual(runOf(it).causes, ['Started by user anonymous']);
    assert.deepEqual(artifactsOf(it), []);
  }),
  'devlake/allBuilds__devlake.json': json((it) => {
    const runs = allBuilds(it);
    assert.deepEqual(
      runs.map(({ number, result, building, duration, branch }) => [
        number,
        result,
        building,
        duration,
        branch,
      ]),
      [
        [31, 'SUCCESS', false, 1587, 'main'],
        [21, 'SUCCESS', false, 2121, 'main'],
        [11, 'SUCCESS', false, 14820, 'main'],
      ],
    );
    assert.deepEqual(runs[0]?.commit, {
      sha: '0f886c74949c3ee7e489188911c7dc0c1d547418',
      remoteUrls: ['https://github.com/merico-dev/lake.git'],
    });
    assert.deepEqual(runs[0].causes, ['Started by user abc']);
  }),
  'devlake/allBuilds__mb_github-org-job-devlake-jenkins-job-main.json': json((it) => {
    const runs = allBuilds(it);
    assert.deepEqual(
      runs.map(({ number, branch, commit, causes }) => [number, branch, commit?.sha, ...causes]),
      [
        [4, 'main', 'c83ae02076382670e286ac2474b7a7327fc28cde', 'Push event to branch main'],
        [3, 'main', '78b8e3a2029f991982039e4ed6d7b1f9c6670497', 'Push event to branch main'],
        [2, 'main', runs[2]?.commit?.sha, 'Push event to branch main'],
        [1, 'main', runs[3]?.commit?.sha, 'Branch indexing'],
      ],
    );
    assert.match(runs[2]?.commit?.sha ?? '', /^f521ff9/);
    assert.match(runs[3]?.commit?.sha ?? '', /^87f0f9e/);
  }),
  'devlake/allBuilds__mb_github-org-job-devlake-jenkins-job-feature-1.json': json((it) => {
    assert.deepEqual(
      allBuilds(it).map(({ number, result, branch, startedAt }) => [
        number,
        result,
        branch,
        startedAt,
      ]),
      [
        [3, 'SUCCESS', 'feature-1', 1711277071589],
        [2, 'SUCCESS', 'feature-1', 1711276326044],
        [1, 'SUCCESS', 'feature-1', 1711275815628],
      ],
    );
  }),
  'jenkins-rest/build-number.txt': { notAskedFor: 'a number follows from the run' },
  'jenkins-rest/build-timestamp.txt': { notAskedFor: 'a time without its zone says little' },
  'jenkins-rest/build-consoleText.txt': (body) => {
    const scanner = createConsoleScanner();
    scanner.push(Buffer.from(body));
    const { stages, commands } = scanner.end();
    assert.deepEqual(stages, []);
    assert.deepEqual(
      commands.map(({ text }) => text),
      ['touch helloWorld.txt'],
    );
  },
  'jenkins-rest/progressive-text.txt': (body) => {
    const scanner = createConsoleScanner();
    scanner.push(Buffer.from(body));
    assert.deepEqual(scanner.end().commands, []);
  },
  'jenkins-rest/computer.json': json((it) => {
    assert.equal(list(fields(it)['computer']).length, 10);
    // An executor that is not said to work on anything works on nothing.
    assert.deepEqual(executingOf(it, SERVER), []);
  }),
  'jenkins-rest/queue.json': json((it) => {
    assert.deepEqual(
      queueOf(it, SERVER).map(({ id, name, why, since }) => [id, name, why, since]),
      [
        [6, 'Freestyle', 'Waiting for next available executor', 1460738551155],
        [7, 'chicken', 'Waiting for next available executor', 1460738557584],
      ],
    );
    assert.deepEqual(queueOf(it, SERVER)[1]?.parameters, [
      { name: 'feet', value: false, kind: '' },
    ]);
  }),
  'jenkins-rest/queueItemPending.json': json((it) => {
    const item = itemOf(it);
    assert.deepEqual(
      [item.name, item.jobUrl, item.url, item.stuck, item.state],
      ['test', `${SERVER}job/test/`, `${SERVER}queue/item/143/`, false, { kind: 'waiting' }],
    );
    assert.equal(item.why, 'Build #9 is already in progress (ETA:15 sec)');
    assert.deepEqual(item.parameters, [{ name: 'a', value: '4', kind: 'StringParameterValue' }]);
  }),
  'jenkins-rest/queueItemCancelled.json': json((it) => {
    assert.deepEqual([itemOf(it).state, itemOf(it).why], [{ kind: 'cancelled' }, undefined]);
  }),
  'jenkins-rest/queueItemRunning.json': json(started),
  'jenkins-rest/queueItemMultipleParameters.json': json((it) => {
    started(it);
    assert.deepEqual(
      itemOf(it).parameters.map(({ name, value }) => [name, value]),
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    );
  }),
  'jenkins-rest/queueItemEmptyParameterValue.json': json((it) => {
    started(it);
    assert.equal(itemOf(it).parameters.length, 3);
  }),
  'jenkins-rest/queueItemNullTaskName.json': json((it) => {
    assert.deepEqual([itemOf(it).name, itemOf(it).jobUrl], [undefined, `${SERVER}job/test/`]);
  }),
  'jenkins-rest/queueItemMissingTaskUrl.json': json((it) => {
    const item = itemOf(it);
    assert.deepEqual(
      [item.id, item.jobUrl, item.partOf, item.stuck, item.why],
      [3549, undefined, undefined, true, 'Just a random message here'],
    );
    assert.deepEqual([item.parameters, item.causes], [[], []]);
  }),
  'jenkins-rest/workflow.json': json((it) => {
    assert.deepEqual(named(stagesOfDescribe(it)), [
      ['Build', 'passed', 5228],
      ['Test', 'passed', 4994],
      ['Deploy', 'waiting', 7],
    ]);
  }),
  'jenkins-rest/runHistory.json': json((it) => {
    const runs = stagesOfRuns(it);
    assert.deepEqual([...runs.keys()], [16, 15]);
    assert.deepEqual(named(runs.get(16)).at(-1), ['Deploy', 'waiting', 7]);
    assert.equal(runs.get(15)?.length, 3);
  }),
  'stage-view/01_rest_api_jobHistory.json': json((it) => {
    const runs = stagesOfRuns(it);
    assert.deepEqual([...runs.keys()], [3, 2, 1]);
    assert.deepEqual(named(runs.get(3)), [
      ['Build', 'passed', 3065],
      ['Test', 'passed', 2695],
      ['Deploy', 'passed', 2824],
    ]);
    assert.equal(runs.get(1)?.[0]?.startedAt, 1411552553000);
  }),
  'stage-view/02_rest_api_jobHistory.json': json((it) => {
    assert.deepEqual(
      stagesOfRuns(it)
        .get(2)
        ?.map(({ name }) => name),
      ['Build', 'Test2', 'Deploy'],
    );
  }),
  'stage-view/03_rest_api_runs.json': json((it) => {
    assert.deepEqual(named(stagesOfRuns(it).get(3)).at(-1), ['Deploy', 'running', 824]);
    assert.deepEqual(named(stagesOfRuns(it).get(1)), [['Build', 'running', 2220]]);
  }),
  'stage-view/03_rest_api_runs_checkpoint_rerun.json': json((it) => {
    const stages = stagesOfRuns(it).get(2) ?? [];
    assert.deepEqual(named(stages), [
      ['Dev', 'skipped', 0],
      ['QA', 'skipped', 0],
      ['Staging', 'skipped', 0],
      ['Production', 'passed', 600],
    ]);
    // What was never begun has no beginning in 1970.
    assert.equal(stages[0]?.startedAt, undefined);
  }),
  'stage-view/04_rest_api_runs_failed.json': json((it) => {
    assert.deepEqual([...stagesOfRuns(it).keys()], [3, 1]);
    assert.deepEqual(named(stagesOfRuns(it).get(3)).at(-1), ['Staging', 'failed', 300]);
  }),
  'stage-view/05_rest_api_runs.json': json((it) => {
    assert.deepEqual([...stagesOfRuns(it)], [[1, []]]);
  }),
  'stage-view/06_rest_api_runs.json': json((it) => {
    assert.deepEqual([...stagesOfRuns(it).keys()], [7, 6, 5, 4]);
    assert.deepEqual(named(stagesOfRuns(it).get(5)).at(2), ['Staging', 'passed', 380013]);
  }),
  'stage-view/07_rest_api_runs_in_progress.json': json((it) => {
    assert.deepEqual(named(stagesOfRuns(it).get(1)), [
      ['Staging', 'passed', 10247],
      ['Production', 'running', 629],
    ]);
  }),
  'stage-view/08_rest_api_unstable_run.json': json((it) => {
    assert.deepEqual(named(stagesOfRuns(it).get(1)), [
      ['Staging', 'unstable', 10247],
      ['Production', 'unstable', 629],
    ]);
  }),
  'stage-view/input-model-01.json': json((it) => {
    const [input] = stageViewInputsOf([it]);
    assert.deepEqual(
      [input?.id, input?.message, input?.proceed, input?.abort],
      ['Run-test-suites', 'Workflow Configuration', 'Okay', 'Abort'],
    );
    assert.deepEqual(
      input?.parameters.map((one) => [one.name, one.kind, 'initial' in one ? one.initial : '']),
      [
        ['Run test suites?', 'boolean', true],
        ['Good boy?', 'boolean', false],
        ['Enter some text', 'text', 'Hello'],
        // The password that the server tells is not read.
        ['Enter a passord', 'password', ''],
        ['Take your pick', 'choice', 'Choice 1'],
      ],
    );
    assert.ok(!JSON.stringify(input).includes('MyPasswd'));
  }),
  'stage-view/input-model-02.json': json((it) => {
    const [input] = stageViewInputsOf([it]);
    assert.deepEqual(
      input?.parameters.map(({ name, kind, type }) => [name, kind, type]),
      [['Unsupported', 'text', 'XXXXXX']],
    );
  }),
  'testreport/junit_testReport__testResults.json': json((it) => {
    const failed = failedTestsOf(it);
    assert.deepEqual(
      failed.map(({ group, name, age, failedSince, details }) => [
        group,
        name,
        age,
        failedSince,
        details,
      ]),
      [1, 4, 4].map((age) => [
        ...['failure.TestThisWillFailAbunch', 'aFailingTest'],
        ...[age, 7, '<some exception here>'],
      ]),
    );
    assert.equal(failed[0]?.suite, 'failure.TestThisWillFailAbunch');
    assert.equal(failed[0].duration, 3);
    const passed = [...outcomesOf(it).values()].filter((outcome) => outcome);
    assert.equal(passed.length, 6);
  }),
  ...Object.fromEntries(
    ['main-1', 'main-2', 'main-3', 'main-4', 'feature-1-1', 'feature-1-2', 'feature-1-3'].map(
      (run): [string, Check] => [
        `devlake/wfapi_describe_stages__github-org-job-devlake-jenkins-job-${run}.json`,
        json((it) => {
          const stages = stagesOfDescribe(it);
          assert.deepEqual(
            stages.map(({ id, name, state }) => [id, name, state]),
            [
              ['6', 'Declarative: Checkout SCM', 'passed'],
              ['13', 'checkout', 'passed'],
              ['18', 'build', 'passed'],
              ['23', 'test', 'passed'],
              ['28', 'deploy', 'passed'],
            ],
          );
          assert.ok(stages.every(({ startedAt }) => (startedAt ?? 0) > 1.7e12));
        }),
      ],
    ),
  ),
  ...Object.fromEntries(
    [3, 10, 12].map((run): [string, Check] => [
      `devlake/wfapi_describe_stages__Test-20Gitlab-20Sync-${run}.json`,
      json((it) => {
        const stages = stagesOfDescribe(it);
        assert.ok(stages.length > 0);
        assert.ok(
          stages.every(({ name, state }) => name === 'gitlabAutoSync' && state === 'passed'),
        );
      }),
    ]),
  ),
  'jenkins-rest/user.json': { notAskedFor: 'only the id and the name are' },
  'jenkins-rest/api-token.json': { notAskedFor: 'a person makes the token' },
  'jenkins-rest/overall-load.json': {
    notAskedFor: "how busy a server is in all is nobody's question",
  },
  'jenkins-rest/plugins.json': { notAskedFor: 'what a server has is found out by asking it' },
  'jenkins-rest/pipeline-node.json': { notAskedFor: 'the log tells which step broke' },
  'jenkins-rest/pipelineNodeLog.json': { notAskedFor: 'the whole log is read' },
  'stage-view/checkpoint_resumed_stage_description.json': {
    notAskedFor: 'the log tells which step broke',
  },
  'stage-view/01_run_changeset_pre_model.json': { notAskedFor: 'git knows the changes' },
};

describe('the recordings', () => {
  before(skipWithoutRecordings);

  it('are all here', () => {
    const index = recordedText('INDEX.md');
    const files = [...index.matchAll(/^\| ([\w.-]+\/\S+) \|/gm)].map(([, file]) => file);
    assert.deepEqual(Object.keys(RECORDINGS).sort(), files.sort());
  });

  for (const [file, check] of Object.entries(RECORDINGS)) {
    if (typeof check !== 'function') continue;
    it(`become what they mean: ${file}`, () => check(recordedText(file)));
  }
});

function json(check: (it: unknown) => void): Check {
  return (body) => check(JSON.parse(body) as unknown);
}

function runOf(it: unknown): Run {
  const run = parseRun(it, { server: SERVER, jobUrl: FISH, remoteUrls: [] });
  assert.ok(run !== undefined);
  return run;
}

function allBuilds(it: unknown): Run[] {
  return list(fields(it)['allBuilds']).map(runOf);
}

function itemOf(it: unknown): QueueItem {
  const item = queueItemOf(it, SERVER);
  assert.ok(item !== undefined);
  return item;
}

function started(it: unknown): void {
  assert.deepEqual(itemOf(it).state, {
    kind: 'started',
    run: { number: 14, url: `${SERVER}job/test/14/` },
  });
}

function named(stages: readonly Stage[] = []): [string, string, number | undefined][] {
  return stages.map(({ name, state, duration }) => [name, state, duration]);
}
