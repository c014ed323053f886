import type { Client } from '../../src/jenkins/client';
import type { JenkinsErrorKind } from '../../src/jenkins/jenkinsError';
import type { Run, Stage } from '../../src/jenkins/run';
import type { JenkinsOptions } from '../bed/jenkins/double';
import type { RunSpec, World } from '../bed/jenkins/world';

/** Who asks, and of what. */
export interface Place {
  readonly client: Client;
  readonly signal: AbortSignal;
  /** Of the job `main`. */
  readonly job: string;
  /** A run that has ended, and one that goes on and waits for an answer. */
  readonly ended: Run;
  readonly going: Run;
  readonly stages: readonly Stage[];
}

/** `right`: what would have come without the fault; `less`: something that is not wrong. */
export type Outcome = JenkinsErrorKind | 'right' | 'less';

/** By the names of the faults. */
type Outcomes = Readonly<Record<string, Outcome>>;

/** Something that the client asks of a server. */
export interface Use {
  /** What is asked, by path and query without the prefix. */
  readonly asks: RegExp;
  readonly use: (place: Place) => Promise<unknown>;
  readonly options?: Partial<JenkinsOptions>;
  /** Signs in with a password instead of a token. */
  readonly password?: true;
  /** It changes something, and cannot be done twice. */
  readonly once?: true;
  /** What it asks for may have any size. */
  readonly large?: true;
  /** It waits for something, and may do so for ever. */
  readonly waits?: true;
  /** Where it is not as with most. */
  readonly but?: Outcomes;
}

const ended: RunSpec = {
  number: 2,
  result: 'FAILURE',
  error: 'script returned exit code 2',
  startedAt: 1_700_000_000_000,
  parameters: [{ name: 'TARGET', value: 'unit', kind: 'Choice' }],
  checkouts: [{ sha: 'a'.repeat(40), remoteUrls: ['git@a:b.git'], branch: 'main' }],
  preamble: [
    'Loading library tools@main',
    `Found match: refs/heads/main revision ${'a'.repeat(40)}`,
    'Replacing contents of vars/x.groovy',
    `Obtained Jenkinsfile from ${'a'.repeat(40)}`,
  ],
  stages: [
    {
      name: 'Build',
      state: 'failed',
      log: ['[Pipeline] sh', '+ make', 'make: *** [all] Error 2'],
    },
  ],
  tests: [{ group: 'pkg', name: 'TestA', status: 'FAILED', details: 'want 1' }],
  artifacts: { 'out/a.txt': 'a'.repeat(100) },
  script: 'pipeline { }',
  loadedScripts: { x: 'def call() { }' },
  restartable: ['Build'],
};

const going: RunSpec = {
  number: 3,
  building: true,
  startedAt: 1_700_000_300_000,
  script: 'pipeline { }',
  inputs: [{ id: 'Deploy', message: 'Deploy?' }],
  stages: [{ name: 'Build', state: 'running', log: ['[Pipeline] sh', '+ make'] }],
};

const world: World = {
  agents: [{ name: 'agent-1', executors: 2 }],
  jobs: [
    { name: 'main', runs: [{ number: 1, result: 'SUCCESS' }, ended, going] },
    { name: 'asking', definitions: [{ name: 'TARGET', kind: 'String', default: 'all' }] },
    {
      name: 'project',
      kind: 'multibranch',
      jobs: [
        {
          name: 'PR-1',
          change: { title: 'rules', author: 'ada', url: 'https://a/1', target: 'main' },
          runs: [{ number: 1, result: 'SUCCESS', environment: { CHANGE_BRANCH: 'rules' } }],
        },
      ],
    },
  ],
};

export const OPTIONS: JenkinsOptions = {
  world,
  users: { ada: { token: 't0ken', password: 'pass', replay: true } },
  linter: () => 'Jenkinsfile successfully validated.\n',
};

/** What is only missing where a server has not, or does not show it. */
const OPTIONAL: Outcomes = { '403': 'less', '404': 'less' };

