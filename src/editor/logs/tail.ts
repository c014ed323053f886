/** The last part of a stream of any length, beginning with a whole line. */
export class Tail {
  readonly #bound: number;
  #chunks: Buffer[] = [];
  #held = 0;
  #size = 0;

  /** Keeps at least the last `bound` bytes, and at most twice as many. */
  constructor(bound: number) {
    this.#bound = bound;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    this.#size += chunk.length;
    if (this.#held > 2 * this.#bound) this.#trim();
  }

  /** As text without the colours of terminals; a first line says it if something was left out. */
  text(): string {
    this.#trim();
    const all = Buffer.concat(this.#chunks);
    const missing = this.#size - all.length;
    const start = missing === 0 ? 0 : all.indexOf('\n') + 1;
    const note =
      missing === 0 ? '' : `… ${megabytes(missing + start)} before this are left out …\n`;
    return note + all.toString('utf8', start).replace(ESCAPES, '');
  }

  #trim(): void {
    while (this.#held - (this.#chunks[0]?.length ?? 0) >= this.#bound)
      this.#held -= this.#chunks.shift()?.length ?? 0;
    const [first, ...rest] = this.#chunks;
    if (!first || this.#held <= this.#bound) return;
    const kept = Buffer.from(first.subarray(this.#held - this.#bound));
    this.#chunks = [kept, ...rest];
    this.#held = this.#bound;
  }
}

const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}
