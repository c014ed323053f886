import { lineAt } from '../../pipeline/syntax';
import type { Symbols } from '../../pipeline/symbols';
import { T } from '../../pipeline/read/tokens';

/** Lines that can be folded away, counted from 0; the first one stays. */
export interface Fold {
  readonly start: number;
  readonly end: number;
  readonly kind: 'comment' | 'imports' | undefined;
}

/** Blocks, lists, strings of several lines, comments, and imports. */
export function foldsOf(symbols: Symbols): Fold[] {
  const folds = new Map<number, Fold>();
  const add = (start: number, end: number, kind?: Fold['kind']): void => {
    const known = folds.get(start);
    if (end > start && end > (known?.end ?? 0)) folds.set(start, { start, end, kind });
  };
  ofNodes(symbols, add);
  ofTokens(symbols, add);
  return [...folds.values()].sort((a, b) => a.start - b.start);
}

type Add = (start: number, end: number, kind?: Fold['kind']) => void;

function ofNodes({ tree, pipeline }: Symbols, add: Add): void {
  const { lines, text } = pipeline;
  const lineOf = (offset: number): number => lineAt(lines, offset) - 1;
  let imports: { start: number; end: number } | undefined;
  for (const node of tree.nodes) {
    switch (node.kind) {
      case 'import': {
        const line = lineOf(node.start);
        if (imports && line - imports.end <= 2) imports.end = line;
        else imports = { start: line, end: line };
        add(imports.start, imports.end, 'imports');
        break;
      }
      case 'closure':
      case 'block':
      case 'function':
      case 'class':
      case 'list':
      case 'map':
      case 'call':
      case 'switch': {
        // The line of the closing bracket stays, so that two blocks do not run into each other.
        const last = text[node.end - 1];
        const closed = last === '}' || last === ']' || last === ')';
        if (node.kind === 'call' && last !== ')') break;
        const start =
          node.kind === 'function' || node.kind === 'class' ? headEnd(text, node) : node.start;
        add(lineOf(start), lineOf(Math.max(start, node.end - 1)) - (closed ? 1 : 0));
        break;
      }
      default:
        break;
    }
  }
}

/** Where the brace of a function or class is, or its begin. */
function headEnd(text: string, { start, end }: { start: number; end: number }): number {
  const open = text.indexOf('{', start);
  return open < 0 || open >= end ? start : open;
}

function ofTokens({ lexed, pipeline }: Symbols, add: Add): void {
  const { tokens, text } = lexed;
  const { lines } = pipeline;
  const lineOf = (offset: number): number => lineAt(lines, offset) - 1;
  const strings: number[] = [];
  let before = 0;
  for (let at = 0; at < tokens.length; at++) {
    const kind = tokens.kind[at] ?? T.end;
    const start = tokens.start[at] ?? 0;
    const end = tokens.end[at] ?? 0;
    if (strings.length === 0 || kind === T.gOpen) ofGap(text, before, start, lineOf, add);
    if (kind === T.string && end - start > 2) add(lineOf(start), lineOf(end - 1));
    else if (kind === T.gStart) strings.push(start);
    else if (kind === T.gEnd) {
      const from = strings.pop();
      if (from !== undefined) add(lineOf(from), lineOf(Math.max(from, end - 1)));
    }
    before = end;
  }
}

/** Comments between two tokens: a long one, or lines of short ones. */
function ofGap(
  text: string,
  from: number,
  to: number,
  lineOf: (offset: number) => number,
  add: Add,
): void {
  if (to - from < 4) return;
  let first = -1;
  for (const match of text.slice(from, to).matchAll(/\/\*[^]*?(?:\*\/|$)|\/\/.*|\n[ \t]*\n/g)) {
    const at = from + match.index;
    if (match[0].startsWith('/*')) {
      add(lineOf(at), lineOf(at + match[0].length - 1), 'comment');
      first = -1;
    } else if (match[0].startsWith('//')) {
      if (first < 0) first = at;
      add(lineOf(first), lineOf(at), 'comment');
    } else {
      first = -1;
    }
  }
}
