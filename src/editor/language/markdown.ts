import * as markdown from '../../base/markdown';

/** A code span of one line, for a hover: of at most 120 characters. */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return markdown.code(line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line);
}

const LONGEST = 120;

/** Several lines of the file as a block of code. */
export function codeBlock(text: string, language = 'groovy'): string {
  return markdown.codeBlock(text, language).join('\n');
}
