import { Unknown } from '../effects';
import { format } from './formats';
import type { Apply, Result } from './methods';
import { decimalOf, Double, isNumber, toNumber, whole, Long } from './numerics';
import { fits, found, inTime, javaPattern, replaced, sourceOf } from './patterns';
import { sourceText, textClosure } from './textClosures';
import { Lambda, Pattern, Raised, Span, compare, shown } from './values';
import type { Thing } from './values';

/** No text that a Jenkinsfile computes is longer. */
export const MAX_TEXT = 10_000_000;

/** The methods of texts, by Groovy's and Java's names. */
export function textMethod(
  text: string,
  name: string,
  args: readonly Thing[],
  apply: Apply,
): Result {
  const unknown = args.find((arg) => arg instanceof Unknown);
  if (unknown !== undefined) return unknown;
  const last = args.at(-1);
  if (last instanceof Lambda) return textClosure(text, name, args, last, apply);
  const [first, second] = args;
  const a = first === undefined ? '' : shown(first);
  const b = second === undefined ? '' : shown(second);
  const n = first !== undefined && isNumber(first) ? toNumber(first) : 0;
  switch (name) {
    case 'trim':
      return trimmed(text);
    case 'strip':
      return text.trim();
    case 'stripLeading':
      return text.trimStart();
    case 'stripTrailing':
      return text.trimEnd();
    case 'toLowerCase':
      return text.toLowerCase();
    case 'toUpperCase':
      return text.toUpperCase();
    case 'capitalize':
      return text.charAt(0).toUpperCase() + text.slice(1);
    case 'uncapitalize':
      return text.charAt(0).toLowerCase() + text.slice(1);
    case 'length':
    case 'size':
      return text.length;
    case 'isEmpty':
      return text === '';
    case 'isBlank':
    case 'isAllWhitespace':
      return text.trim() === '';
    case 'isInteger':
      return (
        /^[+-]?\d+$/.test(text.trim()) &&
        Number.isSafeInteger(Number(text)) &&
        Math.abs(Number(text)) <= 2 ** 31
      );
    case 'isLong':
    case 'isBigInteger':
      return /^[+-]?\d+$/.test(text.trim());
    case 'isNumber':
    case 'isBigDecimal':
    case 'isDouble':
    case 'isFloat':
      return decimalOf(text) !== undefined;
    case 'contains':
      return text.includes(a);
    case 'startsWith':
      return isNumber(second ?? null) ? text.startsWith(a, Number(second)) : text.startsWith(a);
    case 'endsWith':
      return text.endsWith(a);
    case 'equalsIgnoreCase':
      return typeof first === 'string' && text.toLowerCase() === a.toLowerCase();
    case 'compareToIgnoreCase':
      return compare(text.toLowerCase(), a.toLowerCase());
    case 'indexOf':
      return text.indexOf(a, typeof second === 'number' ? second : 0);
    case 'lastIndexOf':
      return text.lastIndexOf(a);
    case 'concat':
    case 'plus':
      return text + a;
    case 'minus':
      return first instanceof Pattern
        ? replaced(text, first.source, '', false)
        : text.replace(a, () => '');
    case 'reverse':
      return text.split('').reverse().join('');
    case 'substring':
    case 'subSequence': {
      const end = second === undefined ? text.length : Number(second);
      if (n < 0 || end > text.length || n > end) throw outOfRange(n < 0 ? n : end - n);
      return text.slice(n, end);
    }
    case 'take':
      return text.slice(0, Math.max(0, n));
    case 'drop':
      return text.slice(Math.max(0, n));
    case 'charAt':
      if (n < 0 || n >= text.length) throw outOfRange(n);
      return text.charAt(n);
    case 'getAt':
      return at(text, first ?? null);
    case 'multiply':
      return text.length * n > MAX_TEXT ? undefined : text.repeat(Math.max(0, n));
    case 'repeat':
      return text.length * n > MAX_TEXT ? undefined : text.repeat(Math.max(0, n));
    case 'padLeft':
      return text.padStart(Math.min(n, 10_000), second === undefined ? ' ' : b);
    case 'padRight':
      return text.padEnd(Math.min(n, 10_000), second === undefined ? ' ' : b);
    case 'center':
      return centred(text, Math.min(n, 10_000), second === undefined ? ' ' : b);
    case 'next':
      return text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
    case 'previous':
      return text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) - 1);
    case 'count':
      return a === '' ? 0 : text.split(a).length - 1;
    case 'format':
      return undefined;
    case 'formatted':
      return format(text, args);
    case 'split':
      return args.length === 0 ? words(text) : splitText(text, a, second);
    case 'tokenize':
      return text.split(oneOf(args.length === 0 ? ' \t\n\r\f' : a)).filter((part) => part !== '');
    case 'readLines':
    case 'lines':
      return lines(text);
    case 'toList':
    case 'toCharArray':
    case 'chars':
      return text.split('');
    case 'toSet':
      return [...new Set(text.split(''))];
    case 'iterator':
      return text.split('');
    case 'replace':
      return text.replaceAll(a, () => b);
    case 'replaceAll':
    case 'replaceFirst': {
      const source = sourceOf(first ?? null);
      if (source instanceof Unknown) return source;
      return replaced(text, source, b, name === 'replaceAll');
    }
    case 'matches':
      return fits(text, a);
    case 'find': {
      const matches = found(text, sourceText(first));
      return matches === undefined ? undefined : (matches[0]?.[0] ?? null);
    }
    case 'findAll':
      return found(text, sourceText(first))?.map(([whole]) => whole);
    case 'any':
      return text !== '';
    case 'stripIndent':
      return stripIndent(text, typeof first === 'number' ? first : undefined);
    case 'stripMargin':
      return stripMargin(text, first === undefined ? '|' : a);
    case 'normalize':
      return text.replaceAll(/\r\n?/g, '\n');
    case 'denormalize':
    case 'intern':
      return text;
    case 'expand':
      return expanded(text, first === undefined ? 8 : n);
    case 'expandLine':
      return expanded(text, first === undefined ? 8 : n);
    case 'unexpand':
      return undefined;
    case 'tr':
      return translated(text, a, b);
    case 'hashCode':
      return hashOf(text);
    case 'getBytes':
      return [...Buffer.from(text)].map((byte) => (byte << 24) >> 24);
    case 'asType':
      return undefined;
    case 'leftShift':
    case 'append':
      return text + a;
    case 'encodeBase64':
      return Buffer.from(text).toString('base64');
    case 'decodeBase64':
      return [...Buffer.from(text, 'base64')].map((byte) => (byte << 24) >> 24);
    case 'toURL':
    case 'toURI':
      return undefined;
    default:
      return conversion(text, name);
  }
}

