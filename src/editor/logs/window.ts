import type { LineStart } from './lineIndex';
import type { LogText } from './logText';

/** A part of a log: from the beginning of a line to that of another, or to the end of all. */
export interface Window {
  readonly from: LineStart;
  /** Not in it any more. */
  readonly to: LineStart;
}

export interface Size {
  readonly bytes: number;
  readonly lines: number;
}

export interface Bounds {
  /** A log of this size is shown whole. */
  readonly whole: Size;
  /** What is shown at once of others. One line that is longer is a window of its own. */
  readonly window: Size;
}

/**
 * VS Code takes more, but the text of a window goes from process to process and back each time that
 * another one is shown, and is coloured and measured anew: a second for 20,000 lines.
 */
export const BOUNDS: Bounds = {
  whole: { bytes: 4 << 20, lines: 40_000 },
  window: { bytes: 1 << 20, lines: 10_000 },
};

/** The window around an offset: as much as the bounds allow, half of it before where there is so much. */
export async function windowAround(
  log: LogText,
  offset: number,
  part: Window,
  { whole, window: bounds } = BOUNDS,
): Promise<Window> {
  if (fits(part, whole)) return part;
  const place = await log.lineAt(clamp(offset, part.from.offset, part.to.offset - 1));
  const line = place.line - (bounds.lines >> 1);
  const byte = place.offset - (bounds.bytes >> 1);
  const from = later(
    await log.line(clamp(line, part.from.line, part.to.line - bounds.lines)),
    await lineFrom(log, clamp(byte, part.from.offset, part.to.offset - bounds.bytes), place),
  );
  if (fits({ from, to: part.to }, bounds)) return { from, to: part.to };
  const to = earlier(
    await log.line(from.line + bounds.lines),
    await log.lineAt(from.offset + bounds.bytes),
  );
  return { from, to: to.line > place.line ? to : earlier(part.to, await log.line(place.line + 1)) };
}

export function fits({ from, to }: Window, bounds: Size): boolean {
  return to.offset - from.offset <= bounds.bytes && to.line - from.line <= bounds.lines;
}

/** The first line that begins at an offset or after it, but no later than `limit`. */
async function lineFrom(log: LogText, offset: number, limit: LineStart): Promise<LineStart> {
  const at = await log.lineAt(offset);
  if (at.offset === offset) return at;
  const next = await log.line(at.line + 1);
  return next.offset <= limit.offset ? next : limit;
}

function later(a: LineStart, b: LineStart): LineStart {
  return a.offset > b.offset ? a : b;
}

function earlier(a: LineStart, b: LineStart): LineStart {
  return a.offset < b.offset ? a : b;
}

/** `least` where it is more than `most`. */
function clamp(value: number, least: number, most: number): number {
  return Math.max(Math.min(value, most), least);
}
