import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifactsOf } from '../../src/jenkins/artifacts';
import { sourcesOf } from '../../src/jenkins/changeSources';
import { chainOf, contentsOf, newestOf } from '../../src/jenkins/contents';
import { executingOf } from '../../src/jenkins/executors';
import { inputsOf, stageViewInputsOf } from '../../src/jenkins/inputs';
import { indexOf, jobOf, jobsOf } from '../../src/jenkins/jobs';
import { definitionsOf, parametersOfJob } from '../../src/jenkins/parameters';
import { queueItemOf, queueOf } from '../../src/jenkins/queue';
import { failedTestsOf, outcomesOf } from '../../src/jenkins/report';
import { causesOf, checkoutsOf, parametersOf, parseRun } from '../../src/jenkins/runs';
import { stagesOfDescribe, stagesOfGraph, stagesOfRuns } from '../../src/jenkins/stages';
import * as model from './models';

const SERVER = 'https://ci.example.org/jenkins/';
const JOB = `${SERVER}job/folder/job/main/`;

const { listOf, mapOf, optional, number, boolean, string } = model;

/** Each parser of JSON: of what it reads, and into what. */
const PARSERS: Readonly<Record<string, Parser>> = {
  artifactsOf: [RUN(), artifactsOf, listOf(model.artifact)],
  causesOf: [RUN(), causesOf, listOf(string)],
  chainOf: [RUN(), (it) => chainOf(it, 3, JOB, SERVER), model.page],
  checkoutsOf: [RUN(), checkoutsOf, listOf(model.checkout)],
  contentsOf: [FOLDER(), (it) => contentsOf(it, JOB, SERVER), model.contents],
  definitionsOf: [DEFINITIONS(), definitionsOf, listOf(model.definition)],
  executingOf: [COMPUTER(), (it) => executingOf(it, SERVER), listOf(model.executing)],
  failedTestsOf: [REPORT(), failedTestsOf, listOf(model.failedTest)],
  indexOf: [FOLDER(), (it) => indexOf(it, SERVER), listOf(model.job)],
  inputsOf: [RUN(), inputsOf, listOf(model.input)],
  jobOf: [FOLDER().jobs[0], (it) => jobOf(it, SERVER), optional(model.job)],
  jobsOf: [FOLDER(), (it) => jobsOf(it, SERVER), listOf(model.job)],
  newestOf: [
    { lastBuild: RUN(), queueItem: QUEUE().items[0] },
    (it) => newestOf(it, 3, JOB, SERVER),
    model.page,
  ],
  outcomesOf: [REPORT(), outcomesOf, mapOf(string, boolean)],
  parametersOf: [RUN(), parametersOf, listOf(model.parameter)],
  parametersOfJob: [FOLDER().jobs[0], parametersOfJob, listOf(model.definition)],
  parseRun: [
    RUN(),
    (it) => parseRun(it, { server: SERVER, jobUrl: JOB, remoteUrls: ['git@a:b.git'] }),
    optional(model.run),
  ],
  queueItemOf: [QUEUE().items[0], (it) => queueItemOf(it, SERVER), optional(model.queueItem)],
  queueOf: [QUEUE(), (it) => queueOf(it, SERVER), listOf(model.queueItem)],
  sourcesOf: [FOLDER(), (it) => sourcesOf(it, SERVER), mapOf(string, model.changeSource)],
  stagesOfDescribe: [DESCRIBED(), stagesOfDescribe, listOf(model.stage)],
  stagesOfGraph: [GRAPH(), stagesOfGraph, listOf(model.stage)],
  stagesOfRuns: [[DESCRIBED(), DESCRIBED()], stagesOfRuns, mapOf(number, listOf(model.stage))],
  stageViewInputsOf: [INPUTS(), stageViewInputsOf, listOf(model.input)],
};

/** What it reads where all is right; reads it; what it gives. */
type Parser = readonly [right: unknown, parse: (json: unknown) => unknown, gives: model.Model];

