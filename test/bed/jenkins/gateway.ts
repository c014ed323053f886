/**
 * The plugin SSE Gateway, as Endpoint, SubscriptionConfigQueue, EventDispatcher and
 * AsynchEventDispatcher of sse-gateway-plugin are at 9246c7f5, with the messages of pubsub-light-plugin
 * at f6dd1b4a.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type JenkinsOptions,
  type LiveJob,
  type LiveRun,
  type NamedUser,
  isBuilding,
} from './live';
import { forbidden, json, notFound, type Reply } from './replies';

export type JobEventName =
  | 'job_run_queue_enter'
  | 'job_run_queue_buildable'
  | 'job_run_queue_left'
  | 'job_run_started'
  | 'job_run_ended'
  | 'job_run_queue_task_complete'
  | 'job_crud_created';

/** What is told of an event besides the job. */
export interface Happening {
  readonly run?: LiveRun;
  readonly queueId?: number;
  readonly status?: string;
}

/** Tells of something that happened to a job. */
export type Publish = (event: JobEventName, job: LiveJob, happening?: Happening) => void;

interface Dispatcher {
  readonly id: string;
  /** `System.identityHashCode`. */
  readonly instance: number;
  readonly user: NamedUser | undefined;
  response: ServerResponse | undefined;
  subscribed: boolean;
  /** What is to be sent when it listens again. */
  readonly retries: string[];
}

interface Visit {
  readonly user: NamedUser | undefined;
  /** What was posted. */
  readonly body: string;
  readonly response: ServerResponse;
  /** Answers with Jenkins' own headers. */
  readonly send: (reply: Reply) => void;
}

/** Milliseconds after which a stream ends, and is to be listened to again. */
const TIMEOUT = 30_000;

export class Gateway {
  readonly #options: JenkinsOptions;
  readonly #root: () => string;
  /** By session, and in it by their ids. */
  readonly #sessions = new Map<string, Map<string, Dispatcher>>();
  #instances = 0x1f2e;

  constructor(options: JenkinsOptions, root: () => string) {
    this.#options = options;
    this.#root = root;
  }

  /** How many have subscribed, and how many of them listen right now. */
  get subscribed(): number {
    return this.#all().filter(({ subscribed }) => subscribed).length;
  }

  get listening(): number {
    return this.#all().filter(({ response }) => response !== undefined).length;
  }

  /** `path` is what follows `sse-gateway/`. */
  answer(request: IncomingMessage, path: string, visit: Visit): void {
    const url = new URL(path, 'http://double');
    const { user, send, response } = visit;
    const [action = '', ...rest] = url.pathname.slice(1).split('/');
    // A filter of its own serves `listen`, which asks for no permission.
    const isLetIn = user === undefined ? this.#options.anonymous !== false : user.read !== false;
    if (action !== 'listen' && !isLetIn) {
      send(forbidden(url, user?.name));
      return;
    }
    const session = this.#sessionOf(request, response);
    switch (action) {
      case 'connect': {
        const id = url.searchParams.get('clientId') ?? '';
        const before = session.dispatchers.get(id);
        if (before) before.subscribed = false;
        else this.#dispatcher(session, id, user);
        send(json({ status: 'ok', data: { jsessionid: session.id } }));
        return;
      }
      case 'listen': {
        const id = decodeURIComponent(rest.join('/'));
        this.#listen(session.dispatchers.get(id) ?? this.#dispatcher(session, id, user), response);
        return;
      }
      case 'configure': {
        // Nobody but JSON is excluded from the crumb.
        const isJson = request.headers['content-type']?.includes('application/json') === true;
        if (request.method !== 'POST') send({ status: 405, headers: {}, body: '' });
        else if (!isJson && user?.byToken !== true) send(forbidden(url, user?.name));
        else this.#configure(session.dispatchers, url, visit);
        return;
      }
      default:
        send(notFound());
    }
  }

  /** As when the servlet's asynchronous context has its timeout, 30 seconds after `listen`. */
  timeOut(): void {
    for (const dispatcher of this.#all()) {
      dispatcher.response?.end();
      dispatcher.response = undefined;
    }
  }

