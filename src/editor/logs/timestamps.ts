/** What is shown of the times that Jenkins puts before lines: nothing, all, or the time since the first. */
export type Timestamps = 'hide' | 'show' | 'elapsed';

/** How a log's lines are timed. */
export interface Clock {
  /** `iso`: `[2026-02-01T10:00:00.000Z] ` of Pipeline; `clock`: `10:00:00 `, as older ones have it. */
  readonly kind: 'iso' | 'clock';
  /** The first time, in milliseconds; since the epoch or since midnight. */
  readonly first: number;
}

const ISO = /^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)\] /;
const CLOCK = /^(\d\d):(\d\d):(\d\d)(\.\d+)? {1,2}/;
const DAY = 86_400_000;

/**
 * How the lines of a log are timed, told from its beginning. What a program prints of its own accord
 * may look like a time, too; Jenkins times its own lines as well.
 */
export function clockOf(head: string): Clock | undefined {
  for (const line of head.split('\n', 5000)) {
    const iso = ISO.exec(line)?.[1];
    if (iso !== undefined) return { kind: 'iso', first: Date.parse(iso) };
    const time = CLOCK.exec(line);
    if (time && line.startsWith('[Pipeline] ', time[0].length))
      return { kind: 'clock', first: sinceMidnight(time) };
  }
  return undefined;
}

/** A line as it is wanted. */
export function timed(line: string, clock: Clock | undefined, wanted: Timestamps): string {
  if (clock === undefined || wanted === 'show') return line;
  const match = (clock.kind === 'iso' ? ISO : CLOCK).exec(line);
  if (!match) return line;
  const rest = line.slice(match[0].length);
  if (wanted === 'hide') return rest;
  const time = clock.kind === 'iso' ? Date.parse(match[1] ?? '') : sinceMidnight(match);
  // A clock that shows no date has begun a new day.
  const elapsed = time - clock.first + (clock.kind === 'clock' && time < clock.first ? DAY : 0);
  return `${elapsedText(elapsed)} ${rest}`;
}

function sinceMidnight([, hours, minutes, seconds, rest = '']: RegExpExecArray): number {
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(`${seconds}${rest}`)) * 1000;
}

/** `+1:02:03` */
function elapsedText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `+${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