/** `text[key]`: a place, a range, or a list of places. */
export function at(text: string, key: Thing): Thing | undefined {
  if (key instanceof Span) {
    const places = cut(key, text.length);
    if (places === undefined) return undefined;
    const { from, to, reverse } = places;
    if (from < 0 || to >= text.length) throw outOfRange(from < 0 ? from : to + 1);
    const part = text.slice(from, to + 1);
    return reverse ? part.split('').reverse().join('') : part;
  }
  if (Array.isArray(key)) {
    const parts = key.map((one) => at(text, one));
    return parts.includes(undefined) ? undefined : parts.map((part) => shown(part ?? '')).join('');
  }
  if (typeof key !== 'number') return undefined;
  const place = key < 0 ? key + text.length : key;
  if (place < 0 || place >= text.length) throw outOfRange(key);
  return text.charAt(place);
}

/** The places that a range cuts out of something of this length, the last one included. */
export function cut(
  { from, to, exclusive }: Span,
  length: number,
): { from: number; to: number; reverse: boolean } | undefined {
  if (typeof from !== 'number' || typeof to !== 'number') return undefined;
  const first = from < 0 ? from + length : from;
  let last = to < 0 ? to + length : to;
  if (exclusive) last += first <= last ? -1 : 1;
  if (exclusive && from === to) return { from: 0, to: -1, reverse: false };
  return first <= last
    ? { from: first, to: last, reverse: false }
    : { from: last, to: first, reverse: !exclusive || first > last };
}

/** Java's `trim`: everything up to the space. */
function trimmed(text: string): string {
  return text.replace(/^[\0- ]+/, '').replace(/(?<![\0- ])[\0- ]+$/, '');
}

