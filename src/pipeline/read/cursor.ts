import type { Balanced } from './brackets';
import { decoded } from './strings';
import type { Opaque } from '../syntax';
import { FLAG, T, kindsOf } from './tokens';

/** How deeply expressions and statements may nest before the rest is taken as opaque. */
const MAX_DEPTH = 200;

/** What ends a statement or an argument that is not understood. */
const REST_END = kindsOf(
  T.end,
  T.comma,
  T.semicolon,
  T.parenClose,
  T.squareClose,
  T.curlyClose,
  T.gClose,
  T.gEnd,
);

/** The place in the tokens that all `parse…` functions share, and what they say of damage there. */
export class Cursor {
  readonly text: string;
  readonly tokens: Balanced;
  /** The token that is next. */
  at = 0;
  /** The class whose members are being read. */
  className = '';
  /** Whether brackets or quotes had to be put in or left out. */
  readonly isDamaged: boolean;
  /** The token after the last annotation. */
  annotated = -1;
  private depth = 0;

  constructor(text: string, tokens: Balanced) {
    this.text = text;
    this.tokens = tokens;
    this.isDamaged = tokens.damage.length > 0;
  }

  kind(ahead = 0): number {
    return this.tokens.kind[this.at + ahead] ?? T.end;
  }

  kindAt(token: number): number {
    return this.tokens.kind[token] ?? T.end;
  }

  startOf(token = this.at): number {
    return this.tokens.start[token] ?? this.text.length;
  }

  /** Where the last token that was read ended. */
  endBefore(): number {
    return this.at > 0 ? (this.tokens.end[this.at - 1] ?? 0) : 0;
  }

  newlineBefore(ahead = 0): boolean {
    return this.newlineAt(this.at + ahead);
  }

  newlineAt(token: number): boolean {
    return ((this.tokens.flags[token] ?? 0) & FLAG.newline) !== 0;
  }

  textOf(token = this.at): string {
    const text = this.text.slice(this.tokens.start[token], this.tokens.end[token]);
    const isEscaped = ((this.tokens.flags[token] ?? 0) & FLAG.escaped) !== 0;
    return isEscaped && this.tokens.kind[token] === T.name ? decoded(text) : text;
  }

  /** The other bracket of a pair. */
  partner(token = this.at): number {
    return this.tokens.match[token] ?? token;
  }

  take(kind: number): boolean {
    if (this.kind() !== kind) return false;
    this.at++;
    return true;
  }

  /** Goes over one token, or over a pair of brackets and what is between. */
  skip(): void {
    this.at = Math.max(this.at, this.partner()) + 1;
  }

  /** Whether the statement or the argument can go no further. */
  atRestEnd(): boolean {
    return REST_END[this.kind()] === 1;
  }

  atLineEnd(): boolean {
    return this.newlineBefore() || (this.atRestEnd() && this.kind() !== T.comma);
  }

  /** Goes one level deeper, up to `ascend`; false if that is too deep, and then `tooDeep` is next. */
  descend(): boolean {
    if (this.depth >= MAX_DEPTH) return false;
    this.depth++;
    return true;
  }

  ascend(): void {
    this.depth--;
  }

  /** Takes the rest of the statement, or of the argument, as opaque. */
  tooDeep(): Opaque {
    const start = this.startOf();
    const message = 'This is nested too deeply to be read.';
    this.tokens.damage.push({ start, end: start, message, ours: true });
    while (!this.atRestEnd()) this.skip();
    return { kind: 'opaque', start, end: Math.max(start, this.endBefore()) };
  }

  /** Takes one token, or a pair of brackets and what is between, as opaque. */
  unreadable(): Opaque {
    const start = this.startOf();
    this.unexpected();
    this.skip();
    return { kind: 'opaque', start, end: this.endBefore() };
  }

  unexpected(): void {
    const start = this.startOf();
    const excerpt = this.textOf().slice(0, 40);
    this.blame(start, this.tokens.end[this.at] ?? start, `Unexpected '${excerpt}'.`);
  }

  /** Blames what is not here, and stands in for it. */
  missing(message: string): Opaque {
    const end = this.endBefore();
    this.blame(end, end, message);
    return { kind: 'opaque', start: end, end };
  }

  blame(start: number, end: number, message: string): void {
    this.tokens.damage.push({ start, end, message });
  }
}

/** A name or a keyword, which is a name after a dot and before a colon. */
export function isWord(kind: number): boolean {
  return kind === T.name || (kind >= T.kAs && kind <= T.kWhile);
}
