import type { Memento } from 'vscode';
import type { BranchState } from './branchRuns';
import { newFailures } from './turns';

/** Jobs of which it is known how far they were seen. */
const MOST = 50;
const SEEN = 'told.seen';

/** How far the person has seen the failures of each job; the workspace remembers it. */
export class Seen {
  readonly #memento: Memento;
  readonly #failed: (error: unknown) => void;

  constructor(memento: Memento, failed: (error: unknown) => void) {
    this.#memento = memento;
    this.#failed = failed;
  }

  /** For each failure that was not seen the branch that it is of. */
  unseen(states: readonly BranchState[]): string[] {
    const seen = this.#numbers();
    return states.flatMap(({ branch, jobs }) =>
      jobs.flatMap(({ job, runs }) => newFailures(runs, seen[job.url] ?? 0).map(() => branch)),
    );
  }

  /** All that is known has been seen. */
  see(states: readonly BranchState[]): void {
    const seen = this.#numbers();
    const jobs = states.flatMap((state) => state.jobs);
    const news = jobs.flatMap(({ job, runs }): [string, number][] => {
      const [newest] = newFailures(runs, seen[job.url] ?? 0);
      return newest ? [[job.url, newest.number]] : [];
    });
    if (news.length === 0) return;
    const others = Object.entries(seen).filter(([url]) => !news.some(([other]) => other === url));
    const all = Object.fromEntries([...others, ...news].slice(-MOST));
    this.#memento.update(SEEN, all).then(undefined, this.#failed);
  }

  /** The number of the newest failure that was seen of each job. */
  #numbers(): Readonly<Record<string, number>> {
    return this.#memento.get<Record<string, number>>(SEEN, {});
  }
}