function conversion(text: string, name: string): Thing | undefined {
  const trimmedText = text.trim();
  switch (name) {
    case 'toInteger':
    case 'toLong':
    case 'toBigInteger':
    case 'toShort': {
      if (!/^[+-]?\d+$/.test(trimmedText)) throw notANumber(text);
      const value = BigInt(trimmedText.replace('+', ''));
      if (name === 'toLong') return new Long(value);
      if (name === 'toInteger' && (value < -(2n ** 31n) || value >= 2n ** 31n))
        throw notANumber(text);
      return whole(value);
    }
    case 'toDouble':
    case 'toFloat': {
      if (decimalOf(trimmedText) === undefined) throw notANumber(text);
      return new Double(Number(trimmedText));
    }
    case 'toBigDecimal': {
      const value = decimalOf(trimmedText);
      if (value === undefined) throw notANumber(text);
      return value;
    }
    default:
      return undefined;
  }
}

function notANumber(text: string): Raised {
  return new Raised('java.lang.NumberFormatException', `For input string: "${text}"`);
}

function outOfRange(place: number): Raised {
  return new Raised(
    'java.lang.StringIndexOutOfBoundsException',
    `String index out of range: ${place}`,
  );
}

export function lines(text: string): string[] {
  const all = text.split(/\r\n|[\r\n]/);
  if (all.at(-1) === '') all.pop();
  return all;
}

function words(text: string): string[] {
  return text.split(/[ \t\n\r\f]+/).filter((part) => part !== '');
}

/** Java's `split`: a pattern; empty parts at the end are dropped unless there is a limit. */
export function splitText(
  text: string,
  pattern: string,
  limit: Thing | undefined,
): Thing | undefined {
  const expression = javaPattern(pattern, 'g');
  if (expression === undefined) return undefined;
  const most = typeof limit === 'number' ? limit : 0;
  const parts: string[] = [];
  let from = 0;
  const matches = inTime(pattern, () => [...text.matchAll(expression)]);
  if (matches === undefined) return undefined;
  for (const match of matches) {
    if (most > 0 && parts.length === most - 1) break;
    const end = match.index + match[0].length;
    // A match of nothing at the start gives no part, and one at the end neither.
    if (end === 0 || (match[0] === '' && match.index === text.length)) continue;
    parts.push(text.slice(from, match.index));
    from = end;
  }
  parts.push(text.slice(from));
  // Without any match the text stays as it is, also an empty one.
  const isCut = from > 0;
  while (most === 0 && isCut && parts.at(-1) === '') parts.pop();
  return parts;
}

function oneOf(characters: string): RegExp {
  return new RegExp(`[${characters.replaceAll(/[\\\]^-]/g, '\\$&')}]`);
}

function centred(text: string, width: number, pad: string): string {
  const missing = width - text.length;
  if (missing <= 0) return text;
  return text.padStart(text.length + Math.floor(missing / 2), pad).padEnd(width, pad);
}

/** Groovy's: the least indentation of the lines that are not blank is taken from each. */
function stripIndent(text: string, given: number | undefined): string {
  const all = text.split('\n');
  const widths = all
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const width = given ?? Math.min(...widths, Infinity);
  if (!Number.isFinite(width)) return text;
  return all.map((line) => (line.length < width ? line.trimStart() : line.slice(width))).join('\n');
}

function stripMargin(text: string, margin: string): string {
  const all = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n');
  const stripped = all.map((line) => {
    const rest = line.trimStart();
    return rest.startsWith(margin) ? rest.slice(margin.length) : line;
  });
  return stripped.join('\n') + (text.endsWith('\n') ? '\n' : '');
}

function expanded(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      let result = '';
      for (const c of line) result += c === '\t' ? ' '.repeat(width - (result.length % width)) : c;
      return result;
    })
    .join('\n');
}

/** `tr('a-y', 'b-z')`. */
function translated(text: string, from: string, to: string): string {
  const [sources, targets] = [spread(from), spread(to)];
  return text
    .split('')
    .map((c) => {
      const place = sources.lastIndexOf(c);
      return place < 0 ? c : (targets[Math.min(place, targets.length - 1)] ?? '');
    })
    .join('');
}

function spread(set: string): string[] {
  const expandedSet = set.replaceAll(/(.)-(.)/g, (_whole, a: string, b: string) => {
    let all = '';
    for (let c = a.charCodeAt(0); c <= b.charCodeAt(0); c++) all += String.fromCharCode(c);
    return all;
  });
  return expandedSet.split('');
}

/** Java's. */
function hashOf(text: string): number {
  let hash = 0;
  for (let place = 0; place < text.length; place++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(place)) | 0;
  }
  return hash;
}