  /** The connections break. */
  cut(): void {
    for (const { response } of this.#all()) response?.socket?.resetAndDestroy();
  }

  /** As after a start of the server: nobody is known. */
  forget(): void {
    this.timeOut();
    this.#sessions.clear();
  }

  /** Writes to whoever listens, whatever it is. */
  write(text: string): void {
    for (const { response } of this.#all()) response?.write(text);
  }

  publish(event: JobEventName, job: LiveJob, { run, queueId, status }: Happening = {}): void {
    const path = job.fullName.split('/').map((name) => `job/${encodeURIComponent(name)}/`);
    const message = JSON.stringify({
      jenkins_channel: 'job',
      jenkins_event: event,
      jenkins_event_timestamp: String(Date.now()),
      jenkins_event_uuid: randomUUID(),
      jenkins_instance_url: this.#root(),
      jenkins_object_name: run ? `#${run.number}` : job.fullName,
      jenkins_object_url: path.join('') + (run ? `${run.number}/` : ''),
      job_name: job.fullName,
      ...(run && {
        jenkins_object_id: String(run.number),
        job_run_status: isBuilding(run.spec) ? 'RUNNING' : run.spec.result,
      }),
      ...(queueId !== undefined && { job_run_queueId: String(queueId) }),
      ...(status !== undefined && { job_run_status: status }),
    });
    for (const dispatcher of this.#all()) {
      const { user, subscribed, response, retries } = dispatcher;
      const maySee =
        (user === undefined ? this.#options.anonymous !== false : user.read !== false) &&
        user?.hidden?.includes(job.fullName) !== true;
      if (!subscribed || !maySee) continue;
      if (response === undefined) retries.push(message);
      else dispatch(response, 'job', message);
    }
  }

  #all(): Dispatcher[] {
    return [...this.#sessions.values()].flatMap((dispatchers) => [...dispatchers.values()]);
  }

  #sessionOf(request: IncomingMessage, response: ServerResponse) {
    const given = /(?:^|; )JSESSIONID\.5f1d=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    const known = given === undefined ? undefined : this.#sessions.get(given);
    if (given !== undefined && known) return { id: given, dispatchers: known };
    const id = `node0${randomBytes(8).toString('hex')}`;
    const dispatchers = new Map<string, Dispatcher>();
    this.#sessions.set(id, dispatchers);
    response.setHeader('Set-Cookie', `JSESSIONID.5f1d=${id}; Path=/; HttpOnly`);
    return { id, dispatchers };
  }

  #dispatcher(
    { dispatchers }: { readonly dispatchers: Map<string, Dispatcher> },
    id: string,
    user: NamedUser | undefined,
  ): Dispatcher {
    const made: Dispatcher = {
      id,
      instance: this.#instances++,
      user,
      response: undefined,
      subscribed: false,
      retries: [],
    };
    dispatchers.set(id, made);
    return made;
  }

  #listen(dispatcher: Dispatcher, response: ServerResponse): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream;charset=utf-8',
      'Cache-Control': 'no-cache',
    });
    dispatcher.response = response;
    const timer = setTimeout(() => {
      dispatcher.response = undefined;
      response.end();
    }, TIMEOUT);
    response.once('close', () => {
      clearTimeout(timer);
      if (dispatcher.response === response) dispatcher.response = undefined;
    });
    const { id, instance, retries } = dispatcher;
    dispatch(response, 'open', JSON.stringify({ dispatcherId: id, dispatcherInst: instance }));
    for (const message of retries.splice(0)) dispatch(response, 'job', message);
  }

  #configure(dispatchers: ReadonlyMap<string, Dispatcher>, url: URL, { body, send }: Visit): void {
    const { dispatcherId, subscribe, unsubscribe } = JSON.parse(body) as {
      readonly dispatcherId?: string;
      readonly subscribe?: readonly { readonly jenkins_channel?: string }[];
      readonly unsubscribe?: string;
    };
    const leaves = unsubscribe === '*' || unsubscribe?.toLowerCase() === 'all';
    if (dispatcherId === undefined || (subscribe === undefined && !leaves)) {
      send({ ...json({ status: 'error', message: "'dispatcherId' not specified." }), status: 400 });
      return;
    }
    send(json({ status: 'ok' }));
    const dispatcher = dispatchers.get(dispatcherId);
    if (!dispatcher) return;
    if (leaves) dispatcher.subscribed = false;
    if (subscribe?.some((filter) => filter.jenkins_channel === 'job') === true)
      dispatcher.subscribed = true;
    const batchId = url.searchParams.get('batchId');
    if (batchId === null || dispatcher.response === undefined) return;
    const { id, instance, response } = dispatcher;
    const told = { batchId, dispatcherId: id, dispatcherInst: instance };
    dispatch(response, 'configure', JSON.stringify(told));
  }
}

function dispatch(response: ServerResponse, name: string, data: string): void {
  response.write(`event: ${name}\ndata: ${data}\n\n`);
}
