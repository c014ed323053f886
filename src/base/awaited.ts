/**
 * What this process is waiting for. Someone who interrupts it is told what still holds it up, and can then decide to
 * wait or to leave. One registry per process: whatever is registered here is work of that process.
 */

/** A machine that may stop answering. */
export interface AwaitedHost {
  /** For people. */
  readonly name: string;
  /** Asks it for something trivial; resolves or rejects once it has answered. */
  ping(signal: AbortSignal): Promise<unknown>;
}

interface Work {
  /** What comes after "Waiting for": `/tmp/x to be removed`. */
  readonly what: string;
  readonly host: AwaitedHost | undefined;
  /** Milliseconds of `performance.now()`. */
  readonly since: number;
}

/** Milliseconds that work may go on after an interrupt before it is named. */
const PATIENCE = 1500;

/** Milliseconds after which a host that has not answered counts as silent; less than `PATIENCE`. */
const SILENCE = 1000;

/** Milliseconds between two looks. */
const TICK = 250;

const works = new Set<Work>();

/** Registers `work` until it settles, and returns its result. `host` is the machine that does it, if not this one. */
export async function awaiting<T>(what: string, work: Promise<T>, host?: AwaitedHost): Promise<T> {
  const one: Work = { what, host, since: performance.now() };
  works.add(one);
  try {
    return await work;
  } finally {
    works.delete(one);
  }
}

/**
 * From now on passes to `tell` what takes longer than `PATIENCE`, each text once: of work on a host that does not
 * answer, only that host. Does not keep the process alive; the caller disposes it.
 */
export function tellAwaited(tell: (what: string) => void): Disposable {
  const begun = performance.now();
  const told = new Set<string>();
  const over = new AbortController();
  /** Since when each host owes an answer; undefined after its answer. */
  const owes = new Map<AwaitedHost, number | undefined>();
  let idleSince = begun;

  const ping = (host: AwaitedHost): void => {
    if (owes.get(host) !== undefined) return;
    owes.set(host, performance.now());
    const answered = (): void => void owes.set(host, undefined);
    host.ping(over.signal).then(answered, answered);
  };
  const textOf = ({ what, host }: Work, now: number): string => {
    if (!host) return what;
    const since = owes.get(host);
    return since !== undefined && now - since >= SILENCE
      ? `${host.name} to answer`
      : `${what} on ${host.name}`;
  };
  const look = (): void => {
    const now = performance.now();
    for (const { host } of works) if (host) ping(host);
    if (works.size > 0) idleSince = now;
    const slow = [...works].filter(({ since }) => now - Math.max(since, begun) >= PATIENCE);
    const texts = slow.map((work) => textOf(work, now));
    // What has no name of its own is no news after something that has.
    if (told.size === 0 && now - idleSince >= PATIENCE) texts.push('work to end');
    const fresh = [...new Set(texts)].filter((text) => !told.has(text));
    for (const text of fresh) told.add(text);
    if (fresh.length > 0) tell(fresh.join(', and for '));
  };
  look();
  const timer = setInterval(look, TICK).unref();
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      over.abort();
    },
  };
}
