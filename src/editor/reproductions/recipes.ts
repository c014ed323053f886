import { join } from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Run } from '../../jenkins/run';
import { outline, type OutlineStage } from '../../pipeline/outline';
import { parse } from '../../pipeline/parser';
import { composeFromFile, composeRecipe, type Wishes } from '../../recipe/compose';
import type { Recipe, Selection } from '../../recipe/recipe';
import { judgedProblems, refusalOf } from '../../recipe/refusal';
import { PlacedError } from '../frame/boundary';
import { isBroken } from '../look/marks';
import { folderOf, remoteUrls } from '../runs/repositories';
import type { RunDetails } from '../runs/runDetails';
import type { Servers } from '../servers/servers';
import { reproductionSettings } from '../frame/settings';
import { mustBeTrusted } from '../frame/trust';

/** What recipes are made from. */
export interface Kitchen {
  readonly servers: Servers;
  readonly details: RunDetails;
}

/**
 * The recipe of a run, at the folder of the workspace that is its repository.
 * @returns undefined when the person was asked for the folder and cancelled.
 */
export async function recipeOfRun(
  { servers, details }: Kitchen,
  listed: Run,
  select: Selection,
  signal: AbortSignal,
  announce: (message: string) => void,
): Promise<Recipe | undefined> {
  mustBeTrusted();
  const folder = await folderOf(listed, signal);
  if (!folder) return undefined;
  const client = await servers.client(servers.at(listed.url));
  // A list does not tell whether a change comes from a fork, nor which repository's commit is meant.
  const run = await client.run(listed.url, signal, await remoteUrls(folder, signal));
  const stages = await details.stages(run, signal);
  const failure = isBroken(run) ? await details.failure(run, signal) : undefined;
  const repository = folder.uri.fsPath;
  return composeRecipe(
    { client, run, stages, failure, repository, announce, ...wishesOf(folder, select) },
    signal,
  );
}

export { failedBranch } from '../../recipe/branches';

/** The recipe of a Jenkinsfile as it is on the disk, with the uncommitted changes around it. */
export async function recipeOfFile(
  file: vscode.Uri,
  folder: vscode.WorkspaceFolder,
  select: Selection,
  signal: AbortSignal,
  announce: (message: string) => void,
): Promise<Recipe> {
  mustBeTrusted();
  const wishes = { ...wishesOf(folder, select), withChanges: true, announce };
  return composeFromFile({ file: file.fsPath, ...wishes }, signal);
}

/**
 * What the runner would say too, but before anything is asked or borrowed for it.
 * @throws UserError when Jenkins would refuse the recipe's Jenkinsfile.
 */
export function mustBeTaken(recipe: Recipe): void {
  const refusal = refusalOf(judgedProblems(recipe));
  if (!refusal) return;
  const { line, message, advice } = refusal;
  const { path, source } = recipe.jenkinsfile;
  if (source !== 'working tree') throw new UserError(message, { advice });
  const file = vscode.Uri.file(join(recipe.repository.directory, path));
  throw new PlacedError(
    message,
    new vscode.Location(file, new vscode.Position(line - 1, 0)),
    advice,
  );
}

/** The stages of a Jenkinsfile that can be run by themselves. */
export function stagesOf(text: string): readonly OutlineStage[] {
  return outline(parse(text)).stages;
}

function wishesOf(folder: vscode.WorkspaceFolder, select: Selection): Wishes {
  const { keep, withChanges, environment, libraries, timeout } = reproductionSettings(folder);
  return { select, keep, withChanges, overrides: environment, libraries, timeout };
}
