import { lexRuby, type RubyToken, type Text } from './ruby';
import {
  beginsStatement,
  constantOf,
  isRocket,
  listBefore,
  signAt,
  textAt,
  valueAfter,
  wordTextAt,
} from './rubyTokens';

/** What a Vagrantfile says, as far as its text tells; it is not run. Lines are counted from 1. */
export interface Vagrantfile {
  /** In the order of the text; where none is defined, Vagrant has one of the name `default`. */
  readonly machines: readonly DefinedMachine[];
  /** The names in `config.vm.provider '…'`; loops over a list give those of the list. */
  readonly providers: readonly string[];
  /** The lines that give a machine memory or processors. */
  readonly sizes: readonly Size[];
  /** The files that provisioners run: `path: '…'`. */
  readonly scripts: readonly Path[];
  readonly reads: readonly EnvironmentRead[];
  /** Names that the file itself sets with `ENV['X'] =`. */
  readonly writes: readonly string[];
  /**
   * Whether it may read variables that its text does not name: all of ENV, a computed name, another
   * Ruby file, a program.
   */
  readonly readsMore: boolean;
}

/** A stretch of the text in UTF-16 code units, the end exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

export interface DefinedMachine extends Stretch {
  /** What the text tells, with the defaults of the variables in it; undefined if it is computed. */
  readonly name: string | undefined;
  /** Whether it stands in a loop, and so defines any number of machines. */
  readonly several: boolean;
  readonly primary: boolean;
}

export interface Size extends Stretch {
  readonly what: 'memory' | 'cpus';
  /** The expression as it is written. */
  readonly value: string;
}

export interface Path extends Stretch {
  readonly path: string;
}

/** `ENV['X']` and its kind; the stretch is the whole read without its default. */
export interface EnvironmentRead extends Stretch {
  readonly name: string;
  /** Where the name stands, without quotes. */
  readonly nameStart: number;
  readonly nameEnd: number;
  /** `tested`: it is only asked whether it is there. `needed`: without it the file fails. */
  readonly how: 'read' | 'needed' | 'tested';
  /** What is taken where the variable is not set: a constant's value, else the expression as it is written. */
  readonly fallback: string | undefined;
}

/** Reads a Vagrantfile in whatever state it is. Never throws, and takes time in proportion to the text. */
export function readVagrantfile(text: string): Vagrantfile {
  const reading = new Reading(text);
  reading.walk(lexRuby(text), 0, false);
  return {
    machines: reading.machines,
    providers: [...reading.providers],
    sizes: reading.sizes,
    scripts: reading.scripts,
    reads: reading.reads.sort((a, b) => a.start - b.start),
    writes: [...reading.writes],
    readsMore: reading.readsMore,
  };
}

/** The names of the machines, if the text tells them all. */
export function machineNames({ machines }: Vagrantfile): string[] | undefined {
  if (machines.length === 0) return ['default'];
  const names = machines.flatMap(({ name, several }) => (several ? [] : (name ?? [])));
  return names.length === machines.length ? names : undefined;
}

const DEEPEST = 50;

const TESTS: ReadonlySet<string> = new Set(['key?', 'has_key?', 'include?', 'member?']);
const LISTS: ReadonlySet<string> = new Set(['values_at', 'slice']);
/** Words that run or load what else may read variables. */
const OTHERS: ReadonlySet<string> = new Set(
  'load require_relative eval instance_eval class_eval system exec spawn popen capture2 capture3'.split(
    ' ',
  ),
);
const LOOPS =
  /^(each|each_\w+|times|upto|downto|step|map|flat_map|collect|select|reject|for|while|until|loop|inject|reduce)$/;
/** What opens a block that `end` closes, at the beginning of a statement. */
const OPENING: ReadonlySet<string> = new Set(
  'if unless while until for case begin def class module'.split(' '),
);
const WITH_DO: ReadonlySet<string> = new Set(['while', 'until', 'for']);

