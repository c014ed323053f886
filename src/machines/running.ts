import { setTimeout as delay } from 'node:timers/promises';
import { aborted } from '../base/abort';
import type { RunOptions } from './machine';

/** The most bytes that `sh(returnStdout: true)` may give: a script that means to capture more is a mistake. */
export const CAPTURE_LIMIT = 16 << 20;

/** How long, in milliseconds, a group may take to end after SIGTERM. */
const TERM_PATIENCE = 3000;

/** Keeps what is written, as far as it may be kept. */
export function gather(): { push: (chunk: Buffer) => void; text: () => string } {
  const chunks: Buffer[] = [];
  let room = CAPTURE_LIMIT;
  return {
    push: (chunk) => {
      if (room > 0) chunks.push(chunk.subarray(0, room));
      room -= chunk.length;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

/** SIGINT when asked, then SIGTERM, then SIGKILL; ends when `over` is aborted. */
export async function endWhenAsked(
  send: (name: NodeJS.Signals) => Promise<void> | undefined,
  { signal, kill, grace }: Pick<RunOptions, 'signal' | 'kill' | 'grace'>,
  over: AbortSignal,
): Promise<void> {
  await aborted(AbortSignal.any([signal, kill, over]));
  if (!signal.aborted && !kill.aborted) return;
  const stop = AbortSignal.any([kill, over]);
  for (const [name, patience] of [
    ['SIGINT', grace],
    ['SIGTERM', TERM_PATIENCE],
  ] as const) {
    if (stop.aborted) break;
    await send(name);
    await delay(patience, undefined, { signal: stop }).catch(() => undefined);
  }
  // Also when the script itself has ended: what it started must not outlive a cancel.
  await send('SIGKILL');
}
