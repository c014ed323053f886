import { type FaultKind, misbehave } from './faults';
import { type JenkinsOptions, type LiveRun, findJob, liveJob, version } from './live';
import { answer } from './pages';
import type { Reply } from './replies';
import type { RunSpec, StageSpec } from './world';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
export type { FaultKind } from './faults';
export type { JenkinsOptions } from './live';

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
