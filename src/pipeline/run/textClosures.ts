import { Unknown } from '../effects';
import type { Apply } from './methods';
import { found, groupsOf, sourceOf } from './patterns';
import { lines, splitText } from './textMethods';
import { textOf, truthOf } from './values';
import type { Lambda, Thing } from './values';

/** The methods of texts whose last argument is a closure; undefined if there is none of that name. */
export async function textClosure(
  text: string,
  name: string,
  args: readonly Thing[],
  lambda: Lambda,
  apply: Apply,
): Promise<Thing | undefined> {
  const [first] = args;
  switch (name) {
    case 'eachLine':
      return eachLine(text, typeof first === 'number' ? first : 0, lambda, apply);
    case 'each':
      for (const c of text) await apply(lambda, [c]);
      return text;
    case 'collect': {
      const all: Thing[] = [];
      for (const c of text) all.push(await apply(lambda, [c]));
      return all;
    }
    case 'any':
    case 'every': {
      for (const c of text) {
        const answer = truthOf(await apply(lambda, [c]));
        if (answer instanceof Unknown) return answer;
        if (answer === (name === 'any')) return answer;
      }
      return name === 'every';
    }
    case 'replaceAll':
    case 'replaceFirst':
      return replaceBy(text, sourceText(first), name === 'replaceAll', lambda, apply);
    case 'find':
    case 'findAll':
    case 'eachMatch':
      return first === lambda
        ? chosen(text, name, lambda, apply)
        : matched(text, sourceText(first), name, lambda, apply);
    case 'takeWhile': {
      let end = 0;
      for (; end < text.length; end++) {
        const answer = truthOf(await apply(lambda, [text.charAt(end)]));
        if (answer instanceof Unknown) return answer;
        if (!answer) break;
      }
      return text.slice(0, end);
    }
    case 'splitEachLine': {
      for (const line of lines(text)) {
        await apply(lambda, [splitText(line, sourceText(first), undefined) ?? []]);
      }
      return null;
    }
    default:
      return undefined;
  }
}

async function eachLine(text: string, from: number, lambda: Lambda, apply: Apply): Promise<Thing> {
  let result: Thing = null;
  const numbered = (lambda.node.parameters?.length ?? 1) > 1;
  for (const [place, line] of lines(text).entries()) {
    result = await apply(lambda, numbered ? [line, from + place] : [line]);
  }
  return result;
}

/** The characters for which the closure holds. */
async function chosen(
  text: string,
  name: string,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing | undefined> {
  const all: Thing[] = [];
  for (const c of text) {
    const answer = truthOf(await apply(lambda, [c]));
    if (answer instanceof Unknown) return answer;
    if (answer && name === 'find') return c;
    if (answer) all.push(c);
  }
  return name === 'find' ? null : all;
}

async function matched(
  text: string,
  source: string,
  name: string,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing | undefined> {
  const matches = found(text, source);
  if (matches === undefined) return undefined;
  const results: Thing[] = [];
  for (const match of matches) {
    results.push(await apply(lambda, [groupsOf(match)]));
    if (name === 'find') return results[0] ?? null;
  }
  return name === 'find' ? null : name === 'findAll' ? results : text;
}

async function replaceBy(
  text: string,
  source: string,
  all: boolean,
  lambda: Lambda,
  apply: Apply,
): Promise<Thing | undefined> {
  const matches = found(text, source);
  if (matches === undefined) return undefined;
  let result = '';
  let from = 0;
  for (const match of all ? matches : matches.slice(0, 1)) {
    const value = textOf(await apply(lambda, [groupsOf(match)]));
    if (value instanceof Unknown) return value;
    result += text.slice(from, match.index) + value;
    from = match.index + match[0].length;
  }
  return result + text.slice(from);
}

export function sourceText(thing: Thing | undefined): string {
  const source = sourceOf(thing ?? null);
  return source instanceof Unknown ? '' : source;
}