/** Another plugin, or the log, is asked instead. */
const PLUGIN: Outcomes = {
  ...OPTIONAL,
  ...{ '500': 'less', '503': 'less', html: 'less', huge: 'less', gigabyte: 'less' },
};

/** A web page is what is due. */
const A_PAGE: Outcomes = { ...OPTIONAL, html: 'less', login: 'less' };

/** It only adds to what is known. */
const ADDS: Outcomes = {
  ...PLUGIN,
  ...{ reset: 'less', slow: 'less', silent: 'less', truncated: 'less', cut: 'less' },
  ...{ login: 'less', 'login-redirect': 'less', redirect: 'less', 'redirect-loop': 'less' },
  ...{ '401': 'less', '429': 'less', '429-date': 'less' },
};

/** What a server did is in the status of its answer, and nobody reads what comes with it. */
const NO_BODY: Outcomes = {
  ...{ slow: 'right', truncated: 'right', cut: 'right', huge: 'right', gigabyte: 'right' },
};

/** It is in the headers where the run waits now. */
const QUEUEING: Outcomes = {
  ...{ slow: 'server-error', truncated: 'server-error', cut: 'right' },
  ...{ huge: 'server-error', gigabyte: 'server-error' },
};

/** It is asked again for a while. */
const LOOKS_AGAIN: Outcomes = {
  ...{ down: 'less', reset: 'less', slow: 'less', silent: 'less', truncated: 'less', cut: 'less' },
  ...{ '429': 'less', '429-date': 'less', '500': 'less', '503': 'less' },
};

const OURS = {
  ...{ name: 'parity', labels: 'vagrant', executors: 1, folder: '/var/agent' },
  mark: { lease: 'a1b2c3d4e5f6', owner: 'ada@laptop' },
};

const KEY = { id: 'k', description: 'd', user: 'root', privateKey: 'x' };

const EMPTY_FORM = new Map<string, string>();

