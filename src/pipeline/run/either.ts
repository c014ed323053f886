import { Unknown } from '../effects';
import { originIn } from './frame';
import type { Frame } from './frame';
import { rangeOf } from '../syntax';
import type { Place } from '../syntax';
import { Host, Lambda, Thrown, equal, shown } from './values';
import type { Thing } from './values';

/** Texts that a person reads are no longer than this. */
const LONGEST = 40;
/** No more values are named than this. */
const MOST = 5;

/** One of a few values, of which nobody knows which. */
class OneOf extends Unknown {
  readonly values: readonly Thing[];

  constructor(values: readonly Thing[], line: number, frame: Frame) {
    const named = values.slice(0, MOST).map(said);
    const last = values.length > MOST ? 'something else' : (named.pop() ?? '');
    super(originIn(frame, `either ${named.join(', ')} or ${last}`), line);
    this.values = values;
  }
}

/**
 * What is known of a value that two ways have left: itself if they agree, and else that it is one
 * of two. So nothing is said that one of the ways would make false.
 */
export function either(a: Thing, b: Thing, place: Place, frame: Frame): Thing {
  if (isSame(a, b)) return a;
  const values = [...valuesOf(a), ...valuesOf(b)];
  const unknown = values.find((value) => value instanceof Unknown);
  if (unknown !== undefined) return unknown;
  const once = values.filter((value, at) => values.findIndex((each) => isSame(each, value)) === at);
  return new OneOf(once, rangeOf(frame.file.pipeline, place).line, frame);
}

export function isSame(a: Thing, b: Thing): boolean {
  if (a === b) return true;
  if (a instanceof Unknown && b instanceof Unknown) {
    return a.origin === b.origin && a.line === b.line;
  }
  if (isOpaque(a) || isOpaque(b)) return false;
  // A list may hold what is unknown in both.
  return equal(a, b) === true;
}

function valuesOf(thing: Thing): readonly Thing[] {
  return thing instanceof OneOf ? thing.values : [thing];
}

function isOpaque(thing: Thing): boolean {
  return thing instanceof Host || thing instanceof Lambda || thing instanceof Thrown;
}

function said(thing: Thing): string {
  const text = shown(thing);
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return typeof thing === 'string' ? `'${short}'` : short;
}
