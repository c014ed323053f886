import { existsSync, mkdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { isUserError } from '../../base/errors';
import { stateDirectory } from '../../base/stateDirectory';
import {
  listReproductions,
  readReproduction,
  type Files,
  type Reproduction,
} from '../../reproduce/store';

/** Journals grow by several lines at once; one look is enough for them. */
const SETTLE = 100;
/** Milliseconds between two looks at whether the owners of live ones still run: a killed one writes nothing. */
const PULSE = 3000;

/**
 * The reproductions of this person, as the state directory tells them now, whoever started them.
 * It reads and watches nothing before `all` is called for the first time; whoever made it disposes it.
 */
export class ReproductionWatch implements Disposable {
  readonly #root: string;
  readonly #changed: () => void;
  /** By the id of the reproduction; on its directory until there is a journal. */
  readonly #journals = new Map<string, { readonly file: string; readonly watcher: FSWatcher }>();
  #directory: FSWatcher | undefined;
  #known = new Map<string, Reproduction>();
  #timer: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;
  /** Whether the next look must find new and deleted ones too. */
  #relist = false;
  #disposed = false;

  constructor(changed: () => void, root: string = stateDirectory()) {
    this.#changed = changed;
    this.#root = root;
  }

  /** Newest first. */
  all(): readonly Reproduction[] {
    if (!this.#directory && !this.#disposed) {
      const directory = join(this.#root, 'reproductions');
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#directory = watch(directory, () => {
        this.#relist = true;
        this.#soon();
      });
      this.#list();
    }
    return [...this.#known.values()];
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    this.#directory?.close();
    for (const { watcher } of this.#journals.values()) watcher.close();
  }

  dispose(): void {
    this[Symbol.dispose]();
  }

  #soon(): void {
    if (this.#disposed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#relist) this.#list();
      else this.#reread();
      this.#changed();
    }, SETTLE);
  }

  #list(): void {
    this.#relist = false;
    this.#known = new Map(listReproductions(this.#root).map((one) => [one.files.id, one]));
    this.#follow();
  }

  /** Reads again what may have changed; what has ended and left nothing never does. */
  #reread(): void {
    for (const one of this.#known.values()) {
      if (isOver(one)) continue;
      // Its directory may have been deleted since; the directory's own watcher tells of that.
      if (!existsSync(one.files.recipe)) continue;
      try {
        this.#known.set(one.files.id, readReproduction(one.files.id, this.#root));
      } catch (error) {
        if (!isUserError(error)) throw error;
        this.#known.delete(one.files.id);
      }
    }
    this.#follow();
  }

  /** Watches the journals of those that are not over; what others left may be put away yet. */
  #follow(): void {
    const open = new Map([...this.#known].filter(([, one]) => !isOver(one)));
    for (const [id, { watcher, file }] of this.#journals) {
      const one = open.get(id);
      if (one && file === grows(one.files)) continue;
      watcher.close();
      this.#journals.delete(id);
    }
    for (const [id, { files }] of open) {
      const file = grows(files);
      if (this.#journals.has(id) || !existsSync(file)) continue;
      this.#journals.set(id, { file, watcher: watch(file, () => this.#soon()) });
    }
    if (![...open.values()].some(isLive)) {
      clearInterval(this.#pulse);
      this.#pulse = undefined;
    } else this.#pulse ??= setInterval(() => this.#beat(), PULSE).unref();
  }

  #beat(): void {
    const before = [...this.#known.values()].map(({ status }) => status.state).join();
    this.#reread();
    if ([...this.#known.values()].map(({ status }) => status.state).join() !== before)
      this.#changed();
  }
}

/** Whether its runner was ended before, or could not put everything away. */
export function leftThings({ status, made }: Reproduction): boolean {
  return status.state === 'interrupted' || (status.state === 'ended' && made.length > 0);
}

function isOver(reproduction: Reproduction): boolean {
  return reproduction.status.state === 'ended' && !leftThings(reproduction);
}

/** Whether a runner is at work on it, or is about to be. */
function isLive({ status }: Reproduction): boolean {
  return status.state === 'new' || status.state === 'running' || status.state === 'kept';
}

/** Where the next sign of life shows. */
function grows(files: Files): string {
  return existsSync(files.journal) ? files.journal : files.directory;
}
