import { bodyOf, rangeOf } from '../syntax';
import type {
  Argument,
  Call,
  Closure,
  Expression,
  Place,
  Problem,
  Script,
  Statement,
} from '../syntax';

/** What the rules of Declarative report to. Jenkins, too, collects all errors before it gives up. */
export interface Check {
  readonly text: string;
  /**
   * `within` is the stretch that the error is concluded from, if that is more than `place`: where
   * a bracket or a quote is missing, what stands around it says little.
   */
  report(place: Place, message: string, within?: Place): void;
  /** The same for a name that is not known here: a plugin may add it. */
  reportUnknown(place: Place, message: string): void;
}

/** Collects problems in the order of the text, and leaves out what follows from damage to the text. */
export function collect(script: Script, rules: (check: Check) => void): readonly Problem[] {
  const problems = new Map<string, Problem>();
  const reliable = reliableUpTo(script);
  const add = (place: Place, message: string, within: Place, certain: boolean): void => {
    if (Math.max(place.end, within.end) > reliable) return;
    const range = rangeOf(script, place);
    problems.set(`${place.start} ${message}`, { line: range.line, message, range, certain });
  };
  rules({
    text: script.text,
    report: (place, message, within = place) => add(place, message, within, true),
    reportUnknown: (place, message) => add(place, message, place, false),
  });
  return [...problems.values()].sort((one, other) => one.range.start - other.range.start);
}

/**
 * Up to where the text can be taken at its word: the line of the first problem that the parser
 * has. A bracket that closes nothing has lost its partner anywhere before it, and a string over
 * many lines that has no end may be one that has no beginning.
 */
function reliableUpTo({ text, lines, problems }: Script): number {
  let first = Infinity;
  for (const { line, range } of problems) {
    if (/^(?:[)\]}]|'''|""")/.test(text.slice(range.start, range.start + 3))) return 0;
    first = Math.min(first, lines[line - 1] ?? 0);
  }
  return first;
}

/** Whether the parser made nothing of it, and has said so itself; or it stands beside the rest. */
export function isAside(statement: Statement): boolean {
  return statement.kind === 'opaque' || statement.kind === 'annotation';
}

/** The name of a call that is none of an object's: `name(…)` or `this.name(…)`. */
export function plainName({ object, name }: Call): string | undefined {
  const own = object === undefined || (object.kind === 'name' && object.name === 'this');
  return own && typeof name === 'string' ? name : undefined;
}

/** The closure of `name(…) { }`; undefined for an object's method, and if it is a named argument. */
export function blockOf(call: Call): Closure | undefined {
  if (plainName(call) === undefined || call.args.at(-1)?.name !== undefined) return undefined;
  return bodyOf(call);
}

/** The place of the word that a call begins with; of anything else its first line. */
export function headOf(statement: Statement | Expression, { text }: Check): Place {
  const { start, end } = statement;
  if (statement.kind === 'call' && statement.object === undefined) {
    const { name } = statement;
    if (typeof name === 'string' && text.startsWith(name, start))
      return { start, end: start + name.length };
  }
  const line = text.indexOf('\n', start);
  return { start, end: line < 0 ? end : Math.min(end, line) };
}

/** Reports at the name of a call what is concluded from all of it. */
export function wrong(call: Call, message: string, check: Check): void {
  check.report(headOf(call, check), message, call);
}

/** What stands there, cut to one short line for a message. */
export function sourceOf(place: Place, { text }: Check): string {
  const source = text.slice(place.start, Math.min(place.end, place.start + 60));
  const line = source.split('\n', 1)[0] ?? '';
  return line.length < place.end - place.start ? `${line.trimEnd()}…` : line;
}

/** A string that is known without running anything; a bare name counts as one, as in Jenkins. */
export function wordOf(expression: Expression | undefined): string | undefined {
  if (expression?.kind === 'name') return expression.name;
  return expression?.kind === 'literal' && typeof expression.value === 'string'
    ? expression.value
    : undefined;
}

/** The arguments without the block at their end. */
export function argumentsOf(call: Call): readonly Argument[] {
  return blockOf(call) === undefined ? call.args : call.args.slice(0, -1);
}

/** How many arguments Groovy sees: all named ones together are one. */
export function argumentCount(args: readonly Argument[]): number {
  const unnamed = args.filter(({ name }) => name === undefined).length;
  return unnamed + (unnamed < args.length ? 1 : 0);
}

/** Reports a call of an object's method, or of something computed, where a plain name must stand. */
export function nameIn(call: Call, check: Check): string | undefined {
  const name = plainName(call);
  if (name !== undefined) return name;
  const chained = chainedName(call, check);
  if (chained !== undefined)
    check.report(chained.place, `"${chained.name}" must begin on a line of its own.`);
  else if (call.object?.kind === 'name')
    check.report(
      headOf(call, check),
      'A method of an object cannot be called here, only in "script".',
    );
  else check.report(headOf(call, check), 'A plain name must stand here.');
  return undefined;
}

/** `when { } steps { }`: to Groovy, a call of the first one's result. */
function chainedName(
  { object, name }: Call,
  { text }: Check,
): { name: string; place: Place } | undefined {
  if (object?.kind !== 'call' || typeof name !== 'string') return undefined;
  const start = text.indexOf(name, object.end);
  if (start < 0 || text.slice(object.end, start).trim() !== '') return undefined;
  return { name, place: { start, end: start + name.length } };
}

/** Whether a block has nothing but plain calls in it, so that what it lacks is really missing. */
export function isClear(block: Closure): boolean {
  return block.body.every(
    (statement) => statement.kind === 'call' && plainName(statement) !== undefined,
  );
}

export interface Section {
  readonly name: string;
  readonly call: Call;
}

/** The sections in a block, each of them once; what is none, and what is repeated, is reported. */
export function sectionsOf(block: Closure, check: Check): Section[] {
  const sections = new Map<string, Section>();
  for (const call of callsIn(block, check, notASection)) {
    const name = nameIn(call, check);
    if (name === undefined) continue;
    if (sections.has(name))
      check.report(headOf(call, check), `"${name}" stands here more than once.`);
    else sections.set(name, { name, call });
  }
  return [...sections.values()];
}

function notASection(statement: Statement, check: Check): string {
  return statement.kind === 'name'
    ? `"${statement.name}" alone says nothing: something must follow it.`
    : `This is no section: ${sourceOf(statement, check)}`;
}

/** The statements of a block that are calls; the others are reported. */
export function* callsIn(
  block: Closure,
  check: Check,
  complaint: (statement: Statement, check: Check) => string,
): Generator<Call> {
  for (const statement of block.body) {
    if (statement.kind === 'call') yield statement;
    else if (!isAside(statement))
      check.report(headOf(statement, check), complaint(statement, check));
  }
}

/** The block of a section; reports that there is none. */
export function blockFor({ name, call }: Section, check: Check): Closure | undefined {
  const block = blockOf(call);
  if (block === undefined) wrong(call, `"${name}" needs a block.`, check);
  return block;
}

/** Reports that a section has nothing in it. */
export function reportEmpty({ name, call }: Section, check: Check): void {
  check.report(headOf(call, check), `"${name}" cannot be empty.`, call);
}

/** Reports `true` or `false` missing after `failFast`, `beforeAgent` and their like. */
export function checkBoolean({ name, call }: Section, check: Check): void {
  const value = call.args[0]?.value;
  if (value?.kind === 'literal' && typeof value.value === 'boolean') return;
  wrong(call, `"${name}" takes true or false.`, check);
}
