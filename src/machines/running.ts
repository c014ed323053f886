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

/** What is written up to the first empty line, or all until it is `over`: what a program says before it is answered. */
export function listenForHead(): {
  push: (chunk: Buffer) => void;
  over: () => void;
  head: Promise<string>;
} {
  let settle: (text: string) => void = () => undefined;
  const head = new Promise<string>((resolve) => (settle = resolve));
  let text: string | undefined = '';
  const over = (): void => {
    if (text !== undefined) settle(text.slice(0, CAPTURE_LIMIT));
    text = undefined;
  };
  return {
    push: (chunk) => {
      if (text === undefined) return;
      text += chunk.toString('latin1');
      const end = text.indexOf('\n\n');
      if (end >= 0) text = text.slice(0, end + 1);
      if (end >= 0 || text.length > CAPTURE_LIMIT) over();
    },
    over,
    head,
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
