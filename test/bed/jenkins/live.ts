import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { Publish } from './gateway';
import type { LiveNodes } from './nodes';
import type { LiveQueue } from './queue';
import { logOf, type JobSpec, type MadeLog, type RunSpec, type World } from './world';

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
  /** Whether what is put into the queue waits there until `JenkinsDouble.start`; it starts at once unless told. */
  readonly waits?: boolean;
  /** Whether Pipelines do not tell that they wait, as before workflow-job 1360. */
  readonly silentPipelines?: boolean;
  /** Whether the server takes nothing into its queue, since it is about to shut down. */
  readonly quietingDown?: boolean;
  /** Whether it has the plugin SSE Gateway, which pushes what happens. */
  readonly events?: boolean;
  /** `stage view` where the plugin of the step `input` is older than late 2022, and only Stage View tells. */
  readonly inputs?: 'stage view';
  /** Whom a proxy before Jenkins, or the connection's certificate, has signed in where nobody gives a name. */
  readonly signedInBefore?: string;
  /** It speaks TLS. */
  readonly tls?: ServerOptions;
  /** `old` where the page with an agent's secret has its former name alone. */
  readonly agentPages?: 'old';
  /** Where it listens; 127.0.0.1 unless told. */
  readonly address?: string;
  /** Whether the plugin SSH Build Agents is there; yes unless told. */
  readonly sshAgents?: boolean;
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
  /** Whether the user may see scripts, and replay. */
  readonly replay?: boolean;
  /** Whether the user may build, and answer inputs; yes unless told. */
  readonly build?: boolean;
  /** Whether the user may stop runs and take items out of the queue; yes unless told. */
  readonly cancel?: boolean;
  /** What the user may do with agents; all of it unless told. */
  readonly agents?: readonly AgentDeed[];
}

export type AgentDeed = 'create' | 'connect' | 'delete' | 'add key' | 'remove key';

/** A run as it is now. What it holds is made when somebody asks, since there may be 300,000. */
export class LiveRun {
  readonly number: number;
  readonly #make: (number: number) => RunSpec;
  #spec: RunSpec | undefined;
  #log: Buffer | MadeLog | undefined;

  constructor(number: number, make: (number: number) => RunSpec) {
    this.number = number;
    this.#make = make;
  }

  get spec(): RunSpec {
    return (this.#spec ??= this.#make(this.number));
  }

  set spec(spec: RunSpec) {
    this.#spec = spec;
  }

  get log(): Buffer | MadeLog {
    return (this.#log ??= logOf(this.spec));
  }

  append(bytes: Buffer): void {
    const { log } = this;
    this.#log = Buffer.isBuffer(log) ? Buffer.concat([log, bytes]) : appended(log, bytes);
  }
}

export interface LiveJob {
  readonly spec: JobSpec;
  readonly fullName: string;
  readonly jobs: LiveJob[];
  /** The newest first. */
  readonly runs: LiveRun[];
}

export interface Context {
  readonly options: JenkinsOptions;
  readonly prefix: string;
  readonly roots: readonly LiveJob[];
  /** Ends with `/`. */
  readonly root: string;
  readonly queue: LiveQueue;
  readonly nodes: LiveNodes;
  /** Who asks. */
  readonly user?: NamedUser | undefined;
  /** Tells whoever listens. */
  readonly publish: Publish;
  /** Session cookies, with the user whose crumb was given out in it. */
  readonly sessions: Map<string, string>;
}

export function liveJob(spec: JobSpec, folder: string): LiveJob {
  const fullName = folder + spec.name;
  let runs: LiveRun[] | undefined;
  return {
    spec,
    fullName,
    jobs: (spec.jobs ?? []).map((job) => liveJob(job, `${fullName}/`)),
    get runs() {
      return (runs ??= liveRuns(spec));
    },
  };
}

function liveRuns({ runs = [], madeRuns: made }: JobSpec): LiveRun[] {
  if (made === undefined) {
    return runs
      .map((run) => new LiveRun(run.number, () => run))
      .sort((a, b) => b.number - a.number);
  }
  const make = (number: number) => made.make(number);
  return Array.from({ length: made.newest }, (_, at) => new LiveRun(made.newest - at, make));
}

function appended(log: MadeLog, bytes: Buffer): MadeLog {
  return {
    size: log.size + bytes.length,
    *from(start) {
      if (start < log.size) yield* log.from(start);
      yield bytes.subarray(Math.max(0, start - log.size));
    },
  };
}

export function findJob(jobs: readonly LiveJob[], names: readonly string[]): LiveJob | undefined {
  const [first, ...rest] = names;
  const job = jobs.find(({ spec }) => spec.name === first);
  return rest.length === 0 || job === undefined ? job : findJob(job.jobs, rest);
}

export function version(options: JenkinsOptions): string {
  return options.version ?? '2.504.3';
}

export function isBuilding(run: RunSpec): boolean {
  return run.building ?? run.result === undefined;
}

export function startOf(run: RunSpec): number {
  return run.startedAt ?? Date.UTC(2026, 0, 5, 10) + run.number * 3_600_000;
}

export function urlOf(job: LiveJob, { root }: Context): string {
  return (
    root +
    job.fullName
      .split('/')
      .map((name) => `job/${encodeURIComponent(name)}/`)
      .join('')
  );
}

export function colorOf({ spec, runs }: LiveJob): string {
  const last = runs.find((run) => !isBuilding(run.spec))?.spec.result;
  const color =
    spec.disabled === true ? 'disabled' : last === undefined ? 'notbuilt' : COLORS[last];
  return runs[0] !== undefined && isBuilding(runs[0].spec) ? `${color}_anime` : color;
}

export const COLORS = {
  SUCCESS: 'blue',
  UNSTABLE: 'yellow',
  FAILURE: 'red',
  NOT_BUILT: 'notbuilt',
  ABORTED: 'aborted',
} as const;

export function runFor(job: LiveJob, segment: string | undefined): LiveRun | undefined {
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
    case 'lastStableBuild':
      return job.runs.find((run) => run.spec.result === 'SUCCESS');
    case 'lastUnstableBuild':
      return job.runs.find((run) => run.spec.result === 'UNSTABLE');
    case 'lastUnsuccessfulBuild':
      return job.runs.find((run) => !isBuilding(run.spec) && run.spec.result !== 'SUCCESS');
    default:
      return job.runs.find((run) => String(run.number) === segment);
  }
}

export type NamedUser = UserSpec & { readonly name: string; readonly byToken: boolean };

export function userOf(
  request: IncomingMessage,
  options: JenkinsOptions,
): NamedUser | undefined | 'wrong' {
  const header = request.headers.authorization;
  if (header === undefined) {
    const name = options.signedInBefore;
    const known = name === undefined ? undefined : options.users?.[name];
    return name === undefined || known === undefined
      ? undefined
      : { ...known, name, byToken: false };
  }
  const [name = '', token] = Buffer.from(header.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':');
  const user = options.users?.[name];
  if (user === undefined || token === undefined) return 'wrong';
  const byToken = user.token === token;
  return byToken || user.password === token ? { ...user, name, byToken } : 'wrong';
}
