import { apply } from './calls';
import { Instance, ScriptClass, declareClasses } from './classes';
import { StepError, Unknown } from '../effects';
import { evaluate } from './evaluate';
import { Defect, decide, notice, tick } from './frame';
import type { Frame } from './frame';
import { declareFunction } from './functions';
import { isClassName, nameOf } from './globals';
import { Locals } from './locals';
import { isCase } from './methods';
import { cast, isInstance } from './operators';
import { Matcher } from './patterns';
import type { Declaration, Expression, For, ForIn, Place, Statement, Switch, Try } from '../syntax';
import { Entry, Host, Lambda, Pattern, Raised, Thrown, shown, truthOf } from './values';
import type { Thing } from './values';
import { bothWays } from './ways';

/** How a statement ended; the value of the last expression is what a closure returns. */
export interface Completion {
  readonly kind: 'normal' | 'return' | 'break' | 'continue';
  readonly value: Thing;
  /** The loop that `break` or `continue` means, if it says so. */
  readonly label?: string | undefined;
}

const NORMAL: Completion = { kind: 'normal', value: null };

/** Runs statements one after the other, up to the first that leaves. */
export async function execute(
  statements: readonly Statement[],
  locals: Locals,
  frame: Frame,
): Promise<Completion> {
  let last = NORMAL;
  for (const [at, statement] of statements.entries()) {
    const before = statements[at - 1];
    const isField = before?.kind === 'annotation' && before.name.endsWith('Field');
    last = await run(statement, isField ? frame.file.binding : locals, frame);
    if (last.kind !== 'normal') return last;
  }
  return last;
}

async function run(node: Statement, locals: Locals, frame: Frame): Promise<Completion> {
  await tick(frame);
  switch (node.kind) {
    case 'declaration':
      await declare(node, locals, frame);
      return NORMAL;
    case 'function':
      declareFunction(frame.file.functions, node);
      return NORMAL;
    case 'class':
      if (!frame.file.classes.has(node.name)) declareClasses([node], frame.file);
      return NORMAL;
    case 'import':
      return NORMAL;
    case 'annotation':
      return NORMAL;
    case 'block': {
      // `def a = 1, b = 2` is a block of declarations, for the variables around it.
      const several = node.body.length > 0 && node.body.every(({ kind }) => kind === 'declaration');
      return execute(node.body, several ? locals : new Locals(locals), frame);
    }
    case 'if': {
      const truth = truthOf(await evaluate(node.test, locals, frame));
      const way = await decide(truth, node.test, frame, node);
      if (way === 'both') {
        await bothWays(
          [
            () => run(node.then, new Locals(locals), frame),
            otherWay(node.otherwise, locals, frame),
          ],
          node,
          locals,
          frame,
        );
        return NORMAL;
      }
      if (way) return run(node.then, new Locals(locals), frame);
      return node.otherwise ? run(node.otherwise, new Locals(locals), frame) : NORMAL;
    }
    case 'for':
      return forLoop(node, locals, frame);
    case 'forIn':
      return forIn(node, locals, frame);
    case 'while':
      return whileLoop(node.test, node.body, [], node, locals, frame);
    case 'switch':
      return choose(node, locals, frame);
    case 'try':
      return attempt(node, locals, frame);
    case 'return':
      return {
        kind: 'return',
        value: node.value ? await evaluate(node.value, locals, frame) : null,
      };
    case 'throw': {
      const value = await evaluate(node.value, locals, frame);
      throw value instanceof Thrown ? value.error : new StepError(shown(value));
    }
    case 'assert': {
      const way = await decide(truthOf(await evaluate(node.test, locals, frame)), node.test, frame);
      if (way !== false) return NORMAL;
      const message = node.message ? shown(await evaluate(node.message, locals, frame)) : '';
      const text = frame.file.pipeline.text.slice(node.test.start, node.test.end);
      throw new Raised(
        'org.codehaus.groovy.runtime.powerassert.PowerAssertionError',
        message === '' ? `assert ${text}` : message,
      );
    }
    case 'break':
    case 'continue':
      return { kind: node.kind, value: null, label: node.label };
    default:
      return { kind: 'normal', value: await evaluate(node, locals, frame) };
  }
}

