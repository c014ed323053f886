import { insideOf, tokenBefore } from '../../pipeline/names/position';
import { bodyOf, calledName, named, positional } from '../../pipeline/syntax';
import type { Call, Expression, Place } from '../../pipeline/syntax';
import type { Symbols } from '../../pipeline/symbols';
import { T } from '../../pipeline/read/tokens';
import { around } from '../../pipeline/names/tree';

/** A file that a step names. */
export interface Mention {
  readonly place: Place;
  /** Relative to the workspace, with `/`; never leads out of it. */
  readonly path: string;
  /** `vagrant`: the command; the path is the folder in which it looks for its Vagrantfile. */
  readonly kind: 'file' | 'vagrant';
}

/** The files that steps of a Jenkinsfile name, whether they are there or not. */
export function mentionsOf(symbols: Symbols): Mention[] {
  const found: Mention[] = [];
  const { nodes } = symbols.tree;
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node?.kind !== 'call' || node.object !== undefined) continue;
    const name = calledName(node);
    if (name === 'sh') {
      const script = named(node.args, 'script') ?? positional(node.args)[0];
      const directory = script && directoryAt(symbols, at);
      if (directory !== undefined && script) found.push(...inScript(symbols, script, directory));
    } else {
      const value = fileArgument(node, name);
      const directory =
        value && (name === 'filename' || name === 'yamlFile' ? '' : directoryAt(symbols, at));
      if (value === undefined || directory === undefined) continue;
      const beside = name === 'filename' ? dockerDirectory(symbols, at) : '';
      const mention = ofLiteral(symbols, value, join(directory, beside) ?? '');
      if (mention) found.push(mention);
    }
  }
  return found;
}

/** Steps whose argument is a file that should be there. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['load', 'path'],
  ['readFile', 'file'],
  ['readTrusted', 'path'],
  ['fileExists', 'file'],
  ['readJSON', 'file'],
  ['readYaml', 'file'],
  ['readProperties', 'file'],
  ['readMavenPom', 'file'],
  ['readCSV', 'file'],
  ['readManifest', 'file'],
  ['filename', 'filename'],
  ['yamlFile', 'yamlFile'],
]);

function fileArgument(call: Call, name: string): Expression | undefined {
  const key = FILES.get(name);
  if (key === undefined) return undefined;
  const value = named(call.args, key);
  if (value) return value;
  // `readJSON text: '…'` reads no file.
  return call.args.some((arg) => arg.name !== undefined) ? undefined : positional(call.args)[0];
}

function ofLiteral(
  { pipeline }: Symbols,
  value: Expression,
  directory: string,
): Mention | undefined {
  if (value.kind !== 'literal' || typeof value.value !== 'string') return undefined;
  const path = join(directory, value.value);
  if (path === undefined || path === '') return undefined;
  return { place: insideOf(pipeline.text, value.start, value.end), path, kind: 'file' };
}

/** Where a step stands by the `dir` around it; undefined if that is computed or outside. */
function directoryAt({ tree }: Symbols, at: number): string | undefined {
  const parts: string[] = [];
  for (const node of around(tree, at)) {
    if (node.kind !== 'call' || node.name !== 'dir' || node.object !== undefined) continue;
    if (bodyOf(node) === undefined) continue;
    const value = named(node.args, 'path') ?? positional(node.args)[0];
    if (value?.kind !== 'literal' || typeof value.value !== 'string') return undefined;
    parts.unshift(value.value);
  }
  return parts.reduce<string | undefined>(join, '');
}

/** `dir 'x'` beside `filename` in `agent { dockerfile { } }`. */
function dockerDirectory({ tree }: Symbols, at: number): string {
  for (const node of around(tree, at)) {
    if (node.kind !== 'closure') continue;
    const dir = node.body.find((each): each is Call => each.kind === 'call' && each.name === 'dir');
    const value = dir && positional(dir.args)[0];
    return value?.kind === 'literal' && typeof value.value === 'string' ? value.value : '';
  }
  return '';
}

