import { spanOf } from './age';

const MINUTE = 60_000;
const CELLS = 5;

/** How far something is that takes a known time, in words and as a bar. */
export interface Progress {
  /** `▓▓▓░░ 63 % · about 4 min left`, or `4 min over the usual 20 min`. */
  readonly shown: string;
  /** The same without the bar, for screen readers. */
  readonly spoken: string;
}

/** All in milliseconds. Undefined where nobody knows how long it takes. */
export function progressOf(
  startedAt: number,
  usual: number | undefined,
  now: number,
): Progress | undefined {
  if (usual === undefined || usual <= 0) return undefined;
  // The server's clock may be ahead of ours.
  const elapsed = Math.max(0, now - startedAt);
  if (elapsed >= usual) {
    const over = `${roughly(elapsed - usual)} over the usual ${spanOf(usual)}`;
    return { shown: over, spoken: over };
  }
  const percent = Math.floor((100 * elapsed) / usual);
  const full = Math.floor((CELLS * elapsed) / usual);
  const left = `about ${roughly(usual - elapsed)} left`;
  return {
    shown: `${'▓'.repeat(full)}${'░'.repeat(CELLS - full)} ${percent} % · ${left}`,
    spoken: `${percent} percent, ${left}`,
  };
}

function roughly(span: number): string {
  return span < MINUTE ? 'a minute' : spanOf(Math.round(span / MINUTE) * MINUTE);
}
