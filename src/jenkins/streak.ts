import type { Run } from './run';

/** Since when a job fails, or until when it did, as one of its runs shows it. */
export type Streak =
  /** It passed since, first in the run of this number: old news. */
  | { readonly kind: 'mended'; readonly number: number }
  /** The run before passed, or there was none. */
  | { readonly kind: 'new' }
  | {
      readonly kind: 'since';
      /** The number of the first run that is known to have failed. */
      readonly number: number;
      /** How many have failed since, this one included. */
      readonly runs: number;
      /** Whether it may have begun even earlier. */
      readonly orBefore: boolean;
    };

/**
 * Since when a job fails, seen from a run that did. Runs that were aborted or not built tell nothing.
 * `runs` are the job's, the newest first without gaps; `more` whether there are older ones.
 * @returns undefined for a run that did not fail, or where nothing is known of those before it.
 */
export function streakOf(run: Run, runs: readonly Run[], more: boolean): Streak | undefined {
  if (outcomeOf(run) !== 'failed') return undefined;
  const mended = runs.findLast(
    (newer) => newer.number > run.number && outcomeOf(newer) === 'passed',
  );
  if (mended) return { kind: 'mended', number: mended.number };
  let first = run.number;
  let count = 1;
  for (const older of runs) {
    if (older.number >= run.number) continue;
    const outcome = outcomeOf(older);
    if (outcome === 'passed') return told(first, count, false);
    if (outcome === 'failed') {
      first = older.number;
      count++;
    }
  }
  return count === 1 && more ? undefined : told(first, count, more);
}

/** `new`, `since #37`, `since #37 or before`, `mended in #43`. */
export function wordsOfStreak(streak: Streak): string {
  if (streak.kind === 'mended') return `mended in #${streak.number}`;
  if (streak.kind === 'new') return 'new';
  return `since #${streak.number}${streak.orBefore ? ' or before' : ''}`;
}

function told(number: number, runs: number, orBefore: boolean): Streak {
  return runs === 1 ? { kind: 'new' } : { kind: 'since', number, runs, orBefore };
}

/** Undefined for a run that goes on, was aborted or not built: it tells nothing. */
export function outcomeOf({ building, result }: Run): 'passed' | 'failed' | undefined {
  if (building) return undefined;
  if (result === 'SUCCESS') return 'passed';
  return result === 'FAILURE' || result === 'UNSTABLE' ? 'failed' : undefined;
}
