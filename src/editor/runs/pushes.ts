import type { Clock } from '../../base/clock';
import type { JobEvent, Push } from '../../jenkins/events';
import { nextLook } from './nextLook';
import { parentOf } from './runMemory';

export interface PushesOptions {
  /** What a server pushes; ends where it does not, rejects where it cannot be asked. */
  readonly listen: (server: string, signal: AbortSignal) => Promise<AsyncIterable<Push>>;
  /** Whether servers are to be listened to at all. */
  readonly isWanted: () => boolean;
  readonly isWatched: (url: string) => boolean;
  /** Has those of the watched addresses looked at that are meant. */
  readonly hurry: (isMeant: (url: string) => boolean) => void;
  /** Milliseconds between two looks where something runs. */
  readonly interval: () => number;
  readonly clock: Clock;
}

interface Listened {
  watchers: number;
  /** Ends the listening; undefined while nobody listens. */
  life: AbortController | undefined;
  /** Since when all is told, in milliseconds since the epoch. */
  since: number | undefined;
  /** It does not push, and is not asked again before. */
  absentUntil: number;
  /** Ends the listening when nobody has come to watch. */
  leaving: Disposable | undefined;
}

/** Milliseconds in which events of the same job are one reason to look. */
const SOON = 300;
/** Milliseconds between two looks at a job for what is told of it. */
const AGAIN = 2000;
/** Milliseconds for which a server is listened to that nobody watches: one row folds, and the next unfolds. */
const GRACE = 1000;
const HOUR = 3_600_000;

/**
 * What servers push of themselves while somebody looks: one stream for each of them. What is told to have
 * changed is looked at once, soon; when a stream breaks, or may have missed something, all of its server is.
 */
export class Pushes implements Disposable {
  readonly #options: PushesOptions;
  readonly #servers = new Map<string, Listened>();
  /** When addresses were looked at for what was told of them, or will be. */
  readonly #looks = new Map<string, { readonly at: number; readonly timer: Disposable }>();

  constructor(options: PushesOptions) {
    this.#options = options;
  }

  /** Listens to a server until disposed. */
  watch(server: string): Disposable {
    const listened = this.#servers.get(server) ?? {
      watchers: 0,
      life: undefined,
      since: undefined,
      absentUntil: 0,
      leaving: undefined,
    };
    this.#servers.set(server, listened);
    listened.watchers++;
    this.#begin(server, listened);
    let done = false;
    return {
      [Symbol.dispose]: () => {
        if (!done && --listened.watchers === 0)
          listened.leaving = this.#options.clock.after(GRACE, () => end(listened));
        done = true;
      },
    };
  }

  /** Since when a server tells all that happens, in milliseconds since the epoch; undefined where it does not. */
  since(server: string): number | undefined {
    return this.#servers.get(server)?.since;
  }

  /** Asks once more where a server did not push; with `anew`, listens to all of them from the beginning. */
  retry(anew: boolean): void {
    for (const [server, listened] of this.#servers) {
      if (anew || !this.#options.isWanted()) end(listened);
      listened.absentUntil = 0;
      if (listened.watchers > 0) this.#begin(server, listened);
    }
  }

  [Symbol.dispose](): void {
    for (const listened of this.#servers.values()) end(listened);
    for (const { timer } of this.#looks.values()) timer[Symbol.dispose]();
    this.#servers.clear();
  }

  #begin(server: string, listened: Listened): void {
    listened.leaving?.[Symbol.dispose]();
    listened.leaving = undefined;
    const { clock, isWanted } = this.#options;
    if (listened.life || clock.now() < listened.absentUntil || !isWanted()) return;
    listened.life = new AbortController();
    void this.#listen(server, listened, listened.life.signal);
  }

  async #listen(server: string, listened: Listened, signal: AbortSignal): Promise<void> {
    const { clock, listen } = this.#options;
    let connections = 0;
    try {
      for await (const push of await listen(server, signal)) {
        if (signal.aborted) return;
        if ('jobUrl' in push) this.#note(server, push);
        else if (push.kind === 'broken') this.#lose(server, listened);
        else {
          listened.since = clock.now();
          // What was heard before the first one is looked at in its turn.
          if (connections++ > 0) this.#hurry(server);
        }
      }
    } catch {
      // Without pushes all is looked at, which says what is wrong with the server.
    }
    if (signal.aborted) return;
    listened.life = undefined;
    listened.absentUntil = clock.now() + HOUR;
    this.#lose(server, listened);
  }

  #lose(server: string, listened: Listened): void {
    if (listened.since === undefined) return;
    listened.since = undefined;
    this.#hurry(server);
  }

  #hurry(server: string): void {
    this.#options.hurry((url) => url.startsWith(server));
  }

  #note(server: string, { kind, jobUrl }: JobEvent): void {
    const { interval } = this.#options;
    this.#lookSoon(jobUrl, AGAIN);
    const around = parentOf(jobUrl);
    // All jobs of a server are much to read, and on a large one something always runs.
    if (around !== server && kind !== 'queue') this.#lookSoon(around, interval());
    if (around === server && kind === 'job')
      this.#lookSoon(around, nextLook('idle', 0, interval()));
  }

  #lookSoon(url: string, pause: number): void {
    const { clock, hurry, isWatched } = this.#options;
    const now = clock.now();
    const { at: last = 0 } = this.#looks.get(url) ?? {};
    if (last > now || !isWatched(url)) return;
    const wait = Math.max(SOON, last + pause - now);
    const timer = clock.after(wait, () => hurry((each) => each === url));
    this.#looks.set(url, { at: now + wait, timer });
  }
}

function end(listened: Listened): void {
  listened.life?.abort();
  listened.life = undefined;
  listened.since = undefined;
}
