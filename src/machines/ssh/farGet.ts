import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../base/errors';
import { printable } from '../../base/json';
import type { AntPatterns } from '../antFiles';
import type { Got } from '../machine';
import { findFiles, isRelative, word } from './farFiles';
import type { Link } from './link';

/** Copies files that match to this machine. See `Machine.get`. */
export async function getFiles(
  link: Link,
  patterns: AntPatterns,
  directory: string,
  into: string,
  signal: AbortSignal,
): Promise<Got> {
  const found = (await findFiles(link, directory, patterns, signal)).map(({ path }) => path);
  const wanted = found.filter(isRelative);
  if (wanted.length === 0) return { copied: [], leftOut: found };
  const copied = new Set<string>();
  const made = new Set<string>();
  let reader: PartReader | undefined;
  const code = await link
    .run(() => {
      const left = wanted.filter((path) => !copied.has(path));
      const asked = new Set(left);
      void reader?.[Symbol.asyncDispose]();
      const mine = (reader = new PartReader({
        begin: async (path) => {
          // What it says is data, too: only what was asked for has a place here.
          if (!asked.has(path))
            throw new UserError(
              `${link.name} gives a file that nobody asked for: ${printable(path)}`,
            );
          const file = join(into, path);
          if (!made.has(dirname(file))) await mkdir(dirname(file), { recursive: true });
          made.add(dirname(file));
          return open(file, 'w');
        },
        done: (path) => void copied.add(path),
      }));
      let words = '';
      return {
        script: `dir=${word(directory)}\n${GET}`,
        input: () => [Buffer.from(left.map((path) => `${path}\0`).join(''))],
        onOutput: (chunk) => mine.take(chunk),
        onWords: (chunk) => {
          if (words.length < 4096) words += chunk.toString();
        },
      };
    }, signal)
    .finally(() => reader?.[Symbol.asyncDispose]());
  if (code !== 0) throw new UserError(`Files could not be read on ${link.name}.`);
  return {
    copied: wanted.filter((path) => copied.has(path)),
    leftOut: found.filter((path) => !copied.has(path)),
  };
}

/**
 * Reads the files that `GET` gives: `size path NUL`, that many bytes, and the nonce as the seal that they
 * were as many. One at a time, written as they come.
 */
class PartReader implements AsyncDisposable {
  readonly #sink: { begin(path: string): Promise<FileHandle>; done(path: string): void };
  #buffer: Buffer = Buffer.alloc(0);
  #file: FileHandle | undefined;
  #path = '';
  #left = 0;

  constructor(sink: { begin(path: string): Promise<FileHandle>; done(path: string): void }) {
    this.#sink = sink;
  }

  async take(chunk: Buffer): Promise<void> {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      if (!this.#file) {
        const end = this.#buffer.indexOf(0);
        if (end < 0) {
          if (this.#buffer.length > 65_536) throw new UserError(CONFUSED);
          return;
        }
        const [, size, path = ''] =
          /^(\d+) (.+)$/s.exec(this.#buffer.toString('utf8', 0, end)) ?? [];
        if (size === undefined) throw new UserError(CONFUSED);
        this.#buffer = this.#buffer.subarray(end + 1);
        this.#path = path;
        this.#left = Number(size);
        this.#file = await this.#sink.begin(path);
      }
      const part = this.#buffer.subarray(0, this.#left);
      if (part.length > 0) await this.#file.writeFile(part);
      this.#buffer = this.#buffer.subarray(part.length);
      this.#left -= part.length;
      if (this.#left > 0 || this.#buffer.length < SEAL.length) return;
      if (!this.#buffer.subarray(0, SEAL.length).equals(SEAL)) throw new UserError(CONFUSED);
      this.#buffer = this.#buffer.subarray(SEAL.length);
      await this.#close();
      this.#sink.done(this.#path);
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

const SEAL = Buffer.from('\0whole\0');
const CONFUSED = 'A file changed while it was read from the far machine.';

/** A file that is open is asked where it is: nobody can put a link in its place any more. */
const GET = `
cd -P -- "$dir" || exit 1
root=$(pwd -P)
root=\${root%/}
export root
exec xargs -0 sh -c '
for f do
  [ -f "$f" ] && [ -r "$f" ] && command exec 4< "$f" || continue
  real=$(readlink /proc/self/fd/4; echo x)
  case $real in "$root"/*) ;; *) continue ;; esac
  size=$(stat -L -c %s /proc/self/fd/4) || continue
  printf "%s %s\\0" "$size" "$f"
  head -c "$size" <&4
  printf "\\0whole\\0"
done
exit 0' sh
`;
