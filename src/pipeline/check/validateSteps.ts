import { directivesIn } from '../catalogue/directivesCatalogue';
import { STEPS } from '../catalogue/stepsCatalogue';
import type { StepDescription } from '../catalogue/stepsCatalogue';
import type { Argument, Call, Statement } from '../syntax';
import { checkArguments, checkNamed, checkType, readArguments } from './validateArguments';
import {
  argumentsOf,
  blockFor,
  blockOf,
  callsIn,
  headOf,
  nameIn,
  plainName,
  reportEmpty,
  sectionsOf,
  wordOf,
  wrong,
} from './validateCheck';
import type { Check, Section } from './validateCheck';

/** `steps { }` of a stage: here alone can `parallel` stand, if nothing else does. */
export function checkStageSteps(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const [only, ...others] = block.body;
  if (only?.kind === 'call' && others.length === 0 && plainName(only) === 'parallel') {
    for (const argument of only.args) checkBranch(argument, check);
    return;
  }
  checkSteps(block.body, check);
  if (block.body.length === 0) reportEmpty(section, check);
}

/** A branch of the step `parallel`, or its `failFast`. */
function checkBranch({ name, value }: Argument, check: Check): void {
  if (name === 'failFast') {
    if (value.kind !== 'literal' || typeof value.value !== 'boolean')
      check.report(value, '"failFast" takes true or false.');
  } else if (name === undefined) return;
  else if (value.kind !== 'closure')
    check.report(value, 'A branch of "parallel" is a block in braces.');
  else if (typeof name !== 'string' && wordOf(name) === undefined)
    check.report(name, 'The name of a branch is a plain string, without `${…}`.');
  else {
    if (value.body.length === 0) check.report(value, 'The branch cannot be empty.');
    checkSteps(value.body, check);
  }
}

/** Steps, and those in their blocks. What stands in `script { }` is free. */
export function checkSteps(statements: readonly Statement[], check: Check): void {
  const block = {
    kind: 'closure',
    start: 0,
    end: 0,
    parameters: undefined,
    body: statements,
  } as const;
  for (const call of callsIn(block, check, notAStep)) {
    const name = nameIn(call, check);
    if (name !== undefined) checkStep(name, call, check);
  }
}

function notAStep(statement: Statement): string {
  return statement.kind === 'name'
    ? `"${statement.name}" alone is no step: write ${statement.name}().`
    : 'Only steps can stand here; other code stands in "script".';
}

/** Steps that Declarative does not have, and why. */
const BLOCKED: Readonly<Record<string, string>> = {
  stage: '"stage" cannot stand in "steps": stages stand in "stages".',
  properties: '"properties" cannot stand in "steps": use "options", "parameters" and "triggers".',
  parallel: '"parallel" can stand in "steps" only alone, as the stage’s one step.',
};

function checkStep(name: string, call: Call, check: Check): void {
  const body = blockOf(call);
  if (name === 'script' || name === 'expression') {
    if (body === undefined) wrong(call, `"${name}" needs a block.`, check);
    return;
  }
  const blocked = BLOCKED[name];
  if (blocked !== undefined) {
    check.report(headOf(call, check), blocked);
    // Inside of them all would be wrong again.
    return;
  }
  const args = argumentsOf(call);
  checkArguments(args, check);
  const description = STEPS.get(name);
  if (description?.closed === true) checkStepArguments(call, args, description, check);
  if (body !== undefined) checkSteps(body.body, check);
}

function checkStepArguments(
  call: Call,
  args: readonly Argument[],
  step: StepDescription,
  check: Check,
): void {
  const { named, unnamed, plain } = readArguments(args);
  if (!plain) return;
  const [first, ...others] = unnamed;
  if (first === undefined) {
    if (!checkNamed(named, step, check)) return;
    for (const { name, required } of step.parameters)
      if (required && !named.some((argument) => argument.name === name))
        wrong(call, `"${step.name}" needs the parameter "${name}".`, check);
  } else if (others.length > 0 || named.length > 0)
    wrong(call, `"${step.name}" must be given its arguments by name.`, check);
  else {
    const parameter = step.parameters.find(({ name }) => name === step.positional);
    if (parameter !== undefined) checkType(first, parameter, check);
    else if (!step.body) check.report(first, `"${step.name}" takes no argument without a name.`);
  }
}

// post

export function checkPost(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const known = directivesIn('post').map(({ name }) => name);
  const valid = `Its conditions are ${known.join(', ')}.`;
  for (const condition of sectionsOf(block, check)) {
    const { name, call } = condition;
    const body = blockOf(call);
    if (!known.includes(name))
      check.reportUnknown(headOf(call, check), `"${name}" is no condition of "post". ${valid}`);
    else if (body === undefined) blockFor(condition, check);
    else {
      if (body.body.length === 0) reportEmpty(condition, check);
      checkSteps(body.body, check);
    }
  }
  if (block.body.length === 0) reportEmpty(section, check);
}
