import { didYouMean } from './nearNames';
import type { Call, Closure, Expression } from '../syntax';
import { checkAgent } from './validateAgent';
import {
  blockFor,
  blockOf,
  callsIn,
  checkBoolean,
  headOf,
  isClear,
  sectionsOf,
  wordOf,
  wrong,
} from './validateCheck';
import type { Check, Section } from './validateCheck';
import { checkEnvironment, checkInput, checkTools } from './validateDirectives';
import { checkOptions } from './validateEntries';
import { checkAxes, checkExcludes } from './validateMatrix';
import { checkPost, checkStageSteps } from './validateSteps';
import { checkWhen } from './validateWhen';

/** `stages { }` and `parallel { }`. `branching` is true inside of `parallel` and `matrix`. */
export function checkStages(section: Section, branching: boolean, check: Check): void {
  const block = blockFor(section, check);
  if (block === undefined) return;
  const names = new Set<string>();
  for (const call of callsIn(block, check, () => 'A "stage" must stand here.')) {
    if (call.name !== 'stage' || call.object !== undefined || blockOf(call) === undefined) {
      const isStage = call.name === 'stage';
      wrong(call, isStage ? '"stage" needs a block.' : 'Only "stage" can stand here.', check);
      continue;
    }
    const [first] = call.args;
    const name = first?.name === undefined ? wordOf(first?.value) : undefined;
    if (first !== undefined && name !== undefined) {
      if (names.has(name))
        check.report(first.value, `There is more than one stage "${name}" here.`);
      names.add(name);
    }
    checkStage(call, name, branching, check);
  }
  if (block.body.length === 0)
    check.report(headOf(section.call, check), 'There must be at least one stage.', section.call);
}

const STAGE_SECTIONS = [
  'agent',
  'environment',
  'options',
  'tools',
  'post',
  'when',
  'input',
  'steps',
  'stages',
  'parallel',
  'matrix',
  'failFast',
];

const WORK = ['steps', 'stages', 'parallel', 'matrix'];

function checkStage(call: Call, name: string | undefined, branching: boolean, check: Check): void {
  const [first, second] = call.args;
  const body = blockOf(call);
  if (first === undefined || body === undefined) return;
  if (name === undefined) {
    const place = first.value.kind === 'closure' ? headOf(call, check) : first.value;
    check.report(place, 'A stage has a name here that is a plain string, without `${…}`.');
  }
  if (first.value.kind === 'closure') return;
  if (second?.value !== body) {
    wrong(call, '"stage" takes a name and a block, nothing else.', check);
    return;
  }
  const stage = { name: name ?? '', place: first.value, clear: isClear(body) };
  const sections = sectionsOf(body, check);
  for (const section of sections) checkStageSection(section, branching, check);
  checkWork(stage, call, sections, branching, check);
}

function checkStageSection(section: Section, branching: boolean, check: Check): void {
  switch (section.name) {
    case 'steps':
      checkStageSteps(section, check);
      break;
    case 'stages':
      checkStages(section, branching, check);
      break;
    case 'parallel':
      checkStages(section, true, check);
      break;
    case 'matrix':
      checkMatrix(section, check);
      break;
    case 'failFast':
      checkBoolean(section, check);
      break;
    default:
      if (!checkCommon(section, check))
        check.report(
          headOf(section.call, check),
          `"${section.name}" is no section of a stage${hint(section.name)}`,
        );
  }
}

function hint(name: string): string {
  const near = didYouMean(name, STAGE_SECTIONS);
  return near === '' ? ': steps stand in "steps".' : `.${near}`;
}

/** What a stage and a matrix have in common; false if it is something else. */
function checkCommon(section: Section, check: Check): boolean {
  const own = COMMON.get(section.name);
  own?.(section, check);
  return own !== undefined;
}

const COMMON: ReadonlyMap<string, (section: Section, check: Check) => void> = new Map([
  ['agent', checkAgent],
  ['when', checkWhen],
  ['post', checkPost],
  ['options', (section, check) => checkOptions(section, 'stageOptions', check)],
  ['input', checkInput],
  ['tools', checkTools],
  ['environment', checkEnvironment],
]);

/** What a stage does: exactly one thing; branches have no agent or tools around them, and do not nest. */
function checkWork(
  stage: { readonly name: string; readonly place: Expression; readonly clear: boolean },
  call: Call,
  sections: readonly Section[],
  branching: boolean,
  check: Check,
): void {
  const work = sections.filter(({ name }) => WORK.includes(name));
  const branches = work.find(({ name }) => name === 'matrix' || name === 'parallel');
  const steps = work.find(({ name }) => name === 'steps');
  const stepBranches = steps === undefined ? 0 : branchesOf(steps.call);
  if (branching && (branches !== undefined || stepBranches > 1)) {
    const inner = branches ?? steps;
    if (inner !== undefined)
      check.report(
        headOf(inner.call, check),
        '"parallel" and "matrix" cannot stand inside of another "parallel" or "matrix".',
      );
  } else if (work.length > 1) {
    check.report(
      stage.place,
      `The stage "${stage.name}" can have only one of "steps", "stages", "parallel" and "matrix".`,
      call,
    );
  } else if (!stage.clear && work.length === 0) {
    return;
  } else if (work.length === 0 || (steps !== undefined && stepBranches === 0)) {
    check.report(
      stage.place,
      `The stage "${stage.name}" needs one of "steps", "stages", "parallel" and "matrix".`,
      call,
    );
  } else if (branches !== undefined) {
    for (const { name, call: directive } of sections)
      if (name === 'agent' || name === 'tools')
        check.report(
          headOf(directive, check),
          `"${name}" cannot stand beside "${branches.name}" in the stage "${stage.name}".`,
        );
  }
}

/** How many branches `steps` has: one, if it is not the step `parallel` alone. */
function branchesOf(call: Call): number {
  const block: Closure | undefined = blockOf(call);
  const [only, ...others] = block?.body ?? [];
  if (only?.kind !== 'call' || others.length > 0 || only.name !== 'parallel') return 1;
  if (only.object !== undefined) return 1;
  return only.args.filter(({ name, value }) => name !== undefined && value.kind === 'closure')
    .length;
}

const MATRIX_SECTIONS = [
  'axes',
  'stages',
  'excludes',
  'agent',
  'environment',
  'options',
  'tools',
  'post',
  'when',
  'input',
];

function checkMatrix(matrix: Section, check: Check): void {
  const block = blockFor(matrix, check);
  if (block === undefined) return;
  const sections = sectionsOf(block, check);
  for (const section of sections) {
    switch (section.name) {
      case 'axes':
        checkAxes(section, check);
        break;
      case 'excludes':
        checkExcludes(section, check);
        break;
      case 'stages':
        checkStages(section, true, check);
        break;
      default:
        if (!checkCommon(section, check))
          check.report(
            headOf(section.call, check),
            `"${section.name}" is no section of a matrix.${didYouMean(section.name, MATRIX_SECTIONS)}`,
          );
    }
  }
  if (!isClear(block)) return;
  for (const required of ['axes', 'stages'])
    if (!sections.some(({ name }) => name === required))
      check.report(
        headOf(matrix.call, check),
        `"${required}" is missing: a matrix needs it.`,
        matrix.call,
      );
}
