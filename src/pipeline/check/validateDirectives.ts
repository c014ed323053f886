import type { Call, Expression, Place, Statement } from '../syntax';
import { checkParameters } from './validateEntries';
import {
  argumentCount,
  blockFor,
  blockOf,
  callsIn,
  headOf,
  isAside,
  plainName,
  reportEmpty,
  sectionsOf,
  sourceOf,
  wrong,
} from './validateCheck';
import type { Check, Section } from './validateCheck';
import { checkValue } from './validateArguments';

// environment

export function checkEnvironment(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const names = new Set<string>();
  for (const statement of block.body) {
    if (isAside(statement)) continue;
    const entry = entryOf(statement);
    if (entry === undefined) {
      const source = sourceOf(statement, check);
      check.report(
        headOf(statement, check),
        `Only lines such as NAME = 'value' can stand in "environment": ${source}`,
      );
      continue;
    }
    const name = entry.key.kind === 'name' ? entry.key.name : undefined;
    if (name === undefined || !isVariableName(name))
      check.report(entry.key, notAVariable(name ?? sourceOf(entry.key, check)));
    else if (names.has(name)) check.report(entry.key, `The variable "${name}" is set twice here.`);
    if (name !== undefined) names.add(name);
    checkEnvironmentValue(entry.value, entry.place, check);
  }
  if (block.body.length === 0) reportEmpty(section, check);
}

interface Entry {
  readonly key: Expression;
  readonly value: Expression | undefined;
  readonly place: Place;
}

/** `NAME = value`; Jenkins takes a `def` before it, too. */
function entryOf(statement: Statement): Entry | undefined {
  if (statement.kind === 'assignment' && statement.operator === undefined)
    return { key: statement.target, value: statement.value, place: statement };
  if (statement.kind !== 'declaration' || statement.several) return undefined;
  const [key, ...others] = statement.names;
  if (key === undefined || others.length > 0) return undefined;
  return { key, value: statement.value, place: statement };
}

/** Whether a variable of the environment can have the name. */
export function isVariableName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

export function notAVariable(name: string): string {
  return `"${name}" cannot be the name of a variable: it begins with a letter or "_", and has only those and digits.`;
}

const ALLOWED = 'a string, a number, true or false, or a call such as credentials(…) or sh(…)';

function checkEnvironmentValue(value: Expression | undefined, place: Place, check: Check): void {
  switch (value?.kind) {
    case 'opaque':
    case 'literal':
    case 'gstring':
      return;
    case 'call':
      checkEnvironmentCall(value, check);
      return;
    case 'binary':
      checkSum(value, check);
      return;
    case 'index':
      check.report(value, `A value in "environment" is ${ALLOWED}, not an element of something.`);
      return;
    default:
      check.report(
        value ?? place,
        `A value in "environment" is ${ALLOWED}.${quoted(value, check)}`,
      );
  }
}

function quoted(value: Expression | undefined, check: Check): string {
  if (value?.kind !== 'name' && value?.kind !== 'property') return '';
  return ` Write "\${${sourceOf(value, check)}}".`;
}

function checkEnvironmentCall(call: Call, check: Check): void {
  if (plainName(call) !== 'credentials') {
    checkValue(call, check);
    return;
  }
  for (const { name, value } of call.args)
    if (name !== undefined || (value.kind !== 'literal' && value.kind !== 'gstring'))
      check.report(value, 'The id in credentials(…) must be a string.');
}

/** `a + b + c`: only constants and strings may be put together. */
function checkSum(value: Expression, check: Check): void {
  let at = value;
  const parts: Expression[] = [];
  while (at.kind === 'binary') {
    if (at.operator !== '+') {
      check.report(at, 'Values in "environment" can be put together only with "+".');
      return;
    }
    parts.push(at.right);
    at = at.left;
  }
  parts.push(at);
  for (const part of parts)
    if (part.kind !== 'literal' && part.kind !== 'gstring' && part.kind !== 'opaque')
      check.report(
        part,
        `Only strings and numbers can be put together in "environment", not: ${sourceOf(part, check)}`,
      );
}

// tools

export function checkTools(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  for (const call of callsIn(
    block,
    check,
    () => "A tool and its name must stand here: maven 'name'",
  )) {
    const count = argumentCount(call.args);
    const name = typeof call.name === 'string' ? call.name : '';
    if (count !== 1) wrong(call, `The tool "${name}" takes one name, not ${count}.`, check);
    for (const { value } of call.args) checkValue(value, check);
  }
  if (block.body.length === 0) reportEmpty(section, check);
}

// libraries

export function checkLibraries(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  for (const call of callsIn(block, check, notALibrary)) {
    const { args } = call;
    const [first] = args;
    const well = args.length === 1 && first?.name === undefined && first?.value.kind !== 'call';
    if (plainName(call) !== 'lib' || blockOf(call) !== undefined || !well)
      wrong(call, notALibrary(call, check), check);
    else if (first !== undefined) checkValue(first.value, check);
  }
  if (block.body.length === 0) reportEmpty(section, check);
}

function notALibrary(statement: Statement, check: Check): string {
  return `Only lib('name') can stand in "libraries", not: ${sourceOf(statement, check)}`;
}

// input

const INPUT_FIELDS = new Set([
  'message',
  'id',
  'ok',
  'submitter',
  'submitterParameter',
  'parameters',
]);

export function checkInput(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const fields = sectionsOf(block, check);
  for (const field of fields) {
    const { name, call } = field;
    if (!INPUT_FIELDS.has(name))
      check.report(headOf(call, check), `"${name}" is no part of "input".`);
    else if (argumentCount(call.args) !== 1) wrong(call, `"${name}" takes one value.`, check);
    else if (name === 'parameters') checkParameters(field, check);
    else for (const { value } of call.args) checkValue(value, check);
  }
  if (!fields.some(({ name }) => name === 'message'))
    check.report(
      headOf(section.call, check),
      '"message" is missing: an input needs it.',
      section.call,
    );
}
