import { isAscii } from 'node:buffer';
import { Script, createContext } from 'node:vm';
import { UserError } from '../../base/errors';
import { wholeLines } from '../../jenkins/lines';
import type { LogText } from './logText';
import { LONGEST_LINE } from './screen';
import { isPrefixed, shownLine, type Showing } from './showing';
import type { Window } from './window';

/** What is looked for: a text, or where somebody typed `/…/` a regular expression. */
export interface Query {
  readonly kind: 'text' | 'expression';
  /** Without the slashes. */
  readonly text: string;
  readonly matchCase: boolean;
}

/** A line in which it was found. */
export interface Hit {
  /** Counted from 0 in the whole log. */
  readonly line: number;
  /** Where the line begins, in bytes of the log. */
  readonly offset: number;
  /** The line as it is shown. */
  readonly text: string;
  /** Columns of the first place in it. */
  readonly from: number;
  readonly to: number;
}

export interface SearchOptions {
  readonly part: Window;
  readonly showing: Showing;
  readonly signal: AbortSignal;
  /** Told of hits as they come, in the order of the log, and of the bytes that have been searched. */
  readonly progress: (hits: readonly Hit[], searched: number) => void;
}

/** Hits beyond are not looked for. */
export const MOST_HITS = 2000;
const BLOCK = 2 << 20;
/** Milliseconds for a block; an expression that takes longer could take for ever. */
const PATIENCE = 1000;

/** `/…/` is an expression, anything else a text. */
export function queryOf(typed: string, matchCase: boolean): Query {
  const expression = /^\/(.+)\/$/s.exec(typed)?.[1];
  return expression === undefined
    ? { kind: 'text', text: typed, matchCase }
    : { kind: 'expression', text: expression, matchCase };
}

/**
 * Looks through a log of any length, a block of its file at a time: little memory, and never long
 * without letting others do something. Lines are searched as they are shown, which is without
 * colours, and only their beginning where they are very long. An expression sees one line at a time.
 * One that backtracks without end is stopped by its time for a block: it runs in a context of its
 * own, since Node can interrupt only that.
 * @returns whether there may be more hits than `MOST_HITS`.
 * @throws UserError when the expression is none, or takes too long.
 */
export async function search(
  log: LogText,
  query: Query,
  { part, showing, signal, progress }: SearchOptions,
): Promise<boolean> {
  const find = finder(query, showing);
  const blocks: { bytes: Buffer; offset: number }[] = [];
  const lines = wholeLines((bytes, offset) => {
    blocks.push({ bytes, offset: part.from.offset + offset });
  });
  let count = 0;
  let searched = 0;
  const look = async (): Promise<void> => {
    for (const { bytes, offset } of blocks.splice(0)) {
      const hits: Hit[] = [];
      for (const place of find(bytes, MOST_HITS - count)) {
        const at = offset + place.offset;
        hits.push({ ...place, offset: at, line: (await log.lineAt(at)).line });
      }
      count += hits.length;
      if (hits.length > 0) progress(hits, searched);
      if (count >= MOST_HITS) return;
    }
  };
  for await (const piece of log.pieces(part.from.offset, part.to.offset, { signal, size: BLOCK })) {
    lines.push(piece);
    await look();
    if (count >= MOST_HITS) return true;
    searched += piece.length;
    progress([], searched);
    signal.throwIfAborted();
  }
  lines.end();
  await look();
  return count >= MOST_HITS;
}

/** A hit in a block, its offset counted from there. */
type Place = Omit<Hit, 'line'>;
/** Finds up to so many lines of a block of whole lines. */
type Finder = (bytes: Buffer, most: number) => Place[];
type Shown = (raw: string) => string;

const NEWLINE = 10;
const ESCAPE = 0x1b;

function finder(query: Query, showing: Showing): Finder {
  const shown = (raw: string): string => shownLine(raw, showing);
  if (query.text === '') return () => [];
  if (query.kind === 'expression') return expressionFinder(query, shown, isPrefixed(showing));
  return textFinder(query, shown);
}

/** Candidates are looked for in the bytes, and only in their lines what is shown of them. */
function textFinder({ text, matchCase }: Query, shown: Shown): Finder {
  const bytesOfText = Buffer.from(text);
  const anywhere = new RegExp(
    Array.from(text, (letter) => variantsOf(letter, matchCase)).join(COLOURS),
    matchCase ? 'g' : 'gi',
  );
  const inLine = new RegExp(escaped(text), matchCase ? '' : 'i');
  return (bytes, most) => {
    const places: Place[] = [];
    const isQuick = matchCase && !bytes.includes(ESCAPE);
    // As Latin-1, each byte is a character.
    const letters = isQuick ? '' : bytes.toString('latin1');
    const next = (from: number): number => {
      if (isQuick) return bytes.indexOf(bytesOfText, from);
      anywhere.lastIndex = from;
      return anywhere.exec(letters)?.index ?? -1;
    };
    for (let at = next(0); at >= 0 && places.length < most;) {
      const offset = bytes.lastIndexOf(NEWLINE, at) + 1;
      const end = bytes.indexOf(NEWLINE, at);
      const line = shown(bytes.toString('utf8', offset, end));
      const match = inLine.exec(line);
      if (match)
        places.push({ offset, text: line, from: match.index, to: match.index + match[0].length });
      at = next(end + 1);
    }
    return places;
  };
}

