import type { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { ConnectionLost } from './connection';
import { widenWindow } from './window';

/** A script for a far POSIX shell. It comes over standard input: nothing of it is in an argv. */
export interface FarCall {
  /** Runs with `nonce` set to a word that nobody there could know before, and `LC_ALL=C`. */
  readonly script: string;
  /** The script's standard input; made anew for each attempt, which is over when `closed` resolves. */
  readonly input?: (closed: Promise<unknown>) => Iterable<Buffer> | AsyncIterable<Buffer>;
  /** Standard output; a promise holds further output back. */
  readonly onOutput: (chunk: Buffer) => void | Promise<void>;
  /** Standard error, in which lines that begin with the nonce can speak to us. */
  readonly onWords: (chunk: Buffer) => void;
}

/** The shell had ended before it got its script. */
export class NotBegun extends Error {
  readonly code: number;

  constructor(code: number) {
    super('The shell ended before it began.');
    this.code = code;
  }
}

/**
 * What starts a far shell that reads its script from standard input up to the nonce, and leaves what
 * comes after it to the script. Reading by lines is the one thing that every shell does without
 * reading too much. Works below any login shell.
 */
export function shellCommand(nonce: string): string {
  return `exec sh -c 's=;n=$(printf "\\nx");n=\${n%x};while IFS= read -r l&&test "$l" != ${nonce};do s=$s$l$n;done;eval "$s"'`;
}

/**
 * Runs a script on a channel that `shellCommand` has started. Resolves with its exit code.
 * @throws ConnectionLost where the channel ended without one, NotBegun where the script did not begin.
 */
export async function runScript(
  channel: ClientChannel,
  nonce: string,
  { script, input, onOutput, onWords }: FarCall,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const head = `LC_ALL=C; export LC_ALL; nonce=${nonce}; echo "$nonce"; echo "$nonce" >&2\n`;
  const closed = new Promise<number | undefined>((resolve) => {
    channel.once('close', (code: number | null | undefined) =>
      // Null is a shell that a signal ended.
      resolve(code === null ? 255 : code),
    );
  });
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      channel.close();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  const work = async (): Promise<number> => {
    channel.write(`${head}${script}\n${nonce}\n`);
    const said = afterNoise(nonce, onOutput);
    const output = drain(channel, said.sink, widenWindow(channel));
    const words = drain(channel.stderr, afterNoise(nonce, onWords).sink);
    const poured = pour(channel, input?.(closed) ?? [], closed);
    // Who waits for the output first would not hear of an input that fails.
    await Promise.all([output, words, poured]);
    const code = await closed;
    if (code === undefined) throw new ConnectionLost('The connection was lost.');
    if (!said.began()) throw new NotBegun(code);
    return code;
  };
  try {
    return await Promise.race([work(), aborted]);
  } catch (error) {
    channel.close();
    throw error;
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
  }
}

/** Ends early when the far side does not want any more. */
async function pour(
  channel: ClientChannel,
  input: Iterable<Buffer> | AsyncIterable<Buffer>,
  closed: Promise<unknown>,
): Promise<void> {
  const state = { open: true };
  const over = closed.then(() => (state.open = false));
  for await (const chunk of input) {
    if (!state.open) return;
    if (channel.write(chunk)) continue;
    await Promise.race([new Promise((resolve) => channel.once('drain', resolve)), over]);
  }
  if (state.open) channel.end();
}

/** Hands on every chunk, one at a time, and says when it was taken. Rejects with what the sink threw. */
function drain(
  stream: Readable,
  sink: FarCall['onOutput'],
  onTaken: () => void = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let taken = Promise.resolve();
    const take = async (chunk: Buffer): Promise<void> => {
      try {
        const slow = sink(chunk);
        if (slow) {
          stream.pause();
          await slow;
          stream.resume();
        }
        onTaken();
      } catch (error: unknown) {
        reject(error instanceof Error ? error : new Error(String(error)));
        // What still comes is nobody's.
        stream.off('data', onData).resume();
      }
    };
    const onData = (chunk: Buffer): void => {
      taken = take(chunk);
    };
    // The last chunk may still be with the sink.
    const over = (): void => void taken.then(resolve);
    stream.on('data', onData);
    stream.once('end', over);
    stream.once('close', over);
  });
}

/** Leaves out all up to the line with the nonce: what a login prints, such as from `.bashrc`. */
function afterNoise(
  nonce: string,
  sink: FarCall['onOutput'],
): { readonly sink: FarCall['onOutput']; began(): boolean } {
  const mark = Buffer.from(`${nonce}\n`);
  let noise: Buffer | undefined = Buffer.alloc(0);
  const skip: FarCall['onOutput'] = (chunk) => {
    if (!noise) return sink(chunk);
    noise = Buffer.concat([noise, chunk]);
    const at = noise.indexOf(mark);
    if (at < 0) {
      noise = noise.subarray(-mark.length);
      return undefined;
    }
    const rest = noise.subarray(at + mark.length);
    noise = undefined;
    return rest.length > 0 ? sink(rest) : undefined;
  };
  return { sink: skip, began: () => noise === undefined };
}
