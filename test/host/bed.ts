import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as vscode from 'vscode';
import type { TestApi } from '../../src/extension';
import type { RunNode, RunsNode } from '../../src/editor/runs/runsNodes';
import { startJenkins, type JenkinsDouble, type JenkinsOptions } from '../bed/jenkins/double';
import type { RunSpec, StageSpec, World } from '../bed/jenkins/world';

export const USER = 'ada';
export const TOKEN = 'canary-token-7f3a';

export const JENKINSFILE = `pipeline {
  agent any
  stages {
    stage('Build') {
      steps { sh 'make' }
    }
    stage('Test') {
      steps { sh './test.sh' }
    }
  }
}
`;

/** A Jenkins with the job `moat`, whose #42 failed in Test at this folder's own commit. */
export function startMoat(options: Partial<JenkinsOptions> = {}): Promise<JenkinsDouble> {
  const users = { [USER]: { token: TOKEN } };
  return startJenkins({ world: moat(), users, anonymous: false, ...options });
}

/** Has the tests around it connected to `startMoat`'s server, which it gives. */
export function aroundMoat(): () => JenkinsDouble {
  let jenkins: JenkinsDouble;
  before(async () => {
    jenkins = await startMoat();
    await connectTo(jenkins);
  });
  after(async () => {
    await disconnect();
    await jenkins.close();
  });
  return () => jenkins;
}

/** The extension's own parts, which it hands out in tests only. */
export async function api(): Promise<TestApi> {
  const extension = vscode.extensions.getExtension<TestApi | undefined>('ci-parity.ci-parity');
  assert.ok(extension, 'the extension is there');
  const exported = await extension.activate();
  assert.ok(exported, 'it runs in a test');
  return exported;
}

/** Connects to the server as the dialogue does, with its job as that of all folders. */
export async function connectTo(jenkins: JenkinsDouble): Promise<void> {
  const { servers } = await api();
  await servers.add({ url: jenkins.base, name: 'ci', user: USER }, { token: TOKEN });
  await setJobs([`${jenkins.base}job/moat/`]);
}

export async function disconnect(): Promise<void> {
  const { servers } = await api();
  for (const server of servers.list()) await servers.remove(server);
  await setJobs(undefined);
}

export async function setJobs(jobs: readonly string[] | undefined): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('ciParity');
  await configuration.update('jobs', jobs, vscode.ConfigurationTarget.Global);
}

/** The node of run #42 in the view. */
export async function failedRun(): Promise<RunNode> {
  const found = (await walk()).find((node) => node.kind === 'run' && node.run.number === 42);
  assert.ok(found?.kind === 'run');
  return found;
}

const PARTS: readonly RunsNode['kind'][] = ['section', 'server', 'job', 'changes'];

/** The nodes of the view down to the runs. */
export async function walk(): Promise<RunsNode[]> {
  const { runs } = await api();
  const all: RunsNode[] = [];
  const below = async (node: RunsNode | undefined): Promise<void> => {
    for (const child of await runs.getChildren(node)) {
      all.push(child);
      if (PARTS.includes(child.kind)) await below(child);
    }
  };
  await below(undefined);
  return all;
}

export function folder(): string {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first);
  return first.uri.fsPath;
}

/** Resolves when `event` has fired and `is` holds; looks once at the beginning, too. */
export async function until<T>(
  event: vscode.Event<T>,
  is: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await is()))
    await new Promise<void>((done) => {
      const once = event(() => {
        once.dispose();
        done();
      });
    });
}

function moat(): World {
  const sha = execFileSync('git', ['-C', folder(), 'rev-parse', 'HEAD'], { encoding: 'utf8' });
  const run = (number: number, rest: Partial<RunSpec>): RunSpec => ({
    number,
    startedAt: Date.now() - (43 - number) * 3_600_000,
    duration: 60_000,
    checkouts: [{ sha: sha.trim(), remoteUrls: ['https://host/moat.git'] }],
    script: JENKINSFILE,
    ...rest,
  });
  const build: StageSpec = { name: 'Build', log: ['[Pipeline] sh', '+ make'] };
  const passed: StageSpec[] = [build, { name: 'Test', log: ['[Pipeline] sh', '+ ./test.sh'] }];
  const failed: StageSpec[] = [
    build,
    {
      name: 'Test',
      state: 'failed',
      log: ['[Pipeline] sh', '+ ./test.sh', '--- FAIL: TestMoat (0.1s)', 'FAIL'],
    },
  ];
  const runs = [
    run(40, { result: 'UNSTABLE', stages: passed }),
    run(41, { result: 'SUCCESS', stages: passed }),
    run(42, {
      result: 'FAILURE',
      error: 'script returned exit code 1',
      stages: failed,
      artifacts: { 'logs/vm.txt': 'the VM booted\n' },
    }),
  ];
  return {
    jobs: [
      { name: 'moat', runs },
      {
        name: 'team',
        kind: 'folder',
        jobs: [{ name: 'live', runs: [{ number: 1, building: true, log: 'begun\n' }] }],
      },
    ],
  };
}