class Reading {
  readonly machines: DefinedMachine[] = [];
  readonly providers = new Set<string>();
  readonly sizes: Size[] = [];
  readonly scripts: Path[] = [];
  readonly reads: EnvironmentRead[] = [];
  readonly writes = new Set<string>();
  readsMore = false;
  private readonly text: string;
  private lines: number[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** `looped` tells whether the tokens stand in a loop. */
  walk(tokens: readonly RubyToken[], depth: number, looped: boolean): void {
    // Whether each open block is a loop's, and which bracket closes it; undefined for `end`.
    const blocks: { loop: boolean; close: string | undefined }[] = [];
    let loop = false;
    let awaitsDo = false;
    let provisions = false;
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (token === undefined) break;
      if (token.kind === 'newline') {
        // A line that ends with a comma goes on.
        if (signAt(tokens, at - 1) !== ',') provisions = false;
        loop = false;
        awaitsDo = false;
      } else if (token.kind === 'text') {
        if (provisions && isRocket(tokens, at, 'path')) this.path(tokens, at + 1);
        this.inside(token, tokens, at, depth, looped || inLoop());
      } else if (token.kind === 'sign') {
        if (token.text === '{') {
          blocks.push({ loop, close: '}' });
          loop = false;
        } else if (token.text === '}') leave('}');
        else if (token.text === ';') loop = false;
      } else if (token.kind === 'word') {
        const { text } = token;
        const isCall = signAt(tokens, at - 1) === '.' || signAt(tokens, at - 1) === '&.';
        if (LOOPS.test(text)) loop = true;
        if (isCall && text === 'provision') provisions = true;
        if (text === 'do') {
          if (!awaitsDo) blocks.push({ loop, close: undefined });
          loop = false;
          awaitsDo = false;
        } else if (text === 'end' && !isCall) leave(undefined);
        else if (OPENING.has(text) && !isCall && beginsStatement(tokens[at - 1])) {
          blocks.push({ loop: WITH_DO.has(text), close: undefined });
          awaitsDo = WITH_DO.has(text);
        } else this.wordAt(text, tokens, at, isCall, looped || inLoop());
      } else if (token.kind === 'key' && token.text === 'path' && provisions) this.path(tokens, at);
    }

    function inLoop(): boolean {
      return blocks.some((block) => block.loop);
    }
    function leave(close: string | undefined): void {
      const last = blocks.findLastIndex((block) => block.close === close);
      if (last >= 0) blocks.length = last;
    }
  }

  private wordAt(
    word: string,
    tokens: readonly RubyToken[],
    at: number,
    isCall: boolean,
    looped: boolean,
  ): void {
    if (word === 'ENV' && signAt(tokens, at - 1) !== '::') this.environment(tokens, at);
    else if (word === 'define' && isCall) this.machine(tokens, at, looped);
    else if (word === 'provider' && isCall) this.provider(tokens, at);
    else if ((word === 'memory' || word === 'cpus') && isCall) this.size(word, tokens, at);
    else if (word === 'path' && isCall && signAt(tokens, at + 1) === '=') this.path(tokens, at + 1);
    else if (OTHERS.has(word) && signAt(tokens, at + 1) !== '=') this.readsMore = true;
    else if (word === 'require') {
      // Plugins and the standard library leave the file's variables alone; a path is another file.
      const library = textAt(tokens, at + 1);
      this.readsMore ||= library === '' || /^\.|\.rb$|^\//.test(library);
    }
  }

  private inside(
    token: Text,
    tokens: readonly RubyToken[],
    at: number,
    depth: number,
    looped: boolean,
  ): void {
    if (this.text[token.start] === '`' || this.text.startsWith('%x', token.start))
      this.readsMore = true;
    const constant = constantOf(token);
    // `v.customize ['modifyvm', :id, '--memory', 2048]`
    if (constant === '--memory' || constant === '--cpus') {
      const value = valueAfter(tokens, at + 1, this.text, new Set([']']));
      if (signAt(tokens, at + 1) === ',' && value !== undefined)
        this.sizes.push({
          ...this.stretch(token.start, value.end),
          what: constant === '--memory' ? 'memory' : 'cpus',
          value: value.text,
        });
    }
    if (depth >= DEEPEST) return;
    for (const part of token.parts)
      if (typeof part !== 'string') this.walk(part, depth + 1, looped);
  }

  private environment(tokens: readonly RubyToken[], at: number): void {
    const next = signAt(tokens, at + 1);
    if (next === '[') {
      const name = tokens[at + 2];
      if (signAt(tokens, at + 3) === ']' && this.element(tokens, at, name)) return;
    } else if (next === '.' || next === '&.') {
      const method = tokens[at + 2];
      if (method?.kind === 'word' && this.method(method.text, tokens, at)) return;
    }
    this.readsMore = true;
  }

  /** `ENV['X']`, also as the target of an assignment; false if the name is computed. */
  private element(tokens: readonly RubyToken[], at: number, name: RubyToken | undefined): boolean {
    const constant = constantOf(name);
    if (constant === undefined || name === undefined) return false;
    const after = signAt(tokens, at + 4);
    if (after === '=') {
      this.writes.add(constant);
      return true;
    }
    if (after === '||=') this.writes.add(constant);
    const or = after === '||' || after === '||=' || wordTextAt(tokens, at + 4) === 'or';
    const end = tokens[at + 3]?.end ?? name.end;
    const fallback = or ? valueAfter(tokens, at + 5, this.text)?.text : undefined;
    const tested = after === '.' && wordTextAt(tokens, at + 5) === 'nil?';
    this.read(tokens[at]?.start ?? 0, end, name, constant, tested ? 'tested' : 'read', fallback);
    return true;
  }

