import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseTree, prune, TreeSyntaxError, type Model } from './tree';
import { logOf, type JobSpec, type RunSpec, type StageSpec, type World } from './world';

export interface JenkinsOptions {
  readonly world: World;
  /** `/jenkins` unless told; `` for none. */
  readonly prefix?: string;
  /** The root URL that the server believes it has, which is in all addresses it tells. */
  readonly rootUrl?: string;
  /** `2.504.3` unless told. From 2.509 the log is told with its traps. */
  readonly version?: string;
  /** Which plugin tells of stages. */
  readonly stages?: 'stages' | 'pipeline-overview' | 'wfapi' | 'none';
  /** Whether those who have not signed in may read; they may unless told. */
  readonly anonymous?: boolean;
  readonly users?: Readonly<Record<string, UserSpec>>;
  /** What the linter answers to a Jenkinsfile's text; without it the plugin is missing (404). */
  readonly linter?: (jenkinsfile: string) => string;
  /** A fixed port, else any. */
  readonly port?: number;
}

export interface UserSpec {
  readonly token: string;
  /** Who signs in with it has to bring a crumb with each POST, unlike with an API token. */
  readonly password?: string;
  /** Full names of jobs that the user may not see (answered with 404). */
  readonly hidden?: readonly string[];
  /** Whether the user may read at all; else 403. */
  readonly read?: boolean;
  /** Whether the user may see scripts. */
  readonly replay?: boolean;
}

export type FaultKind =
  | 'html'
  | 'truncated'
  | 'huge'
  | 'slow'
  | '401'
  | '403'
  | '404'
  | '500'
  | 'login-redirect'
  | 'redirect'
  | 'reset';

export interface JenkinsDouble extends AsyncDisposable {
  /** The address to connect to; ends with `/`. */
  readonly base: string;
  /** Every request in the order it came, for tests to look at. */
  readonly requests: readonly RecordedRequest[];
  /** Answers requests whose path (with query) matches with a fault, until the fault is disposed. */
  fault(match: RegExp, kind: FaultKind): Disposable;
  /** Adds to the log of a run; `job` is the full name. */
  appendLog(job: string, number: number, text: string | Buffer): void;
  /** Ends a run that is running. */
  finish(
    job: string,
    number: number,
    result: RunSpec['result'],
    stages?: readonly StageSpec[],
  ): void;
  close(): Promise<void>;
}

export interface RecordedRequest {
  readonly method: string;
  /** With the prefix and the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

interface LiveRun {
  spec: RunSpec;
  log: Buffer;
}

interface LiveJob {
  readonly spec: JobSpec;
  readonly fullName: string;
  readonly jobs: readonly LiveJob[];
  /** The newest first. */
  readonly runs: LiveRun[];
}

