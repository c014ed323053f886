import { messageOf } from '../../base/errors';
import type { ReadingState } from './logReading';
import type { Window } from './window';

/** Where an editor is in a log, and how far the log has been read. */
export interface LogStanding {
  /** All that can be shown. */
  readonly part: Window;
  /** What is shown. */
  readonly window: Window;
  readonly reading: { readonly growing: boolean; readonly state: ReadingState };
  readonly paused: boolean;
  /** Of the whole log, in bytes. */
  readonly size: number;
}

export interface LensText {
  readonly title: string;
  /** Empty where it only tells something. */
  readonly command: string;
}

/** What stands above the first line and below the last one. */
export function lensTexts(standing: LogStanding): { above: LensText[]; below: LensText[] } {
  const { part, window } = standing;
  const before = window.from.line - part.from.line;
  const after = part.to.line - window.to.line;
  const above: LensText[] = [];
  const below: LensText[] = [];
  if (before > 0) {
    const lines = linesText(part.from.line, window.from.line);
    above.push({ title: `▲ earlier · ${lines}`, command: 'ciParity.logEarlier' });
    above.push({ title: 'beginning', command: 'ciParity.logBeginning' });
  }
  if (after > 0) {
    const lines = linesText(window.to.line, part.to.line);
    below.push({ title: `▼ later · ${lines}`, command: 'ciParity.logLater' });
    below.push({ title: 'end', command: 'ciParity.logEnd' });
  }
  if (before > 0 || after > 0)
    above.push({
      title: `this is ${linesText(window.from.line, window.to.line)} of ${counted(part.to.line)}`,
      command: 'ciParity.logGoToLine',
    });
  const state = stateText(standing);
  if (state !== undefined) below.push(state);
  return { above, below };
}

/** `Log line 12 of 3,000`; `line` is counted from 0 in the whole log. */
export function lineText(line: number, { part }: LogStanding): string {
  return `Log line ${counted(line + 1)} of ${counted(part.to.line)}`;
}

function stateText({ reading, paused, size }: LogStanding): LensText | undefined {
  const { state, growing } = reading;
  switch (state.kind) {
    case 'reading':
      if (!growing) return { title: `reading: ${sizeText(size)} so far`, command: '' };
      return paused
        ? { title: 'paused · go on', command: 'ciParity.logResume' }
        : { title: 'running · pause', command: 'ciParity.logPause' };
    case 'waiting':
      return { title: `${state.error.message} It is tried again.`, command: '' };
    case 'failed':
      return { title: `the rest could not be read: ${messageOf(state.error)}`, command: '' };
    case 'complete':
      return paused ? { title: 'paused · go on', command: 'ciParity.logResume' } : undefined;
  }
}

/** `lines 1–120,000`, of lines counted from 0, `to` not among them. */
function linesText(from: number, to: number): string {
  return to - from === 1 ? `line ${counted(to)}` : `lines ${counted(from + 1)}–${counted(to)}`;
}

export function counted(count: number): string {
  return count.toLocaleString('en-US');
}

export function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
