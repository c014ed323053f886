const NEWLINE = 10;
/** Beyond so many known places every second one is forgotten. */
const MOST = 32 * 1024;

/** The beginning of a line: its number, counted from 0, and its offset in bytes. */
export interface LineStart {
  readonly line: number;
  readonly offset: number;
}

/** All that an index knows, as plain data. */
export interface KnownLines {
  readonly starts: readonly number[];
  readonly stride: number;
  readonly lines: number;
  readonly size: number;
  readonly last: number;
}

/**
 * Knows where the lines of a growing text begin, of some lines exactly and of the others nearly: a
 * few hundred kilobytes of memory, however long the text is.
 */
export class LineIndex {
  /** Of each line whose number is a multiple of `#stride`, where it begins. */
  #starts: number[] = [0];
  #stride = 64;
  #lines = 0;
  #size = 0;
  #last = 0;

  /** How many lines have ended. */
  get lines(): number {
    return this.#lines;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** The line that has not ended yet; it may be empty. */
  get last(): LineStart {
    return { line: this.#lines, offset: this.#last };
  }

  push(chunk: Buffer): void {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
      this.#last = this.#size + at + 1;
      if (++this.#lines % this.#stride === 0) this.#starts.push(this.#last);
    }
    this.#size += chunk.length;
    if (this.#starts.length > MOST) {
      this.#starts = this.#starts.filter((_, at) => at % 2 === 0);
      this.#stride *= 2;
    }
  }

  known(): KnownLines {
    return {
      starts: this.#starts,
      stride: this.#stride,
      lines: this.#lines,
      size: this.#size,
      last: this.#last,
    };
  }

  /** Takes over what another index of the same text knows. */
  takeOver({ starts, stride, lines, size, last }: KnownLines): void {
    this.#starts = [...starts];
    this.#stride = stride;
    this.#lines = lines;
    this.#size = size;
    this.#last = last;
  }

  /** The nearest known line that is not after this one. */
  beforeLine(line: number): LineStart {
    if (line >= this.#lines) return this.last;
    const at = Math.max(0, Math.floor(line / this.#stride));
    return { line: at * this.#stride, offset: this.#starts[at] ?? 0 };
  }

  /** The nearest known line that does not begin after this offset. */
  beforeOffset(offset: number): LineStart {
    if (offset >= this.#last) return this.last;
    let low = 0;
    for (let high = this.#starts.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low * this.#stride, offset: this.#starts[low] ?? 0 };
  }
}
