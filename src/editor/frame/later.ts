/**
 * A part of the extension that is a bundle of its own: it is loaded when somebody wants it for the
 * first time, and disposed with whoever holds it, even where it only comes afterwards.
 */
export class Later<T extends { dispose(): unknown }> {
  readonly #load: () => Promise<T>;
  #part: Promise<T> | undefined;
  #disposed = false;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Whether somebody has wanted it. */
  get wanted(): boolean {
    return this.#part !== undefined;
  }

  get(): Promise<T> {
    this.#part ??= this.#load().then((part) => {
      if (this.#disposed) part.dispose();
      return part;
    });
    return this.#part;
  }

  /** Does something with it if it was wanted before. */
  ifWanted(work: (part: T) => unknown): void {
    void this.#part?.then(work);
  }

  dispose(): void {
    this.#disposed = true;
    this.ifWanted((part) => part.dispose());
  }
}
