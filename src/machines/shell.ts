/** What a shell script says about its environment, as far as its text tells; it is not run. */
export interface ShellScript {
  /** In the order of the text, without those of variables that the script has set before. */
  readonly reads: readonly ShellRead[];
  /** Names that it sets, exports or passes on to a command. */
  readonly sets: ReadonlySet<string>;
  /** The commands that it could run, also within `$(…)`, without the shell's own words. */
  readonly commands: readonly ShellCommand[];
  /** Whether it may read variables that its text does not name: `env`, `eval`, `${!x}`. */
  readonly readsMore: boolean;
}

/** `$X`, `${X}`, `${X:-y}` …; offsets are UTF-16 code units from 0, the end exclusive, lines counted from 1. */
export interface ShellRead {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly line: number;
  /** What is taken where the variable is not set, as it is written. */
  readonly fallback: string | undefined;
}

export interface ShellCommand {
  /** Undefined for a word that is computed. The first one is the command's name. */
  readonly words: readonly (string | undefined)[];
  readonly start: number;
}

/** Whether a file with this beginning is a shell script that we can read. */
export function isShell(path: string, text: string): boolean {
  const [, program] = /^#![ \t]*(?:\S*\/)?(?:env[ \t]+(?:-\S+[ \t]+)*)?([\w.-]+)/.exec(text) ?? [];
  if (program !== undefined) return /^(?:ba|da|k|z|a)?sh$/.test(program);
  return /\.(?:sh|bash)$/.test(path);
}

/** Reads a shell script in whatever state it is. Never throws, and takes time in proportion to the text. */
export function readShell(text: string): ShellScript {
  const scan = new Scan(text);
  scan.list(undefined, 0);
  return {
    reads: scan.reads,
    sets: scan.sets,
    commands: scan.commands.filter(({ words: [name] }) => !scan.functions.has(name ?? '')),
    readsMore: scan.readsMore,
  };
}

const DEEPEST = 40;
const LONGEST = 80;

/** The shell's own words, after which another command begins. */
const BEFORE_COMMANDS: ReadonlySet<string> = new Set(
  'if then else elif do while until ! time { ('.split(' '),
);
const ENDS: ReadonlySet<string> = new Set('fi done esac }'.split(' '));
/** Commands that show or hand on the whole environment, or run a text that is computed. */
const READS_MORE: ReadonlySet<string> = new Set(
  'env printenv eval envsubst declare typeset compgen'.split(' '),
);
/** Commands whose arguments may be assignments. */
const DECLARES: ReadonlySet<string> = new Set(
  'export local readonly declare typeset env'.split(' '),
);
const NAME = /[A-Za-z_]\w*/y;
const ASSIGNMENT = /([A-Za-z_]\w*)(?:\[[^\]\n]{0,200}\])?\+?=/y;
const HEREDOC = /<<(-?)[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([\w-]+))/y;

interface Heredoc {
  readonly id: string;
  readonly expands: boolean;
  readonly indented: boolean;
}

class Scan {
  readonly reads: ShellRead[] = [];
  readonly sets = new Set<string>();
  readonly commands: ShellCommand[] = [];
  readonly functions = new Set<string>();
  readsMore = false;
  private readonly text: string;
  private at = 0;
  private line = 1;
  private counted = 0;
  private heredocs: Heredoc[] = [];

  constructor(text: string) {
    this.text = text;
  }

