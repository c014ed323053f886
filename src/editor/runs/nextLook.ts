const LONGEST = 5 * 60_000;

/** What a look at the server found; `failed` is one that could not be made. */
export type Look = 'busy' | 'idle' | 'failed';

/**
 * Milliseconds until the next look: soon while something is running, ten times as long where
 * nothing is, and ever longer while the server does not answer.
 */
export function nextLook(look: Look, previous: number, shortest: number): number {
  switch (look) {
    case 'busy':
      return shortest;
    case 'idle':
      return Math.min(shortest * 10, LONGEST);
    case 'failed':
      return Math.min(Math.max(previous, shortest) * 2, LONGEST);
  }
}
