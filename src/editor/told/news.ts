import type { Run } from '../../jenkins/run';
import type { Notify } from '../frame/settings';
import type { BranchState } from './branchRuns';
import { turnOf, type Turn } from './turns';

export interface NewsParts {
  wanted(): Notify;
  /** Whether it is ours to tell of a turn: another window may have. */
  claim(key: string): boolean;
  tell(branch: string, turn: Turn): void;
}

/**
 * Tells once of each turn of the followed branch that happens while it is followed: what was so when
 * it began to be followed is no news, and stands in the status bar.
 */
export class News {
  readonly #parts: NewsParts;
  /** What was heard last of the runs of a job. */
  readonly #before = new Map<string, readonly Run[]>();

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  /** Another branch is followed, or the same one anew. */
  begin(): void {
    this.#before.clear();
  }

  hear({ branch, jobs }: BranchState): void {
    for (const { job, runs, heardAt } of jobs) {
      // What the disk remembers is older than what the person may have been told of.
      if (heardAt === undefined) continue;
      const before = this.#before.get(job.url);
      this.#before.set(job.url, runs);
      const turn = before && turnOf(before, runs);
      if (turn && this.#wants(turn) && this.#parts.claim(turn.key)) this.#parts.tell(branch, turn);
    }
  }

  #wants({ to }: Turn): boolean {
    const wanted = this.#parts.wanted();
    return wanted === 'turns' || (wanted === 'failures' && to === 'red');
  }
}
