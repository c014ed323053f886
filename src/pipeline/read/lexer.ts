import {
  BLANK,
  CLASS,
  DIGIT,
  NAME_START,
  dottedEnd,
  escapeEnd,
  isNamePart,
  isNameStart,
  isSpecialBlank,
  lineEnd,
  nameEnd,
} from './characters';
import { KEYWORDS, LONGEST_KEYWORD, OPERATORS } from './keywords';
import { FLAG, QUOTE, QUOTE_LENGTH, QUOTE_SHIFT, T, TokenList, kindsOf } from './tokens';
import type { Tokens } from './tokens';

/** Splits a Jenkinsfile into tokens, in one pass (two if a quote was lost). Never throws. */
export function lex(text: string): Tokens {
  const lexer = new Lexer(text, false);
  const tokens = lexer.run();
  return lexer.lostQuote ? new Lexer(text, true).run() : tokens;
}

const NEWLINE = 0x0a;
const QUOTE_CHAR = 0x27;
const DOUBLE_QUOTE_CHAR = 0x22;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
const SLASH = 0x2f;
const STAR = 0x2a;
const CURLY_OPEN = 0x7b;

/** A line that only a Jenkinsfile has: a string that holds one has lost its closing quote. */
const STRUCTURE = /^[ \t]*(?:stage\s*\(\s*["']|(?:stages|steps|post)\s*\{)/m;

/** The kinds that end an operand: a `/` after them divides, after others it begins a string. */
const OPERAND_END = kindsOf(
  T.name,
  T.number,
  T.string,
  T.gEnd,
  T.parenClose,
  T.squareClose,
  T.curlyClose,
  T.increment,
  T.decrement,
  T.kTrue,
  T.kFalse,
  T.kNull,
  T.kThis,
  T.kSuper,
);

class Lexer {
  lostQuote = false;
  private readonly text: string;
  /** Whether a first pass has found that a quote was lost: strings then end early where it helps. */
  private readonly recover: boolean;
  private position = 0;
  private readonly tokens: TokenList;
  /** `FLAG.newline` if a line has ended since the last token. */
  private newline = 0;
  /** The strings whose `${` is open: how each is quoted, and the depth of braces in it. */
  private readonly quotes: number[] = [];
  private readonly depths: number[] = [];
  /** Once a slashy string was seen not to end, none later does. */
  private slashyEnds = true;
  /** Likewise for comments. */
  private commentsEnd = true;

  constructor(text: string, recover: boolean) {
    this.text = text;
    this.recover = recover;
    this.tokens = new TokenList((text.length >> 2) + 16);
  }

  run(): Tokens {
    const { text } = this;
    const length = text.length;
    if (text.startsWith('#!')) this.skipLine();
    while (this.position < length) {
      const c = text.charCodeAt(this.position);
      const kind = c < 128 ? CLASS[c] : isSpecialBlank(c) ? BLANK : NAME_START;
      if (kind === BLANK) this.position++;
      else if (kind === NAME_START) this.name(c);
      else if (c === NEWLINE) {
        this.newline = FLAG.newline;
        this.position++;
      } else if (kind === DIGIT) this.number();
      else this.symbol(c);
    }
    while (this.quotes.length > 0) this.closeLostString(length);
    this.push(T.end, length, length);
    return this.tokens.tokens();
  }

  private push(kind: number, start: number, end: number, flags = 0): void {
    this.tokens.push(kind, start, end, flags | this.newline);
    this.newline = 0;
  }

  private name(first: number): void {
    const { text, position: start } = this;
    if (first === DOLLAR && text.charCodeAt(start + 1) === SLASH) {
      this.string(QUOTE.dollarSlashy);
      return;
    }
    const end = nameEnd(text, start + 1);
    if (text.charCodeAt(end) === BACKSLASH && escapeEnd(text, end) > end) {
      this.escapedName(start);
      return;
    }
    this.position = end;
    const mayBeKeyword = first >= 97 && first <= 119 && end - start <= LONGEST_KEYWORD;
    const keyword = mayBeKeyword ? KEYWORDS.get(text.slice(start, end)) : undefined;
    this.push(keyword ?? T.name, start, end);
  }

  private number(): void {
    const { text, position: start } = this;
    let end = start + 1;
    while (CLASS[text.charCodeAt(end)] === DIGIT) end++;
    const c = text.charCodeAt(end);
    if (c === 0x2e || (c < 128 && CLASS[c] === NAME_START)) {
      NUMBER.lastIndex = start;
      const found = NUMBER.exec(text);
      if (found !== null) end = start + found[0].length;
    }
    this.position = end;
    this.push(T.number, start, end);
  }

  private symbol(c: number): void {
    const { text, position: start } = this;
    if (c === QUOTE_CHAR) {
      this.string(text.startsWith("'''", start) ? QUOTE.tripleSingle : QUOTE.single);
    } else if (c === DOUBLE_QUOTE_CHAR) {
      this.string(text.startsWith('"""', start) ? QUOTE.tripleDouble : QUOTE.double);
    } else if (c === SLASH) {
      this.slash(start);
    } else if (c === CURLY_OPEN) {
      const top = this.depths.length - 1;
      if (top >= 0) this.depths[top] = (this.depths[top] ?? 0) + 1;
      this.single(T.curlyOpen);
    } else if (c === 0x7d) {
      this.curlyClose(start);
    } else if (c === BACKSLASH) {
      const next = text.charCodeAt(start + 1);
      if (next === 0x75 && escapeEnd(text, start) > start) {
        this.escapedName(start);
        return;
      }
      if (next === NEWLINE) this.position += 2;
      else if (next === 0x0d && text.charCodeAt(start + 2) === NEWLINE) this.position += 3;
      else this.single(T.stray);
    } else {
      this.operator(c);
    }
  }

  /** A name with `\u0041` in it. */
  private escapedName(start: number): void {
    const { text } = this;
    let end = start;
    for (;;) {
      const after = escapeEnd(text, end);
      if (after > end) end = after;
      else if (end < text.length && isNamePart(text.charCodeAt(end))) end++;
      else break;
    }
    this.position = end;
    this.push(T.name, start, end, FLAG.escaped);
  }

  private single(kind: number): void {
    this.push(kind, this.position, this.position + 1);
    this.position++;
  }

  private curlyClose(start: number): void {
    const top = this.depths.length - 1;
    const depth = this.depths[top];
    if (depth === undefined || depth > 0) {
      if (depth !== undefined) this.depths[top] = depth - 1;
      this.single(T.curlyClose);
      return;
    }
    this.depths.pop();
    const quote = this.quotes.pop() ?? QUOTE.double;
    this.push(T.gClose, start, start + 1);
    this.position++;
    this.stringRest(quote, -1);
  }

  private slash(start: number): void {
    const { text } = this;
    const next = text.charCodeAt(start + 1);
    if (next === SLASH) this.skipLine();
    else if (next === STAR) this.blockComment(start);
    else if (this.slashyEnds && OPERAND_END[this.tokens.last] === 0) this.string(QUOTE.slashy);
    else this.operator(SLASH);
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.position);
    this.position = end < 0 ? this.text.length : end;
  }

  private blockComment(start: number): void {
    const { text } = this;
    const end = this.commentsEnd ? text.indexOf('*/', start + 2) : -1;
    if (end >= 0) {
      // No statement ends here, even if the comment spans lines.
      this.position = end + 2;
      return;
    }
    this.commentsEnd = false;
    this.lose(start, start + 2, 'This comment is not closed.');
    if (this.recover) this.skipLine();
    else this.position = text.length;
  }

  private lose(start: number, end: number, message: string): void {
    this.lostQuote = true;
    this.tokens.blame(start, end, message);
  }

  private string(quote: number): void {
    const start = this.position;
    this.position = start + (QUOTE_LENGTH[quote] ?? 1);
    this.stringRest(quote, start);
  }

  /**
   * Reads on in a string, up to its end or its next `${`. `start` is where the string began, or -1
   * after an interpolation.
   */
  private stringRest(quote: number, start: number): void {
    const { text } = this;
    const length = text.length;
    const interpolates = quote !== QUOTE.single && quote !== QUOTE.tripleSingle;
    const oneLine =
      quote === QUOTE.single || quote === QUOTE.double || (this.recover && quote === QUOTE.slashy);
    const close =
      quote <= QUOTE.tripleDouble ? (quote % 2 === 1 ? QUOTE_CHAR : DOUBLE_QUOTE_CHAR) : SLASH;
    let from = this.position;
    let escaped = 0;
    let position = from;
    while (position < length) {
      const c = text.charCodeAt(position);
      if (c === close && this.closes(quote, position)) {
        this.endString(quote, start, from, position, escaped);
        return;
      }
      if (c === BACKSLASH) {
        escaped = FLAG.escaped;
        if (quote <= QUOTE.tripleDouble) position += 2;
        else if (quote === QUOTE.slashy && text.charCodeAt(position + 1) === SLASH) position += 2;
        else position++;
      } else if (c === DOLLAR && interpolates) {
        const next = text.charCodeAt(position + 1);
        if (quote === QUOTE.dollarSlashy && this.isDollarEscape(position)) {
          escaped = FLAG.escaped;
          position += 2;
        } else if (next === CURLY_OPEN) {
          this.openString(quote, start, from, position, escaped);
          this.push(T.gOpen, position, position + 2);
          this.quotes.push(quote);
          this.depths.push(0);
          this.position = position + 2;
          return;
        } else if (isNameStart(next) && next !== DOLLAR) {
          this.openString(quote, start, from, position, escaped);
          start = -1;
          from = dottedEnd(text, position + 1);
          this.push(T.gName, position + 1, from);
          escaped = 0;
          position = from;
        } else {
          if (quote <= QUOTE.tripleDouble) this.blameDollar(position);
          position++;
        }
      } else if (c === NEWLINE && oneLine) {
        break;
      } else {
        if (c === 0x0d) escaped = FLAG.escaped;
        position++;
      }
    }
    this.unterminated(quote, start, from, Math.min(position, length), escaped);
  }

  private isConflict(start: number): boolean {
    const { text } = this;
    if (start > 0 && text.charCodeAt(start - 1) !== NEWLINE) return false;
    const after = text.charAt(start + 7);
    return (
      text.startsWith(text.charAt(start).repeat(7), start) &&
      (after === '' || after === ' ' || after === '\n' || after === '\r')
    );
  }

  private blameDollar(at: number): void {
    const message = 'This $ begins no name: in a string with double quotes it must be \\$.';
    this.tokens.blame(at, at + 1, message);
  }

  private closes(quote: number, position: number): boolean {
    if (quote === QUOTE.tripleSingle) return this.text.startsWith("'''", position);
    if (quote === QUOTE.tripleDouble) return this.text.startsWith('"""', position);
    if (quote === QUOTE.dollarSlashy) return this.text.charCodeAt(position + 1) === DOLLAR;
    return true;
  }

  /** `$$` and `$/` in a dollar-slashy string. */
  private isDollarEscape(position: number): boolean {
    const next = this.text.charCodeAt(position + 1);
    return next === DOLLAR || next === SLASH;
  }

  private endString(quote: number, start: number, from: number, at: number, escaped: number): void {
    let end = at + (QUOTE_LENGTH[quote] ?? 1);
    if (this.recover && isLong(quote) && start >= 0 && STRUCTURE.test(this.text.slice(start, at))) {
      this.lose(start, from, 'This string is not closed.');
      at = end = lineEnd(this.text, from);
    }
    this.pushString(quote, start, from, at, end, escaped);
  }

  /** A whole string, or the last piece of one with interpolation; its text ends before `at`. */
  private pushString(
    quote: number,
    start: number,
    from: number,
    at: number,
    end: number,
    escaped: number,
  ): void {
    if (start >= 0) {
      this.push(T.string, start, end, escaped | (quote << QUOTE_SHIFT));
    } else {
      this.pushText(quote, from, at, escaped);
      this.push(T.gEnd, at, end);
    }
    this.position = end;
  }

  private pushText(quote: number, from: number, at: number, escaped: number): void {
    if (at > from) this.push(T.gText, from, at, escaped | (quote << QUOTE_SHIFT));
  }

  private openString(
    quote: number,
    start: number,
    from: number,
    at: number,
    escaped: number,
  ): void {
    if (start >= 0) this.push(T.gStart, start, from, quote << QUOTE_SHIFT);
    this.pushText(quote, from, at, escaped);
  }

  /** The string ran into the end of its line or of the file. */
  private unterminated(
    quote: number,
    start: number,
    from: number,
    at: number,
    escaped: number,
  ): void {
    if (quote === QUOTE.slashy && start >= 0) {
      this.slashyEnds = this.recover;
      this.position = start;
      this.operator(SLASH);
      return;
    }
    const cut = this.recover && isLong(quote) ? lineEnd(this.text, from) : at;
    this.lose(start >= 0 ? start : from, cut, 'This string is not closed.');
    this.pushString(quote, start, from, cut, cut, escaped);
    // A one-line string around this one ends with the line, too.
    while (this.quotes.length > 0 && (this.quotes.at(-1) ?? 0) <= QUOTE.double) {
      this.closeLostString(cut);
    }
  }

  private closeLostString(at: number): void {
    this.quotes.pop();
    this.depths.pop();
    this.lose(at, at, 'This interpolation is not closed.');
    this.push(T.gClose, at, at);
    this.push(T.gEnd, at, at);
  }

  private operator(first: number): void {
    const { text, position: start } = this;
    if (CONFLICTS.has(first) && this.isConflict(start)) {
      this.tokens.blame(start, lineEnd(text, start), 'A merge conflict is not resolved here.');
      this.skipLine();
      return;
    }
    for (const [symbol, kind] of OPERATORS[first] ?? []) {
      if (symbol.length === 1 || text.startsWith(symbol, start)) {
        this.position = start + symbol.length;
        this.push(kind, start, this.position);
        return;
      }
    }
    this.single(T.stray);
  }
}

/** What git puts before the lines of a conflict begins with seven of these. */
const CONFLICTS = new Set([0x3c, 0x3d, 0x3e, 0x7c]);

/** Whether such a string may go over lines, and so swallows the file if its end is lost. */
function isLong(quote: number): boolean {
  return quote === QUOTE.tripleSingle || quote === QUOTE.tripleDouble;
}

const NUMBER =
  /0[xX][\da-fA-F_]+[lLgGiI]?|0[bB][01_]+[lLgGiI]?|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][-+]?\d[\d_]*)?[lLgGiIfFdD]?/y;
