import type { StageCall } from '../pipeline/effects';
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
  const brokeAt = broke ? record.findIndex((stage) => samePath(stage.path, broke)) : -1;

  return (stage, path) => {
    if (recipe.select.kind === 'stage') {
      const wanted = recipe.select.name;
      return isWanted(stage, wanted)
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
function isWanted(stage: StageCall, name: string): boolean {
  const path = stage.path.join(' / ');
  if (stage.path.includes(name)) return true;
  if (path === name || path.startsWith(`${name} / `) || name.startsWith(`${path} / `)) return true;
  // A parent is entered if something in it may be wanted; its own steps are none.
  return stage.parent && !name.includes(' / ');
}
