import { FAULTS, type Fault, type FaultKind } from './faults';
import {
  type JenkinsOptions,
  type LiveJob,
  type LiveRun,
  findJob,
  liveJob,
  userOf,
  version,
} from './live';
import { Gateway } from './gateway';
import { answer } from './pages';
import { postedOf } from './posted';
import { LiveNodes, type LiveNode } from './nodes';
import type { SshCredential } from './sshLaunch';
import { LiveQueue, type LiveItem, type Queueing } from './queue';
import type { Reply } from './replies';
import type { JobSpec, RunSpec, StageSpec } from './world';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
export type { FaultKind } from './faults';
export type { JenkinsOptions } from './live';

export interface JenkinsDouble extends AsyncDisposable {
  /** The address to connect to; ends with `/`. */
  readonly base: string;
  /** Every request in the order it came, for tests to look at. */
  readonly requests: readonly RecordedRequest[];
  /** Answers requests whose path (with query) matches with a fault, until the fault is disposed. */
  fault(match: RegExp, kind: FaultKind | Fault): Disposable;
  /** Nothing listens at the address until it is disposed. */
  down(): Promise<AsyncDisposable>;
  /** Adds to the log of a run; `job` is the full name. */
  appendLog(job: string, number: number, text: string | Buffer): void;
  /** Ends a run that is running. */
  finish(
    job: string,
    number: number,
    result: RunSpec['result'],
    stages?: readonly StageSpec[],
  ): void;
  /** Adds a job to the folder or project of that full name, or to the server's own where it is empty, as when a branch is built for the first time. */
  addJob(folder: string, job: JobSpec): void;
  /** Puts something into the queue, where it waits; `job` is the full name. */
  enqueue(job: string, queueing?: Partial<Queueing>): LiveItem;
  /** What has come into the queue, the oldest first; with what has left it. */
  readonly queue: readonly LiveItem[];
  /** Starts what waits: the newest item, unless another is named. */
  start(id?: number): RunSpec;
  /** As after five minutes: the server knows nothing more of an item. */
  forget(id: number): void;
  /** The plugin that pushes what happens; it is only asked where `JenkinsOptions.events` has it. */
  readonly gateway: Gateway;
  /** The agents that were created by requests. */
  readonly nodes: readonly LiveNode[];
  /** By their ids: what the server logs in at machines with. Tests may add to it. */
  readonly credentials: Map<string, SshCredential>;
  /** Ends the sessions in which crumbs were given out. */
  endSessions(): void;
  /** A run as it is now. */
  run(job: string, number: number): RunSpec;
  close(): Promise<void>;
}

export interface RecordedRequest {
  readonly method: string;
  /** With the prefix and the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}
/** The Jenkins of tests and of the demo: in this process, on 127.0.0.1, closed by whoever starts it. */
export async function startJenkins(options: JenkinsOptions): Promise<JenkinsDouble> {
  const prefix = options.prefix ?? '/jenkins';
  const requests: RecordedRequest[] = [];
  const faults: { match: RegExp; kind: FaultKind | Fault }[] = [];
  const roots = options.world.jobs.map((job) => liveJob(job, ''));
  const sessions = new Map<string, string>();
  const rootUrl = (): string => options.rootUrl ?? `${origin()}${prefix}/`;
  const gateway = new Gateway(options, rootUrl);
  const publish = gateway.publish.bind(gateway);
  const queue = new LiveQueue(options.waits === true, publish);
  const nodes = new LiveNodes();
  const address = options.address ?? '127.0.0.1';

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '/';
    requests.push({ method: request.method ?? 'GET', path, headers: request.headers });
    if (nodes.connects(path.slice(prefix.length + 1), request, response)) return;
    // Read before anything is answered, since a connection with unread bytes cannot be kept.
    const posted = request.method === 'POST' ? buffer(request) : undefined;
    const right = async (): Promise<Reply> => {
      const body = await posted;
      const fields = body && postedOf(request.headers['content-type'], body);
      const root = rootUrl();
      return answer(
        request,
        { options, prefix, roots, root, queue, nodes, publish, sessions },
        fields,
      );
    };
    const send = ({ status, headers, body }: Reply): void => {
      response.writeHead(status, {
        'X-Jenkins': version(options),
        'X-Jenkins-Session': '5f1d0e2a',
        'X-Content-Type-Options': 'nosniff',
        ...headers,
      });
      if (typeof body === 'string' || Buffer.isBuffer(body)) response.end(body);
      else pipeline(Readable.from(body), response, () => undefined);
    };
    const kind = faults.find(({ match }) => match.test(path))?.kind;
    const fault = typeof kind === 'string' ? FAULTS[kind] : kind;
    const gatewayPath = `${prefix}/sse-gateway`;
    const user = userOf(request, options);
    void (async () => {
      if (fault !== undefined) await fault({ path, response, right, send });
      else if (options.events === true && path.startsWith(`${gatewayPath}/`) && user !== 'wrong') {
        const visit = { user, body: (await posted)?.toString() ?? '', response, send };
        gateway.answer(request, path.slice(gatewayPath.length), visit);
      } else send(await right());
    })().catch((error: unknown) => response.destroy(error as Error));
  };
  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener);
  const origin = () => `${options.tls ? 'https' : 'http'}://${address}:${portOf(server)}`;
  await listen(options.port ?? 0);

  function listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
  }

  function jobOf(name: string): LiveJob {
    const job = findJob(roots, name.split('/'));
    if (job === undefined) throw new Error(`the double has no job ${name}`);
    return job;
  }

  function itemOf(id: number | undefined): LiveItem {
    const item = id === undefined ? queue.items.at(-1) : queue.find(id);
    if (item === undefined) throw new Error(`the double has nothing like that in its queue`);
    return item;
  }

  function find(job: string, number: number): LiveRun {
    const run = jobOf(job).runs.find((run) => run.number === number);
    if (run === undefined) throw new Error(`the double has no run ${job} #${number}`);
    return run;
  }

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async function end(): Promise<void> {
    nodes.close();
    await close();
  }

  return {
    base: `${origin()}${prefix}/`,
    requests,
    fault(match, kind) {
      const fault = { match, kind };
      faults.push(fault);
      return { [Symbol.dispose]: () => void faults.splice(faults.indexOf(fault), 1) };
    },
    async down() {
      const port = portOf(server);
      await close();
      return { [Symbol.asyncDispose]: () => listen(port) };
    },
    appendLog(job, number, text) {
      find(job, number).append(Buffer.from(text));
    },
    finish(job, number, result, stages) {
      const run = find(job, number);
      run.spec = { ...run.spec, building: false, result, ...(stages !== undefined && { stages }) };
      publish('job_run_ended', jobOf(job), { run });
    },
    addJob(folder, job) {
      const added = liveJob(job, folder === '' ? '' : `${folder}/`);
      (folder === '' ? roots : jobOf(folder).jobs).push(added);
      publish('job_crud_created', added);
    },
    enqueue: (job, queueing) =>
      queue.add(jobOf(job), {
        causes: ['Started by user Ada'],
        parameters: undefined,
        ...queueing,
      }),
    queue: queue.items,
    gateway,
    nodes: nodes.all,
    credentials: nodes.credentials,
    start: (id) => queue.start(itemOf(id)).spec,
    forget: (id) => queue.forget(id),
    endSessions: () => sessions.clear(),
    run: (job, number) => find(job, number).spec,
    close: end,
    [Symbol.asyncDispose]: end,
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
