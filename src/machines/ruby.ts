/**
 * A piece of Ruby as far as a Vagrantfile needs it: words, texts, numbers and signs. Comments and
 * blanks are left out. Offsets are UTF-16 code units from 0, the end exclusive.
 */
export type RubyToken = Word | Text | Sign;

interface Place {
  readonly start: number;
  readonly end: number;
}

/** A name, keyword, constant or variable (`@x`, `$x`) with its `?` or `!`. */
interface Word extends Place {
  readonly kind: 'word';
  readonly text: string;
}

/** A string in any of its notations, a heredoc, or a symbol. */
export interface Text extends Place {
  readonly kind: 'text';
  /** What it says, and the code that is interpolated. Escapes are not resolved. */
  readonly parts: readonly (string | readonly RubyToken[])[];
  /** `%w[a b]`, which is a list. */
  readonly list: boolean;
}

/** A number, a sign such as `||` or `.`, a key such as `type:` (its text without the colon), or the end of a line. */
interface Sign extends Place {
  readonly kind: 'number' | 'sign' | 'key' | 'newline';
  readonly text: string;
}

/** Takes a Ruby file apart, in whatever state it is. Never throws, and takes time in proportion to the text. */
export function lexRuby(text: string): RubyToken[] {
  return new Lexer(text).code(undefined, 0);
}

/** Interpolations in each other beyond this are taken for text. */
const DEEPEST = 40;

const SIGNS = [
  '||=',
  '&&=',
  '<=>',
  '===',
  '...',
  '**=',
  '||',
  '&&',
  '==',
  '!=',
  '=~',
  '!~',
  '>=',
  '<=',
  '=>',
  '->',
  '::',
  '&.',
  '..',
  '<<',
  '>>',
  '+=',
  '-=',
  '*=',
  '/=',
  '**',
];

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };
/** Words after which a value begins, so that `/` begins a regular expression and `%` a string. */
const BEFORE_VALUES: ReadonlySet<string> = new Set(
  'if unless while until and or not when case return then else elsif do in puts'.split(' '),
);

