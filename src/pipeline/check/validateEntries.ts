import { ARGUMENTS } from '../catalogue/argumentsCatalogue';
import type { Description } from '../catalogue/catalogueNotation';
import { directivesIn } from '../catalogue/directivesCatalogue';
import type { Context } from '../catalogue/directivesCatalogue';
import { slipOf } from './nearNames';
import { STEPS } from '../catalogue/stepsCatalogue';
import type { Call, Expression, Statement } from '../syntax';
import { checkArguments, checkNamed, checkType, readArguments } from './validateArguments';
import { blockFor, blockOf, callsIn, headOf, nameIn, reportEmpty, wrong } from './validateCheck';
import type { Check, Section } from './validateCheck';

/** What is written one below the other in `options`, `triggers` and `parameters`. Plugins may add to them. */
interface Kind {
  /** With its article. */
  readonly what: string;
  readonly context: Context;
  /** Whether each may be there only once. */
  readonly once: boolean;
  /** Why there can be none of the name, though a plugin could have one that is not known here. */
  refusal(name: string): string | undefined;
}

const OPTION: Kind = {
  what: 'an option',
  context: 'options',
  once: true,
  refusal: (name) => {
    const section = OWN_SECTION[name];
    if (section !== undefined)
      return `"${name}" cannot stand in "options": it has a section "${section}".`;
    return isNoWrapper(name) ? `"${name}" is no option.` : undefined;
  },
};

const OWN_SECTION: Readonly<Record<string, string>> = {
  parameters: 'parameters',
  triggers: 'triggers',
  pipelineTriggers: 'triggers',
};

const STAGE_OPTION: Kind = {
  ...OPTION,
  context: 'stageOptions',
  refusal: (name) =>
    directivesIn('options').some((option) => option.name === name)
      ? `"${name}" is an option of the pipeline, not of a stage.`
      : OPTION.refusal(name),
};

const TRIGGER: Kind = {
  what: 'a trigger',
  context: 'triggers',
  once: true,
  refusal: (name) => (STEPS.has(name) ? `"${name}" is no trigger.` : undefined),
};

const PARAMETER: Kind = {
  what: 'a parameter',
  context: 'parameters',
  once: false,
  refusal: (name) => (STEPS.has(name) ? `"${name}" is no parameter.` : undefined),
};

/** `options { }`, of the pipeline or of a stage. */
export function checkOptions(
  section: Section,
  context: 'options' | 'stageOptions',
  check: Check,
): void {
  checkEntries(section, context === 'options' ? OPTION : STAGE_OPTION, check);
}

/** `triggers { }`. */
export function checkTriggers(section: Section, check: Check): void {
  checkEntries(section, TRIGGER, check);
}

/** `parameters { }`, of the pipeline or of an input. */
export function checkParameters(section: Section, check: Check): void {
  checkEntries(section, PARAMETER, check);
}

/** Steps with a block that want no node can be options, too; other steps cannot. */
function isNoWrapper(name: string): boolean {
  const step = STEPS.get(name);
  return step !== undefined && (!step.body || step.node || BLOCKED.has(name));
}

const BLOCKED = new Set(['node', 'stage', 'properties', 'parallel']);

function checkEntries(section: Section, kind: Kind, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const names = new Set<string>();
  const complaint = (statement: Statement) => complain(statement, kind);
  for (const call of callsIn(block, check, complaint)) {
    const name = nameIn(call, check);
    if (name === undefined) continue;
    if (kind.once && names.has(name))
      check.report(headOf(call, check), `"${name}" stands here more than once.`);
    names.add(name);
    checkEntry(name, call, kind, check);
  }
  if (block.body.length === 0) reportEmpty(section, check);
}

function checkEntry(name: string, call: Call, kind: Kind, check: Check): void {
  const head = headOf(call, check);
  if (blockOf(call) !== undefined) {
    wrong(call, `"${name}" cannot have a block here.`, check);
    return;
  }
  const catalogue = directivesIn(kind.context);
  const description = catalogue.find((entry) => entry.name === name);
  if (description === undefined) {
    const known = catalogue.map((entry) => entry.name);
    const slip = slipOf(name, known);
    const noun = kind.what.replace(/^an? /, '');
    const refusal =
      slip === undefined ? kind.refusal(name) : `"${name}" is no ${noun}. Did you mean "${slip}"?`;
    if (refusal !== undefined) check.report(head, refusal);
  }
  checkDescribed(call, description, true, check);
}

function complain(statement: Statement, { what }: Kind): string {
  if (statement.kind === 'map') return `A map cannot stand here: ${what} has a name.`;
  return statement.kind === 'name'
    ? `Write ${statement.name}(): ${what} is a call.`
    : `${what.replace('a', 'A')} must stand here.`;
}

/** The arguments of an entry: they may hold calls that describe something in turn. */
function checkDescribed(
  call: Call,
  description: Description | undefined,
  isEntry: boolean,
  check: Check,
): void {
  const { named, unnamed, plain } = readArguments(call.args);
  checkArguments(call.args, check);
  const values = [...named.map(({ value }) => value), ...unnamed];
  for (const value of values) checkInner(value, check);
  if (named.length > 0 && unnamed.length > 0 && (isEntry || description !== undefined))
    wrong(call, 'Arguments with and without names cannot be mixed here.', check);
  else if (plain && description !== undefined && CLOSED.has(description.name))
    checkKnown(call, description, named, unnamed, check);
}

function checkInner(value: Expression, check: Check): void {
  if (value.kind === 'closure') check.report(value, 'A block cannot be an argument here.');
  if (value.kind !== 'call') return;
  const name = nameIn(value, check);
  if (name === undefined) return;
  if (BLOCKED.has(name)) check.report(headOf(value, check), `"${name}" cannot stand here.`);
  checkDescribed(value, name === 'logRotator' ? LOG_ROTATOR : undefined, false, check);
}

function checkKnown(
  call: Call,
  description: Description,
  named: ReturnType<typeof readArguments>['named'],
  unnamed: readonly Expression[],
  check: Check,
): void {
  const { name, parameters, positional } = description;
  const [first, ...others] = unnamed;
  if (named.length > 0) checkNamed(named, description, check);
  else if (others.length > 0) wrong(call, `"${name}" must be given its arguments by name.`, check);
  else if (first === undefined) {
    const needed = parameters.find((parameter) => parameter.required);
    if (needed !== undefined) wrong(call, `"${name}" needs the parameter "${needed.name}".`, check);
  } else {
    const parameter = parameters.find((candidate) => candidate.name === positional);
    if (parameter !== undefined) checkType(first, parameter, check);
  }
}

/** Entries whose parameters are all known. */
const CLOSED = new Set([
  'timeout',
  'retry',
  'buildDiscarder',
  'quietPeriod',
  'checkoutToSubdirectory',
  'durabilityHint',
  'ansiColor',
  'logRotator',
  'cron',
  'pollSCM',
  'upstream',
  'string',
  'text',
  'booleanParam',
  'choice',
  'password',
  'file',
  'run',
]);

const LOG_ROTATOR = ARGUMENTS.find(({ name }) => name === 'logRotator');