/** Colours may change in the middle of a word. */
const COLOURS = '(?:\\x1b\\[[\\d;:]*m)*';

/** The bytes of a letter as an expression for Latin-1 text. */
function variantsOf(letter: string, matchCase: boolean): string {
  const forms = matchCase ? [letter] : [letter, letter.toLowerCase(), letter.toUpperCase()];
  const bytes = new Set(forms.map((form) => Buffer.from(form).toString('latin1')));
  return `(?:${[...bytes].map(escaped).join('|')})`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The loop runs in the context in which its time is bounded. */
const LOOP = `
  places.length = 0;
  all.lastIndex = 0;
  for (let match; places.length < most && (match = all.exec(searched));) {
    if (match.index === searched.length) break;
    const end = searched.indexOf('\\n', match.index);
    const start = match.index === 0 ? 0 : searched.lastIndexOf('\\n', match.index - 1) + 1;
    const line = lineAt(start);
    const place = one.exec(line.text);
    if (place)
      places.push({ ...line, from: place.index, to: place.index + place[0].length });
    all.lastIndex = end + 1;
  }`;

function expressionFinder({ text, matchCase }: Query, shown: Shown, prefixed: boolean): Finder {
  const flags = matchCase ? '' : 'i';
  try {
    new RegExp(text, flags);
  } catch (cause) {
    throw new UserError('That is not a regular expression.', { cause });
  }
  // What must not follow may be on the next line: then each line is looked at by itself.
  const candidates = /\(\?<?!/.test(text) ? '^' : text;
  // Whether it matters to it which character beyond ASCII one is.
  const isExact = /[^\0-\x7f]|\\[uxp]/.test(text);
  // What is not shown stands in the way only of what is bound to the beginning.
  const isBound = prefixed && /\^|\(\?</.test(text);
  const places: Place[] = [];
  const context: Record<string, unknown> = createContext({ text, candidates, flags, places });
  new Script(
    "const one = new RegExp(text, flags); const all = new RegExp(candidates, flags + 'gm');",
  ).runInContext(context);
  const loop = new Script(LOOP);
  return (bytes, most) => {
    let searched = isExact ? bytes.toString('utf8') : coarseText(bytes);
    if (hasLongLine(bytes)) searched = searched.replace(LONG_LINES, '$1');
    if (bytes.includes(ESCAPE)) searched = searched.replace(SEQUENCES, '');
    if (isBound) searched = searched.replace(PREFIXES, '');
    Object.assign(context, { searched, most, lineAt: lineFinder(searched, bytes, shown) });
    try {
      loop.runInContext(context, { timeout: PATIENCE });
    } catch (cause) {
      if (isTimeout(cause))
        throw new UserError('The expression takes too long.', {
          cause,
          advice: 'Leave out repetitions within repetitions, such as (a+)+ or (.*)*.',
        });
      throw cause;
    }
    return places.map((place) => ({ ...place }));
  };
}

/** The error is one of the other context's own class. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}

/** Finds the line of a block that begins at an index of the text that is searched; to be asked in order. */
function lineFinder(searched: string, bytes: Buffer, shown: Shown) {
  let at = 0;
  let offset = 0;
  return (start: number): { offset: number; text: string } => {
    while (at < start) {
      at = searched.indexOf('\n', at) + 1;
      offset = bytes.indexOf(NEWLINE, offset) + 1;
    }
    return { offset, text: shown(bytes.toString('utf8', offset, bytes.indexOf(NEWLINE, offset))) };
  };
}

/** A character beyond ASCII becomes some other such character: text of one byte each is made and searched several times as fast. */
function coarseText(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return isAscii(bytes) ? text : text.replace(/[\xc0-\xef][\x80-\xbf]*/g, 'é');
}

const SEQUENCES =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-Z\\^-~]/g;
const PREFIXES =
  /^(?:\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\] |\d\d:\d\d:\d\d(?:\.\d+)? {1,2})/gm;

/** Characters of a line that are searched. */
const LONGEST = 4 * LONGEST_LINE;
const LONG_LINES = new RegExp(`^(.{${LONGEST}}).+$`, 'gm');

function hasLongLine(bytes: Buffer): boolean {
  for (let at = 0; bytes.length - at > LONGEST;) {
    const newline = bytes.lastIndexOf(NEWLINE, at + LONGEST);
    if (newline < at) return true;
    at = newline + 1;
  }
  return false;
}
