import { Unknown } from './effects';
import { unknown } from './frame';
import type { Frame } from './frame';
import type { Place } from './syntax';
import { Host, Lambda, Thrown, equal, shown } from './values';
import type { Thing } from './values';

/** Texts that a person reads are no longer than this. */
const LONGEST = 40;

/**
 * What is known of a value that two ways have left: itself if they agree, and else that it is one
 * of two. So nothing is said that one of the ways would make false.
 */
export function either(a: Thing, b: Thing, place: Place, frame: Frame): Thing {
  if (isSame(a, b)) return a;
  if (a instanceof Unknown) return a;
  if (b instanceof Unknown) return b;
  return unknown(`either ${said(a)} or ${said(b)}`, place, frame);
}

export function isSame(a: Thing, b: Thing): boolean {
  if (a === b) return true;
  if (a instanceof Unknown && b instanceof Unknown)
    return a.origin === b.origin && a.line === b.line;
  if (isOpaque(a) || isOpaque(b)) return false;
  // A list may hold what is unknown in both.
  return equal(a, b) === true;
}

function isOpaque(thing: Thing): boolean {
  return thing instanceof Host || thing instanceof Lambda || thing instanceof Thrown;
}

function said(thing: Thing): string {
  const text = shown(thing);
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return typeof thing === 'string' ? `'${short}'` : short;
}