  /** Commands up to the `)` or backtick that closes them, or the end of the text. */
  list(close: ')' | '`' | undefined, depth: number): void {
    let words: (string | undefined)[] = [];
    let start = this.at;
    // How many `case` are open, and whether a pattern is due in the innermost.
    let cases = 0;
    let pattern = false;
    let parentheses = 0;
    const end = (): void => {
      this.command(words, start);
      words = [];
    };
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? '';
      if (char === ' ' || char === '\t' || char === '\r') this.at++;
      else if (char === '\\' && this.text[this.at + 1] === '\n') this.at += 2;
      else if (char === '\n') {
        end();
        this.at++;
        this.bodies(depth);
      } else if (char === '#') this.toLineEnd();
      else if (char === close && !pattern && parentheses === 0) {
        end();
        return;
      } else if (char === ';' || char === '&' || char === '|') {
        const redirects = char === '&' && this.text[this.at + 1] === '>';
        if (!redirects) end();
        if (cases > 0 && char === ';' && this.text[this.at + 1] === ';') pattern = true;
        this.at += this.text[this.at + 1] === char ? 2 : 1;
      } else if (char === '(') {
        if (this.text.startsWith('((', this.at) && words.length === 0) this.arithmetic('))', depth);
        else {
          if (!pattern) end();
          if (!pattern) parentheses++;
          this.at++;
        }
      } else if (char === ')') {
        if (pattern) words = [];
        else {
          end();
          if (parentheses > 0) parentheses--;
        }
        pattern = false;
        this.at++;
      } else if (char === '<' || char === '>') {
        // `2>&1`: the number belongs to it.
        if (/^\d$/.test(words.at(-1) ?? '') && /\d/.test(this.text[this.at - 1] ?? '')) words.pop();
        this.redirection(depth);
      } else {
        if (words.length === 0) start = this.at;
        const word = this.word(words[0], words.length === 0, depth);
        if (word === ASSIGNED) continue;
        if (pattern && word !== 'esac') continue;
        if (word === 'esac') {
          cases = Math.max(0, cases - 1);
          pattern = false;
          words = [];
        } else if (words.length === 0 && word !== undefined && BEFORE_COMMANDS.has(word)) continue;
        else if (words.length === 0 && word !== undefined && ENDS.has(word)) continue;
        else if (words[0] === 'case' && word === 'in') {
          words = [];
          cases++;
          pattern = true;
        } else if ((words[0] === 'for' || words[0] === 'select') && words.length === 1) {
          if (word !== undefined) this.sets.add(word);
          words.push(word);
        } else words.push(word);
      }
    }
    end();
  }

  /** A command with its words; the shell's own that set variables are noted. */
  private command(words: readonly (string | undefined)[], start: number): void {
    const [name, ...rest] = words;
    if (words.length === 0 || name === 'for' || name === 'select' || name === 'case') return;
    if (name === 'function') {
      this.functions.add(rest[0] ?? '');
      return;
    }
    // `f() { …`: what follows is its body.
    if (this.text[this.at] === '(' && this.text[this.at + 1] === ')' && words.length === 1) {
      this.functions.add(name ?? '');
      return;
    }
    if (name === 'read' || name === 'mapfile' || name === 'unset' || name === 'getopts')
      for (const each of rest) if (each !== undefined && isName(each)) this.sets.add(each);
    if (name === 'local')
      for (const each of rest) if (each !== undefined && isName(each)) this.sets.add(each);
    if (name === 'env' && rest.some((word) => word !== undefined && !word.includes('='))) {
      // `env X=1 command` and `#!/usr/bin/env`: another command with some variables.
      const inner = rest.findIndex((word) => word === undefined || !/^-|=/.test(word));
      this.command(rest.slice(inner), start);
      return;
    }
    const printed =
      name === 'printenv' && rest.length > 0 && rest.every((word) => word !== undefined);
    if (name !== undefined && READS_MORE.has(name) && !printed) this.readsMore = true;
    if (name === 'set' && rest.length === 0) this.readsMore = true;
    this.commands.push({ words, start });
  }

  /** A word of the command `command`; undefined if it is computed. */
  private word(
    command: string | undefined,
    first: boolean,
    depth: number,
  ): string | undefined | typeof ASSIGNED {
    if (first || DECLARES.has(command ?? '')) {
      ASSIGNMENT.lastIndex = this.at;
      const assignment = ASSIGNMENT.exec(this.text);
      if (assignment?.[1] !== undefined) {
        this.at += assignment[0].length;
        if (this.text[this.at] === '(') this.at++;
        // `X="${X:-1}"` reads the environment's before it sets its own.
        else this.parts(depth);
        this.sets.add(assignment[1]);
        return first ? ASSIGNED : `${assignment[1]}=`;
      }
    }
    return this.parts(depth);
  }

  private parts(depth: number): string | undefined {
    let known: string | undefined = '';
    const begin = this.at;
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? '';
      if (/[\s;&|()<>]/.test(char)) break;
      if (char === "'") {
        const end = this.text.indexOf("'", this.at + 1);
        const stop = end < 0 ? this.text.length : end;
        known = known === undefined ? undefined : known + this.text.slice(this.at + 1, stop);
        this.at = stop + 1;
      } else if (char === '"') {
        const inner = this.quoted(depth);
        known = known === undefined || inner === undefined ? undefined : known + inner;
      } else if (char === '$' || char === '`') {
        if (this.expansion(depth)) known = undefined;
        else known = known === undefined ? undefined : known + char;
      } else {
        if (char === '\\') this.at++;
        known = known === undefined ? undefined : known + (this.text[this.at] ?? '');
        this.at++;
      }
    }
    if (this.at === begin) this.at++;
    return known;
  }

  /** The string in double quotes that begins here. */
  private quoted(depth: number): string | undefined {
    let known: string | undefined = '';
    this.at++;
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? '';
      if (char === '"') break;
      if (char === '$' || char === '`') {
        if (this.expansion(depth)) known = undefined;
        else known = known === undefined ? undefined : known + char;
        continue;
      }
      if (char === '\\') this.at++;
      known = known === undefined ? undefined : known + (this.text[this.at] ?? '');
      this.at++;
    }
    this.at++;
    return known;
  }

  /** What `$` or a backtick begins; false, and one character further, if it is nothing. */
  private expansion(depth: number): boolean {
    const start = this.at;
    if (depth >= DEEPEST) {
      this.at++;
      this.readsMore = true;
      return false;
    }
    if (this.text[start] === '`') {
      this.at++;
      this.list('`', depth + 1);
      this.at++;
      return true;
    }
    const next = this.text[start + 1] ?? '';
    if (next === '(') {
      if (this.text[start + 2] === '(') {
        this.at = start + 1;
        this.arithmetic('))', depth);
        return true;
      }
      this.at = start + 2;
      this.list(')', depth + 1);
      this.at++;
      return true;
    }
    if (next === '{') {
      this.braces(start, depth);
      return true;
    }
    if (next === "'") {
      const end = /'(?:[^'\\]|\\[^])*'/y;
      end.lastIndex = start + 1;
      this.at = start + 1 + (end.exec(this.text)?.[0].length ?? 1);
      return true;
    }
    NAME.lastIndex = start + 1;
    const name = NAME.exec(this.text)?.[0];
    if (name === undefined) {
      this.at += /[\d@*#?$!_-]/.test(next) ? 2 : 1;
      return this.at === start + 2;
    }
    this.at = start + 1 + name.length;
    this.read(name, start, this.at, start + 1, undefined);
    return true;
  }

  /** `${X}` and all of its kinds. */
  private braces(start: number, depth: number): void {
    const sign = /[#!]/.test(this.text[start + 2] ?? '') ? 1 : 0;
    const indirect = this.text[start + 2] === '!';
    const nameStart = start + 2 + sign;
    NAME.lastIndex = nameStart;
    const name = NAME.exec(this.text)?.[0];
    this.at = nameStart + (name?.length ?? 0);
    if (indirect) this.readsMore = true;
    const operator = /:?[-=]/y;
    operator.lastIndex = this.at;
    const withDefault = operator.exec(this.text)?.[0];
    const from = this.at + (withDefault?.length ?? 0);
    const reads = this.reads.length;
    // What stands behind the name may read others.
    while (
      this.at < this.text.length &&
      this.text[this.at] !== '}' &&
      this.text[this.at] !== '\n'
    ) {
      const char = this.text[this.at];
      if (char === '$' || char === '`') this.expansion(depth + 1);
      else this.at += char === '\\' ? 2 : 1;
    }
    const fallback = withDefault === undefined ? undefined : this.text.slice(from, this.at);
    if (this.text[this.at] === '}') this.at++;
    if (name === undefined) return;
    const inner = this.reads.splice(reads);
    this.read(name, start, this.at, nameStart, fallback?.slice(0, LONGEST));
    this.reads.push(...inner);
    if (withDefault?.endsWith('=') === true) this.sets.add(name);
  }

  /** `((…))`, where names stand without a dollar. */
  private arithmetic(close: string, depth: number): void {
    this.at += 2;
    while (this.at < this.text.length && !this.text.startsWith(close, this.at)) {
      const char = this.text[this.at] ?? '';
      NAME.lastIndex = this.at;
      const name = NAME.exec(this.text)?.[0];
      if (name !== undefined) {
        this.at += name.length;
        this.read(name, this.at - name.length, this.at, this.at - name.length, undefined);
      } else if (/\d/.test(char)) {
        // `0x1f` and `16#ff` are numbers.
        while (/[\w#]/.test(this.text[this.at] ?? '')) this.at++;
      } else if (char === '\n' || !(char === '$' || char === '`')) this.at++;
      else this.expansion(depth + 1);
    }
    this.at += close.length;
  }

  private redirection(depth: number): void {
    HEREDOC.lastIndex = this.at;
    const found = this.text.startsWith('<<<', this.at) ? null : HEREDOC.exec(this.text);
    if (found !== null) {
      const [whole, indent, single, double, plain] = found;
      const id = single ?? double ?? plain ?? '';
      const escaped = whole.includes('\\');
      const expands = single === undefined && double === undefined && !escaped;
      this.heredocs.push({ id, expands, indented: indent === '-' });
      this.at += whole.length;
      return;
    }
    if (
      (this.text.startsWith('<(', this.at) || this.text.startsWith('>(', this.at)) &&
      depth < DEEPEST
    ) {
      this.at += 2;
      this.list(')', depth + 1);
      this.at++;
      return;
    }
    while (/[<>&|]/.test(this.text[this.at] ?? '')) this.at++;
    while (/[ \t]/.test(this.text[this.at] ?? '')) this.at++;
    if (!/[\s;&|()<>]/.test(this.text[this.at] ?? ' ')) this.parts(depth);
  }

  private bodies(depth: number): void {
    const waiting = this.heredocs;
    this.heredocs = [];
    for (const { id, expands, indented } of waiting) {
      for (;;) {
        const newline = this.text.indexOf('\n', this.at);
        const lineEnd = newline < 0 ? this.text.length : newline;
        const line = this.text.slice(this.at, lineEnd);
        const isEnd = (indented ? line.replace(/^\t+/, '') : line).trimEnd() === id;
        if (!isEnd && expands) this.expansionsUntil(lineEnd, depth);
        this.at = Math.max(this.at, lineEnd + 1);
        if (isEnd || this.at >= this.text.length) break;
      }
    }
  }

  private expansionsUntil(end: number, depth: number): void {
    while (this.at < end) {
      const char = this.text[this.at];
      if (char === '$' || char === '`') this.expansion(depth);
      else this.at += char === '\\' ? 2 : 1;
    }
  }

  private toLineEnd(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private read(
    name: string,
    start: number,
    end: number,
    nameStart: number,
    fallback: string | undefined,
  ): void {
    // What the script has set before is its own, and no longer the environment's.
    if (this.sets.has(name)) return;
    const nameEnd = nameStart + name.length;
    // What nobody closed ends with the text.
    const within = Math.min(end, this.text.length);
    this.reads.push({
      name,
      start,
      end: within,
      nameStart,
      nameEnd,
      line: this.lineOf(start),
      fallback,
    });
  }

  private lineOf(offset: number): number {
    if (offset < this.counted) [this.counted, this.line] = [0, 1];
    for (;;) {
      const newline = this.text.indexOf('\n', this.counted);
      if (newline < 0 || newline >= offset) return this.line;
      this.counted = newline + 1;
      this.line++;
    }
  }
}

/** Says that a word was an assignment. */
const ASSIGNED = Symbol('assigned');

function isName(word: string): boolean {
  return /^[A-Za-z_]\w*$/.test(word);
}
