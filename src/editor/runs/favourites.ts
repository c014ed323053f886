import type * as vscode from 'vscode';
import type { Job } from '../../jenkins/jobs';
import { fields, list, text } from '../../jenkins/json';
import { fullNameOf } from '../../jenkins/url';
import { jobTitle } from './jobRows';
import type { JobNode } from './runsNodes';

/** A job or folder that the person wants to have at hand. */
export interface Favourite {
  /** Ends with `/`. */
  readonly url: string;
  readonly kind: Job['kind'] | undefined;
  /** What it was called when it was chosen: its name, or a pull request's title. */
  readonly name?: string | undefined;
}

const KEY = 'favourites';
const KINDS = ['job', 'folder', 'organization', 'multibranch'] as const;

export function favouriteOf(node: JobNode): Favourite {
  return { url: node.url, kind: node.job?.kind, name: jobTitle(node) };
}

/** What is known of a favourite without asking; undefined where that is its address alone. */
export function jobOf({ url, kind, name }: Favourite): Job | undefined {
  if (kind === undefined || name === undefined) return undefined;
  return { name, fullName: fullNameOf(url), url, kind, state: undefined, running: false };
}

/** The person's favourites on all servers, kept for all windows, in the order in which they were chosen. */
export class Favourites {
  readonly #memento: Pick<vscode.Memento, 'get' | 'update'>;

  constructor(memento: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#memento = memento;
  }

  all(): Favourite[] {
    return list(this.#memento.get(KEY)).flatMap((item) => {
      const url = text(fields(item)['url']);
      const kind = KINDS.find((each) => each === fields(item)['kind']);
      return url === undefined ? [] : { url, kind, name: text(fields(item)['name']) };
    });
  }

  has(url: string): boolean {
    return this.all().some((favourite) => favourite.url === url);
  }

  async add(favourite: Favourite): Promise<void> {
    const others = this.all().filter(({ url }) => url !== favourite.url);
    await this.#memento.update(KEY, [...others, favourite]);
  }

  async remove(url: string): Promise<void> {
    await this.#memento.update(
      KEY,
      this.all().filter((favourite) => favourite.url !== url),
    );
  }
}