/** Everything that a client asks of a server. */
export const USES: Readonly<Record<string, Use>> = {
  'who answers': {
    asks: /^api\/json\?tree=mode/,
    but: { '404': 'not-jenkins' },
    use: ({ client, signal }) => client.ping(signal),
  },
  'whom it takes us for': {
    asks: /^me\/api\/json/,
    use: ({ client, signal }) => client.ping(signal),
  },
  'the jobs of a server': {
    asks: /^api\/json\?tree=jobs\[name,url/,
    use: ({ client, signal }) => client.jobs(client.base, signal),
  },
  'the jobs of a project': {
    asks: /^job\/project\/api\/json\?tree=jobs\[name,url,color,description/,
    use: ({ client, signal }) => client.jobs(`${client.base}job/project/`, signal),
  },
  'all jobs': {
    asks: /^api\/json\?tree=jobs\[name,color/,
    use: ({ client, signal }) => client.index(signal),
  },
  'what lies there': {
    asks: /^job\/main\/api\/json\?tree=name,color,jobs/,
    use: ({ client, signal, job }) => client.contents(job, signal),
  },
  'where pull requests come from': {
    asks: /^job\/project\/api\/json\?tree=jobs\[url,lastBuild/,
    use: async ({ client, signal }) => [
      ...(await client.changeSources(`${client.base}job/project/`, signal)),
    ],
  },
  'what the agents do': {
    asks: /^computer\/api\/json/,
    but: { '403': 'right', '404': 'right' },
    use: ({ client, signal }) => client.executing(signal),
  },
  'which agents are ours': {
    asks: /^computer\/api\/json\?tree=computer\[displayName,description/,
    use: async ({ client, signal }) => (await client.doing.agents()).marked(signal),
  },
  'how an agent is': {
    asks: /^computer\/parity\/api\/json/,
    // There is none of that name, and nobody reads what page says so.
    but: { '404': 'right', cut: 'right' },
    use: async ({ client, signal }) => (await client.doing.agents()).status('parity', signal),
  },
  'to create an agent': {
    asks: /^computer\/doCreateItem/,
    but: NO_BODY,
    once: true,
    use: async ({ client, signal }) => (await client.doing.agents()).create(OURS, signal),
  },
  'what was written of connecting it': {
    asks: /^computer\/parity\/logText/,
    // It only explains what else went wrong.
    but: {
      ...{ '403': 'right', '404': 'right', '500': 'right', '503': 'right' },
      ...{ html: 'less', login: 'less', huge: 'right', gigabyte: 'right', cut: 'right' },
    },
    use: async ({ client, signal }) => {
      const agents = await client.doing.agents();
      if (!(await agents.status('parity', signal))) await agents.create(OURS, signal);
      return agents.log('parity', signal);
    },
  },
  'what an agent is run by': {
    asks: /^jnlpJars\/agent\.jar/,
    use: async ({ client, signal }) =>
      (await (await client.doing.agents()).jar(signal)).toString('latin1'),
  },
  'to add a key': {
    asks: /^credentials\/store\/system\/domain\/_\/createCredentials/,
    but: NO_BODY,
    once: true,
    use: async ({ client, signal }) => (await client.doing.agents()).keys.add(KEY, signal),
  },
  'to remove a key': {
    asks: /^credentials\/store\/system\/domain\/_\/credential\/k\/doDelete/,
    // There is none of that id: nothing is to be done.
    but: { ...NO_BODY, '404': 'right' },
    once: true,
    use: async ({ client, signal }) => (await client.doing.agents()).keys.remove('k', signal),
  },
  'what waits': {
    asks: /^queue\/api\/json/,
    use: ({ client, signal }) => client.queue(client.base, signal),
  },
  'the newest runs and what waits': {
    asks: /^job\/main\/api\/json\?tree=lastBuild\[number,displayName.*queueItem/,
    use: ({ client, signal, job }) => client.newestRuns(job, 10, signal),
  },
  'the newest runs': {
    asks: /^job\/main\/api\/json\?tree=lastBuild\[number,displayName/,
    use: ({ client, signal, job }) => client.runs(job, { limit: 10 }, signal),
  },
  'older runs': {
    asks: /^job\/main\/3\/api\/json\?tree=previousBuild/,
    use: ({ client, signal, job }) => client.runs(job, { limit: 10, olderThan: 3 }, signal),
  },
  'a run': {
    asks: /^job\/main\/2\/api\/json\?tree=number,displayName/,
    use: ({ client, signal, ended: { url } }) => client.run(url, signal),
  },
  'the beginning of its log': {
    asks: /^job\/main\/2\/consoleText/,
    but: ADDS,
    large: true,
    use: ({ client, signal, ended: { url } }) => client.run(url, signal),
  },
  'stages of the plugin Graph View': {
    asks: /^job\/main\/2\/stages\/tree/,
    but: PLUGIN,
    use: ({ client, signal, ended: run }) => client.stages(run, signal),
  },
  'stages of its predecessor': {
    asks: /^job\/main\/2\/pipeline-overview\/tree/,
    but: PLUGIN,
    options: { stages: 'pipeline-overview' },
    use: ({ client, signal, ended: run }) => client.stages(run, signal),
  },
  'stages of the plugin Stage View': {
    asks: /^job\/main\/2\/wfapi\/describe/,
    but: PLUGIN,
    options: { stages: 'wfapi' },
    use: ({ client, signal, ended: run }) => client.stages(run, signal),
  },
  'stages of several runs': {
    asks: /^job\/main\/wfapi\/runs/,
    options: { stages: 'wfapi' },
    use: async ({ client, signal, ended: run, job }) => {
      await client.stages(run, signal);
      const recent = await client.recentStages(job, signal);
      return typeof recent === 'string' ? recent : [...recent];
    },
  },
  'stages by the log alone': {
    asks: /^job\/main\/2\/consoleText/,
    large: true,
    options: { stages: 'none' },
    use: ({ client, signal, ended: run }) => client.stages(run, signal),
  },
  'the log of a stage': {
    asks: /^job\/main\/2\/stages\/log/,
    but: PLUGIN,
    large: true,
    use: async ({ client, signal, ended: run, stages: [stage] }) => {
      const log = await client.stageLog(run, stage!, signal);
      return log && (await size(log));
    },
  },
  'failed tests': {
    asks: /^job\/main\/2\/testReport\/api\/json\?tree=suites\[name/,
    but: OPTIONAL,
    use: ({ client, signal, ended: run }) => client.failedTests(run, signal),
  },
  'how each test ended': {
    asks: /^job\/main\/2\/testReport\/api\/json\?tree=suites\[cases/,
    but: OPTIONAL,
    use: async ({ client, signal, ended: run }) => [...(await client.outcomes(run, signal))],
  },
  'the files of a run': {
    asks: /^job\/main\/2\/api\/json\?tree=artifacts/,
    use: ({ client, signal, ended: run }) => client.artifacts(run, signal),
  },
  'a file': {
    asks: /^job\/main\/2\/artifact\//,
    but: { html: 'less', login: 'less' },
    large: true,
    use: ({ client, signal, ended: run }) =>
      size(client.artifact(run, { name: 'a.txt', path: 'out/a.txt' }, signal)),
  },
  'the log of a run that has ended': {
    asks: /^job\/main\/2\/consoleText/,
    large: true,
    use: ({ client, signal, ended: run }) => logSize(client.log(run, { signal })),
  },
  'a log that grows': {
    asks: /^job\/main\/3\/logText\/progressiveText/,
    but: { slow: 'less', drip: 'less', truncated: 'less', cut: 'less' },
    large: true,
    use: async ({ client, signal, going: run }) => {
      for await (const { bytes } of client.log(run, { signal })) return bytes.toString();
      return undefined;
    },
  },
  'why a run failed': {
    asks: /^job\/main\/2\/consoleText/,
    but: OPTIONAL,
    large: true,
    use: ({ client, signal, ended: run, stages }) => client.explain(run, stages, signal),
  },
  'what the steps of a run ran': {
    asks: /^job\/main\/2\/consoleText/,
    large: true,
    use: ({ client, signal, ended: run }) => client.commands(run, signal),
  },
  'where a run broke, with its tests': {
    asks: /^job\/main\/2\/testReport/,
    but: PLUGIN,
    use: ({ client, signal, ended: run, stages }) => client.failure(run, stages, signal),
  },
  'the Jenkinsfile': {
    asks: /^job\/main\/2\/replay\//,
    but: A_PAGE,
    use: ({ client, signal, ended: run }) => client.jenkinsfile(run, signal),
  },
  'the libraries': {
    asks: /^job\/main\/2\/api\/json\?tree=actions\[lastBuiltRevision/,
    use: ({ client, signal, ended: run }) => client.libraries(run, signal),
  },
  'the files of libraries': {
    asks: /^job\/main\/2\/replay\//,
    but: A_PAGE,
    use: ({ client, signal, ended: run }) => client.libraries(run, signal),
  },
  'what the linter says': {
    asks: /^pipeline-model-converter\/validate/,
    use: ({ client, signal }) => client.lint('pipeline { }', signal),
  },
  'a crumb': {
    asks: /^crumbIssuer\/api\/json/,
    but: { html: 'forbidden', login: 'forbidden' },
    password: true,
    use: ({ client, signal }) => client.lint('pipeline { }', signal),
  },
  'what a job asks for': {
    asks: /^job\/asking\/api\/json\?tree=buildable/,
    use: ({ client, signal }) => client.doing.form(`${client.base}job/asking/`, signal),
  },
  'the parameters of a run': {
    asks: /^job\/main\/2\/api\/json\?tree=actions\[parameters/,
    use: ({ client, signal, ended: run }) => client.doing.parameters(run, signal),
  },
  'to build': {
    asks: /^job\/main\/build$/,
    but: QUEUEING,
    once: true,
    use: ({ client, signal, job }) => client.doing.build(job, undefined, signal),
  },
  'to build with parameters': {
    asks: /^job\/asking\/buildWithParameters/,
    but: QUEUEING,
    once: true,
    use: ({ client, signal }) =>
      client.doing.build(`${client.base}job/asking/`, new Map([['TARGET', 'a']]), signal),
  },
  'to stop': {
    asks: /^job\/main\/3\/stop/,
    but: NO_BODY,
    once: true,
    use: ({ client, signal, going: run }) => client.doing.stop(run, 'stop', signal),
  },
  'how a run has ended': {
    asks: /^job\/main\/2\/api\/json\?tree=building,inProgress,result/,
    but: LOOKS_AGAIN,
    use: ({ client, signal, ended: run }) => client.doing.awaitEnd(run, signal),
  },
  'what a run asks': {
    asks: /^job\/main\/3\/api\/json\?tree=actions\[executions/,
    use: ({ client, signal, going: run }) => client.doing.inputs(run, signal),
  },
  'what a run asks, by Stage View': {
    asks: /^job\/main\/3\/wfapi\/pendingInputActions/,
    but: { '404': 'less' },
    options: { inputs: 'stage view' },
    use: ({ client, signal, going: run }) => client.doing.inputs(run, signal),
  },
  'to answer': {
    asks: /^job\/main\/3\/input\/Deploy\//,
    but: NO_BODY,
    once: true,
    use: async ({ client, signal, going: run }) => {
      const [input] = await client.doing.inputs(run, signal);
      return client.doing.answer(run, input!, { kind: 'proceed', values: EMPTY_FORM }, signal);
    },
  },
  'what a run loaded': {
    asks: /^job\/main\/2\/replay\/$/,
    but: { html: 'less', login: 'less' },
    use: ({ client, signal, ended: run }) => client.doing.loadedScripts(run, signal),
  },
  'to replay': {
    asks: /^job\/main\/2\/replay\/run/,
    but: NO_BODY,
    once: true,
    use: ({ client, signal, ended: run }) => client.doing.replay(run, 'node { }', signal),
  },
  'what may be restarted': {
    asks: /^job\/main\/2\/api\/json\?tree=actions\[restartEnabled/,
    use: ({ client, signal, ended: run }) => client.doing.restartableStages(run, signal),
  },
  'to restart': {
    asks: /^job\/main\/2\/restart\/restartPipeline/,
    once: true,
    use: ({ client, signal, ended: run }) => client.doing.restart(run, 'Build', signal),
  },
  'what the job had before': {
    asks: /^job\/main\/api\/json\?tree=lastBuild\[number\]/,
    once: true,
    use: ({ client, signal, ended: run }) => client.doing.replay(run, 'node { }', signal),
  },
  'what becomes of what waits': {
    waits: true,
    asks: /^queue\/item\/143\/api\/json/,
    but: { '404': 'less' },
    use: ({ client, signal }) =>
      client.doing.follow(
        { kind: 'item', url: `${client.base}queue/item/143/` },
        () => undefined,
        signal,
      ),
  },
  'to take out of the queue': {
    asks: /^queue\/cancelItem/,
    but: {
      ...QUEUEING,
      slow: 'forbidden',
      truncated: 'forbidden',
      huge: 'forbidden',
      gigabyte: 'forbidden',
      '404': 'forbidden',
    },
    once: true,
    options: { waits: true },
    use: ({ client, signal }) =>
      client.doing.cancel({ id: 143, url: `${client.base}queue/item/143/` }, signal),
  },
};

async function size(bytes: AsyncIterable<Buffer>): Promise<number> {
  let sum = 0;
  for await (const piece of bytes) sum += piece.length;
  return sum;
}

async function logSize(chunks: AsyncIterable<{ readonly bytes: Buffer }>): Promise<number> {
  let sum = 0;
  for await (const { bytes } of chunks) sum += bytes.length;
  return sum;
}
