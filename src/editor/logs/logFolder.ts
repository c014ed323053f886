import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDirectory } from '../../base/stateDirectory';
import { bornAt } from '../../machines/processes';

/**
 * Where this window keeps the logs that are open: files that it deletes when it closes them. It is
 * in the state directory and not with temporary files, which on many systems are kept in memory.
 * What a window that was killed left behind is deleted by the next one that opens a log.
 */
export class LogFolder implements AsyncDisposable {
  readonly #root: string;
  readonly #path: string;
  #made: Promise<unknown> | undefined;
  #count = 0;

  constructor(root: string = stateDirectory()) {
    this.#root = join(root, 'logs');
    this.#path = join(this.#root, nameOf(process.pid) ?? String(process.pid));
  }

  /** The path of a file that is not there yet. */
  async newFile(): Promise<string> {
    this.#made ??= mkdir(this.#path, { recursive: true, mode: 0o700 }).then(() => this.#sweep());
    await this.#made;
    return join(this.#path, `${++this.#count}.log`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#made) await rm(this.#path, { recursive: true, force: true });
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#root))
      if (nameOf(Number.parseInt(name, 10)) !== name)
        await rm(join(this.#root, name), { recursive: true, force: true });
  }
}

/** What the folder of a process is called; undefined when there is no such process. */
function nameOf(pid: number): string | undefined {
  if (process.platform === 'win32') return runs(pid) ? String(pid) : undefined;
  const born = bornAt(pid);
  return born === undefined ? undefined : `${pid}-${born.replace(/\W+/g, '-')}`;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
