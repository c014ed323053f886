import type { Server } from '../frame/settings';
import { suggestJobs } from '../servers/jobSuggestion';
import { nameOf } from './jobFinder';
import type { SuggestionNode } from './runsNodes';
import type { RunStore } from './runStore';

export interface SuggestionSource {
  servers(): readonly Server[];
  /** What the workspace's repositories are called: addresses of their remotes, names of folders. */
  repositories(signal: AbortSignal): Promise<readonly string[]>;
  readonly store: RunStore;
}

/** Of each server at most. */
const MOST = 3;

/** Finds jobs that seem to build a workspace for which none was chosen. */
export class Suggestions {
  readonly #source: SuggestionSource;
  readonly #changed: () => void;
  readonly #signal: AbortSignal;
  #known: { readonly servers: string; readonly found: readonly SuggestionNode[] } | undefined;

  /** `changed` is called when some were found. */
  constructor(source: SuggestionSource, changed: () => void, signal: AbortSignal) {
    this.#source = source;
    this.#changed = changed;
    this.#signal = signal;
  }

  /** Those that were found, with a line to choose another one; looks for them unless that was done. */
  get(): readonly SuggestionNode[] {
    const servers = this.#source.servers().map(({ url }) => url);
    const key = servers.join(' ');
    if (this.#known?.servers !== key) {
      const looking = (this.#known = { servers: key, found: [] });
      void this.#find().then((found) => {
        if (this.#known !== looking || found.length === 0) return;
        this.#known = { servers: key, found };
        this.#changed();
      });
    }
    return this.#known.found;
  }

  forget(): void {
    this.#known = undefined;
  }

  async #find(): Promise<SuggestionNode[]> {
    try {
      const repositories = await this.#source.repositories(this.#signal);
      if (repositories.length === 0) return [];
      const found: SuggestionNode[] = [];
      for (const server of this.#source.servers()) {
        const { jobs } = await this.#source.store.index(server.url, this.#signal);
        const candidates = jobs
          .filter(({ kind }) => kind === 'job' || kind === 'multibranch')
          .map((job) => ({ job, url: job.url, name: nameOf(job.fullName) }));
        for (const { job } of suggestJobs(candidates, repositories).slice(0, MOST))
          found.push({ kind: 'suggestion', server, job });
      }
      const [first] = found;
      return first ? [...found, { kind: 'suggestion', server: first.server, job: undefined }] : [];
    } catch {
      // The view says what to do without one.
      return [];
    }
  }
}