describe('whatever JSON a server sends,', () => {
  for (const [name, [right, parse, gives]] of Object.entries(PARSERS)) {
    it(`${name} gives what it promises`, () => {
      const check = (json: unknown): void => assert.equal(gives(parse(json), name), undefined);
      check(right);
      assert.notDeepEqual(parse(right), parse({}), 'nothing is read of what is right');
      for (let part = 0; part < count(right); part++)
        for (const odd of ODD) check(replaced(right, [[part, odd]]));
      const several = fc.array(fc.tuple(fc.nat(count(right)), fc.jsonValue({ maxDepth: 3 })));
      const any = fc.oneof(
        several.map((all) => replaced(right, all)),
        fc.jsonValue(),
      );
      fc.assert(fc.property(any, check), { numRuns: 200 });
    });
  }

  it('nothing is too deep to be read', () => {
    let json: unknown = {};
    for (let depth = 0; depth < 20_000; depth++) {
      const inside = [json];
      json = {
        ...{ number: depth, name: 'x', _class: 'Folder', url: JOB },
        ...{ jobs: inside, stages: inside, children: inside, suites: inside },
        ...{ previousBuild: json, data: json },
      };
    }
    for (const [name, [, parse, gives]] of Object.entries(PARSERS))
      assert.equal(gives(parse(json), name), undefined);
  });

  it('no parser is left out', () => {
    const folder = join(import.meta.dirname, '..', '..', 'src', 'jenkins');
    const parsers = readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(folder, file), 'utf8').matchAll(
          /^export function (\w+)\(\s*json: unknown/gm,
        ),
      ])
      .map(([, name]) => name);
    assert.deepEqual(Object.keys(PARSERS).sort(), parsers.sort());
  });
});

const ODD: readonly unknown[] = [
  ...[null, true, false, {}, [], [[]], [null], [{}], { a: 1 }, 0, -1, 0.5, 1e308, '', 'x', '#1'],
  ...['%', 'job/%/', 'http://[', '\u0000', '/../', '\ud800', '9'.repeat(400), '<b>'],
];

/** The value with some of its parts, counted from the outermost, replaced. */
function replaced(right: unknown, all: readonly (readonly [number, unknown])[]): unknown {
  let at = 0;
  function change(value: unknown): unknown {
    const own = all.find(([part]) => part === at);
    at++;
    if (own !== undefined) return own[1];
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
  }
  return change(right);
}

function count(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, part: unknown) => sum + count(part), 1);
}

function RUN() {
  const one = (id: number) => ({
    _class: 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
    number: id,
    displayName: `#${id}`,
    result: 'FAILURE',
    building: false,
    inProgress: false,
    timestamp: 1711277551963,
    duration: 30415,
    estimatedDuration: 33703,
    builtOn: 'agent-1',
    artifacts: [{ displayPath: 'fish.txt', fileName: 'fish.txt', relativePath: 'a/fish.txt' }],
    actions: [
      { causes: [{ shortDescription: 'Push event to branch main' }] },
      { parameters: [{ _class: 'hudson.model.StringParameterValue', name: 'a', value: '1' }] },
      {
        revision: {
          hash: 'a'.repeat(40),
          pullHash: 'b'.repeat(40),
          target: { head: { name: 'main' } },
        },
      },
      {},
      {
        lastBuiltRevision: { SHA1: 'a'.repeat(40), branch: [{ name: 'refs/remotes/origin/main' }] },
        remoteUrls: ['git@a:b.git'],
      },
      { environment: { BRANCH_NAME: 'PR-1', CHANGE_ID: '1', CHANGE_FORK: 'ada' } },
      {
        executions: [
          {
            id: 'Ok',
            settled: false,
            input: {
              message: 'Deploy?',
              ok: 'Go',
              cancel: 'No',
              submitter: 'ada',
              parameters: DEFINITIONS(),
            },
          },
        ],
      },
    ],
  });
  return { ...one(3), previousBuild: { ...one(2), previousBuild: null } };
}

