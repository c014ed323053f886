import { contextOf } from '../catalogue/directivesCatalogue';
import type { Context } from '../catalogue/directivesCatalogue';
import { tokenBefore } from './position';
import type { Lexed } from './position';
import { calledName } from '../syntax';
import type { Call, Closure } from '../syntax';
import { surroundings } from './tree';
import type { Tree } from './tree';

/** What a place stands in, as far as blocks go. */
export interface Blocks {
  /** Undefined where nothing is known to be legal. */
  readonly context: Context | undefined;
  /** The call whose block the place is in. */
  readonly call: Call | undefined;
  /** The calls whose blocks are around, from the outermost. */
  readonly calls: readonly Call[];
}

/**
 * Works on half-typed text as well as the parser does: by what is there of the blocks around. A
 * block that lacks its brace goes on for the lines after it that are indented more than its own.
 */
export function blocksAt(tree: Tree, lexed: Lexed, offset: number): Blocks {
  const { text, tokens } = lexed;
  const before = tokenBefore(tokens, offset);
  const from = Math.min(offset, before < 0 ? 0 : (tokens.end[before] ?? 0));
  let closedAt = -1;
  const goesOn = (closure: Closure): boolean => {
    // Of several that end at one brace it is the innermost one's.
    const braced = text[closure.end - 1] === '}' && closure.end > closure.start + 1;
    if (braced && closure.end !== closedAt) {
      closedAt = closure.end;
      return false;
    }
    const ended = text.indexOf('\n', closure.end);
    return (
      ended < 0 || ended >= offset || indentation(text, offset) > indentation(text, closure.start)
    );
  };
  let calls: Call[] = [];
  let names: string[] = [];
  for (const each of surroundings(tree, offset, from, goesOn)) {
    if ('code' in each) {
      calls = [];
      names = ['{}'];
    } else {
      calls.push(each.call);
      names.push(calledName(each.call));
    }
  }
  return { context: contextOf(names), call: calls.at(-1), calls };
}

/** The width of the white space that the line around `offset` begins with, up to there. */
function indentation(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  let width = 0;
  for (let at = start; at < offset; at++) {
    if (text[at] === '\t') width += 4;
    else if (text[at] === ' ') width++;
    else break;
  }
  return width;
}
