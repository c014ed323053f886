import { randomUUID } from 'node:crypto';
import { elapsed, type Clock } from '../base/clock';
import { isUserError } from '../base/errors';
import { eventReader } from './eventStream';
import type { Wire } from './http';
import { mayPass } from './jenkinsError';
import { fields, text } from './json';
import { jobUrl } from './url';

/** Something that has happened to a job, or to what waits or runs of it. */
export interface JobEvent {
  /**
   * `queue`: something has come into the queue or left it; `run`: one has begun, paused, gone on or
   * ended; `job`: it was made, deleted or renamed.
   */
  readonly kind: 'queue' | 'run' | 'job';
  /** On the address that the person typed. */
  readonly jobUrl: string;
  /** The number of the run, where it is about one. */
  readonly run: number | undefined;
}

export type Push = JobEvent | { readonly kind: 'connected' | 'broken' };

/**
 * What happens to the jobs of a server, pushed by its plugin SSE Gateway. Each `connected` says that from
 * now on all is told, though perhaps not what was before; each `broken` that nothing is told until the next
 * one. Ends where the plugin is missing or not for us, and where nothing comes through; rejects with the
 * signal's reason.
 *
 * The way there is that of sse-gateway-plugin 9246c7f5: `connect` makes a dispatcher of our id in the
 * session, whose cookie must come back with all that follows (Endpoint.doConnect); `listen` holds a stream
 * and says `open` with the dispatcher (EventDispatcherFactory.start); `configure` subscribes, wants no
 * crumb as long as it is JSON (Endpoint.process), and is confirmed by the event `configure` with our
 * batchId (SubscriptionConfigQueue.doConfigure).
 */
export async function* pushesOf(
  wire: Wire,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Push, void, undefined> {
  const session = newSession();
  let everConnected = false;
  let pause = SHORTEST_PAUSE;
  try {
    for (;;) {
      let since = Infinity;
      try {
        for await (const push of connection(wire, session, clock, signal)) {
          if (push.kind === 'connected') {
            everConnected = true;
            since = clock.now();
          }
          yield push;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Mute ? !everConnected : isUserError(error) && !mayPass(error)) return;
        if (!(error instanceof Mute || isUserError(error))) throw error;
        yield { kind: 'broken' };
        // What breaks again at once is left alone longer and longer.
        pause = clock.now() - since > STEADY ? SHORTEST_PAUSE : Math.min(pause * 2, LONGEST_PAUSE);
      }
      await elapsed(clock, pause, signal);
    }
  } finally {
    if (session.subscribed !== undefined) await leave(wire, session);
  }
}

/** Milliseconds between `listen` and the confirmed subscription; longer where something in between holds events back. */
const ANSWER = 15_000;
/**
 * Milliseconds without a word before a stream is taken for dead. The gateway ends each after 30 seconds
 * (AsynchEventDispatcher.TIMEOUT) and is then to be listened to again; it keeps what happens meanwhile for
 * a minute (EventDispatcher.RETRY_QUEUE_EVENT_LIFETIME).
 */
const SILENCE = 45_000;
/** Milliseconds from one `listen` to the next at least. */
const SHORTEST_TURN = 1000;
const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 5 * 60_000;
/** Milliseconds after which a connection was a good one. */
const STEADY = 60_000;
/** Milliseconds for saying goodbye. */
const GOODBYE = 5000;
const MOST_COOKIES = 20;
const LONGEST_COOKIE = 4096;
const LONGEST_NAME = 2000;

/** Nothing confirmed the subscription: something on the way may hold events back until there are many. */
class Mute extends Error {}

/** What the server knows us by, across connections. */
interface Session {
  readonly clientId: string;
  readonly cookies: Map<string, string>;
  /** The instance of the dispatcher that has our subscription. */
  subscribed: unknown;
  batches: number;
}

function newSession(): Session {
  return {
    clientId: `ci-parity-${randomUUID()}`,
    cookies: new Map(),
    subscribed: undefined,
    batches: 0,
  };
}

/** One connection, through all the times that it is listened to again. */
async function* connection(
  wire: Wire,
  session: Session,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Push, void, undefined> {
  const gateway = `${wire.base}sse-gateway/`;
  // It takes the subscriptions from a dispatcher that is there already.
  session.subscribed = undefined;
  const connected = await ask(wire, session, `${gateway}connect?clientId=${session.clientId}`, {
    signal,
    accept: 'application/json',
  });
  connected.discard();
  for (;;) {
    const began = clock.now();
    const mute = new AbortController();
    const deadline = clock.after(ANSWER, () => mute.abort(new Mute()));
    let isOpen = false;
    try {
      const either = AbortSignal.any([signal, mute.signal]);
      const url = `${gateway}listen/${session.clientId}`;
      const wish = { signal: either, accept: 'text/event-stream', idleTimeout: SILENCE };
      const answer = await ask(wire, session, url, wish);
      const read = eventReader();
      let batch: string | undefined;
      for await (const bytes of answer.body)
        for (const { name, data } of read(bytes)) {
          const told = fields(jsonOf(data));
          if (name === 'open') {
            isOpen = true;
            const instance = told['dispatcherInst'];
            // Another one has no subscription: the server has forgotten the session.
            if (instance !== undefined && instance === session.subscribed)
              deadline[Symbol.dispose]();
            else {
              session.subscribed = instance ?? true;
              batch = `ci-parity-${++session.batches}`;
              await subscribe(wire, session, batch, either);
            }
          } else if (name === 'configure' && text(told['batchId']) === batch) {
            deadline[Symbol.dispose]();
            yield { kind: 'connected' };
          } else if (name === 'reload') {
            // It has lost events for us (EventDispatcher.dispatchReload).
            yield { kind: 'connected' };
          } else if (name === 'job') {
            const event = jobEvent(told, wire.base);
            if (event) yield event;
          }
        }
    } catch (error) {
      signal.throwIfAborted();
      throw mute.signal.aborted ? mute.signal.reason : error;
    } finally {
      deadline[Symbol.dispose]();
    }
    if (!isOpen) throw new Mute();
    await elapsed(clock, Math.max(0, began + SHORTEST_TURN - clock.now()), signal);
  }
}

/** Asks as the session that the server knows us by, and notes what it says of that. */
async function ask(
  wire: Wire,
  session: Session,
  url: string,
  { signal, ...wish }: { signal: AbortSignal; accept: string; idleTimeout?: number },
) {
  const cookie = cookieOf(session);
  const answer = await wire.get(url, signal, {
    ...wish,
    ...(cookie !== undefined && { cookie }),
    noPage: true,
  });
  for (const line of answer.headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=;\s]+)=([^;\s]*)/.exec(line) ?? [];
    const isFine = name !== '' && line.length <= LONGEST_COOKIE;
    if (isFine && session.cookies.size < MOST_COOKIES) session.cookies.set(name, value);
  }
  return answer;
}