function FOLDER() {
  return {
    _class: 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject',
    name: 'main',
    jobs: [
      {
        _class: 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
        name: 'PR-1',
        url: `${JOB}job/PR-1/`,
        color: 'red_anime',
        description: '<b>rules</b>',
        actions: [
          { objectDisplayName: 'title', objectUrl: 'https://a/pull/1', contributor: 'ada' },
          { _class: 'jenkins.scm.api.metadata.PrimaryInstanceMetadataAction' },
        ],
        property: [
          {
            branch: {
              head: { _class: 'PullRequestSCMHead', origin: { _class: 'Fork', name: 'ada' } },
            },
          },
          { parameterDefinitions: DEFINITIONS() },
        ],
        lastBuild: {
          ...RUN(),
          actions: [
            { revision: { target: { head: { name: 'main' } } } },
            { environment: { CHANGE_BRANCH: 'rules', CHANGE_FORK: 'ada' } },
          ],
        },
      },
      {
        _class: 'com.cloudbees.hudson.plugins.folder.Folder',
        name: 'inner',
        url: `${JOB}job/inner/`,
        jobs: [{ name: 'x', url: `${JOB}job/inner/job/x/`, color: 'blue' }],
      },
    ],
  };
}

function DEFINITIONS() {
  return [
    {
      type: 'StringParameterDefinition',
      name: 'a',
      description: 'some',
      defaultParameterValue: { value: '1' },
    },
    {
      type: 'BooleanParameterDefinition',
      name: 'b',
      defaultParameterValue: { value: true },
    },
    { type: 'ChoiceParameterDefinition', name: 'c', choices: ['1', '2'] },
    { type: 'PasswordParameterDefinition', name: 'd' },
    {
      type: 'RunParameterDefinition',
      name: 'e',
      projectName: 'x',
      defaultParameterValue: { jobName: 'x', number: '12' },
    },
  ];
}

function QUEUE() {
  return {
    items: [
      {
        id: 7,
        why: 'Waiting for next available executor',
        stuck: false,
        inQueueSince: 1460738557584,
        task: { name: 'main', url: JOB },
        actions: RUN().actions.slice(0, 2),
        cancelled: false,
        executable: { number: 14, url: `${JOB}14/` },
      },
    ],
  };
}

function COMPUTER() {
  const currentExecutable = { url: `${JOB}14/` };
  return {
    computer: [{ displayName: 'agent-1', executors: [{ currentExecutable, progress: 12 }, {}] }],
  };
}

function REPORT() {
  const suites = [
    {
      name: 'suite',
      enclosingBlockNames: ['inner', 'outer'],
      cases: [
        {
          className: 'a',
          name: 'b',
          status: 'REGRESSION',
          age: 1,
          failedSince: 7,
          duration: 0.003,
          errorDetails: 'no',
          errorStackTrace: 'at x',
        },
        { className: 'a', name: 'c', status: 'PASSED' },
      ],
    },
  ];
  return { suites, childReports: [{ result: { suites } }] };
}

function DESCRIBED() {
  return {
    id: '12',
    name: '#12',
    stages: [
      { id: '6', name: 'Build', status: 'FAILED', startTimeMillis: 1, durationMillis: 2453 },
      { id: '7', name: 'Test', status: 'SUCCESS', startTimeMillis: 2, durationMillis: 3 },
    ],
  };
}

function GRAPH() {
  const inner = {
    id: '9',
    name: 'inner',
    state: 'failure',
    type: 'PARALLEL',
    startTimeMillis: 1,
    totalDurationMillis: 2,
    children: [],
  };
  const outer = { id: 8, name: 'Post', state: 'success', synthetic: true, type: 'STAGE' };
  return { status: 'ok', data: { stages: [{ ...outer, children: [inner] }] } };
}

function INPUTS() {
  return [{ id: 'Ok', message: 'Deploy?', proceedText: 'Go', inputs: DEFINITIONS() }];
}
