import { UserError } from '../../base/errors';
import type { Executed, ExecOptions } from '../machine';
import { shellLine } from '../quote';
import { gather, listenForHead } from '../running';
import type { Link } from './link';

export interface FedOptions extends ExecOptions {
  readonly input: Exclude<ExecOptions['input'], Buffer | string | undefined>;
}

/**
 * Runs a program on the connection itself, since its input may be larger than what anybody keeps: it ends with
 * the connection, and is run again on the next one.
 */
export async function runFed(
  link: Link,
  command: readonly string[],
  { directory, environment, input, timeout, signal }: FedOptions,
): Promise<Executed> {
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  const until = late ? AbortSignal.any([signal, late]) : signal;
  const script = [
    ...(environment ? [CLEAR, ...exportsOf(environment)] : ['unset LC_ALL']),
    directory === undefined ? 'cd' : `cd -- ${shellLine([directory])} || exit ${NO_FOLDER}`,
    `exec ${shellLine(command)}`,
  ].join('\n');
  let [stdout, stderr] = [gather(), gather()];
  /** Bytes that were given at one attempt, the most of all, and for how many attempts it has been the most. */
  let [given, most, vain] = [0, 0, 0];
  try {
    const code = await link.run(() => {
      vain = given > most ? 0 : vain + 1;
      if (vain > MOST_VAIN)
        throw new UserError(
          `The connection to ${link.name} is lost each time before ${most} bytes have been sent.`,
        );
      [most, given] = [Math.max(most, given), 0];
      [stdout, stderr] = [gather(), gather()];
      const [all, first] = [stdout, listenForHead()];
      return {
        script,
        input: (closed) => {
          void closed.then(first.over);
          return counted(input(first.head), (bytes) => (given += bytes));
        },
        onOutput: (chunk) => {
          all.push(chunk);
          first.push(chunk);
        },
        onWords: stderr.push,
      };
    }, until);
    if (code === NO_FOLDER) throw new UserError(`${directory ?? ''} is no folder on ${link.name}.`);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    if (late?.aborted !== true || signal.aborted) throw error;
    return { code: undefined, stdout: stdout.text(), stderr: stderr.text() };
  }
}

const NO_FOLDER = 92;

/** Attempts at which it came no further than at one before. */
const MOST_VAIN = 8;

async function* counted(
  input: AsyncIterable<Buffer>,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    yield chunk;
    count(chunk.length);
  }
}

/** Names that only look like ones, as part of a value of several lines, are nobody's. */
const CLEAR = `for n in $(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p'); do
  if (unset "$n") 2> /dev/null; then unset "$n"; fi
done`;

function exportsOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    /^[A-Za-z_]\w*$/.test(name) ? [`export ${name}=${shellLine([value])}`] : [],
  );
}
