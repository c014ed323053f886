import type { Clock } from '../../base/clock';
import type { Client } from '../../jenkins/client';
import type { Executing } from '../../jenkins/executors';
import type { QueueItem } from '../../jenkins/queue';
import type { Server } from '../frame/settings';
import { nextLook } from './nextLook';

/** What waits and what works on a server, as it was heard of last. */
export interface Working {
  readonly queue: readonly QueueItem[];
  readonly executing: readonly Executing[];
  /** Why the last question failed; the rest is what was known. */
  readonly problem: unknown;
}

const NOTHING: Working = { queue: [], executing: [], problem: undefined };

/** Milliseconds for which an answer is good for all jobs of its server; a failure ever longer. */
const FRESH = 5000;

/**
 * The queues and agents of servers, of which Jenkins tells as a whole. A job tells by itself that it
 * waits, so that this is only asked when somebody unfolds something, and while more waits than that.
 */
export class Activity {
  readonly #client: (server: Server) => Promise<Client>;
  readonly #clock: Clock;
  readonly #changed: (jobUrls: ReadonlySet<string>) => void;
  readonly #known = new Map<string, Working>();
  readonly #asked = new Map<
    string,
    { readonly at: number; readonly running: boolean; pause: number }
  >();

  /** `changed` is called with the addresses of jobs of which something else than before is known. */
  constructor(
    client: (server: Server) => Promise<Client>,
    clock: Clock,
    changed: (jobUrls: ReadonlySet<string>) => void,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** What memory holds. */
  of(server: Server): Working {
    return this.#known.get(server.url) ?? NOTHING;
  }

  /**
   * Asks what waits and, where something runs, what works, unless that was just done. Never
   * rejects.
   */
  async ask(server: Server, running: boolean, signal: AbortSignal): Promise<void> {
    const { url } = server;
    const now = this.#clock.now();
    const asked = this.#asked.get(url);
    if (asked && now - asked.at < asked.pause && (asked.running || !running)) return;
    const asking = { at: now, running, pause: FRESH };
    this.#asked.set(url, asking);
    try {
      const client = await this.#client(server);
      const before = this.of(server);
      const [queue, executing] = await Promise.all([
        client.queue(url, signal),
        running ? client.executing(signal) : before.executing,
      ]);
      this.#known.set(url, { queue, executing, problem: undefined });
      const changed = new Set([
        ...different(before.queue, queue).flatMap(({ jobUrl }) => jobUrl ?? []),
        ...different(before.executing, executing).map(({ runUrl }) =>
          runUrl.replace(/(?<!\d)\d+\/$/, ''),
        ),
      ]);
      if (changed.size > 0) this.#changed(changed);
    } catch (problem) {
      asking.pause = nextLook('failed', asked?.pause ?? 0, FRESH);
      this.#known.set(url, { ...this.of(server), problem });
    }
  }
}

/** What is in one list and not in the other; how far something is, is nothing new. */
function different<T extends object>(before: readonly T[], now: readonly T[]): T[] {
  const textOf = (item: T): string => JSON.stringify({ ...item, progress: undefined });
  const [then, here] = [before, now].map((items) => new Set(items.map(textOf)));
  return [
    ...before.filter((item) => here?.has(textOf(item)) !== true),
    ...now.filter((item) => then?.has(textOf(item)) !== true),
  ];
}