async function declare(node: Declaration, locals: Locals, frame: Frame): Promise<void> {
  const value = node.value ? await evaluate(node.value, locals, frame) : null;
  if (!node.several) {
    const [name] = node.names;
    const typed = node.type === undefined || value === null ? value : cast(value, node.type);
    if (name !== undefined) locals.declare(name.name, typed);
    return;
  }
  for (const [at, name] of node.names.entries()) {
    locals.declare(
      name.name,
      value instanceof Unknown ? value : Array.isArray(value) ? (value[at] ?? null) : null,
    );
  }
}

/** In a dry interpretation a loop whose end cannot be known is cut after this many rounds. */
const MAX_DRY_ROUNDS = 100;

async function forLoop(node: For, outer: Locals, frame: Frame): Promise<Completion> {
  const locals = new Locals(outer);
  await execute(node.initial, locals, frame);
  return whileLoop(node.test, node.body, node.update, node, locals, frame);
}

async function whileLoop(
  test: Expression | undefined,
  body: Statement,
  update: readonly Expression[],
  place: Place & { readonly label?: string | undefined },
  locals: Locals,
  frame: Frame,
): Promise<Completion> {
  for (let round = 1; ; round++) {
    const truth = test === undefined || truthOf(await evaluate(test, locals, frame));
    const way = await decide(truth, test ?? place, frame, { then: body });
    if (way === false) return NORMAL;
    if (way === 'both') {
      await bothWays([() => run(body, new Locals(locals), frame)], place, locals, frame);
      return NORMAL;
    }
    const end = await run(body, new Locals(locals), frame);
    if (leaves(end, place.label))
      return end.kind === 'break' && isMine(end, place.label) ? NORMAL : end;
    for (const step of update) await evaluate(step, locals, frame);
    if (frame.run.dry && round >= MAX_DRY_ROUNDS) {
      notice(frame, place, `This loop was cut after ${round} rounds.`);
      return NORMAL;
    }
    await tick(frame);
  }
}

async function forIn(node: ForIn, outer: Locals, frame: Frame): Promise<Completion> {
  const { name, items, body, label } = node;
  const value = await evaluate(items, outer, frame);
  const truth = await decide(value instanceof Unknown ? value : true, items, frame, {
    then: body,
  });
  if (truth === false) return NORMAL;
  for (const item of itemsOf(value)) {
    await tick(frame);
    const locals = new Locals(outer);
    locals.declare(name, item);
    if (truth === 'both') {
      await bothWays([() => run(body, locals, frame)], node, locals, frame);
      continue;
    }
    const end = await run(body, locals, frame);
    if (leaves(end, label)) return end.kind === 'break' && isMine(end, label) ? NORMAL : end;
  }
  return NORMAL;
}

/** Whether a loop ends with this, rather than going on with its next round. */
function leaves(end: Completion, label: string | undefined): boolean {
  if (end.kind === 'normal') return false;
  return end.kind !== 'continue' || !isMine(end, label);
}

function isMine(end: Completion, label: string | undefined): boolean {
  return end.label === undefined || end.label === label;
}

function itemsOf(value: Thing): readonly Thing[] {
  if (value === null) return [];
  if (Array.isArray(value)) return [...value];
  if (value instanceof Matcher) return value.items();
  if (typeof value === 'string') return value.split('');
  if (!(value instanceof Map)) return [value];
  return [...value.keys()].map((key) => new Entry(key, value));
}

