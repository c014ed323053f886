import { mkdirSync, watch, type FSWatcher } from 'node:fs';
import { agentsIn, readAttachments, type Attachment } from '../../attach/ledger';
import { stateDirectory } from '../../base/stateDirectory';
import { leasesIn, readLedger, type Lease } from '../../machines/leases/ledger';

/** A lease's file is replaced together with its lock: one look is enough for both. */
const SETTLE = 100;
/** Milliseconds between two looks at the clock, and at who still lives, while something is lent. */
const PULSE = 5000;

/**
 * The leases of this person, as the state directory tells them now, whoever borrowed them. It reads and
 * watches nothing before `all` is called for the first time; whoever made it disposes it.
 */
export class LeaseWatch implements Disposable {
  readonly #root: string;
  readonly #changed: () => void;
  readonly #watchers: FSWatcher[] = [];
  #known: readonly Lease[] = [];
  #agents: readonly Attachment[] = [];
  #damaged: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #disposed = false;

  /** `changed` is called for each change, and with the clock. */
  constructor(changed: () => void, root: string = stateDirectory()) {
    this.#changed = changed;
    this.#root = root;
  }

  /** The oldest first. */
  all(): readonly Lease[] {
    this.#begin();
    return this.#known;
  }

  /** As `all`, with what has been written in this moment. */
  now(): readonly Lease[] {
    this.#begin();
    this.#read();
    return this.#known;
  }

  /** The ids of those of which nobody can read what was written. */
  damaged(): readonly string[] {
    this.#begin();
    return this.#damaged;
  }

  /** What the machine is an agent of; undefined where it is none. */
  agent({ id }: Lease): Attachment | undefined {
    this.#begin();
    return this.#agents.find((agent) => agent.id === id);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    for (const watcher of this.#watchers) watcher.close();
  }

  #begin(): void {
    if (this.#watchers.length > 0 || this.#disposed) return;
    for (const directory of [leasesIn(this.#root), agentsIn(this.#root)]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#watchers.push(watch(directory, () => this.#soon()));
    }
    this.#read();
  }

  #soon(): void {
    if (this.#disposed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#read();
      this.#changed();
    }, SETTLE);
  }

  #read(): void {
    const { leases, damaged } = readLedger(this.#root);
    this.#known = leases;
    this.#damaged = damaged;
    this.#agents = readAttachments(this.#root).attachments;
    if (leases.length > 0) this.#pulse ??= setInterval(this.#changed, PULSE).unref();
    else {
      clearInterval(this.#pulse);
      this.#pulse = undefined;
    }
  }
}