const WORD = /(?:@@?|\$)?[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/y;
const NUMBER = /\d[\w]*(?:\.\d\w*)?/y;
const PERCENT = /%([qQwWiIrxs]?)([^\w\s])/y;
const HEREDOC = /<<([~-]?)(?:(["'`])([^"'`\n]+)\2|([A-Za-z_]\w*))/y;
const SYMBOL = /:[A-Za-z_]\w*[?!]?/y;
const REGEXP = /\/(?:[^/\\\n]|\\.)*\/[a-z]*/y;
const BLANKS = /[ \t\r\f\v]+|\\\r?\n/y;
const COMMENT = /#[^\n]*/y;
const LAST_DOCUMENT = /^=begin\b/;

interface Heredoc {
  readonly id: string;
  readonly interpolates: boolean;
  readonly start: number;
  /** Where it belongs in the list of tokens. */
  readonly into: RubyToken[];
  readonly at: number;
}

class Lexer {
  private readonly text: string;
  private at = 0;
  /** Set when a quote was never closed: then strings end with their line. */
  private lost = false;
  /** Where what is read now ends: the text, or the heredoc that an interpolation lies in. */
  private limit: number;
  private heredocs: Heredoc[] = [];
  private endings: Map<string, number[]> | undefined;

  constructor(text: string) {
    this.text = text;
    this.limit = text.length;
    this.skipDocument();
  }

  /** Tokens up to the `close` that matches, or to the end of the text. */
  code(close: '}' | undefined, depth: number): RubyToken[] {
    const tokens: RubyToken[] = [];
    let open = 0;
    while (this.at < this.limit) {
      const char = this.text[this.at] ?? '';
      if (this.skip(BLANKS) || (char === '#' && this.skip(COMMENT))) continue;
      if (char === '\n' && close !== undefined && this.lost) break;
      if (char === '\n') {
        tokens.push({ kind: 'newline', text: '\n', start: this.at, end: this.at + 1 });
        this.at++;
        this.bodies(depth);
        if (this.skipDocument()) break;
        continue;
      }
      if (close !== undefined && char === '}' && open-- === 0) break;
      if (close !== undefined && char === '{') open++;
      this.token(char, tokens, depth);
    }
    return tokens;
  }

  private token(char: string, tokens: RubyToken[], depth: number): void {
    const start = this.at;
    const previous = tokens.at(-1);
    if (char === '"' || char === '`' || char === "'") {
      const parts = this.string(char, undefined, char !== "'", depth);
      if (this.isKey()) {
        this.at++;
        const text = parts.every((part) => typeof part === 'string') ? parts.join('') : '';
        tokens.push({ kind: 'key', text, start, end: this.at });
      } else tokens.push({ kind: 'text', parts, list: false, start, end: this.at });
      return;
    }
    if (char === '<' && this.heredoc(tokens, previous)) return;
    if (char === '%' && this.percent(tokens, previous, depth)) return;
    if (char === '/' && mayBegin(previous, this.text, start) && this.skip(REGEXP)) {
      tokens.push({ kind: 'sign', text: '/…/', start, end: this.at });
      return;
    }
    if (char === ':' && this.symbol(tokens, depth)) return;
    const word = this.match(WORD);
    if (word !== undefined) {
      this.word(word, tokens, start);
      return;
    }
    const number = this.match(NUMBER);
    if (number !== undefined) {
      tokens.push({ kind: 'number', text: number, start, end: this.at });
      return;
    }
    const text = SIGNS.find((sign) => this.text.startsWith(sign, start)) ?? char;
    this.at += text.length;
    tokens.push({ kind: 'sign', text, start, end: this.at });
  }

  private word(word: string, tokens: RubyToken[], start: number): void {
    const [next, after] = [this.text[this.at] ?? '', this.text[this.at + 1] ?? ''];
    if ((next === '?' || next === '!') && after !== '=' && !/[\s\w'":]/.test(next + after)) {
      this.at++;
      tokens.push({ kind: 'word', text: word + next, start, end: this.at });
      return;
    }
    if ((next === '?' || next === '!') && (after === '' || /[\s()]/.test(after))) {
      this.at++;
      tokens.push({ kind: 'word', text: word + next, start, end: this.at });
      return;
    }
    if (this.isKey() && tokens.at(-1)?.kind !== 'key') {
      this.at++;
      tokens.push({ kind: 'key', text: word, start, end: this.at });
      return;
    }
    tokens.push({ kind: 'word', text: word, start, end: this.at });
  }

  /** Whether a `:` of a hash's key stands here, and not one of `a ? b :c` or `A::B`. */
  private isKey(): boolean {
    return this.text[this.at] === ':' && /^(?:\s|$)/.test(this.text[this.at + 1] ?? '');
  }

  private symbol(tokens: RubyToken[], depth: number): boolean {
    const start = this.at;
    const symbol = this.match(SYMBOL);
    if (symbol !== undefined) {
      tokens.push({ kind: 'text', parts: [symbol.slice(1)], list: false, start, end: this.at });
      return true;
    }
    const quote = this.text[start + 1];
    if (quote !== '"' && quote !== "'") return false;
    this.at++;
    const parts = this.string(quote, undefined, quote === '"', depth);
    tokens.push({ kind: 'text', parts, list: false, start, end: this.at });
    return true;
  }

  private percent(tokens: RubyToken[], previous: RubyToken | undefined, depth: number): boolean {
    const start = this.at;
    PERCENT.lastIndex = start;
    const [whole, letter = '', open = ''] = PERCENT.exec(this.text) ?? [];
    if (whole === undefined || open === '=' || !mayBegin(previous, this.text, start)) return false;
    this.at = start + whole.length - 1;
    const interpolates = !/[qwis]/.test(letter);
    const parts = this.string(CLOSING[open] ?? open, open, interpolates, depth);
    tokens.push({ kind: 'text', parts, list: /[wWiI]/.test(letter), start, end: this.at });
    return true;
  }

  /** The string that begins here; `open` is a bracket that nests. */
  private string(
    close: string,
    open: string | undefined,
    interpolates: boolean,
    depth: number,
  ): (string | readonly RubyToken[])[] {
    const begin = ++this.at;
    const { heredocs } = this;
    const parts = this.stringUntil(close, open, interpolates, depth);
    if (parts !== undefined) return parts;
    // Nobody closed it: it ends with its line, as any later one that is open there.
    this.lost = true;
    this.heredocs = heredocs;
    this.at = begin;
    return this.stringUntil(close, open, interpolates, depth) ?? [];
  }

  private stringUntil(
    close: string,
    open: string | undefined,
    interpolates: boolean,
    depth: number,
  ): (string | readonly RubyToken[])[] | undefined {
    const parts: (string | readonly RubyToken[])[] = [];
    let from = this.at;
    let nested = 0;
    while (this.at < this.limit) {
      const char = this.text[this.at];
      if (char === '\\') this.at += 2;
      else if (char === close && nested-- === 0) {
        parts.push(this.text.slice(from, this.at++));
        return parts;
      } else if (char === '\n' && this.lost) {
        parts.push(this.text.slice(from, this.at));
        return parts;
      } else if (interpolates && this.isInterpolation() && depth < DEEPEST) {
        parts.push(this.text.slice(from, this.at));
        parts.push(this.interpolation(depth));
        from = this.at;
      } else {
        if (open !== undefined && open !== close && char === open) nested++;
        this.at++;
      }
    }
    this.at = this.limit;
    if (!this.lost) return undefined;
    parts.push(this.text.slice(from, this.limit));
    return parts;
  }

  private isInterpolation(): boolean {
    return this.text[this.at] === '#' && this.text[this.at + 1] === '{';
  }

  private interpolation(depth: number): RubyToken[] {
    this.at += 2;
    const inner = this.code('}', depth + 1);
    if (this.text[this.at] === '}') this.at++;
    return inner;
  }

  private heredoc(tokens: RubyToken[], previous: RubyToken | undefined): boolean {
    const start = this.at;
    HEREDOC.lastIndex = start;
    const [whole, indent, quote, quoted, plain] = HEREDOC.exec(this.text) ?? [];
    const id = quoted ?? plain;
    if (whole === undefined || id === undefined) return false;
    // `a <<B` appends; only after a blank and without one before the name is it text.
    if (indent === '' && quote === undefined && !mayBegin(previous, this.text, start)) return false;
    if (this.endOf(id, start) === undefined) return false;
    this.at += whole.length;
    this.heredocs.push({ id, interpolates: quote !== "'", start, into: tokens, at: tokens.length });
    // Its place; the text comes with the next line.
    tokens.push({ kind: 'text', parts: [], list: false, start, end: this.at });
    return true;
  }

  /** Reads the texts of the heredocs that the line before has announced. */
  private bodies(depth: number): void {
    const waiting = this.heredocs;
    this.heredocs = [];
    for (const { id, interpolates, start, into, at } of waiting) {
      const end = this.endOf(id, this.at);
      if (end === undefined) continue;
      const parts: (string | readonly RubyToken[])[] = [];
      let from = this.at;
      const outer = this.limit;
      this.limit = Math.min(outer, end);
      while (this.at < end) {
        if (this.text[this.at] === '\\') this.at += 2;
        else if (interpolates && this.isInterpolation() && depth < DEEPEST) {
          parts.push(this.text.slice(from, this.at));
          parts.push(this.interpolation(depth));
          from = this.at;
        } else this.at++;
      }
      this.limit = outer;
      parts.push(this.text.slice(from, Math.max(from, end)));
      into[at] = { kind: 'text', parts, list: false, start, end: into[at]?.end ?? start };
      const newline = this.text.indexOf('\n', Math.max(this.at, end));
      this.at = newline < 0 ? this.text.length : newline + 1;
    }
  }

  /** Where the line begins that ends the heredoc `id`, at or after `from`. */
  private endOf(id: string, from: number): number | undefined {
    this.endings ??= endingsOf(this.text);
    const starts = this.endings.get(id) ?? [];
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return starts[low];
  }

  /** Skips a `=begin` … `=end` at the beginning of a line; true at `__END__`, after which is no Ruby. */
  private skipDocument(): boolean {
    if (this.text.startsWith('__END__', this.at)) {
      this.at = this.text.length;
      return true;
    }
    if (!LAST_DOCUMENT.test(this.text.slice(this.at, this.at + 8))) return false;
    const end = this.text.indexOf('\n=end', this.at);
    const newline = end < 0 ? -1 : this.text.indexOf('\n', end + 1);
    this.at = newline < 0 ? this.text.length : newline;
    return false;
  }

  private skip(pattern: RegExp): boolean {
    return this.match(pattern) !== undefined;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

/** Whether a value may begin at `at`: not after another one, unless only its left side is apart from it (`puts /x/`). */
function mayBegin(previous: RubyToken | undefined, text: string, at: number): boolean {
  if (previous === undefined || previous.kind === 'key' || previous.kind === 'newline') return true;
  if (previous.kind === 'text' || previous.kind === 'number') return false;
  if (previous.kind === 'sign') return !/^[)\]}]$|^\/…\/$/.test(previous.text);
  if (BEFORE_VALUES.has(previous.text)) return true;
  return previous.end < at && !/\s|=/.test(text[at + 1] ?? '');
}

/** The lines that could end a heredoc, by what they say. */
function endingsOf(text: string): Map<string, number[]> {
  const endings = new Map<string, number[]>();
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (end - at < 200) {
      const line = text.slice(at, end).trim();
      const known = endings.get(line);
      if (known === undefined) endings.set(line, [at]);
      else known.push(at);
    }
    at = end + 1;
  }
  return endings;
}
