import { Unknown } from '../effects';
import { apply } from './calls';
import { evaluate } from './evaluate';
import { argumentsOf, variable } from './directives';
import type { Frame } from './frame';
import { Directive } from './locals';
import type { Locals } from './locals';
import { fits } from './patterns';
import { bodyOf, calledName, lineAt } from '../syntax';
import type { Call } from '../syntax';
import { Lambda, equal, every, negated, some, textOf, truthOf } from './values';
import type { Thing } from './values';

/**
 * Whether a stage's `when` holds. Unknown where only CI could tell: changes, triggers, and what
 * depends on values that are not known.
 */
export async function whenHolds(
  when: Call,
  locals: Locals,
  frame: Frame,
): Promise<boolean | Unknown> {
  return every(await all(when, new Directive(locals), frame));
}

/** Entries of `when` that say when it is asked, not what. */
const TIMES = new Set(['beforeAgent', 'beforeInput', 'beforeOptions']);

async function all(call: Call, locals: Locals, frame: Frame): Promise<(boolean | Unknown)[]> {
  const answers: (boolean | Unknown)[] = [];
  for (const statement of bodyOf(call)?.body ?? []) {
    if (statement.kind !== 'call' || TIMES.has(calledName(statement))) continue;
    answers.push(await holds(statement, locals, frame));
    if (answers.at(-1) === false && call.name !== 'anyOf') break;
  }
  return answers;
}

async function holds(call: Call, locals: Locals, frame: Frame): Promise<boolean | Unknown> {
  switch (call.name) {
    case 'allOf':
      return every(await all(call, locals, frame));
    case 'anyOf':
      return some(await all(call, locals, frame));
    case 'not':
      return negated(every(await all(call, locals, frame)));
    case 'expression': {
      const body = bodyOf(call);
      if (body === undefined) break;
      const value = await evaluate(body, locals.outer ?? locals, frame);
      return value instanceof Lambda ? truthOf(await apply(value, [], frame)) : false;
    }
    default:
  }
  const args = await argumentsOf(call, locals, frame);
  switch (call.name) {
    case 'branch':
      return branch(args, frame);
    case 'environment':
      return environment(args, frame);
    case 'equals':
      return equal(args.get('expected') ?? null, args.get('actual') ?? null);
    case 'buildingTag':
      return isSet(variable('TAG_NAME', frame));
    case 'tag':
      return tag(args, frame);
    case 'changeRequest':
      return changeRequest(args, frame);
    case 'isRestartedRun':
      return false;
    default: {
      // A first run has no changes.
      const isChange = call.name === 'changelog' || call.name === 'changeset';
      if (isChange && variable('BUILD_NUMBER', frame) === '1') return false;
      const line = lineAt(frame.file.pipeline.lines, call.start);
      return new Unknown(`the condition ${calledName(call)}`, line);
    }
  }
}

function isSet(value: string | Unknown | undefined): boolean | Unknown {
  return value instanceof Unknown ? value : Boolean(value);
}

/** BRANCH_NAME, else GIT_LOCAL_BRANCH when that is not set; a missing branch matches only a missing pattern. */
function branch(args: ReadonlyMap<string, Thing>, frame: Frame): boolean | Unknown {
  const named = variable('BRANCH_NAME', frame);
  const actual = named === undefined || named === '' ? variable('GIT_LOCAL_BRANCH', frame) : named;
  return matches(args.get('pattern') ?? args.get('') ?? null, actual, args, 'GLOB');
}

function tag(args: ReadonlyMap<string, Thing>, frame: Frame): boolean | Unknown {
  const actual = variable('TAG_NAME', frame);
  const pattern = args.get('pattern') ?? args.get('') ?? null;
  if (pattern === null) return isSet(actual);
  return isSet(actual) === false ? false : matches(pattern, actual, args, 'GLOB');
}

function environment(args: ReadonlyMap<string, Thing>, frame: Frame): boolean | Unknown {
  const name = textOf(args.get('name') ?? null);
  const value = textOf(args.get('value') ?? '');
  if (name instanceof Unknown) return name;
  if (value instanceof Unknown) return value;
  const actual = variable(name, frame) ?? '';
  if (actual instanceof Unknown) return actual;
  return truthOf(args.get('ignoreCase') ?? false) === true
    ? actual.toLowerCase() === value.toLowerCase()
    : actual === value;
}

const CHANGE_VARIABLES: Readonly<Record<string, string>> = {
  id: 'CHANGE_ID',
  target: 'CHANGE_TARGET',
  branch: 'CHANGE_BRANCH',
  fork: 'CHANGE_FORK',
  title: 'CHANGE_TITLE',
  author: 'CHANGE_AUTHOR',
  authorDisplayName: 'CHANGE_AUTHOR_DISPLAY_NAME',
  authorEmail: 'CHANGE_AUTHOR_EMAIL',
};

function changeRequest(args: ReadonlyMap<string, Thing>, frame: Frame): boolean | Unknown {
  const id = isSet(variable('CHANGE_ID', frame));
  if (id !== true) return id;
  return every(
    [...args].flatMap(([name, pattern]) => {
      const source = CHANGE_VARIABLES[name];
      return source === undefined
        ? []
        : [matches(pattern, variable(source, frame), args, 'EQUALS')];
    }),
  );
}

/** Compares as the argument `comparator` says. */
function matches(
  pattern: Thing,
  actual: string | Unknown | undefined,
  args: ReadonlyMap<string, Thing>,
  usual: 'GLOB' | 'EQUALS',
): boolean | Unknown {
  const text = pattern === null ? '' : textOf(pattern);
  if (text instanceof Unknown) return text;
  if (actual instanceof Unknown) return actual;
  if (text === '' || actual === undefined || actual === '') return text === '' && !actual;
  const comparator = args.get('comparator') ?? usual;
  switch (typeof comparator === 'string' ? comparator.toUpperCase() : usual) {
    case 'EQUALS':
      return text === actual;
    case 'REGEXP':
      return fits(actual, text) ?? new Unknown(`the pattern ${text}`, 0);
    default:
      return glob(text, actual);
  }
}

/** Ant's path patterns, without regard to case: `*` stays within a folder, `**` does not. */
export function glob(pattern: string, path: string): boolean {
  const split = (text: string) => text.replaceAll('\\', '/').toLowerCase().split('/');
  const parts = split(pattern.endsWith('/') ? `${pattern}**` : pattern);
  return globParts(parts, split(path));
}

/** Dynamic programming over the parts, so that many `**` cost no more than parts × parts. */
function globParts(patterns: readonly string[], parts: readonly string[]): boolean {
  let reached = new Array<boolean>(parts.length + 1).fill(false);
  reached[0] = true;
  for (const pattern of patterns) {
    const next = new Array<boolean>(parts.length + 1).fill(false);
    let open = false;
    for (let at = 0; at <= parts.length; at++) {
      if (pattern === '**') {
        open ||= reached[at] === true;
        next[at] = open;
      } else if (at > 0 && reached[at - 1] === true) {
        next[at] = wild(pattern, parts[at - 1] ?? '');
      }
    }
    reached = next;
  }
  return reached[parts.length] === true;
}

/** `*` and `?` within one part of a path. */
function wild(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    const c = pattern.charAt(p);
    if (c === '*') {
      star = p++;
      mark = t;
    } else if (c === '?' || (c !== '' && c === text.charAt(t))) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (pattern.charAt(p) === '*') p++;
  return p === pattern.length;
}