/** The Jenkins of tests and of the demo: in this process, on 127.0.0.1, closed by whoever starts it. */
export async function startJenkins(options: JenkinsOptions): Promise<JenkinsDouble> {
  const prefix = options.prefix ?? '/jenkins';
  const requests: RecordedRequest[] = [];
  const faults: { match: RegExp; kind: FaultKind }[] = [];
  const roots = options.world.jobs.map((job) => liveJob(job, ''));
  const sessions = new Map<string, string>();

  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push({ method: request.method ?? 'GET', path, headers: request.headers });
    const fault = faults.find(({ match }) => match.test(path));
    if (fault !== undefined) {
      misbehave(response, fault.kind);
      return;
    }
    const root = options.rootUrl ?? `${address(server)}${prefix}/`;
    const send = (reply: Reply): void => {
      response.writeHead(reply.status, {
        'X-Jenkins': version(options),
        'X-Jenkins-Session': '5f1d0e2a',
        'X-Content-Type-Options': 'nosniff',
        ...reply.headers,
      });
      response.end(reply.body);
    };
    const context = { options, prefix, roots, root, sessions };
    if (request.method !== 'POST') {
      send(answer(request, context));
      return;
    }
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(body).toString());
      send(answer(request, context, form));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });

  function find(job: string, number: number): LiveRun {
    const run = findJob(roots, job.split('/'))?.runs.find(({ spec }) => spec.number === number);
    if (run === undefined) throw new Error(`the double has no run ${job} #${number}`);
    return run;
  }

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  return {
    base: `${address(server)}${prefix}/`,
    requests,
    fault(match, kind) {
      const fault = { match, kind };
      faults.push(fault);
      return { [Symbol.dispose]: () => void faults.splice(faults.indexOf(fault), 1) };
    },
    appendLog(job, number, text) {
      const run = find(job, number);
      run.log = Buffer.concat([run.log, Buffer.from(text)]);
    },
    finish(job, number, result, stages) {
      const run = find(job, number);
      run.spec = { ...run.spec, building: false, result, ...(stages !== undefined && { stages }) };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function liveJob(spec: JobSpec, folder: string): LiveJob {
  const fullName = folder + spec.name;
  return {
    spec,
    fullName,
    jobs: (spec.jobs ?? []).map((job) => liveJob(job, `${fullName}/`)),
    runs: (spec.runs ?? [])
      .map((run) => ({ spec: run, log: logOf(run) }))
      .sort((a, b) => b.spec.number - a.spec.number),
  };
}

function findJob(jobs: readonly LiveJob[], names: readonly string[]): LiveJob | undefined {
  const [first, ...rest] = names;
  const job = jobs.find(({ spec }) => spec.name === first);
  return rest.length === 0 || job === undefined ? job : findJob(job.jobs, rest);
}

// --- Answers ---

interface Context {
  readonly options: JenkinsOptions;
  readonly prefix: string;
  readonly roots: readonly LiveJob[];
  /** Ends with `/`. */
  readonly root: string;
  /** Session cookies, with the user whose crumb was given out in it. */
  readonly sessions: Map<string, string>;
}

interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

/** `form` is what was posted; undefined for a GET. */
function answer(request: IncomingMessage, context: Context, form?: URLSearchParams): Reply {
  const { options, prefix, roots } = context;
  const url = new URL(request.url ?? '/', 'http://double');
  if (!url.pathname.startsWith(`${prefix}/`)) return notFound();
  const user = userOf(request, options);
  if (user === 'wrong') {
    return html(401, '<html><body><h2>HTTP ERROR 401 Unauthorized</h2></body></html>', {
      'WWW-Authenticate': 'Basic realm="Jenkins"',
    });
  }
  if (user === undefined ? options.anonymous === false : user.read === false) {
    return forbidden(url, user?.name);
  }
  if (form !== undefined) return posted(request, url, user, form, context);
  const segments = url.pathname
    .slice(prefix.length + 1)
    .split('/')
    .filter((segment) => segment !== '');
  const names: string[] = [];
  while (segments[0] === 'job' && segments[1] !== undefined) {
    names.push(decodeURIComponent(segments[1]));
    segments.splice(0, 2);
  }
  if (names.length === 0) return rootPage(url, segments.join('/'), user, context);
  const job = findJob(roots, names);
  if (job === undefined || user?.hidden?.includes(job.fullName) === true) return notFound();
  if (segments.join('/') === 'api/json') {
    return api(url, jobModel(job, context), jobDefaults(job));
  }
  if (segments.join('/') === 'wfapi/runs' && options.stages === 'wfapi') {
    return json(job.runs.slice(0, 10).map(({ spec }) => describe(job, spec, context)));
  }
  const run = runFor(job, segments.shift());
  if (run === undefined) return notFound();
  return runPage(url, { job, run, user, path: segments.join('/') }, context);
}

/** A crumb is bound to a user and a session, and API tokens need none. */
function posted(
  request: IncomingMessage,
  url: URL,
  user: NamedUser | undefined,
  form: URLSearchParams,
  { options, prefix, sessions }: Context,
): Reply {
  const session = /(?:^|; )JSESSIONID=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const crumbed =
    request.headers['jenkins-crumb'] === `c0ffee${session}` &&
    sessions.get(session) === (user?.name ?? 'anonymous');
  if (user?.byToken !== true && !crumbed)
    return html(
      403,
      '<html><body><h2>HTTP ERROR 403 No valid crumb was included in the request</h2></body></html>',
    );
  if (url.pathname !== `${prefix}/pipeline-model-converter/validate`) return notFound();
  if (options.linter === undefined) return notFound();
  return plain(Buffer.from(options.linter(form.get('jenkinsfile') ?? '')));
}

function rootPage(url: URL, path: string, user: NamedUser | undefined, context: Context): Reply {
  switch (path) {
    case 'api/json':
      return api(url, rootModel(context), 'mode,jobs[name,url,color],url');
    case 'me/api/json': {
      if (user === undefined) return notFound();
      const model = { _class: 'hudson.model.User', id: user.name, fullName: user.name };
      return api(url, model, 'id,fullName');
    }
    case 'crumbIssuer/api/json': {
      const session = String(context.sessions.size + 1);
      context.sessions.set(session, user?.name ?? 'anonymous');
      const reply = json({
        _class: 'hudson.security.csrf.DefaultCrumbIssuer',
        crumb: `c0ffee${session}`,
        crumbRequestField: 'Jenkins-Crumb',
      });
      const cookie = `JSESSIONID=${session}; Path=/; HttpOnly`;
      return { ...reply, headers: { ...reply.headers, 'Set-Cookie': [cookie] } };
    }
    case '':
      return html(200, '<html><head><title>Dashboard [Jenkins]</title></head></html>');
    default:
      return notFound();
  }
}

function runPage(
  url: URL,
  at: { job: LiveJob; run: LiveRun; user: NamedUser | undefined; path: string },
  context: Context,
): Reply {
  const { job, run } = at;
  const plugin = context.options.stages ?? 'stages';
  switch (at.path) {
    case 'api/json':
      return api(url, runModel(job, run, context), RUN_DEFAULTS);
    case 'consoleText':
      return plain(withoutNotes(run.log));
    case 'logText/progressiveText':
      return progressiveText(url, run, context.options);
    case 'stages/tree':
    case 'pipeline-overview/tree':
      if (at.path !== `${plugin}/tree`) return notFound();
      return json({ status: 'ok', data: graph(run.spec) });
    case 'wfapi/describe':
      return plugin === 'wfapi' ? json(describe(job, run.spec, context)) : notFound();
    case 'testReport/api/json':
      if (run.spec.tests === undefined) return notFound();
      return api(url, reportModel(run.spec.tests), 'suites[name,cases[className,name,status]]');
    case 'replay':
      return html(
        200,
        replayPage(run.spec, at.user?.replay ?? context.options.users === undefined),
      );
    default:
      return notFound();
  }
}

/** Up to 2.508, notes are stripped; from 2.509 they are sent, and a running log's part is cut. */
function progressiveText(url: URL, run: LiveRun, options: JenkinsOptions): Reply {
  const [major = 2, minor = 0] = version(options).split('.').map(Number);
  const modern = major > 2 || minor >= 509;
  const running = isBuilding(run.spec);
  const asked = Number(url.searchParams.get('start') ?? 0);
  let part = run.log.subarray(asked > run.log.length ? 0 : asked);
  if (modern && running) part = part.subarray(0, endOfWholeLines(part, 10_000));
  if (!modern) part = withoutNotes(part);
  return plain(withCrlf(part), {
    'X-Text-Size': run.log.length,
    ...(running && { 'X-More-Data': 'true' }),
  });
}

function endOfWholeLines(part: Buffer, most: number): number {
  let end = 0;
  for (let lines = 0; lines < most; lines++) {
    const newline = part.indexOf(10, end);
    if (newline < 0) return end;
    end = newline + 1;
  }
  return end;
}

function withoutNotes(log: Buffer): Buffer {
  if (!log.includes('\u001b[8mha:')) return log;
  return Buffer.from(
    log.toString('latin1').replace(/\u001b\[8mha:[^\n]*?\u001b\[0m/g, ''),
    'latin1',
  );
}

/** As Jenkins' LineEndNormalizingWriter: LF becomes CRLF, CRLF stays. */
function withCrlf(part: Buffer): Buffer {
  return Buffer.from(part.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}

function replayPage(run: RunSpec, allowed: boolean): string {
  if (!allowed || run.script === undefined) return '<html><body><h1>Replay</h1></body></html>';
  const areas = Object.entries({ mainScript: run.script, ...run.loadedScripts }).map(
    ([name, text]) =>
      `<textarea name="_.${name.replaceAll('.', '_')}" checkMethod="post" class="jenkins-input">\n${escaped(text)}</textarea>`,
  );
  return `<html><body><form method="post" name="config" action="run">${areas.join('')}</form></body></html>`;
}

function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#039;');
}

// --- The model behind api/json ---

function rootModel(context: Context): Model {
  return {
    _class: 'hudson.model.Hudson',
    mode: 'NORMAL',
    url: context.root,
    jobs: () => context.roots.map((job) => jobModel(job, context)),
  };
}

function jobModel(job: LiveJob, context: Context): Model {
  const { spec } = job;
  const common = {
    _class: CLASSES[spec.kind ?? 'job'],
    name: spec.name,
    fullName: job.fullName,
    displayName: decodeURIComponent(spec.name),
    url: urlOf(job, context),
  };
  if (spec.kind === 'template') return common;
  if (spec.kind === 'folder' || spec.kind === 'multibranch' || spec.kind === 'organization') {
    return { ...common, jobs: () => job.jobs.map((child) => jobModel(child, context)) };
  }
  const runs = () => job.runs.map((run) => runModel(job, run, context));
  const newest = (which: (run: LiveRun) => boolean) => () => {
    const run = job.runs.find(which);
    return run === undefined ? null : runModel(job, run, context);
  };
  return {
    ...common,
    color: colorOf(job),
    buildable: spec.disabled !== true,
    builds: () => runs().slice(0, 100),
    allBuilds: runs,
    lastBuild: newest(() => true),
    lastCompletedBuild: newest((run) => !isBuilding(run.spec)),
    lastFailedBuild: newest((run) => !isBuilding(run.spec) && run.spec.result === 'FAILURE'),
    lastSuccessfulBuild: newest((run) => !isBuilding(run.spec) && run.spec.result === 'SUCCESS'),
    nextBuildNumber: (job.runs[0]?.spec.number ?? 0) + 1,
  };
}

const CLASSES = {
  job: 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
  freestyle: 'hudson.model.FreeStyleProject',
  folder: 'com.cloudbees.hudson.plugins.folder.Folder',
  multibranch: 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject',
  organization: 'jenkins.branch.OrganizationFolder',
  template: 'com.cloudbees.tiger.plugins.palace.templates.DockerSlaveTemplate',
} as const;

function jobDefaults(job: LiveJob): string {
  return job.spec.jobs === undefined
    ? 'name,fullName,url,color,buildable,builds[number,url],lastBuild[number,url],nextBuildNumber'
    : 'name,fullName,url,jobs[name,url,color]';
}

const RUN_DEFAULTS =
  'actions[causes[*],parameters[*],buildsByBranchName,lastBuiltRevision[*],remoteUrls],building,displayName,duration,estimatedDuration,fullDisplayName,id,keepLog,number,result,timestamp,url,inProgress,nextBuild[number,url],previousBuild[number,url]';

function runModel(job: LiveJob, { spec }: LiveRun, context: Context): Model {
  const at = job.runs.findIndex((run) => run.spec === spec);
  const neighbour = (run: LiveRun | undefined) => () =>
    run === undefined ? null : runModel(job, run, context);
  const building = isBuilding(spec);
  return {
    _class:
      job.spec.kind === 'freestyle'
        ? 'hudson.model.FreeStyleBuild'
        : 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
    actions: actionsOf(spec),
    artifacts: [],
    building,
    description: null,
    displayName: `#${spec.number}`,
    duration: building ? 0 : (spec.duration ?? 60_000),
    estimatedDuration: spec.duration ?? 60_000,
    fullDisplayName: `${job.fullName.split('/').map(decodeURIComponent).join(' » ')} #${spec.number}`,
    id: String(spec.number),
    keepLog: false,
    number: spec.number,
    queueId: 1000 + spec.number,
    result: spec.result ?? null,
    timestamp: startOf(spec),
    url: `${urlOf(job, context)}${spec.number}/`,
    ...(job.spec.kind === 'freestyle' && { builtOn: spec.builtOn ?? '' }),
    inProgress: building,
    nextBuild: neighbour(job.runs[at - 1]),
    previousBuild: neighbour(job.runs[at + 1]),
  };
}

function actionsOf(spec: RunSpec): Model[] {
  const actions: Model[] = [
    {
      _class: 'hudson.model.CauseAction',
      causes: (spec.causes ?? ['Started by user Ada']).map((shortDescription) => ({
        _class: 'hudson.model.Cause$UserIdCause',
        shortDescription,
      })),
    },
  ];
  if (spec.parameters !== undefined) {
    actions.push({
      _class: 'hudson.model.ParametersAction',
      parameters: spec.parameters.map(({ name, value, kind = 'String' }) => ({
        _class: `hudson.model.${kind}ParameterValue`,
        name,
        ...(kind !== 'Password' && { value }),
      })),
    });
  }
  if (spec.revision !== undefined) {
    actions.push({
      _class: 'jenkins.scm.api.SCMRevisionAction',
      revision: {
        _class:
          'pullHash' in spec.revision
            ? 'org.jenkinsci.plugins.github_branch_source.PullRequestSCMRevision'
            : 'jenkins.plugins.git.AbstractGitSCMSource$SCMRevisionImpl',
        ...spec.revision,
      },
    });
  }
  // Actions that export nothing are told as empty objects.
  actions.push({});
  for (const { sha, remoteUrls, branch } of spec.checkouts ?? []) {
    actions.push({
      _class: 'hudson.plugins.git.util.BuildData',
      lastBuiltRevision: { SHA1: sha, branch: [{ SHA1: sha, name: branch ?? 'detached' }] },
      remoteUrls,
      scmName: '',
    });
  }
  if (spec.environment !== undefined) {
    actions.push({
      _class: 'org.jenkinsci.plugins.workflow.cps.EnvActionImpl',
      environment: spec.environment,
    });
  }
  actions.push({ _class: 'org.jenkinsci.plugins.workflow.job.views.FlowGraphAction' });
  return actions;
}

function reportModel(tests: NonNullable<RunSpec['tests']>): Model {
  const failed = tests.filter(
    ({ status }) => status === 'FAILED' || status === 'REGRESSION',
  ).length;
  const skipped = tests.filter(({ status }) => status === 'SKIPPED').length;
  return {
    _class: 'hudson.tasks.junit.TestResult',
    duration: 0.2,
    empty: tests.length === 0,
    failCount: failed,
    passCount: tests.length - failed - skipped,
    skipCount: skipped,
    suites: [...new Set(tests.map(({ group }) => group))].map((name) => ({
      name,
      cases: tests
        .filter(({ group }) => group === name)
        .map((test) => ({
          age: 0,
          className: test.group,
          duration: 0.002,
          errorDetails: test.details ?? null,
          errorStackTrace: null,
          name: test.name,
          skipped: test.status === 'SKIPPED',
          status: test.status ?? 'PASSED',
        })),
    })),
  };
}

// --- Stages as the plugins tell them ---

/** Pipeline Graph View: a tree, short names for Declarative's own stages, lower-case states. */
function graph(run: RunSpec): unknown {
  let id = 5;
  let clock = startOf(run);
  function convert(stage: StageSpec, type: 'STAGE' | 'PARALLEL'): unknown {
    const synthetic = stage.name.startsWith('Declarative: ');
    const name = stage.name.replace(/^Declarative: /, '');
    const own = String((id += 4));
    const startTimeMillis = clock;
    const children = (stage.children ?? []).map((child) =>
      convert(child, stage.parallel === true ? 'PARALLEL' : 'STAGE'),
    );
    clock += stage.duration ?? 1000;
    const goesOn = stage.state === 'running' || stage.state === 'waiting';
    return {
      id: own,
      name,
      children,
      state: GRAPH_STATES[stage.state ?? 'passed'],
      type,
      title: name,
      isSequential: false,
      synthetic,
      placeholder: false,
      pauseDurationMillis: 0,
      startTimeMillis,
      ...(!goesOn && { totalDurationMillis: stage.duration ?? 1000 }),
      agent: 'agent-1',
      url: `/stages/?selected-node=${own}`,
    };
  }
  return {
    stages: (run.stages ?? []).map((stage) => convert(stage, 'STAGE')),
    complete: !isBuilding(run),
  };
}

const GRAPH_STATES = {
  passed: 'success',
  failed: 'failure',
  unstable: 'unstable',
  aborted: 'aborted',
  skipped: 'skipped',
  running: 'running',
  waiting: 'paused',
} as const;

/** Stage View: a flat list; a skipped stage looks as if it had run, an outer one ends where its first inner one begins. */
function describe(job: LiveJob, run: RunSpec, context: Context): unknown {
  const path = new URL(urlOf(job, context)).pathname;
  const stages: unknown[] = [];
  let id = 5;
  let clock = startOf(run);
  function add(stage: StageSpec): void {
    const own = String((id += 4));
    const outer = stage.children !== undefined;
    stages.push({
      _links: { self: { href: `${path}${run.number}/execution/node/${own}/wfapi/describe` } },
      id: own,
      name: stage.name,
      execNode: '',
      status: outer ? 'SUCCESS' : DESCRIBE_STATES[stage.state ?? 'passed'],
      startTimeMillis: clock,
      durationMillis: outer ? 12 : (stage.duration ?? (stage.state === 'skipped' ? 40 : 1000)),
      pauseDurationMillis: 0,
    });
    stage.children?.forEach(add);
    clock += stage.duration ?? 1000;
  }
  run.stages?.forEach(add);
  return {
    _links: { self: { href: `${path}${run.number}/wfapi/describe` } },
    id: String(run.number),
    name: `#${run.number}`,
    status: isBuilding(run)
      ? 'IN_PROGRESS'
      : run.result === 'FAILURE'
        ? 'FAILED'
        : (run.result ?? 'NOT_EXECUTED'),
    startTimeMillis: startOf(run),
    endTimeMillis: startOf(run) + (run.duration ?? 60_000),
    durationMillis: run.duration ?? 60_000,
    pauseDurationMillis: 0,
    stages,
  };
}

const DESCRIBE_STATES = {
  passed: 'SUCCESS',
  failed: 'FAILED',
  unstable: 'UNSTABLE',
  aborted: 'ABORTED',
  skipped: 'SUCCESS',
  running: 'IN_PROGRESS',
  waiting: 'PAUSED_PENDING_INPUT',
} as const;

// --- Small facts ---

function version(options: JenkinsOptions): string {
  return options.version ?? '2.504.3';
}

function isBuilding(run: RunSpec): boolean {
  return run.building ?? run.result === undefined;
}

function startOf(run: RunSpec): number {
  return run.startedAt ?? Date.UTC(2026, 0, 5, 10) + run.number * 3_600_000;
}

function urlOf(job: LiveJob, { root }: Context): string {
  return (
    root +
    job.fullName
      .split('/')
      .map((name) => `job/${encodeURIComponent(name)}/`)
      .join('')
  );
}

function colorOf({ spec, runs }: LiveJob): string {
  const last = runs.find((run) => !isBuilding(run.spec))?.spec.result;
  const color =
    spec.disabled === true ? 'disabled' : last === undefined ? 'notbuilt' : COLORS[last];
  return runs[0] !== undefined && isBuilding(runs[0].spec) ? `${color}_anime` : color;
}

const COLORS = {
  SUCCESS: 'blue',
  UNSTABLE: 'yellow',
  FAILURE: 'red',
  NOT_BUILT: 'notbuilt',
  ABORTED: 'aborted',
} as const;

function runFor(job: LiveJob, segment: string | undefined): LiveRun | undefined {
  switch (segment) {
    case 'lastBuild':
      return job.runs[0];
    case 'lastCompletedBuild':
      return job.runs.find((run) => !isBuilding(run.spec));
    case 'lastFailedBuild':
      return job.runs.find((run) => run.spec.result === 'FAILURE');
    case 'lastSuccessfulBuild':
      return job.runs.find(
        (run) => run.spec.result === 'SUCCESS' || run.spec.result === 'UNSTABLE',
      );
    default:
      return job.runs.find((run) => String(run.spec.number) === segment);
  }
}

type NamedUser = UserSpec & { readonly name: string; readonly byToken: boolean };

function userOf(
  request: IncomingMessage,
  options: JenkinsOptions,
): NamedUser | undefined | 'wrong' {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const [name = '', token] = Buffer.from(header.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  const user = options.users?.[name];
  if (user === undefined || token === undefined) return 'wrong';
  const byToken = user.token === token;
  return byToken || user.password === token ? { ...user, name, byToken } : 'wrong';
}

// --- Sending ---

function api(url: URL, model: Model, defaults: string): Reply {
  try {
    return json(prune(model, parseTree(url.searchParams.get('tree') ?? defaults)));
  } catch (error) {
    if (!(error instanceof TreeSyntaxError)) throw error;
    return html(500, `<html><body><h1>Oops!</h1><p>${error.message}</p></body></html>`);
  }
}

function json(value: unknown): Reply {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json;charset=utf-8' },
    body: JSON.stringify(value),
  };
}

function plain(body: Buffer, headers: OutgoingHttpHeaders = {}): Reply {
  return { status: 200, headers: { 'Content-Type': 'text/plain;charset=utf-8', ...headers }, body };
}

function html(status: number, body: string, headers: OutgoingHttpHeaders = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/html;charset=utf-8', ...headers }, body };
}

function notFound(): Reply {
  const title = '<head><title>Not Found [Jenkins]</title></head>';
  return html(404, `<html>${title}<body><h1>Not Found</h1></body></html>`);
}

function forbidden(url: URL, user: string | undefined): Reply {
  const login = `/login?from=${encodeURIComponent(url.pathname)}`;
  const why =
    user === undefined
      ? 'Authentication required'
      : `${user} is missing the Overall/Read permission`;
  return html(
    403,
    `<html><head><meta http-equiv='refresh' content='1;url=${login}'/></head><body>${why}</body></html>`,
    {
      'X-You-Are-Authenticated-As': user ?? 'anonymous',
      'X-Required-Permission': 'hudson.model.Hudson.Read',
    },
  );
}

function misbehave(response: ServerResponse, kind: FaultKind): void {
  switch (kind) {
    case 'html':
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.end('<html><body>It works!</body></html>');
      break;
    case 'truncated':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
      response.write('{"jobs":[', () => response.destroy());
      break;
    case 'huge':
      endless(response);
      break;
    case 'slow':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{');
      break;
    case '401':
    case '403':
    case '404':
    case '500':
      response.writeHead(Number(kind), { 'Content-Type': 'text/html' });
      response.end('<html><body>Oops!</body></html>');
      break;
    case 'login-redirect':
      response.writeHead(302, { Location: '/login?from=%2F' });
      response.end();
      break;
    case 'redirect':
      response.writeHead(302, { Location: 'https://elsewhere.example/jenkins/' });
      response.end();
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
  }
}

function endless(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const piece = Buffer.alloc(1024 * 1024, ' ');
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
}
