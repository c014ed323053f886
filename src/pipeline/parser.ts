import { balance } from './read/brackets';
import { Cursor } from './read/cursor';
import { readDeclarative } from './declarative';
import type { Pipeline } from './declarative';
import { lex } from './read/lexer';
import { parseFile } from './read/parseStatements';
import { linesOf, rangeOf } from './syntax';

/**
 * Reads a Jenkinsfile, declarative or scripted, in whatever state it is. Never throws, and takes
 * time in proportion to the text: what cannot be read becomes an `opaque` node and a problem.
 */
export function parse(text: string): Pipeline {
  const tokens = balance(text, lex(text));
  const statements = parseFile(new Cursor(text, tokens));
  const lines = linesOf(text);
  const problems = tokens.damage
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, message, ours = false }) => {
      const range = rangeOf({ lines }, { start, end });
      return { line: range.line, message, range, certain: !ours };
    });
  return { text, lines, statements, problems, declarative: readDeclarative(statements) };
}
