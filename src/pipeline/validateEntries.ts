import { ARGUMENTS } from './argumentsCatalogue';
import type { Description } from './catalogueNotation';
import { directivesIn } from './directivesCatalogue';
import { slipOf } from './nearNames';
import { STEPS } from './stepsCatalogue';
import type { Call, Expression, Statement } from './syntax';
import { checkArguments, checkNamed, checkType, readArguments } from './validateArguments';
import { blockFor, blockOf, callsIn, headOf, nameIn, reportEmpty } from './validateCheck';
import type { Check, Section } from './validateCheck';

/** `options { }`, of the pipeline or of a stage. Plugins may add to them. */
export function checkOptions(
  section: Section,
  context: 'options' | 'stageOptions',
  check: Check,
): void {
  checkEntries(
    section,
    'an option',
    check,
    (name, call, known) => {
      const head = headOf(call, check);
      if (name === 'parameters' || name === 'triggers' || name === 'pipelineTriggers') {
        const section = name === 'parameters' ? 'parameters' : 'triggers';
        check.report(head, `"${name}" cannot stand in "options": it has a section "${section}".`);
      } else if (!known && context === 'stageOptions' && isOption(name, 'options'))
        check.report(head, `"${name}" is an option of the pipeline, not of a stage.`);
      else if (!known && isNoWrapper(name)) check.report(head, `"${name}" is no option.`);
    },
    context,
    true,
  );
}

/** `triggers { }`. */
export function checkTriggers(section: Section, check: Check): void {
  checkEntries(
    section,
    'a trigger',
    check,
    (name, call, known) => {
      if (!known && STEPS.has(name)) check.report(headOf(call, check), `"${name}" is no trigger.`);
    },
    'triggers',
    true,
  );
}

/** `parameters { }`, of the pipeline or of an input. */
export function checkParameters(section: Section, check: Check): void {
  checkEntries(
    section,
    'a parameter',
    check,
    (name, call, known) => {
      if (!known && STEPS.has(name))
        check.report(headOf(call, check), `"${name}" is no kind of parameter.`);
    },
    'parameters',
    false,
  );
}

function isOption(name: string, context: 'options' | 'stageOptions'): boolean {
  return directivesIn(context).some((option) => option.name === name);
}

/** Steps with a block that want no node can be options, too; other steps cannot. */
function isNoWrapper(name: string): boolean {
  const step = STEPS.get(name);
  return step !== undefined && (!step.body || step.node || BLOCKED.has(name));
}

const BLOCKED = new Set(['node', 'stage', 'properties', 'parallel']);

function checkEntries(
  section: Section,
  what: string,
  check: Check,
  checkName: (name: string, call: Call, known: boolean) => void,
  context: 'options' | 'stageOptions' | 'triggers' | 'parameters',
  once: boolean,
): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const catalogue = directivesIn(context);
  const names = new Set<string>();
  const complaint = (statement: Statement) => complain(statement, what);
  for (const call of callsIn(block, check, complaint)) {
    const name = nameIn(call, check);
    if (name === undefined) continue;
    if (blockOf(call) !== undefined) {
      check.report(headOf(call, check), `"${name}" cannot have a block here.`);
      continue;
    }
    if (once && names.has(name))
      check.report(headOf(call, check), `"${name}" stands here more than once.`);
    names.add(name);
    const description = catalogue.find((entry) => entry.name === name);
    const slip = slipOf(
      name,
      catalogue.map((entry) => entry.name),
    );
    if (slip !== undefined)
      check.report(headOf(call, check), `"${name}" is not ${what}. Did you mean "${slip}"?`);
    else checkName(name, call, description !== undefined);
    checkDescribed(call, description, true, check);
  }
  if (block.body.length === 0) reportEmpty(section, check);
}

function complain(statement: Statement, what: string): string {
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
    check.report(headOf(call, check), 'Arguments with and without names cannot be mixed here.');
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
  const head = headOf(call, check);
  const [first, ...others] = unnamed;
  if (named.length > 0) checkNamed(named, description, check);
  else if (others.length > 0) check.report(head, `"${name}" must be given its arguments by name.`);
  else if (first === undefined) {
    const needed = parameters.find((parameter) => parameter.required);
    if (needed !== undefined) check.report(head, `"${name}" needs the parameter "${needed.name}".`);
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
