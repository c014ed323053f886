import { join } from 'node:path';
import { openDiskCache, type DiskCache } from '../base/diskCache';
import { stateDirectory } from '../base/stateDirectory';
import { kindOf, type JenkinsErrorKind } from './jenkinsError';
import { fields } from './json';
import type { Run } from './run';

/**
 * Raised when what is kept changes its meaning: a Job, a Run, its stages, its explanation, or what is
 * known of its Jenkinsfile and libraries.
 */
const FORMAT = 2;

/** What is kept on the disk of a server's jobs and runs, as a user sees it; anonymous without one. */
export function openRunCache(
  server: string,
  user: string | undefined,
  root: string = join(stateDirectory(), 'cache'),
): DiskCache {
  return openDiskCache({ root, name: `${server} ${user ?? ''}`, format: FORMAT });
}

/** Answers about runs that have ended, which do not change any more. */
export interface KeptAnswers {
  /**
   * An answer about a run. Of one that has ended, the server is asked once for all, and again as long
   * as the answer was `unsure`: one that may be better the next time. A kept one is also the answer
   * where the server cannot be asked.
   */
  about<T>(run: Ended, what: string, ask: (unsure: () => void) => Promise<T>): Promise<T>;
  /** An answer that the server is asked for each time; a kept one where it cannot be asked. */
  latest<T>(
    url: string,
    what: string,
    ask: () => Promise<T>,
    isKept: (answer: T) => boolean,
  ): Promise<T>;
  /** Whether an answer of `about` was `unsure`. */
  isUnsure(answer: object): boolean;
}

/** A run of a job that was deleted and made again may have the same address, but began at another time. */
export type Ended = Pick<Run, 'url' | 'startedAt' | 'building'>;

export function keptAnswers(cache: DiskCache | undefined): KeptAnswers {
  const doubtful = new WeakSet<object>();
  const isUnsure = (answer: object): boolean => doubtful.has(answer);

  async function judged<T>(ask: (unsure: () => void) => Promise<T>): Promise<Kept<T>> {
    let sure = true;
    const answer = await ask(() => (sure = false));
    return { sure, answer };
  }

  function told<T>({ sure, answer }: Kept<T>): T {
    if (!sure && typeof answer === 'object' && answer !== null) doubtful.add(answer);
    return answer;
  }

  if (cache === undefined)
    return {
      about: async (_run, _what, ask) => told(await judged(ask)),
      latest: (_url, _what, ask) => ask(),
      isUnsure,
    };
  const disk = cache;

  async function about<T>(
    run: Ended,
    what: string,
    ask: (unsure: () => void) => Promise<T>,
  ): Promise<T> {
    if (run.building) return told(await judged(ask));
    const key = `${what} ${run.url} ${run.startedAt}`;
    const kept = keptOf<T>(await disk.get(key));
    if (kept?.sure === true) return kept.answer;
    try {
      const judgement = await judged(ask);
      void disk.set(key, judgement);
      return told(judgement);
    } catch (error) {
      if (kept === undefined || isTold(error)) throw error;
      return told(kept);
    }
  }

  async function latest<T>(
    url: string,
    what: string,
    ask: () => Promise<T>,
    isKept: (answer: T) => boolean,
  ): Promise<T> {
    const key = `${what} ${url}`;
    try {
      const answer = await ask();
      if (isKept(answer)) void disk.set(key, { sure: false, answer });
      return answer;
    } catch (error) {
      const kept = isTold(error) ? undefined : keptOf<T>(await disk.get(key));
      if (kept === undefined) throw error;
      return kept.answer;
    }
  }

  return { about, latest, isUnsure };
}

/** Nobody but us writes there, and only what has our format is read. */
interface Kept<T> {
  readonly sure: boolean;
  readonly answer: T;
}

function keptOf<T>(value: unknown): Kept<T> | undefined {
  return 'sure' in fields(value) ? (value as Kept<T>) : undefined;
}

/** Whether the server itself says no, or somebody has cancelled; anything else only keeps us from hearing it. */
function isTold(error: unknown): boolean {
  const kind = kindOf(error);
  return kind === undefined || TOLD.includes(kind);
}

const TOLD: readonly JenkinsErrorKind[] = ['not-found', 'forbidden'];
