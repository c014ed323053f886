import { idOf, type JobNode, type RunsNode, type Section, type ServerNode } from './runsNodes';
import type { RunStore } from './runStore';

/** What is looked at again and again while it is unfolded. */
export type Watched = JobNode | ServerNode;

/** What is unfolded in the view; it has just what can be seen of that watched. */
export class Unfolded implements Disposable {
  readonly #store: RunStore;
  /** What was unfolded, by its id. */
  readonly #open = new Map<string, Watched>();
  /** What was folded again, by its id: what lies below it is hidden with it. */
  readonly #folded = new Map<string, RunsNode>();
  readonly #watches = new Map<string, Disposable>();
  #visible = false;

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Whether it was unfolded before. */
  has(node: Watched): boolean {
    return this.#open.has(idOf(node));
  }

  /** Those at an address, in all parts of the view. */
  at(url: string): Watched[] {
    return [...this.#open.values()].filter((node) => urlOf(node) === url);
  }

  /** Whether the view can be seen. */
  see(visible: boolean): void {
    this.#visible = visible;
    this.#watch();
  }

  fold(node: RunsNode, open: boolean): void {
    if (open) this.#folded.delete(idOf(node));
    else this.#folded.set(idOf(node), node);
    if (open && (node.kind === 'job' || node.kind === 'server')) this.#open.set(idOf(node), node);
    this.#watch();
  }

  /** Forgets what is in no part of the view any more. */
  keep(isThere: (node: Watched) => boolean): void {
    for (const [id, node] of this.#open) if (!isThere(node)) this.#open.delete(id);
    this.#watch();
  }

  /** Whether a node, or something around it, was folded again. */
  isHidden(node: Watched): boolean {
    return [...this.#folded.values()].some((folded) => {
      switch (folded.kind) {
        case 'section':
          return sectionOf(node) === folded.section;
        case 'job':
        case 'server':
          return idOf(node) === idOf(folded) || liesBelow(node, folded);
        case 'changes':
          return node.kind === 'job' && node.grouped && liesBelow(node, folded.of);
        default:
          return false;
      }
    });
  }

  [Symbol.dispose](): void {
    this.see(false);
  }

  #watch(): void {
    const seen = new Set<string>();
    for (const node of this.#open.values())
      if (this.#visible && !this.isHidden(node)) seen.add(urlOf(node));
    for (const [url, watch] of this.#watches)
      if (!seen.has(url)) {
        watch[Symbol.dispose]();
        this.#watches.delete(url);
      }
    for (const url of seen)
      if (!this.#watches.has(url)) this.#watches.set(url, this.#store.watch(url, 'visible'));
  }
}

/** Whether a node lies in another one, in the same part of the view. */
function liesBelow(node: Watched, above: Watched): boolean {
  const [url, around] = [urlOf(node), urlOf(above)];
  return sectionOf(node) === sectionOf(above) && url !== around && url.startsWith(around);
}

export function sectionOf(node: Watched): Section {
  return node.kind === 'server' ? 'all' : node.section;
}

export function urlOf(node: Watched): string {
  return node.kind === 'server' ? node.server.url : node.url;
}