async function subscribe(
  wire: Wire,
  session: Session,
  batch: string,
  signal: AbortSignal,
): Promise<void> {
  const subscribe = [{ jenkins_channel: 'job' }];
  await configure(wire, session, { url: `?batchId=${batch}`, body: { subscribe } }, signal);
}

/** Without it the server would keep events for us, and try to send them, for another 15 minutes. */
async function leave(wire: Wire, session: Session): Promise<void> {
  try {
    const body = { unsubscribe: 'all' };
    await configure(wire, session, { url: '', body }, AbortSignal.timeout(GOODBYE));
  } catch {
    // It may well be gone, or our way to it closed: then it finds out by itself.
  }
}

async function configure(
  wire: Wire,
  session: Session,
  { url, body }: { url: string; body: object },
  signal: AbortSignal,
): Promise<void> {
  const cookie = cookieOf(session);
  const answer = await wire.post(
    `${wire.base}sse-gateway/configure${url}`,
    {
      body: JSON.stringify({ dispatcherId: session.clientId, ...body }),
      headers: {
        'content-type': 'application/json',
        ...(cookie !== undefined && { cookie }),
      },
    },
    signal,
  );
  answer.discard();
  if (answer.failure) throw answer.failure;
}

function cookieOf({ cookies }: Session): string | undefined {
  if (cookies.size === 0) return undefined;
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
}

/**
 * What an event of the channel `job` says (pubsub-light-plugin f6dd1b4a: Events.JobChannel, EventProps,
 * RunMessage). All its values are texts. The job is told by its full name, and the addresses that are
 * there besides are built from a root URL that may be wrong.
 */
function jobEvent(told: Readonly<Record<string, unknown>>, base: string): JobEvent | undefined {
  const kind = KINDS.get(text(told['jenkins_event']) ?? '');
  const name = text(told['job_name']);
  if (kind === undefined || name === undefined || name.length > LONGEST_NAME) return undefined;
  const [number] = /^\d{1,9}$/.exec(text(told['jenkins_object_id']) ?? '') ?? [];
  return {
    kind,
    jobUrl: jobUrl(base, name),
    run: number === undefined ? undefined : Number(number),
  };
}

/**
 * A checkout, fingerprints, and the end of a task after that of its run, are nothing new to us; and what
 * makes jobs from scripts saves all of them each time.
 */
const KINDS: ReadonlyMap<string, JobEvent['kind']> = new Map([
  ['job_run_queue_enter', 'queue'],
  ['job_run_queue_buildable', 'queue'],
  ['job_run_queue_blocked', 'queue'],
  ['job_run_queue_left', 'queue'],
  ['job_run_started', 'run'],
  ['job_run_paused', 'run'],
  ['job_run_unpaused', 'run'],
  ['job_run_ended', 'run'],
  ['job_crud_created', 'job'],
  ['job_crud_deleted', 'job'],
  ['job_crud_renamed', 'job'],
]);

function jsonOf(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return undefined;
  }
}
