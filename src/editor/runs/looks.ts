import type { Clock } from '../../base/clock';
import { nextLook } from './nextLook';

/** Why somebody wants to be kept up to date: it can be seen, or it is only told of when it changes. */
export type Attention = 'visible' | 'background';

/** What a look found; of one that failed, whether the server answers nobody, and when it may be asked again. */
export type LookResult =
  | { readonly look: 'busy' | 'idle' }
  | {
      readonly look: 'failed';
      readonly everywhere: boolean;
      /** Milliseconds, where the server told. */
      readonly retryAfter?: number | undefined;
    };

/** A result, and when it came, in milliseconds since the epoch. */
export interface Heard {
  readonly at: number;
  readonly result: LookResult;
}

export interface LooksOptions {
  /** Must not reject, and calls `heard`; `isHurried` where there is a reason, and not only the time has come. */
  readonly look: (url: string, isHurried: boolean) => Promise<void>;
  /** The server whose page it is. */
  readonly server: (url: string) => string;
  /** Milliseconds between two looks at what is visible while something runs there. */
  readonly interval: () => number;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
}

interface Watched {
  readonly url: string;
  readonly watchers: Attention[];
  heard: Heard | undefined;
  pause: number;
  looking: Promise<void> | undefined;
  /** Whether the next look has a reason. */
  hurried: boolean;
}

/** A server that answers nobody: until then it is left alone, and afterwards one look tries. */
interface Silence {
  readonly pause: number;
  readonly until: number;
}

/** Looks at once at a server; the person's own clicks are to find a free connection. */
const AT_ONCE = 2;
/** A background watch, and a window that is not focused, are so many times slower. */
const SLOWER = 4;

/**
 * Decides when what is watched is looked at again. What is due at the same time, as after a sleep of
 * the computer, is looked at one after the other.
 */
export class Looks implements Disposable {
  readonly #options: LooksOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #silent = new Map<string, Silence>();
  #disposed = false;
  #timer: Disposable | undefined;
  #focused = true;

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** Looks at `url` again and again until disposed; for the first time at once, or a while after it was `heard` of. */
  watch(url: string, how: Attention, heard: Heard | undefined): Disposable {
    const watched = this.#watched.get(url) ?? {
      url,
      watchers: [],
      heard,
      pause: 0,
      looking: undefined,
      hurried: false,
    };
    this.#watched.set(url, watched);
    watched.watchers.push(how);
    watched.pause = this.#pauseAfter(watched);
    this.#plan();
    return {
      [Symbol.dispose]: () => {
        const at = watched.watchers.indexOf(how);
        if (at < 0) return;
        watched.watchers.splice(at, 1);
        if (watched.watchers.length === 0) this.#watched.delete(url);
        watched.pause = this.#pauseAfter(watched);
        this.#plan();
      },
    };
  }

  isWatched(url: string): boolean {
    return this.#watched.has(url);
  }

  /** A look was made, or somebody else has asked. */
  heard(url: string, result: LookResult): void {
    this.#noteSilence(url, result);
    const watched = this.#watched.get(url);
    if (watched) {
      watched.heard = { at: this.#options.clock.now(), result };
      watched.pause = this.#pauseAfter(watched);
    }
    this.#plan();
  }

  /** Until when a server that answers nobody is left alone, in milliseconds since the epoch. */
  silentUntil(server: string): number | undefined {
    return this.#silent.get(server)?.until;
  }

  /** Has those of the watched addresses that are meant looked at as soon as their server may be asked. */
  hurry(isMeant: (url: string) => boolean): void {
    for (const watched of this.#watched.values())
      if (isMeant(watched.url)) {
        watched.hurried = true;
        watched.pause = 0;
      }
    this.#plan();
  }

  /** Looks at all that is watched, now; resolves when that is done. */
  async all(): Promise<void> {
    this.#silent.clear();
    for (const watched of this.#watched.values()) watched.hurried ||= !watched.looking;
    await Promise.all([...this.#watched.values()].map((watched) => this.#lookAt(watched)));
  }

  /** Whether the window has the focus. */
  attend(focused: boolean): void {
    this.#focused = focused;
    for (const watched of this.#watched.values()) watched.pause = this.#pauseAfter(watched);
    this.#plan();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.[Symbol.dispose]();
    this.#watched.clear();
  }

  #noteSilence(url: string, result: LookResult): void {
    const server = this.#options.server(url);
    if (result.look !== 'failed') this.#silent.delete(server);
    else if (result.everywhere) {
      const { clock, interval } = this.#options;
      const now = clock.now();
      const before = this.#silent.get(server);
      const asked = now + (result.retryAfter ?? 0);
      // What had begun before the silence says nothing about how long it will be.
      if (before && now < before.until && asked <= before.until) return;
      const pause = nextLook('failed', before?.pause ?? 0, interval());
      this.#silent.set(server, { pause, until: Math.max(asked, now + this.#spread(pause)) });
    }
  }

  /** Milliseconds from what was heard last to the next look. */
  #pauseAfter({ heard, watchers, pause, hurried }: Watched): number {
    if (!heard || hurried) return 0;
    const { result } = heard;
    // The silence of its server is its pause, and when that is over nothing has to wait.
    if (result.look === 'failed' && result.everywhere) return 0;
    const seen = watchers.includes('visible') ? 1 : SLOWER;
    const shortest = this.#options.interval() * seen * (this.#focused ? 1 : SLOWER);
    const next = this.#spread(nextLook(result.look, pause, shortest));
    return result.look === 'failed' ? Math.max(next, result.retryAfter ?? 0) : next;
  }

  /** Up to a tenth longer, so that what began together does not stay together. */
  #spread(pause: number): number {
    return pause * (1 + this.#options.random() / 10);
  }

  /** Begins what is due, and sets the timer for what is next. */
  #plan(): void {
    if (this.#disposed) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const { clock, server } = this.#options;
    const now = clock.now();
    const busy = new Map<string, number>();
    for (const { url, looking } of this.#watched.values())
      if (looking) busy.set(server(url), (busy.get(server(url)) ?? 0) + 1);
    let next = Infinity;
    for (const watched of [...this.#watched.values()].sort((a, b) => dueOf(a) - dueOf(b))) {
      if (watched.looking) continue;
      const of = server(watched.url);
      const silence = this.#silent.get(of);
      const due = Math.max(dueOf(watched), silence?.until ?? 0);
      const others = busy.get(of) ?? 0;
      if (due > now) next = Math.min(next, due);
      // Whoever ends a look plans again.
      else if (others < (silence ? 1 : AT_ONCE)) {
        busy.set(of, others + 1);
        void this.#lookAt(watched);
      }
    }
    if (next < Infinity) this.#timer = clock.after(next - now, () => this.#plan());
  }

  #lookAt(watched: Watched): Promise<void> {
    if (watched.looking) return watched.looking;
    const { heard: before, hurried } = watched;
    watched.hurried = false;
    watched.looking = this.#options.look(watched.url, hurried).finally(() => {
      watched.looking = undefined;
      // A look of which nobody told anything is no reason to look again at once.
      if (watched.heard === before) this.heard(watched.url, { look: 'failed', everywhere: false });
      else this.#plan();
    });
    return watched.looking;
  }
}

function dueOf({ heard, pause }: Watched): number {
  return heard ? heard.at + pause : 0;
}
