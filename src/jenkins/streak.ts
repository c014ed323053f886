import type { Run } from './run';

/** Since when a job fails, or until when it did, as one of its runs shows it. */
export type Streak =
  /** It passed since, first in the run of this number: old news. */
  | { readonly kind: 'mended'; readonly number: number }
  /** The run before passed, or there was none, and none has failed since. */
  | { readonly kind: 'new' }
  /** Others have failed since. */
  | { readonly kind: 'first' }
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
  const older = runs.filter(({ number }) => number < run.number);
  const before = older.find((each) => outcomeOf(each) === 'passed');
  const failed = older.filter(
    (each) => each.number > (before?.number ?? 0) && outcomeOf(each) === 'failed',
  );
  const orBefore = before === undefined && more;
  const first = failed.at(-1);
  if (first) return { kind: 'since', number: first.number, runs: failed.length + 1, orBefore };
  if (orBefore) return undefined;
  const isNewest = !runs.some((each) => each.number > run.number && outcomeOf(each) === 'failed');
  return { kind: isNewest ? 'new' : 'first' };
}

/** `new`, `the first to fail`, `since #37`, `since #37 or before`, `mended in #43`. */
export function wordsOfStreak(streak: Streak): string {
  if (streak.kind === 'mended') return `mended in #${streak.number}`;
  if (streak.kind === 'new') return 'new';
  if (streak.kind === 'first') return 'the first to fail';
  return `since #${streak.number}${streak.orBefore ? ' or before' : ''}`;
}

/** Undefined for a run that goes on, was aborted or not built: it tells nothing. */
export function outcomeOf({ building, result }: Run): 'passed' | 'failed' | undefined {
  if (building) return undefined;
  if (result === 'SUCCESS') return 'passed';
  return result === 'FAILURE' || result === 'UNSTABLE' ? 'failed' : undefined;
}