/** Paths and the command `vagrant` in the text of a script. */
function inScript({ lexed }: Symbols, { start, end }: Place, directory: string): Mention[] {
  const { text, tokens } = lexed;
  const found: Mention[] = [];
  let depth = 0;
  let current: string | undefined = directory;
  for (let at = tokenBefore(tokens, start) + 1; at < tokens.length; at++) {
    const from = tokens.start[at] ?? 0;
    if (from >= end) break;
    const kind = tokens.kind[at] ?? T.end;
    const interpolated = depth === 0 && (kind === T.gOpen || kind === T.gName);
    if (interpolated && /\bcd\s+\S*$/.test(text.slice(start, from).replace(/\$$/, '')))
      current = undefined;
    if (kind === T.gOpen) depth++;
    else if (kind === T.gClose) depth--;
    if (depth > 0 || (kind !== T.string && kind !== T.gText)) continue;
    const to = tokens.end[at] ?? 0;
    const place = kind === T.string ? insideOf(text, from, to) : { start: from, end: to };
    current = ofWords(text, place, kind === T.gText, current, found);
  }
  return found;
}

/** Goes through the words of a piece of a script; gives the directory after it. */
function ofWords(
  text: string,
  { start, end }: Place,
  isPiece: boolean,
  directory: string | undefined,
  found: Mention[],
): string | undefined {
  let current = directory;
  let before = '';
  for (const match of text.slice(start, end).matchAll(WORD)) {
    const [word] = match;
    const from = start + match.index;
    const to = from + word.length;
    // A word that goes on in an interpolation is only half of a path.
    const isHalf = isPiece && (from === start || to === end) && !isEdge(text, from, to, start, end);
    if (before === 'cd') current = isHalf || !PLAIN.test(word) ? undefined : join(current, word);
    else if (current !== undefined && !isHalf) {
      if (word === 'vagrant' && isCommandStart(text, start, from))
        found.push({ place: { start: from, end: to }, path: current, kind: 'vagrant' });
      else if (looksLikeFile(word)) {
        const path = join(current, word);
        if (path !== undefined && path !== '')
          found.push({ place: { start: from, end: to }, path, kind: 'file' });
      }
    }
    before = word;
  }
  return current;
}

const WORD = /[\w./@+~-]+/g;
const PLAIN = /^[\w./@+-]+$/;

/** Whether a word at the edge of a piece ends there: what stands beside is the string's own quote. */
function isEdge(text: string, from: number, to: number, start: number, end: number): boolean {
  const opens = from > start || /['"\s]/.test(text[from - 1] ?? ' ');
  const closes = to < end || /['"\s]/.test(text[to] ?? ' ');
  return opens && closes;
}

function isCommandStart(text: string, start: number, from: number): boolean {
  const before = text.slice(Math.max(start, from - 60), from);
  const words = before.trimEnd();
  if (words === '' || /[;&|(]$/.test(words) || before.slice(words.length).includes('\n'))
    return true;
  return words !== before && /(?:\b(?:sudo|then|do)|\w=\S*)$/.test(words);
}

/** A path with a slash, or a name with the ending of a script. */
function looksLikeFile(word: string): boolean {
  if (word.startsWith('/') || word.startsWith('-') || word.includes('//')) return false;
  if (/\.(?:sh|bash|py|rb|pl|groovy|js|ps1|bat)$/.test(word)) return true;
  return word.includes('/') && /[A-Za-z]/.test(word) && !word.endsWith('/') && PLAIN.test(word);
}

/** A path in a directory; undefined if it leads out of the workspace or is absolute. */
export function join(directory: string | undefined, path: string): string | undefined {
  if (directory === undefined || path.startsWith('/') || path.startsWith('~')) return undefined;
  const parts = directory === '' ? [] : directory.split('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
