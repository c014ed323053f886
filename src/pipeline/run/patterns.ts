import { createContext, Script, type Context } from 'node:vm';

import { Unknown } from '../effects';
import { Host, Pattern, Raised, textOf } from './values';
import type { Thing } from './values';

/** What a Java pattern may not hold here, since JavaScript lacks it. */
const FOREIGN = /\(\?>|[*+?}]\+|\\[GXN]|&&/;
/** No text is searched that is longer. */
const MAX_TEXT = 100_000;
/** In milliseconds; a pattern that takes longer over a text is one of which there is no telling. */
const LONGEST_SEARCH = 1000;

/** A Java pattern as JavaScript's; undefined if it cannot be one. Search with `inTime`. */
export function javaPattern(source: string, flags = ''): RegExp | undefined {
  if (source.length > 1000) return undefined;
  let all = flags;
  let text = source;
  const inline = /^\(\?([imsu]+)\)/.exec(source);
  if (inline !== null) {
    text = source.slice(inline[0].length);
    all += (inline[1] ?? '').replace('u', '');
  }
  if (/\(\?[imsux-]+[:)]/.test(text) || FOREIGN.test(text) || isExplosive(text)) {
    return undefined;
  }
  const translated = translate(text, all.includes('m'));
  if (translated === undefined) return undefined;
  try {
    return new RegExp(translated, [...new Set(all)].join(''));
  } catch {
    return undefined;
  }
}

/** Whether a group that repeats something is itself repeated, as in `(a+)+`. */
function isExplosive(source: string): boolean {
  const parts = source.split(')');
  return parts.some((part, at) => {
    const group = part.indexOf('(');
    return group >= 0 && /[*+]/.test(part.slice(group)) && /^[*+{]/.test(parts[at + 1] ?? '');
  });
}

const searching: { work?: () => unknown } = {};
let context: Context | undefined;
let call: Script | undefined;
/** Searches that took too long, so that a loop over them ends. */
const slow = new Set<string>();

/**
 * What a search gives; undefined if it takes too long. It runs in a context of its own, since Node can
 * interrupt only that.
 */
export function inTime<T>(source: string, work: () => T): T | undefined {
  if (slow.has(source)) return undefined;
  context ??= createContext(searching);
  call ??= new Script('work()');
  searching.work = work;
  try {
    return call.runInContext(context, { timeout: LONGEST_SEARCH }) as T;
  } catch (cause) {
    // The error is one of that context, and no `Error` of ours.
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause;
    if (slow.size < 1000) slow.add(source);
    return undefined;
  } finally {
    delete searching.work;
  }
}

/** Whether the whole text fits the pattern; undefined if there is no telling. */
export function fits(text: string, source: string): boolean | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const inline = /^\(\?[imsu]+\)/.exec(source)?.[0] ?? '';
  const pattern = javaPattern(`${inline}^(?:${source.slice(inline.length)})\\z`);
  return pattern && inTime(source, () => pattern.test(text));
}

/** What a Java pattern finds, each with its groups; undefined if there is no telling. */
export function found(text: string, source: string): RegExpExecArray[] | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const pattern = javaPattern(source, 'g');
  return pattern && inTime(source, () => [...text.matchAll(pattern)]);
}

/** A match as Groovy gives it: a text, or a list with the groups. */
export function groupsOf(match: RegExpExecArray): Thing {
  const groups = [...match].map((group): Thing => (group as string | undefined) ?? null);
  return groups.length === 1 ? (groups[0] ?? null) : groups;
}

/** What `text =~ pattern` gives. */
export class Matcher extends Host {
  readonly input: string;
  readonly source: string;
  readonly matches: readonly RegExpExecArray[];
  /** Which of the matches `find()` stands at; -1 before the first. */
  at = -1;
  /** Set by `matches()`: the whole as one match. */
  private entire: RegExpExecArray | undefined;

  constructor(input: string, source: string, matches: readonly RegExpExecArray[]) {
    super('java.util.regex.Matcher');
    this.input = input;
    this.source = source;
    this.matches = matches;
  }

  call(name: string, args: readonly Thing[]): Thing | undefined {
    const [first] = args;
    switch (name) {
      case 'find':
        if (this.at < this.matches.length) this.at++;
        return this.at < this.matches.length;
      case 'matches': {
        const pattern = javaPattern(`^(?:${this.source})\\z`);
        const whole = pattern && inTime(this.source, () => pattern.exec(this.input));
        this.entire = whole ?? undefined;
        return whole === undefined ? undefined : whole !== null;
      }
      case 'group': {
        const match = this.entire ?? this.matches[Math.max(0, this.at)];
        if (match === undefined) return undefined;
        return typeof first === 'string'
          ? (match.groups?.[first] ?? null)
          : (match[typeof first === 'number' ? first : 0] ?? null);
      }
      case 'groupCount':
        return groupCount(this.source);
      case 'hasGroup':
        return groupCount(this.source) > 0;
      case 'size':
      case 'getCount':
        return this.matches.length;
      case 'getAt':
        return typeof first === 'number' ? this.item(first) : undefined;
      case 'reset':
        this.at = -1;
        return this;
      case 'start':
        return this.matches[this.at]?.index;
      case 'end': {
        const match = this.matches[this.at];
        return match && match.index + match[0].length;
      }
      case 'replaceAll':
      case 'replaceFirst': {
        const text = first === undefined ? '' : textOf(first);
        if (text instanceof Unknown) return text;
        return replaced(this.input, this.source, text, name === 'replaceAll');
      }
      default:
        return undefined;
    }
  }

