import { BranchRuns, type BranchRunsParts, type BranchState } from './branchRuns';
import { watchBranch } from './headWatch';
import { News, type NewsParts } from './news';

export interface FolderBranchParts {
  readonly runs: BranchRunsParts;
  readonly news: NewsParts;
  /** Called when `state` may tell something else. */
  changed(): void;
  failed(error: unknown): void;
}

/** The branch that is checked out in one folder of the workspace: the runs of its jobs, and its turns. */
export class FolderBranch implements Disposable {
  readonly #directory: string;
  readonly #parts: FolderBranchParts;
  readonly #runs: BranchRuns;
  readonly #news: News;
  #watching = new AbortController();

  constructor(directory: string, parts: FolderBranchParts) {
    this.#directory = directory;
    this.#parts = parts;
    this.#news = new News(parts.news);
    this.#runs = new BranchRuns(parts.runs, () => {
      const state = this.state();
      if (state) this.#news.hear(state);
      parts.changed();
    });
  }

  /** Undefined while no branch is followed. */
  state(): BranchState | undefined {
    return this.#runs.state();
  }

  /** Begins anew: what it is asked from may have changed. */
  begin(): void {
    this.#watching.abort();
    this.#watching = new AbortController();
    const follow = (branch: string | undefined): void => {
      this.#news.begin();
      this.#runs.follow(branch).catch((error: unknown) => this.#parts.failed(error));
    };
    watchBranch(this.#directory, follow, this.#watching.signal);
  }

  [Symbol.dispose](): void {
    this.#watching.abort();
    this.#runs[Symbol.dispose]();
  }
}
