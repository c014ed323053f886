import assert from 'node:assert/strict';
import { ARTIFACT_FIELDS } from '../../src/jenkins/artifacts';
import { EXECUTOR_FIELDS } from '../../src/jenkins/executors';
import { fields, list } from '../../src/jenkins/json';
import { DEFINITION_FIELDS } from '../../src/jenkins/parameters';
import { QUEUE_FIELDS } from '../../src/jenkins/queue';
import { REPORT_FIELDS } from '../../src/jenkins/report';
import { FULL_RUN_FIELDS } from '../../src/jenkins/runs';
import { startJenkins } from '../bed/jenkins/double';
import { parseTree, prune } from '../bed/jenkins/tree';
import type { RunSpec, World } from '../bed/jenkins/world';
import { recorded, skipWithoutRecordings } from './recordings';
import { differences, shapeOf } from './shapes';

interface Held {
  readonly path: string;
  /** What the client asks for; undefined where it gets all there is. */
  readonly tree?: string;
  readonly against: () => readonly unknown[];
  /** What the recorded servers were too old for, or were not asked for. */
  readonly newer?: readonly string[];
  /** What the double leaves out, since nothing reads it. */
  readonly left?: readonly string[];
}

const run: RunSpec = {
  number: 2,
  result: 'SUCCESS',
  checkouts: [{ sha: 'a'.repeat(40), remoteUrls: ['git@github.com:a/b.git'], branch: 'main' }],
  stages: [{ name: 'checkout' }, { name: 'build' }],
  tests: [
    { group: 'a', name: 'b', status: 'FAILED', details: 'x' },
    { group: 'a', name: 'c' },
  ],
};

const world: World = {
  agents: [{ name: 'agent-1', executors: 2 }],
  jobs: [
    { name: 'main', runs: [run] },
    {
      name: 'fish',
      kind: 'freestyle',
      definitions: [
        { name: 'bear', kind: 'Boolean', default: true, description: 'some bear' },
        { name: 'fish', kind: 'String', default: 'salmon', description: 'some fish' },
      ],
      runs: [
        {
          ...run,
          parameters: [{ name: 'fish', value: 'salmon' }],
          artifacts: { 'fish.txt': 'salmon' },
        },
      ],
    },
    { name: 'folder', kind: 'folder', jobs: [{ name: 'x' }] },
  ],
};

/** Stage View links to what there is only sometimes. */
const SOMETIMES = ['_links.pendingInputActions', '_links.artifacts'].flatMap((link) => [
  link,
  `${link}.href`,
]);

const HELD: Readonly<Record<string, Held>> = {
  'a run of a Pipeline': {
    path: 'job/main/2/api/json',
    tree: FULL_RUN_FIELDS,
    against: () => [recorded('jenkins-rest/build-info-no-params.json'), ...builds('main')],
    newer: ['.inProgress'],
    // Recorded by a trimmed response; a Pipeline's run has no such field.
    left: ['.builtOn'],
  },
  'a run of a freestyle job': {
    path: 'job/fish/2/api/json',
    tree: FULL_RUN_FIELDS,
    against: () => [recorded('jenkins-rest/build-info.json'), ...builds('devlake')],
    newer: ['.inProgress'],
  },
  'the files of a run': {
    path: 'job/fish/2/api/json',
    tree: ARTIFACT_FIELDS,
    against: () => [recorded('jenkins-rest/build-info.json')],
  },
  'jobs and folders': {
    path: 'api/json',
    tree: 'jobs[name,fullName,url,color,description]',
    against: () => [
      recorded('devlake/multibranch_jobs.json'),
      recorded('jenkins-rest/jobsInRootFolder.json'),
    ],
  },
  'the parameters of a job': {
    path: 'job/fish/api/json',
    tree: `buildable,property[parameterDefinitions[${DEFINITION_FIELDS}]]`,
    against: () => [recorded('jenkins-rest/job-info.json')],
  },
  'the stages of a run': {
    path: 'job/main/2/wfapi/describe',
    against: () => [
      recorded('jenkins-rest/workflow.json'),
      ...list(recorded('stage-view/04_rest_api_runs_failed.json')),
      // Its stages are those of a newer server.
      { stages: stagesOf('main-1') },
    ],
    left: SOMETIMES.map((link) => `.${link}`),
  },
  'the stages of several runs': {
    path: 'job/main/wfapi/runs?fullStages=true',
    against: () => [
      recorded('jenkins-rest/runHistory.json'),
      recorded('stage-view/04_rest_api_runs_failed.json'),
      [{ stages: stagesOf('main-1') }],
    ],
    left: SOMETIMES.map((link) => `[].${link}`),
  },
  'a test report': {
    path: 'job/main/2/testReport/api/json',
    tree: REPORT_FIELDS,
    against: () => [recorded('testreport/junit_testReport__testResults.json')],
    newer: ['.suites[].enclosingBlockNames'],
  },
  'the executors': {
    path: 'computer/api/json',
    tree: EXECUTOR_FIELDS,
    against: () => [recorded('jenkins-rest/computer.json')],
    // Told only where it is named.
    newer: ['currentExecutable', 'progress'].map((it) => `.computer[].executors[].${it}`),
  },
  'the queue': {
    path: 'queue/api/json',
    tree: `items[${QUEUE_FIELDS}]`,
    against: () => [
      recorded('jenkins-rest/queue.json'),
      { items: [recorded('jenkins-rest/queueItemPending.json')] },
    ],
  },
  'an item that has left the queue': {
    path: 'queue/item/144/api/json',
    tree: QUEUE_FIELDS,
    against: () => [recorded('jenkins-rest/queueItemRunning.json')],
  },
};

describe('the double tells what real servers tell, in the same types:', () => {
  before(skipWithoutRecordings);

  for (const [what, { path, tree, against, newer = [], left = [] }] of Object.entries(HELD)) {
    it(what, async () => {
      await using jenkins = await startJenkins({ world, stages: 'wfapi', waits: true });
      jenkins.enqueue('fish', { parameters: [{ name: 'fish', value: 'bear' }] });
      const leaving = jenkins.enqueue('fish', { parameters: [{ name: 'fish', value: 'eel' }] });
      jenkins.start(leaving.id);
      const answer = await fetch(jenkins.base + path + (tree === undefined ? '' : `?tree=${tree}`));
      const told = shapeOf(await answer.json());
      const real = shapeOf(
        ...against().map((one) => (tree === undefined ? one : prune(one, parseTree(tree)))),
      );
      assert.deepEqual(differences(told, real), newer, 'only the double');
      assert.deepEqual(differences(real, told), left, 'only the recordings');
    });
  }
});

function builds(job: 'main' | 'devlake'): readonly unknown[] {
  const file =
    job === 'main'
      ? 'devlake/allBuilds__mb_github-org-job-devlake-jenkins-job-main.json'
      : 'devlake/allBuilds__devlake.json';
  return list(fields(recorded(file))['allBuilds']);
}

function stagesOf(run: string): unknown {
  const file = `devlake/wfapi_describe_stages__github-org-job-devlake-jenkins-job-${run}.json`;
  return fields(recorded(file))['stages'];
}