  private method(method: string, tokens: readonly RubyToken[], at: number): boolean {
    const start = tokens[at]?.start ?? 0;
    const inBrackets = signAt(tokens, at + 3) === '(';
    const first = at + (inBrackets ? 4 : 3);
    const name = tokens[first];
    const constant = constantOf(name);
    if (LISTS.has(method)) {
      for (let next = first; ; next += 2) {
        const each = tokens[next];
        const known = constantOf(each);
        if (each === undefined || known === undefined) return next > first;
        this.read(start, each.end, each, known, 'read', undefined);
        if (signAt(tokens, next + 1) !== ',') return true;
      }
    }
    if (constant === undefined || name === undefined) return false;
    const end = (inBrackets ? tokens[first + 1]?.end : undefined) ?? name.end;
    if (TESTS.has(method)) this.read(start, end, name, constant, 'tested', undefined);
    else if (method === 'fetch') {
      const fallback = this.fetchFallback(tokens, first, inBrackets);
      const how = fallback === undefined ? 'needed' : 'read';
      this.read(start, name.end, name, constant, how, fallback);
    } else if (method === 'dig' || method === 'assoc')
      this.read(start, end, name, constant, 'read', undefined);
    else if (method === 'store' || method === 'delete') this.writes.add(constant);
    else return false;
    return true;
  }

  /** The default of `ENV.fetch('X', 'y')` or `ENV.fetch('X') { 'y' }`. */
  private fetchFallback(
    tokens: readonly RubyToken[],
    name: number,
    inBrackets: boolean,
  ): string | undefined {
    if (signAt(tokens, name + 1) === ',') return valueAfter(tokens, name + 2, this.text)?.text;
    const block = name + (inBrackets ? 2 : 1);
    if (signAt(tokens, block) !== '{' && wordTextAt(tokens, block) !== 'do') return undefined;
    return valueAfter(tokens, block + 1, this.text, new Set(['}']))?.text ?? '';
  }

  private read(
    start: number,
    end: number,
    name: { readonly start: number; readonly end: number },
    constant: string,
    how: EnvironmentRead['how'],
    fallback: string | undefined,
  ): void {
    const nameStart = this.text.indexOf(constant, name.start);
    const stretch = this.stretch(start, end);
    const nameEnd = nameStart + constant.length;
    this.reads.push({ ...stretch, name: constant, nameStart, nameEnd, how, fallback });
  }

  private machine(tokens: readonly RubyToken[], at: number, several: boolean): void {
    const name = tokens[at + (signAt(tokens, at + 1) === '(' ? 2 : 1)];
    // `x.define = 1`, or a call without a name, is something else.
    if (name === undefined || name.kind === 'newline') return;
    if (name.kind === 'sign' || name.kind === 'key') return;
    let primary = false;
    for (let next = at + 2; next < at + 20; next++) {
      const token = tokens[next];
      if (token === undefined || token.kind === 'newline') break;
      const isPrimary = token.kind === 'key' && token.text === 'primary';
      if (isPrimary) primary = wordTextAt(tokens, next + 1) === 'true';
      if (isRocket(tokens, next, 'primary')) primary = wordTextAt(tokens, next + 2) === 'true';
    }
    const text = name.kind === 'text' ? this.withDefaults(name) : undefined;
    this.machines.push({ ...this.stretch(name.start, name.end), name: text, several, primary });
  }

  /** What a string comes to where the variables in it are not set; undefined if it holds anything else. */
  private withDefaults({ parts, list }: Text): string | undefined {
    if (list) return undefined;
    let result = '';
    for (const part of parts) {
      if (typeof part === 'string') result += part;
      else {
        const own = new Reading(this.text);
        own.environment(part, 0);
        const [read, ...more] = own.reads;
        if (read === undefined || more.length > 0 || part[0]?.kind !== 'word') return undefined;
        if (own.readsMore || part[0].text !== 'ENV') return undefined;
        result += read.fallback ?? '';
      }
    }
    return result;
  }

  private provider(tokens: readonly RubyToken[], at: number): void {
    const name = tokens[at + (signAt(tokens, at + 1) === '(' ? 2 : 1)];
    const constant = constantOf(name);
    if (constant !== undefined) this.providers.add(constant);
    else if (name?.kind === 'word') {
      // `%w[virtualbox libvirt].each do |provider|`: the list that the variable goes through.
      for (const each of listBefore(tokens, at, name.text)) this.providers.add(each);
    }
  }

  private size(what: Size['what'], tokens: readonly RubyToken[], at: number): void {
    const isSet = signAt(tokens, at + 1) === '=';
    const value = isSet ? valueAfter(tokens, at + 2, this.text) : undefined;
    const start = tokens[at]?.start ?? 0;
    if (value) this.sizes.push({ ...this.stretch(start, value.end), what, value: value.text });
  }

  private path(tokens: readonly RubyToken[], at: number): void {
    const value = tokens[at + 1];
    const constant = constantOf(value);
    if (value === undefined || constant === undefined) return;
    this.scripts.push({ ...this.stretch(value.start, value.end), path: constant });
  }

  private stretch(start: number, end: number): Stretch {
    this.lines ??= lineStarts(this.text);
    let [low, high] = [0, this.lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.lines[middle] ?? 0) <= start) low = middle;
      else high = middle;
    }
    return { start, end, line: low + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
