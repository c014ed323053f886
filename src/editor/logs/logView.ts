import { createQueue } from '../../base/queue';
import type { LineStart } from './lineIndex';
import type { LogText } from './logText';
import { PLAIN, Screen, type ScreenLine, type Style } from './screen';
import type { Showing } from './showing';
import { clockOf, timed, type Clock, type Timestamps } from './timestamps';
import { BOUNDS, fits, windowAround, type Bounds, type Window } from './window';

/** Bytes of a log in which its first time is looked for, and that are read of one line. */
const HEAD = 256 * 1024;
const NEWLINE = 10;
const START: LineStart = { line: 0, offset: 0 };

/** What an editor shows of a log at one time. */
export interface Shown {
  readonly window: Window;
  /** Its lines are those of the window. */
  readonly text: string;
  /** Whether the window ends where the log ended at that time. */
  readonly atEnd: boolean;
}

/**
 * A log as an editor shows it: a window of it at a time, each line of the log a line of the editor.
 * It holds the text of the window and nothing else of the log.
 */
export class LogView {
  readonly log: LogText;
  readonly #bounds: Bounds;
  readonly #queue = createQueue();
  #part: { readonly from: LineStart; readonly to: LineStart | undefined } | undefined;
  #timestamps: Timestamps;
  #clock: Clock | undefined;
  #clockSought = -1;
  #shown: Shown = { window: { from: START, to: START }, text: '', atEnd: true };
  /** The lines of the window that have ended; the last one may be read again. */
  #ended: { text: string; style: Style; to: LineStart } = { text: '', style: PLAIN, to: START };
  /** Styles that lines begin with, by their number in the log; most begin with none. */
  #styles = new Map<number, Style>();

  constructor(log: LogText, timestamps: Timestamps, bounds = BOUNDS) {
    this.log = log;
    this.#timestamps = timestamps;
    this.#bounds = bounds;
  }

  get shown(): Shown {
    return this.#shown;
  }

  get timestamps(): Timestamps {
    return this.#timestamps;
  }

  /** All that can be shown now: the whole log, or a part of it. */
  get part(): Window {
    const { log } = this;
    const { line, offset } = log.index.last;
    const to = { line: line + (offset < log.size ? 1 : 0), offset: log.size };
    return { from: this.#part?.from ?? START, to: this.#part?.to ?? to };
  }

  /** Shows only a part of the log from now on; without an end all that is after its beginning. */
  narrow(part: { readonly from: LineStart; readonly to: LineStart | undefined }): void {
    this.#part = part;
  }

  /** Shows the window around an offset, unless that is shown already. */
  show(offset: number): Promise<void> {
    return this.#queue(async () => {
      const { part } = this;
      const { window, text } = this.#shown;
      const isBefore = offset < window.to.offset || window.to.offset === part.to.offset;
      if (text !== '' && window.from.offset <= offset && isBefore) return;
      await this.#render(await windowAround(this.log, offset, part, this.#bounds));
    });
  }

  /** Moves the window by half its size. */
  move(direction: 'earlier' | 'later'): Promise<void> {
    return this.#queue(async () => {
      const { from, to } = this.#shown.window;
      const edge = direction === 'earlier' ? from.offset : to.offset;
      await this.#render(await windowAround(this.log, edge, this.part, this.#bounds));
    });
  }

  /** Adds what the log has grown by since its end was shown, up to what is shown at once of any log. */
  grow(): Promise<void> {
    return this.#queue(async () => {
      const { from, to } = this.#shown.window;
      const { part } = this;
      if (!this.#shown.atEnd || part.to.offset === to.offset) return;
      if (!fits({ from, to: part.to }, this.#bounds.whole))
        this.#shown = { ...this.#shown, atEnd: false };
      else await this.#add({ from, to: part.to });
    });
  }

  setTimestamps(wanted: Timestamps): Promise<void> {
    return this.#queue(async () => {
      this.#timestamps = wanted;
      await this.#render(this.#shown.window);
    });
  }

  /** Lines `first` to `last` of the editor, counted from 0, with their colours. */
  async coloured(first: number, last: number): Promise<ScreenLine[]> {
    const { window } = this.#shown;
    const begin = window.from.line + first;
    const from = await this.log.line(begin);
    const after = await this.log.line(window.from.line + last + 1);
    const to = after.line > window.from.line + last ? after.offset : window.to.offset;
    const screen = new Screen(this.#styles.get(begin));
    const { lines } = await this.#read(from.offset, Math.min(to, window.to.offset));
    return lines.map((line) => screen.line(line));
  }

  /** How lines of the log come to be shown now. */
  async showing(): Promise<Showing> {
    return { clock: await this.#findClock(), timestamps: this.#timestamps };
  }

  async #render(window: Window): Promise<void> {
    this.#styles = new Map();
    this.#ended = { text: '', style: PLAIN, to: window.from };
    await this.#add(window);
  }

  /** Shows a window of which `#ended` is the beginning. */
  async #add(window: Window): Promise<void> {
    const atEnd = window.to.offset >= this.part.to.offset;
    const { lines, partial } = await this.#read(this.#ended.to.offset, window.to.offset);
    const screen = new Screen(this.#ended.style);
    const texts = [this.#ended.text];
    let number = this.#ended.to.line;
    for (const line of lines) {
      if (screen.style !== PLAIN) this.#styles.set(number, screen.style);
      number++;
      texts.push(screen.line(line).text, '\n');
    }
    const text = texts.join('');
    const to = partial === undefined ? window.to : await this.log.line(number);
    this.#ended = { text, style: screen.style, to };
    const rest = partial === undefined ? '' : new Screen(screen.style).line(partial).text;
    // The last newline of a log begins an empty line; that of a window before it does not.
    this.#shown = { window, text: atEnd ? text + rest : text.slice(0, -1), atEnd };
  }

  /** The lines of a part as they are timed, and what stands after the last newline. */
  async #read(from: number, to: number): Promise<{ lines: string[]; partial?: string }> {
    const clock = await this.#findClock();
    const lines: string[] = [];
    const take = (block: Buffer): void => {
      for (const line of block.toString('utf8').split('\n'))
        lines.push(timed(line, clock, this.#timestamps));
    };
    let held: Buffer = Buffer.alloc(0);
    for await (const piece of this.log.pieces(from, to)) {
      const end = piece.lastIndexOf(NEWLINE);
      if (end >= 0) take(Buffer.concat([held, piece.subarray(0, end)]));
      const rest = piece.subarray(end + 1);
      held = shortened(end >= 0 ? rest : Buffer.concat([held, rest]));
    }
    if (held.length > 0) take(held);
    const partial = held.length > 0 ? lines.pop() : undefined;
    return { lines, ...(partial !== undefined && { partial }) };
  }

  async #findClock(): Promise<Clock | undefined> {
    const head = Math.min(this.log.size, HEAD);
    if (this.#clock === undefined && this.#clockSought !== head) {
      this.#clockSought = head;
      this.#clock = clockOf((await this.log.read(0, head)).toString('utf8'));
    }
    return this.#clock;
  }
}

/** Of a line without end what can be shown of it: the last of a progress bar's states, else the beginning. */
function shortened(line: Buffer): Buffer {
  if (line.length <= HEAD) return line;
  return line.includes('\r') ? line.subarray(-HEAD) : line.subarray(0, HEAD);
}