  item(at: number): Thing {
    const match = this.matches.at(at);
    if (match !== undefined) return groupsOf(match);
    throw new Raised(
      'java.lang.IndexOutOfBoundsException',
      `index is out of range 0..${this.matches.length - 1} (index = ${at})`,
    );
  }

  override get truth(): boolean {
    return this.matches.length > 0;
  }

  items(): Thing[] {
    return this.matches.map(groupsOf);
  }
}

/** `text.replaceAll(source, replacement)` with `$1`, `${name}` and backslashes as Java has them. */
export function replaced(
  text: string,
  source: string,
  replacement: string,
  all: boolean,
): string | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const pattern = javaPattern(source, all ? 'g' : '');
  if (pattern === undefined) return undefined;
  const put = (...given: unknown[]): string => {
    const named = given.at(-1);
    const groups = given.slice(
      0,
      given.findIndex((item) => typeof item === 'number'),
    );
    return replacement.replaceAll(
      /\\([^])|\$(?:(\d+)|\{(\w+)\})/g,
      (_whole, escaped?: string, digits?: string, name?: string) => {
        if (escaped !== undefined) return escaped;
        const group =
          digits === undefined
            ? (named as Record<string, unknown>)[name ?? '']
            : numbered(groups, digits);
        return typeof group === 'string' ? group : '';
      },
    );
  };
  return inTime(source, () => text.replace(pattern, put));
}

/** `$12` is the group 12 if there is one, and else the group 1 before a 2. */
function numbered(groups: readonly unknown[], digits: string): string {
  let taken = digits.length;
  while (taken > 1 && Number(digits.slice(0, taken)) >= groups.length) taken--;
  const group = groups[Number(digits.slice(0, taken))];
  return (typeof group === 'string' ? group : '') + digits.slice(taken);
}

/** The source of a pattern, or a text that is one. */
export function sourceOf(thing: Thing): string | Unknown {
  return thing instanceof Pattern ? thing.source : textOf(thing);
}

function groupCount(source: string): number {
  return (source.match(/(?<!\\)\((?!\?(?!<[a-zA-Z]))/g) ?? []).length;
}

const CLASSES: Readonly<Record<string, string>> = {
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Upper: 'A-Z',
  Lower: 'a-z',
  Punct: '!-\\/:-@\\[-`{-~',
  Space: '\\s',
  Blank: ' \\t',
  XDigit: '0-9a-fA-F',
  ASCII: '\\x00-\\x7F',
};

/** What Java writes in another way. In Java `$` also stands before a last line end. */
function translate(source: string, multiline: boolean): string | undefined {
  let result = '';
  let inClass = false;
  for (let at = 0; at < source.length; at++) {
    const c = source.charAt(at);
    if (c === '\\') {
      const next = source.charAt(++at);
      if (next === 'Q') {
        const end = source.indexOf('\\E', at);
        const literal = source.slice(at + 1, end < 0 ? undefined : end);
        result += literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
        at = end < 0 ? source.length : end + 1;
      } else if (next === 'A') result += '(?<![^])';
      else if (next === 'z') result += '(?![^])';
      else if (next === 'Z') result += END;
      else if (next === 'h') result += inClass ? ' \\t\\xA0' : '[ \\t\\xA0]';
      else if (next === 'R') result += '(?:\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029])';
      else if (next === 'e') result += '\\x1B';
      else if (next === 'a') result += '\\x07';
      else if (next === 'p' || next === 'P') {
        const name = /^\{(\w+)\}/.exec(source.slice(at + 1));
        const set = CLASSES[name?.[1] ?? ''];
        if (name === null || set === undefined || (inClass && next === 'P')) return undefined;
        result += inClass ? set : `[${next === 'P' ? '^' : ''}${set}]`;
        at += name[0].length;
      } else result += c + next;
    } else if (inClass) {
      if (c === '[') return undefined;
      if (c === ']') inClass = false;
      result += c;
    } else if (c === '[') {
      inClass = true;
      result += c;
      // A bracket that stands first is a character in Java.
      if (source.charAt(at + 1) === '^') result += source.charAt(++at);
      if (source.charAt(at + 1) === ']') result += `\\${source.charAt(++at)}`;
    } else if (c === '$' && !multiline) {
      result += END;
    } else result += c;
  }
  return result;
}

const END = '(?=(?:\\r\\n|[\\n\\r\\x85\\u2028\\u2029])?(?![^]))';
