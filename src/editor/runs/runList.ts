import type { RunPage } from '../../jenkins/contents';
import type { Run } from '../../jenkins/run';

/** The runs of a job of which nothing is known yet. */
export const NO_RUNS: RunPage = { runs: [], more: true };

/**
 * What is known of a job's runs after the server told a page of them: the newest, or those older
 * than the run numbered `below`. The result has no gap and holds nothing that was deleted. Where the
 * page told nothing new, `runs` is the same array; else each run of which nothing new was told is the
 * same object.
 */
export function merged(known: RunPage, told: RunPage, below = Infinity): RunPage {
  const kept = isAnotherJob(known.runs, told.runs) ? [] : known.runs;
  const before = new Map(kept.map((run) => [run.number, run]));
  const page = told.runs.map((run) => {
    const same = before.get(run.number);
    return same !== undefined && isSame(same, run) ? same : run;
  });
  const newer = kept.filter(({ number }) => number >= below);
  const oldest = page.at(-1)?.number ?? below;
  const reaches = kept.some(({ number }) => number >= oldest && number < below);
  // Between the page and what is older there may be runs that nobody has told of.
  const older = told.more && reaches ? kept.filter(({ number }) => number < oldest) : [];
  const more = told.more && (older.length === 0 || known.more);
  const runs = [...newer, ...page, ...older];
  const same = runs.length === known.runs.length && runs.every((run, at) => run === known.runs[at]);
  return { runs: same ? known.runs : runs, more };
}

/** A job that was deleted and made again counts from 1 again; no run begins twice. */
export function isAnotherJob(known: readonly Run[], told: readonly Run[]): boolean {
  const begun = new Map(told.map(({ number, startedAt }) => [number, startedAt]));
  return known.some(({ number, startedAt }) => (begun.get(number) ?? startedAt) !== startedAt);
}

function isSame(a: Run, b: Run): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
