import * as vscode from 'vscode';
import type { OtherMachine, Selection } from '../../recipe/recipe';
import { withProgress } from '../frame/progress';
import { mustBeAbleToReproduce } from '../frame/trust';
import { plain } from '../look/plain';
import type { RunNode } from '../runs/runsNodes';
import type { Launcher } from './launcher';
import type { Kitchen } from './recipes';

/** The stage that failed, with what it needs. */
export const FAILURE: Selection = { kind: 'failure' };

/** Recipes read Jenkinsfiles, which the extension does not load before somebody wants one. */
export const kitchen = () => import('./recipes');

/**
 * Starts the reproduction of a run, here or on the machine that is chosen once the run has been read, and gives
 * its id; undefined when the person said no.
 */
export type Reproduce = (
  node: RunNode,
  choose?: () => Promise<OtherMachine | undefined>,
) => Promise<string | undefined>;

export function reproducer(parts: Kitchen, launcher: Launcher): Reproduce {
  return async (node, choose) => {
    mustBeAbleToReproduce();
    const { failedBranch, mustBeTaken, recipeOfRun } = await kitchen();
    const read = await readingRun(node, (signal, report) =>
      recipeOfRun(parts, node.run, FAILURE, signal, report),
    );
    if (!read) return undefined;
    mustBeTaken(read);
    const on = await choose?.();
    if (choose && !on) return undefined;
    const recipe = on ? { ...read, on } : read;
    const branch = failedBranch(recipe);
    const branches = branch === undefined ? 'all' : await pickBranches(branch);
    if (branches === 'all') return launcher.start(recipe);
    if (branches === 'failed') return launcher.start({ ...recipe, branches: { kind: 'failed' } });
    return undefined;
  };
}

/** Runs work that reads a run, with a notification that names it. */
export function readingRun<T>(
  { run }: RunNode,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
): Promise<T> {
  return withProgress(plain(`Reading ${run.job} #${run.number}`), work);
}

/** All branches are what CI ran; the failed one alone is quicker. Undefined when the person cancelled. */
async function pickBranches(branch: string): Promise<'all' | 'failed' | undefined> {
  const choice = await vscode.window.showQuickPick(
    [
      { label: 'All branches', description: 'as CI ran them', is: 'all' as const },
      { label: 'Only the branch that failed', description: plain(branch), is: 'failed' as const },
    ],
    { title: 'The run failed in one of several branches', ignoreFocusOut: true },
  );
  return choice?.is;
}
