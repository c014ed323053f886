import type { Clock } from '../../base/clock';
import { messageOf } from '../../base/errors';
import { kindOf, type JenkinsErrorKind } from '../../jenkins/jenkinsError';

/** Why the last look at an address failed. Moments are milliseconds since the epoch. */
export interface Problem {
  readonly error: unknown;
  readonly since: number;
  /** When it was met last. */
  readonly at: number;
  /** Its place among all that was heard when it began. */
  readonly nth: number;
  /** Whether it is the trouble of the server. */
  readonly shared: boolean;
}

/**
 * What goes wrong at addresses, and what of it is the trouble of their server: a kind that cannot be one
 * address's own, or one that a second address has too, unless others were answered since it began.
 */
export class Troubles {
  readonly #server: (url: string) => string | undefined;
  readonly #clock: Clock;
  readonly #problems = new Map<string, Problem>();
  /** Servers that answer nobody. */
  readonly #troubles = new Map<string, Pick<Problem, 'error' | 'since'>>();
  /** The place of each server's last answer among all that was heard. */
  readonly #answers = new Map<string, number>();
  #heardSoFar = 0;

  /** `server` gives the address of the server whose page it is. */
  constructor({
    server,
    clock,
  }: {
    readonly server: (url: string) => string | undefined;
    readonly clock: Clock;
  }) {
    this.#server = server;
    this.#clock = clock;
  }

  problem(url: string): Problem | undefined {
    return this.#problems.get(url);
  }

  /** Why a server answers nobody, and since when. */
  of(server: string): Pick<Problem, 'error' | 'since'> | undefined {
    return this.#troubles.get(server);
  }

  forget(server: string): void {
    for (const troubles of [this.#problems, this.#troubles])
      for (const url of troubles.keys()) if (url.startsWith(server)) troubles.delete(url);
  }

  /** An address was heard of. Gives the addresses, also of servers, of which something else is known now. */
  answered(url: string): string[] {
    const news = this.#problems.delete(url) ? [url] : [];
    const server = this.#server(url);
    if (server === undefined) return news;
    this.#answers.set(server, ++this.#heardSoFar);
    return this.#troubles.delete(server) ? [...news, server] : news;
  }

  /** A look at an address failed. Gives the same as `answered`; the same trouble is told once. */
  failed(url: string, error: unknown): string[] {
    const at = this.#clock.now();
    const last = this.#problems.get(url);
    // Another kind of problem began now.
    const before = last && kindOf(last.error) === kindOf(error) ? last : undefined;
    const { since, nth } = before ?? { since: at, nth: ++this.#heardSoFar };
    const server = this.#server(url);
    const others = server === undefined ? [] : this.#failingLike(url, server, error);
    const shared = server !== undefined && this.#isShared(server, { error, nth }, others.length);
    this.#problems.set(url, { error, at, since, nth, shared });
    const isSame = before !== undefined && messageOf(before.error) === messageOf(error);
    const news = isSame && before.shared === shared ? [] : [url];
    if (!shared) return news;
    for (const [other, problem] of others) {
      if (problem.shared) continue;
      this.#problems.set(other, { ...problem, shared });
      news.push(other);
    }
    const trouble = this.#troubles.get(server);
    // Its words may name the address; the trouble is the same.
    if (trouble && kindOf(trouble.error) === kindOf(error)) return news;
    const began = Math.min(since, ...others.map(([, problem]) => problem.since));
    this.#troubles.set(server, { error, since: trouble?.since ?? began });
    return [...news, server];
  }

  #isShared(
    server: string,
    { error, nth }: { error: unknown; nth: number },
    others: number,
  ): boolean {
    const kind = kindOf(error);
    if (kind === undefined) return false;
    if ((this.#answers.get(server) ?? 0) > nth) return false;
    return others > 0 || !MAYBE_HERE.has(kind);
  }

  /** The other addresses of a server at which the same goes wrong since it gave its last answer. */
  #failingLike(url: string, server: string, error: unknown): [string, Problem][] {
    const answer = this.#answers.get(server) ?? 0;
    return [...this.#problems].filter(
      ([other, problem]) =>
        other !== url &&
        problem.nth > answer &&
        kindOf(problem.error) === kindOf(error) &&
        this.#server(other) === server,
    );
  }
}

/** What may go wrong for one address alone, unlike the rest: a second one tells. */
const MAYBE_HERE: ReadonlySet<JenkinsErrorKind> = new Set([
  'forbidden',
  'not-found',
  'malformed',
  'truncated',
  'too-large',
  'server-error',
  'timeout',
]);
