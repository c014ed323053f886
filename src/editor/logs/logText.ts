import { open, type FileHandle } from 'node:fs/promises';
import { LineIndex, type KnownLines, type LineStart } from './lineIndex';

const NEWLINE = 10;
const PIECE = 256 * 1024;

/**
 * The text of a log in a file, of any length, with an index of its lines; it grows by `append` or
 * as the file does. Nothing of the text is held in memory. Whoever made it closes it.
 */
export class LogText implements AsyncDisposable {
  readonly index = new LineIndex();
  readonly #file: FileHandle;
  readonly #seen: ((chunk: Buffer) => void)[] = [];

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** An empty one, in a new file that only this user can read. */
  static async create(path: string): Promise<LogText> {
    return new LogText(await open(path, 'wx+', 0o600));
  }

  /** One that is written anew over a file of this user's own. */
  static async over(path: string): Promise<LogText> {
    return new LogText(await open(path, 'r+'));
  }

  /** That of a file somebody else writes; `catchUp` reads what is there. */
  static async of(path: string): Promise<LogText> {
    return new LogText(await open(path, 'r'));
  }

  get size(): number {
    return this.index.size;
  }

  /** Has `look` see all bytes that come from now on, in their order. */
  watch(look: (chunk: Buffer) => void): void {
    this.#seen.push(look);
  }

  async append(chunk: Buffer): Promise<void> {
    for (let done = 0; done < chunk.length;)
      done += (await this.#file.write(chunk, done, chunk.length - done, this.size + done))
        .bytesWritten;
    this.#take(chunk);
  }

  /** Takes in what the file's writer has added. */
  async catchUp(signal: AbortSignal): Promise<void> {
    for (;;) {
      const chunk = await this.read(this.size, PIECE, Infinity);
      if (chunk.length === 0) return;
      signal.throwIfAborted();
      this.#take(chunk);
    }
  }

  /** Takes over what the file's writer knows of it, who is another process; watchers see no bytes then. */
  adopt(known: KnownLines): void {
    this.index.takeOver(known);
    for (const look of this.#seen) look(Buffer.alloc(0));
  }

  /** At most `length` bytes from `offset` on, and none from `end` on. */
  async read(offset: number, length: number, end = this.size): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, end - offset));
    if (wanted === 0) return Buffer.alloc(0);
    const piece = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await this.#file.read(piece, 0, wanted, offset);
    return piece.subarray(0, bytesRead);
  }

  /** The bytes of a part, in pieces; while one is looked at, the next is read. */
  async *pieces(
    from: number,
    to: number,
    { signal, size = PIECE }: { signal?: AbortSignal; size?: number } = {},
  ): AsyncGenerator<Buffer> {
    let next = this.read(from, size, to);
    for (let at = from; at < to;) {
      const piece = await next;
      if (piece.length === 0) return;
      at += piece.length;
      next = this.read(at, size, to);
      // Nobody may want it any more.
      next.catch(() => undefined);
      signal?.throwIfAborted();
      yield piece;
    }
  }

  /** Where a line begins; where the last one does, if there are not so many. */
  async line(line: number): Promise<LineStart> {
    let { line: at, offset } = this.index.beforeLine(line);
    if (at >= line) return { line: at, offset };
    const known = offset;
    let read = 0;
    for await (const piece of this.pieces(known, this.size)) {
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, end + 1)) {
        offset = known + read + end + 1;
        if (++at === line) return { line, offset };
      }
      read += piece.length;
    }
    return { line: at, offset };
  }

  /** The line in which an offset lies. */
  async lineAt(wanted: number): Promise<LineStart> {
    let { line, offset } = this.index.beforeOffset(wanted);
    const known = offset;
    let read = 0;
    for await (const piece of this.pieces(known, wanted)) {
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, end + 1)) {
        offset = known + read + end + 1;
        line++;
      }
      read += piece.length;
    }
    return { line, offset };
  }

  /** The offset of the last place of `text` before `end`, or -1. */
  async lastIndexOf(text: string, end: number, signal: AbortSignal): Promise<number> {
    const wanted = Buffer.from(text);
    if (wanted.length === 0) return -1;
    for (let to = end; to > 0;) {
      const from = Math.max(0, to - PIECE);
      // What lies across the seam of two pieces begins in the earlier one.
      const piece = await this.read(from, to - from + wanted.length - 1, end);
      signal.throwIfAborted();
      const at = piece.lastIndexOf(wanted);
      if (at >= 0) return from + at;
      to = from;
    }
    return -1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #take(chunk: Buffer): void {
    this.index.push(chunk);
    for (const look of this.#seen) look(chunk);
  }
}
