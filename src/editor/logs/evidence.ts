import type { Explanation } from '../../jenkins/failure';
import type { LogText } from './logText';

/** Where a log tells what broke the run. */
export interface Evidence {
  /** Where the lines begin, in bytes of the log and in their order. */
  readonly lines: readonly number[];
  /** The one that says why, as far as is known. */
  readonly place: number;
}

/**
 * The places of a diagnosis are those of the run's whole log; in another text, such as that of a
 * stage, its words are looked for. Undefined where nothing tells.
 */
export async function evidenceIn(
  log: LogText,
  { failure, diagnosis }: Explanation,
  isWhole: boolean,
  signal: AbortSignal,
): Promise<Evidence | undefined> {
  const { evidence, message } = diagnosis;
  const lines: number[] = [];
  let place: number | undefined;
  for (const { text, offset } of evidence) {
    const at = isWhole ? offset : await lastPlace(log, [text], signal);
    if (at === undefined) continue;
    lines.push(at);
    if (message !== undefined && text.includes(message)) place ??= at;
  }
  place ??= lines[0];
  if (place !== undefined) return { lines, place };
  const { command, lines: said } = failure;
  const words = [...(command === undefined ? [] : [`+ ${command}`]), ...said.slice(-1)];
  const last = await lastPlace(log, words, signal);
  return last === undefined ? undefined : { lines: [last], place: last };
}

/** The last place of the first of some texts that is there: what broke a run stands near the end. */
export async function lastPlace(
  log: LogText,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const text of texts) {
    const at = text.trim() === '' ? -1 : await log.lastIndexOf(text, log.size, signal);
    if (at >= 0) return (await log.lineAt(at)).offset;
  }
  return undefined;
}
