import type { Call, Expression } from '../syntax';
import {
  argumentCount,
  blockFor,
  callsIn,
  headOf,
  nameIn,
  plainName,
  sectionsOf,
  sourceOf,
  wrong,
} from './validateCheck';
import type { Check, Section } from './validateCheck';
import { isVariableName, notAVariable } from './validateDirectives';

export function checkAxes(axes: Section, check: Check): void {
  const block = blockFor(axes, check);
  if (block === undefined) return;
  const names = new Set<string>();
  for (const call of callsIn(block, check, () => 'An "axis" must stand here.'))
    checkAxis(call, names, false, check);
  if (block.body.length === 0)
    check.report(headOf(axes.call, check), 'There must be at least one axis.', axes.call);
}

export function checkExcludes(excludes: Section, check: Check): void {
  const block = blockFor(excludes, check);
  if (block === undefined) return;
  for (const exclude of callsIn(block, check, () => 'An "exclude" must stand here.')) {
    const inner = blockFor({ name: plainName(exclude) ?? 'exclude', call: exclude }, check);
    if (inner === undefined) continue;
    const names = new Set<string>();
    for (const call of callsIn(inner, check, () => 'An "axis" must stand here.'))
      checkAxis(call, names, true, check);
    if (inner.body.length === 0)
      check.report(headOf(exclude, check), 'There must be at least one axis.', exclude);
  }
  if (block.body.length === 0) reportNone(excludes, check);
}

function reportNone({ call }: Section, check: Check): void {
  check.report(headOf(call, check), 'There must be at least one "exclude".', call);
}

function checkAxis(axis: Call, names: Set<string>, excluded: boolean, check: Check): void {
  const block = blockFor({ name: nameIn(axis, check) ?? 'axis', call: axis }, check);
  if (block === undefined) return;
  const sections = sectionsOf(block, check);
  const has = new Set(sections.map(({ name }) => name));
  for (const { name, call } of sections) {
    if (name === 'name') checkAxisName(call, names, check);
    else if (name === 'values' || (excluded && name === 'notValues')) checkValues(call, check);
    else check.report(headOf(call, check), `"${name}" is no part of an axis.`);
  }
  if (!has.has('name')) check.report(headOf(axis, check), 'The axis needs a "name".', axis);
  if (!has.has('values') && !has.has('notValues'))
    check.report(headOf(axis, check), 'The axis needs "values".', axis);
  if (excluded && has.has('values') && has.has('notValues'))
    check.report(headOf(axis, check), 'The axis can have "values" or "notValues", not both.', axis);
}

function checkAxisName(call: Call, names: Set<string>, check: Check): void {
  const [first] = call.args;
  if (first === undefined || argumentCount(call.args) > 1) {
    wrong(call, 'An axis has one name.', check);
    return;
  }
  const name = textOf(first.value);
  if (first.name !== undefined || name === undefined) {
    check.report(first.value, 'The name of an axis is a plain string, without `${…}`.');
    return;
  }
  if (!isVariableName(name)) check.report(first.value, notAVariable(name));
  else if (names.has(name)) check.report(first.value, `There is more than one axis "${name}".`);
  names.add(name);
}

function textOf(value: Expression): string | undefined {
  if (value.kind === 'name') return value.name;
  return value.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
}

function checkValues(call: Call, check: Check): void {
  if (call.args.length === 0) wrong(call, 'The axis needs values.', check);
  const values = new Set<unknown>();
  for (const { value } of call.args) {
    if (value.kind !== 'literal') {
      const source = sourceOf(value, check);
      check.report(value, `The values of an axis are plain, not computed: ${source}`);
    } else if (values.has(value.value)) {
      check.report(value, `The axis has the value "${String(value.value)}" more than once.`);
    } else values.add(value.value);
  }
}
