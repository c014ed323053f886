/** How a piece of a line looks. A colour is one of the terminal's 256, or `#rrggbb`. */
export interface Style {
  readonly color?: number | string;
  readonly background?: number | string;
  readonly bold?: boolean;
  readonly faint?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
  readonly struck?: boolean;
}

/** Columns `from` to `to` of a line, in UTF-16 units, with their style. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly style: Style;
}

export interface ScreenLine {
  readonly text: string;
  /** In order, none empty; what has no style is in none. */
  readonly spans: readonly Span[];
}

/** More of a line is not shown: VS Code itself does not render more. */
export const LONGEST_LINE = 10_000;

/** Characters of a line, escapes included, that are looked at. */
const LONGEST_PLAYED = 4 * LONGEST_LINE;

/**
 * What a terminal would show of each line: colours become spans, a carriage return begins the line
 * anew, so that of a progress bar its last state is left, and what else controls a terminal is left
 * out. Lines stay lines: what moves up in a terminal is ignored. The style goes on from line to line.
 */
export class Screen {
  #style: Style;

  constructor(style: Style = PLAIN) {
    this.#style = style;
  }

  /** What the next line begins with; `PLAIN` itself if it has no style. */
  get style(): Style {
    return this.#style;
  }

  /** A line without its newline. */
  line(raw: string): ScreenLine {
    if (!SPECIAL.test(raw)) {
      const text = clipped(raw);
      return { text, spans: this.#whole(text) };
    }
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    // Of a progress bar the end counts, of anything else the beginning.
    if (MOVES.test(line)) return this.#played(line.slice(-LONGEST_PLAYED));
    return this.#stripped(line.slice(0, LONGEST_PLAYED));
  }

  #whole(text: string): Span[] {
    if (this.#style === PLAIN || text === '') return [];
    return [{ from: 0, to: text.length, style: this.#style }];
  }

  /** The quick way, where nothing is overwritten. */
  #stripped(line: string): ScreenLine {
    let text = '';
    const spans: Span[] = [];
    const add = (piece: string): void => {
      const from = text.length;
      text += piece;
      if (this.#style !== PLAIN && piece !== '') push(spans, from, text.length, this.#style);
    };
    let from = 0;
    for (const match of line.matchAll(CONTROL)) {
      add(line.slice(from, match.index));
      from = match.index + match[0].length;
      if (match[1] !== undefined) this.#style = styled(this.#style, match[1]);
    }
    add(line.slice(from));
    if (text.length <= LONGEST_LINE) return { text, spans };
    return { text: clipped(text), spans: spans.filter((span) => span.to <= LONGEST_LINE) };
  }

  /** As a terminal does it: into cells. */
  #played(line: string): ScreenLine {
    const cells: { text: string; style: Style }[] = [];
    let column = 0;
    const put = (piece: string): void => {
      for (const character of piece) {
        while (cells.length < column) cells.push({ text: ' ', style: PLAIN });
        cells[column++] = { text: character, style: this.#style };
      }
    };
    let from = 0;
    for (const match of line.matchAll(CONTROL)) {
      put(line.slice(from, match.index));
      from = match.index + match[0].length;
      const [control, sgr, parameter = '', final] = match;
      const count = Math.min(Number.parseInt(parameter, 10) || 0, LONGEST_LINE);
      if (sgr !== undefined) this.#style = styled(this.#style, sgr);
      else if (control === '\r') column = 0;
      else if (control === '\b') column = Math.max(0, column - 1);
      else if (final === 'K') erase(cells, column, count);
      else if (final === 'G') column = Math.max(0, count - 1);
      else if (final === 'C') column = Math.min(LONGEST_LINE, column + Math.max(1, count));
      else if (final === 'D') column = Math.max(0, column - Math.max(1, count));
    }
    put(line.slice(from));
    let text = '';
    const spans: Span[] = [];
    for (const cell of cells) {
      if (text.length + cell.text.length > LONGEST_LINE) break;
      text += cell.text;
      if (cell.style !== PLAIN)
        push(spans, text.length - cell.text.length, text.length, cell.style);
    }
    return { text: text.trimEnd(), spans };
  }
}

/** The text of a line as it is shown, without its colours. */
export function shownText(raw: string): string {
  return SPECIAL.test(raw) ? new Screen().line(raw).text : clipped(raw);
}

export const PLAIN: Style = {};

/** What no line of an editor should have: control characters but the tab, and what editors take for ends of lines. */
const SPECIAL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
const MOVES = /[\r\b]|\u001b\[\d*[KGCD]/;

// Colours (the parameters in group 1), other CSI sequences (parameters and final byte in groups 2
// and 3), OSC and the other strings with their ends, short escapes, and what is left of controls.
const CONTROL =
  /\u001b\[([\d;:]*)m|\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-~]|[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g;

function clipped(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  // Not in the middle of a character.
  const cut = text.slice(0, LONGEST_LINE - 40).replace(/[\ud800-\udbff]$/, '');
  return `${cut} … and more`;
}

function erase(cells: { text: string; style: Style }[], column: number, what: number): void {
  if (what === 0) cells.splice(column);
  else if (what === 2) cells.splice(0);
  else
    for (let at = 0; at <= column && at < cells.length; at++)
      cells[at] = { text: ' ', style: PLAIN };
}

function push(spans: Span[], from: number, to: number, style: Style): void {
  const before = spans.at(-1);
  if (before?.to === from && before.style === style)
    spans[spans.length - 1] = { from: before.from, to, style };
  else spans.push({ from, to, style });
}

/** The style after the parameters of one `ESC[…m`. */
function styled(before: Style, parameters: string): Style {
  // `38:2::r:g:b` names a colour space, which is empty.
  const codes = parameters.replace('::', ':').split(/[;:]/).map(Number);
  let style: Style = before;
  const set = (change: { readonly [K in keyof Style]: Style[K] | undefined }): void => {
    const next = { ...style, ...change };
    style = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
  };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48 || code === 58) {
      const { color, length } = extended(codes.slice(at + 1));
      at += length;
      if (code === 38) set({ color });
      else if (code === 48) set({ background: color });
    } else if (code === 0) style = PLAIN;
    else if (code >= 30 && code <= 37) set({ color: code - 30 });
    else if (code >= 90 && code <= 97) set({ color: code - 82 });
    else if (code >= 40 && code <= 47) set({ background: code - 40 });
    else if (code >= 100 && code <= 107) set({ background: code - 92 });
    else set(SWITCHES[code] ?? {});
  }
  return Object.keys(style).length === 0 ? PLAIN : style;
}

const SWITCHES: Readonly<Record<number, { readonly [K in keyof Style]: Style[K] | undefined }>> = {
  1: { bold: true },
  2: { faint: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { struck: true },
  21: { underline: true },
  22: { bold: undefined, faint: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { struck: undefined },
  39: { color: undefined },
  49: { background: undefined },
};

/** What follows 38 or 48: `5;n` or `2;r;g;b`, and how many codes that were. */
function extended(codes: readonly number[]): {
  color: number | string | undefined;
  length: number;
} {
  const [kind, ...rest] = codes;
  if (kind === 5) {
    const [n = NaN] = rest;
    return { color: n >= 0 && n <= 255 ? n : undefined, length: 2 };
  }
  if (kind === 2) {
    const rgb = rest.slice(0, 3);
    const good = rgb.length === 3 && rgb.every((part) => part >= 0 && part <= 255);
    const hex = rgb.map((part) => part.toString(16).padStart(2, '0')).join('');
    return { color: good ? `#${hex}` : undefined, length: 4 };
  }
  return { color: undefined, length: 1 };
}
