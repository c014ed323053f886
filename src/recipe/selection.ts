import type { StageCall } from '../pipeline/effects';
import { outline } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import type { Recipe, RecordedStage } from './recipe';

/** Whether a stage is run, and why, in words for people. */
export interface Choice {
  /** `when`: as its own condition says here. */
  readonly runs: boolean | 'when';
  readonly why: string;
}

/**
 * Decides stage by stage, in the order in which the interpreter comes to them. What CI recorded
 * stands above what `when` would say here, since the outside world is another one now.
 * `path` is the stage's place with the branches around it, as the record has it.
 */
export function chooser(recipe: Recipe): (stage: StageCall, path: readonly string[]) => Choice {
  const record = recipe.run?.stages ?? [];
  const number = recipe.run ? `#${recipe.run.number}` : '';
  const broke = recipe.run?.failure?.stage;
  const declared =
    recipe.select.kind === 'stage'
      ? outline(parse(recipe.jenkinsfile.text)).stages.map(({ path }) => path.join(' / '))
      : [];
  const brokeAt = broke ? record.findIndex((stage) => samePath(stage.path, broke)) : -1;

  return (stage, path) => {
    if (recipe.select.kind === 'stage') {
      const wanted = recipe.select.name;
      return isWanted(stage, wanted, declared)
        ? { runs: true, why: `chosen: ${wanted}` }
        : { runs: false, why: `only ${wanted} was chosen` };
    }
    if (record.length === 0) return byCondition(stage);
    const found = findRecorded(record, path) ?? findRecorded(record, stage.path);
    if (!found)
      return recipe.select.kind === 'all'
        ? byCondition(stage)
        : { runs: false, why: `${number} never came to it` };
    const { state, index } = found;
    if (state !== 'skipped') return { runs: true, why: `${state} in ${number}` };
    // What comes after the failure was skipped because of it, and not by a condition.
    if (recipe.select.kind === 'all' && brokeAt >= 0 && index > brokeAt) return byCondition(stage);
    return { runs: false, why: `skipped in ${number}` };
  };
}

/** The record of a stage. A source without parents (Stage View) knows only the last name. */
export function findRecorded(
  record: readonly RecordedStage[],
  path: readonly string[],
): (RecordedStage & { index: number }) | undefined {
  let index = record.findIndex((stage) => samePath(stage.path, path));
  const isFlat = (stage: RecordedStage): boolean =>
    stage.path.length === 1 && stage.path[0] === path.at(-1);
  // Cells of a matrix have stages of the same names: what one of them ran is no skipped stage.
  if (index < 0) index = record.findIndex((stage) => isFlat(stage) && stage.state !== 'skipped');
  if (index < 0) index = record.findIndex(isFlat);
  const stage = record[index];
  return stage && { ...stage, index };
}

export function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function byCondition(stage: StageCall): Choice {
  return { runs: stage.conditional ? 'when' : true, why: 'selected' };
}

/** The stage itself, what lies in it, and what it lies in. `name` is a name or a path `A / B`. */
function isWanted(stage: StageCall, name: string, declared: readonly string[]): boolean {
  if (stage.path.includes(name) || isAround(name, stage.path.join(' / '))) return true;
  const path = withoutCells(stage.path).join(' / ');
  if (isAround(name, path) || isAround(path, name)) return true;
  // Its own steps are none: a parent is entered only if what is wanted may lie in it.
  if (!stage.parent || name.includes(' / ')) return false;
  const places = declared.filter((each) => each === name || each.endsWith(` / ${name}`));
  // What the text does not declare by this name, a library may, or a name that is computed.
  return places.length === 0 || places.some((place) => isAround(path, place));
}

/** Whether the stage at `path` lies at or in the one at `outer`. */
function isAround(outer: string, path: string): boolean {
  return path === outer || path.startsWith(`${outer} / `);
}

/** The path as the text has it: the cells of a matrix are named by nobody. */
function withoutCells(path: readonly string[]): readonly string[] {
  return path.filter((name) => !name.startsWith('Matrix - '));
}
