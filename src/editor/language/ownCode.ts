import type { Definition } from '../../pipeline/names/definitions';
import type { Symbols } from '../../pipeline/symbols';

/** The head of a function as it is written, on one line. */
export function signatureOf({ pipeline }: Symbols, { whole, place, name }: Definition): string {
  const { text } = pipeline;
  const open = text.indexOf('(', place.end);
  if (open < 0 || open > whole.end) return `${name}()`;
  let depth = 0;
  for (let at = open; at < whole.end; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0)
      return text
        .slice(whole.start, at + 1)
        .replaceAll(/\s+/g, ' ')
        .slice(0, 300);
  }
  return `${name}()`;
}

/** The names in the parentheses of a function's head, each with its type and default as written. */
export function parametersIn(signature: string): string[] {
  const inner = signature.slice(signature.indexOf('(') + 1, -1);
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= inner.length; at++) {
    const c = inner[at];
    if (c !== undefined && '([{<'.includes(c)) depth++;
    if (c !== undefined && ')]}>'.includes(c)) depth--;
    if (at < inner.length && (c !== ',' || depth > 0)) continue;
    const part = inner.slice(from, at).trim();
    if (part !== '') parts.push(part);
    from = at + 1;
  }
  return parts;
}

/** The comment right above a definition, without its marks; annotations may stand between. */
export function commentAbove({ pipeline }: Symbols, { whole }: Definition): string {
  const above = pipeline.text.slice(0, whole.start).split('\n');
  above.pop();
  const lines: string[] = [];
  let inBlock = false;
  for (let line = above.pop(); line !== undefined && lines.length < 30; line = above.pop()) {
    const text = line.trim();
    if (text.startsWith('@') && lines.length === 0) continue;
    if (!inBlock && !text.startsWith('//') && !text.endsWith('*/')) break;
    if (text.endsWith('*/')) inBlock = true;
    lines.unshift(
      text
        .replace(/^\/\*+\s?|^\/\/\s?|^\*(?!\/)\s?/, '')
        .replace(/(?<!\*)\*+\/$/, '')
        .trimEnd(),
    );
    if (text.startsWith('/*')) inBlock = false;
    if (!inBlock && text.startsWith('/*')) break;
  }
  return lines.join('\n').trim();
}
