import { visible } from './visible';

/**
 * What a file, a server or a log says, for Markdown that VS Code renders: nothing of it is read as
 * markup, as a link or as HTML, and characters that cannot be seen are shown.
 */

/** One line as a code span. It also holds in a table, where nothing else keeps a bar from being read. */
export function code(text: string): string {
  const line = oneLine(text).replaceAll('|', '\u2223');
  if (line === '') return '(empty)';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const pad = /^`|`$|^ .* $/.test(line) ? ' ' : '';
  return ticks + pad + line + pad + ticks;
}

/** Lines of code, for the language of a block. */
export function codeBlock(text: string, language: string): readonly string[] {
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [ticks + language, ...text.split(/\r?\n/).map(visible), ticks];
}

/** One line of a sentence of ours with names in it that are not; our code spans of single words stay. */
export function words(text: string): string {
  return oneLine(text)
    .trim()
    .split(/(`[\w.]+`| +)/)
    .map((part) => (/^(`[\w.]+`| *)$/.test(part) ? part : word(part)))
    .join('')
    .replace(/^(\d*)([#+=.)-])(?=[#=-]*(?: |$))/, '$1\\$2');
}

/** The preview makes a link of an address even where it is escaped, and of mail addresses. */
function word(text: string): string {
  return /\/\/|@/.test(text) ? code(text) : text.replace(/[\\`*_[\]<>|~&$]/g, '\\$&');
}

/** The address of a page as a link, if it can be nothing else. */
export function link(url: string): string {
  return /^https?:\/\/[\w.:[\]-]+\/[\w./%~+-]*$/.test(url) ? `<${url}>` : code(url);
}

function oneLine(text: string): string {
  return visible(text.replace(/\r?\n/g, ' '));
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
