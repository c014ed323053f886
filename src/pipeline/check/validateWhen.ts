import { directivesIn } from '../catalogue/directivesCatalogue';
import type { DirectiveDescription } from '../catalogue/directivesCatalogue';
import { didYouMean } from './nearNames';
import type { Argument, Call, Statement } from '../syntax';
import { checkArguments, checkNamed, checkType, readArguments } from './validateArguments';
import {
  argumentsOf,
  blockFor,
  blockOf,
  callsIn,
  checkBoolean,
  headOf,
  nameIn,
  wrong,
} from './validateCheck';
import type { Check, Section } from './validateCheck';

const BEFORE = new Set(['beforeAgent', 'beforeInput', 'beforeOptions']);
const COMBINING = new Set(['allOf', 'anyOf', 'not']);

export function checkWhen(section: Section, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  let conditions = 0;
  for (const call of callsIn(block, check, notACondition)) {
    const name = nameIn(call, check);
    if (name === undefined) conditions++;
    else if (BEFORE.has(name)) checkBoolean({ name, call }, check);
    else {
      conditions++;
      checkCondition(name, call, check);
    }
  }
  const wrong = block.body.some((statement) => statement.kind !== 'call');
  if (conditions === 0 && !wrong)
    check.report(headOf(section.call, check), '"when" needs a condition.', section.call);
}

function notACondition(statement: Statement): string {
  return statement.kind === 'name'
    ? `"${statement.name}" alone is no condition: something must follow it.`
    : 'A condition must stand here; code stands in "expression".';
}

function checkCondition(name: string, call: Call, check: Check): void {
  const block = blockOf(call);
  if (name === 'expression') {
    if (block === undefined) wrong(call, '"expression" needs a block.', check);
    return;
  }
  const head = headOf(call, check);
  const args = argumentsOf(call);
  checkArguments(args, check);
  const known = directivesIn('when').filter((condition) => !BEFORE.has(condition.name));
  const condition = known.find((candidate) => candidate.name === name);
  if (condition === undefined) {
    const names = known.map((candidate) => candidate.name);
    const near = didYouMean(name, names);
    check.reportUnknown(
      head,
      `"${name}" is no condition of "when".${near || ` There are ${names.join(', ')}.`}`,
    );
  } else if (COMBINING.has(name)) {
    checkCombined(name, call, check);
  } else if (block !== undefined)
    wrong(call, `"${name}" takes no block: it has no conditions in it.`, check);
  else checkConditionArguments(call, args, condition, check);
}

function checkCombined(name: string, call: Call, check: Check): void {
  const block = blockFor({ name, call }, check);
  if (block === undefined) return;
  if (call.args.length > 1) {
    wrong(call, `"${name}" takes conditions in a block, and no arguments.`, check);
    return;
  }
  const count = block.body.length;
  if (name === 'not' ? count !== 1 : count === 0)
    check.report(
      headOf(call, check),
      name === 'not' ? '"not" needs exactly one condition.' : `"${name}" needs a condition.`,
      call,
    );
  for (const inner of callsIn(block, check, notACondition)) {
    const condition = nameIn(inner, check);
    if (condition !== undefined) checkCondition(condition, inner, check);
  }
}

function checkConditionArguments(
  call: Call,
  args: readonly Argument[],
  condition: DirectiveDescription,
  check: Check,
): void {
  const { named, unnamed, plain } = readArguments(args);
  if (!plain) return;
  const [first, ...others] = unnamed;
  const { name, parameters, positional } = condition;
  if (first === undefined) {
    if (!checkNamed(named, condition, check)) return;
    for (const parameter of parameters)
      if (parameter.required && !named.some((argument) => argument.name === parameter.name))
        wrong(call, `"${name}" needs the parameter "${parameter.name}".`, check);
  } else if (others.length > 0 || named.length > 0)
    wrong(call, `"${name}" must be given its arguments by name.`, check);
  else {
    const parameter = parameters.find((candidate) => candidate.name === positional);
    if (parameter !== undefined) checkType(first, parameter, check);
    else check.report(first, `"${name}" takes no argument without a name.`);
  }
}
