import type { Stage } from '../pipeline/declarative';
import { outline } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import type { Recipe } from './recipe';

/** Says which branches of a `parallel` are run. One that holds none of the chosen is run as a whole. */
export function branchChooser(
  recipe: Recipe,
): ((names: readonly string[]) => readonly string[]) | undefined {
  const { branches } = recipe;
  if (!branches) return undefined;
  const wanted = branches.kind === 'named' ? branches.names : failedPath(recipe);
  const shorts = new Set(wanted.map(shortName));
  return (names) => {
    const chosen = names.filter((name) => shorts.has(shortName(name)));
    return chosen.length > 0 ? chosen : names;
  };
}

/** Where the run failed, from the outermost stage; a source without parents tells the last name only. */
function failedPath({ run, jenkinsfile }: Recipe): readonly string[] {
  const stage = run?.failure?.stage ?? [];
  if (stage.length !== 1) return stage;
  const [found, ...others] = outline(parse(jenkinsfile.text)).stages.filter(
    ({ name }) => name === stage[0],
  );
  return found && others.length === 0 ? found.path : stage;
}

/** A cell `Matrix - OS = 'linux', ARCH = 'arm'` is `OS=linux,ARCH=arm` as well. */
export function shortName(name: string): string {
  return name.replace(/^(Matrix - |Branch: )/, '').replace(/[\s']/g, '');
}

/**
 * The branch or cell in which the run failed, if it may have been one of several: then the person
 * may want it alone. Of a scripted pipeline it is not known which of its stages are branches.
 */
export function failedBranch(recipe: Recipe): string | undefined {
  const path = failedPath(recipe);
  const last = path.at(-1);
  const { declarative } = parse(recipe.jenkinsfile.text);
  if (!declarative)
    return /\bparallel\b/.test(recipe.jenkinsfile.text) && last !== undefined
      ? path.join(' / ')
      : undefined;
  const names = new Set(branchNames(declarative.stages));
  return path.find((name) => names.has(name) || name.startsWith('Matrix - '));
}

function branchNames(stages: readonly Stage[]): string[] {
  return stages.flatMap(({ work }) => {
    if (work.kind === 'stages') return branchNames(work.stages);
    if (work.kind === 'matrix') return branchNames(work.matrix.stages);
    if (work.kind !== 'parallel') return [];
    const own = work.stages.flatMap(({ name }) =>
      name?.kind === 'literal' ? [String(name.value)] : [],
    );
    return [...own, ...branchNames(work.stages)];
  });
}