async function choose(node: Switch, outer: Locals, frame: Frame): Promise<Completion> {
  const subject = await evaluate(node.subject, outer, frame);
  const locals = new Locals(outer);
  const from = (at: number) => () => fallThrough(node, at, new Locals(locals), frame);
  // Cases that may be the one, before the first that is.
  const perhaps: (() => Promise<Completion>)[] = [];
  let hit = node.cases.findIndex(({ test }) => test === undefined);
  for (const [at, { test }] of node.cases.entries()) {
    if (test === undefined) continue;
    const value = await evaluate(test, locals, frame);
    const truth = await falls(subject, value, frame);
    const way = await decide(truth, test, frame, { then: stretch(node, at) });
    if (way === 'both') perhaps.push(from(at));
    if (way !== true) continue;
    hit = at;
    break;
  }
  const last = hit < 0 ? () => Promise.resolve(NORMAL) : from(hit);
  if (perhaps.length === 0) return last();
  await bothWays([...perhaps, last], node, locals, frame);
  return NORMAL;
}

/** Runs the statements of a case, and of those after it up to a `break`. */
async function fallThrough(
  node: Switch,
  at: number,
  locals: Locals,
  frame: Frame,
): Promise<Completion> {
  for (const { body } of node.cases.slice(at)) {
    const end = await execute(body, locals, frame);
    if (end.kind === 'break' && end.label === undefined) return NORMAL;
    if (end.kind !== 'normal') return end;
  }
  return NORMAL;
}

/** Where the statements of a case stand; undefined if it has none. */
function stretch(node: Switch, at: number): Place | undefined {
  const body = node.cases[at]?.body;
  const [first, last] = [body?.[0], body?.at(-1)];
  return first && last && { start: first.start, end: last.end };
}

/** Whether the subject of a `switch` falls under a case: a value, a list, a range, a pattern, a class, a closure. */
async function falls(subject: Thing, test: Thing, frame: Frame): Promise<boolean | Unknown> {
  if (test instanceof Lambda) return truthOf(await apply(test, [subject], frame));
  if (test instanceof ScriptClass) {
    return subject instanceof Instance && subject.type.line.includes(test.declaration.name);
  }
  if (test instanceof Host && !(test instanceof Pattern) && isClassName(nameOf(test.opaque))) {
    const answer = isInstance(subject, test.opaque);
    if (typeof answer === 'boolean') return answer;
  }
  return isCase(test, subject) ?? new Unknown('a case', 0);
}

async function attempt(node: Try, locals: Locals, frame: Frame): Promise<Completion> {
  let end: Completion;
  try {
    end = await caught(node, locals, frame);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    if (node.finally === undefined) throw error;
    const last = await execute(node.finally.body, new Locals(locals), frame);
    if (last.kind !== 'normal') return last;
    throw error;
  }
  if (node.finally === undefined) return end;
  const last = await execute(node.finally.body, new Locals(locals), frame);
  return last.kind === 'normal' ? end : last;
}

async function caught(node: Try, locals: Locals, frame: Frame): Promise<Completion> {
  try {
    return await execute(node.body.body, new Locals(locals), frame);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const thrown = new Thrown(error);
    const handler = node.catches.find(
      ({ types }) => types.length === 0 || types.some((type) => thrown.isA(type)),
    );
    if (handler === undefined) throw error;
    const inner = new Locals(locals);
    inner.declare(handler.name, thrown);
    if (!(error instanceof Defect)) return execute(handler.body.body, inner, frame);
    // What an effect could not do at all is no failure of the pipeline: its handler may put away
    // what was made, but the error goes on.
    await execute(handler.body.body, inner, frame).catch((later: unknown) => {
      if (!(later instanceof StepError)) throw later;
    });
    throw error;
  }
}

function otherWay(
  node: Statement | undefined,
  locals: Locals,
  frame: Frame,
): () => Promise<Completion> {
  return () => (node ? run(node, new Locals(locals), frame) : Promise.resolve(NORMAL));
}
