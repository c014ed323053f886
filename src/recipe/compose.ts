import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { UserError } from '../base/errors';
import { parseGitAddress, sameRepository, withoutLogin } from '../base/gitAddress';
import type { Client } from '../jenkins/client';
import type { Failure, Run, Stage } from '../jenkins/run';
import type { LoadedLibrary } from '../jenkins/loadedLibraries';
import { libraryReferences } from '../pipeline/names/libraryReferences';
import { outline } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import { localEnvironment, runEnvironment } from './environment';
import {
  currentBranch,
  ensureCommit,
  headCommit,
  releaseAbandoned,
  releaseCommit,
  remotes,
  showFile,
  topLevel,
} from './git';
import { pipelineOf } from './recordedCommands';
import { readLibraries, wantedLibraries } from './libraries';
import type {
  Answers,
  Branches,
  Keep,
  Recipe,
  RecipeLibrary,
  OtherMachine,
  RecordedStage,
  RunFacts,
  Selection,
} from './recipe';

/** What the person may ask for beside which run. */
export interface Wishes {
  readonly select: Selection;
  /** Which parallel branches are run; all without it. */
  readonly branches?: Branches | undefined;
  readonly answers?: Answers | undefined;
  readonly keep: Keep;
  readonly withChanges: boolean;
  /** `--env`: name to value. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** `--param`: name to value, laid over the run's own. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Shared libraries by name: the folder of a clone, or an address that git can fetch. */
  readonly libraries?: Readonly<Record<string, string>>;
  /** Told what takes its time because another server is asked. */
  readonly announce?: (line: string) => void;
  /** The machine to run on; this one without it. */
  readonly on?: OtherMachine | undefined;
  /** Seconds for the whole reproduction. */
  readonly timeout?: number | undefined;
}

export interface RunRequest extends Wishes {
  readonly client: Client;
  readonly run: Run;
  readonly stages: readonly Stage[];
  /** Undefined when the run did not fail. */
  readonly failure: Failure | undefined;
  /** A folder in the person's clone. */
  readonly repository: string;
}

export interface FileRequest extends Wishes {
  /** A Jenkinsfile in a working tree. */
  readonly file: string;
}

/**
 * Makes the recipe of a run: its record says which stages really ran, and the Jenkinsfile at its
 * commit what was meant.
 * @throws UserError when the run is not over, has no commit, or the commit cannot be had.
 */
export async function composeRecipe(request: RunRequest, signal: AbortSignal): Promise<Recipe> {
  const { client, run } = request;
  if (run.building)
    throw new UserError(`${run.displayName} is still running.`, {
      advice: 'Wait until it has ended: only then is it known what failed.',
    });
  const directory = await topLevel(request.repository, signal);
  const commit = run.commit?.sha;
  if (commit === undefined)
    throw new UserError(`Jenkins does not tell which commit ${run.displayName} was made from.`, {
      advice: 'It may have failed before its checkout. Reproduce a later run.',
    });
  const remoteUrl = await chooseRemote(directory, run.commit?.remoteUrls ?? [], signal);
  const wanted = [
    ...(run.commit?.remoteUrls ?? []),
    ...(remoteUrl === undefined ? [] : [remoteUrl]),
  ];
  try {
    // Both have ended before the commit is let go of, also where one fails.
    const [told, held] = await Promise.allSettled([
      client.jenkinsfile(run, signal),
      ensureCommit(directory, commit, wanted, signal),
    ]);
    if (told.status === 'rejected') throw told.reason;
    if (held.status === 'rejected') throw held.reason;
    return await composeHeld(request, { directory, commit, remoteUrl, told: told.value }, signal);
  } finally {
    await releaseCommit(directory, commit);
    await releaseAbandoned(directory);
  }
}

/** The rest of `composeRecipe`, while the commit is there. */
async function composeHeld(
  request: RunRequest,
  {
    directory,
    commit,
    remoteUrl,
    told,
  }: {
    directory: string;
    commit: string;
    remoteUrl: string | undefined;
    told: Awaited<ReturnType<Client['jenkinsfile']>>;
  },
  signal: AbortSignal,
): Promise<Recipe> {
  const { client, run, stages, failure } = request;
  const jenkinsfile = await jenkinsfileOf(request, told, directory, commit, signal);
  const facts: RunFacts = {
    url: run.url,
    job: run.job,
    number: run.number,
    result: run.result,
    branch: run.branch,
    change: run.change,
    node: run.node,
    stages: flatten(stages),
    failure: failure && withoutStacks(failure),
    previous: await previousResult(client, run, jenkinsfile.text, signal),
  };
  const libraries = await librariesOf(
    request,
    jenkinsfile,
    directory,
    await client.libraries(run, signal),
    signal,
  );
  checkSelection(request.select, jenkinsfile, libraries);
  return {
    version: 1,
    run: facts,
    repository: { directory, remoteUrl },
    commit,
    jenkinsfile,
    ...(libraries.length === 0 ? {} : { libraries }),
    select: request.select,
    environment: runEnvironment(run, commit, remoteUrl),
    parameters: laidOver(run.parameters, request.parameters),
    ...wished(request),
  };
}

/** Makes a recipe from a Jenkinsfile as it is in the working tree, at HEAD with the uncommitted changes. */
export async function composeFromFile(request: FileRequest, signal: AbortSignal): Promise<Recipe> {
  const file = resolve(request.file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(`${request.file} cannot be read.`, { cause });
  }
  const directory = await topLevel(dirname(file), signal);
  const [commit, branch, all] = await Promise.all([
    headCommit(directory, signal),
    currentBranch(directory, signal),
    remotes(directory, signal),
  ]);
  const jenkinsfile = { path: relative(directory, file), text, source: 'working tree' } as const;
  const libraries = await librariesOf(request, jenkinsfile, directory, [], signal);
  checkSelection(request.select, jenkinsfile, libraries);
  const remoteUrl = all[0] && withoutLogin(all[0].url);
  return {
    version: 1,
    run: undefined,
    repository: { directory, remoteUrl },
    commit,
    jenkinsfile,
    ...(libraries.length === 0 ? {} : { libraries }),
    select: request.select.kind === 'failure' ? { kind: 'all' } : request.select,
    environment: localEnvironment(directory, commit, branch, remoteUrl),
    parameters: laidOver([], request.parameters),
    ...wished(request),
  };
}

function wished({ branches, answers, withChanges, overrides = {}, keep, on, timeout }: Wishes) {
  return {
    ...(branches && { branches }),
    ...(answers && { answers }),
    withChanges,
    overrides,
    keep,
    ...(on && { on }),
    timeout,
  };
}

/** The remote of the clone that the run was made from; a pull request may come from another one. */
async function chooseRemote(
  directory: string,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const own = await remotes(directory, signal);
  const same = own.find((remote) => urls.some((url) => sameRepository(url, remote.url)));
  const chosen = same
    ? urls.find((url) => sameRepository(url, same.url))
    : (urls.find((url) => parseGitAddress(url) !== undefined) ?? own[0]?.url);
  return chosen && withoutLogin(chosen);
}

async function jenkinsfileOf(
  { client, run }: RunRequest,
  told: { path: string | undefined; text: string | undefined },
  directory: string,
  commit: string,
  signal: AbortSignal,
): Promise<Recipe['jenkinsfile']> {
  const path = told.path ?? 'Jenkinsfile';
  // A replayed run used a text of its own, which is in no commit.
  const replayed = run.causes.some((cause) => cause.startsWith('Replayed'));
  if (replayed && told.text !== undefined) return { path, text: told.text, source: 'replay' };
  try {
    const { text } = await showFile(directory, commit, path, signal);
    return { path, text, source: 'commit' };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (told.text !== undefined) return { path, text: told.text, source: 'replay' };
    const commands = await client.commands(run, signal);
    if (commands.length === 0)
      throw new UserError(`No Jenkinsfile of ${run.displayName} can be had: ${error.message}`, {
        cause: error,
        advice: 'The log names no commands either, so there is nothing to do again.',
      });
    return { path, text: pipelineOf(commands), source: 'recorded commands' };
  }
}

/** `fixed` and its like look at the run before; nobody else wants to know. */
async function previousResult(
  client: Client,
  run: Run,
  jenkinsfile: string,
  signal: AbortSignal,
): Promise<Run['result']> {
  if (!/\b(changed|fixed|regression|previousBuild)\b/.test(jenkinsfile)) return undefined;
  const [before] = await client.runs(run.jobUrl, { limit: 1, olderThan: run.number }, signal);
  return before?.result;
}

function flatten(stages: readonly Stage[]): RecordedStage[] {
  return stages.flatMap(({ path, state, children }) => [{ path, state }, ...flatten(children)]);
}

/** A recipe says which tests are expected to fail; their stacks and histories stay on the server. */
function withoutStacks(failure: Failure): Failure {
  const tests = failure.tests.map(({ group, name, details }) => ({ group, name, details }));
  return { ...failure, tests };
}

function laidOver(
  own: Recipe['parameters'],
  over: Readonly<Record<string, string>> = {},
): Recipe['parameters'] {
  const kept = own.map((parameter) =>
    parameter.name in over ? { ...parameter, value: over[parameter.name] } : parameter,
  );
  const added = Object.entries(over)
    .filter(([name]) => !own.some((parameter) => parameter.name === name))
    .map(([name, value]) => ({ name, value, kind: 'StringParameterValue' }));
  return [...kept, ...added];
}

/** Recorded commands name no library, and are all that is done again. */
async function librariesOf(
  { libraries: mapped = {}, announce }: Wishes,
  { text, source }: Recipe['jenkinsfile'],
  directory: string,
  loaded: readonly LoadedLibrary[],
  signal: AbortSignal,
): Promise<readonly RecipeLibrary[]> {
  if (source === 'recorded commands') return [];
  const wanted = wantedLibraries(loaded, libraryReferences(parse(text)));
  return readLibraries(wanted, { mapped, directory, announce }, signal);
}

function checkSelection(
  select: Selection,
  { path, text }: Recipe['jenkinsfile'],
  libraries: readonly RecipeLibrary[],
): void {
  if (select.kind !== 'stage') return;
  // A library may hold the whole pipeline.
  const shared = libraries.flatMap((library) =>
    'files' in library
      ? Object.entries(library.files).flatMap(([file, content]) =>
          file.endsWith('.groovy') ? outline(parse(content)).stages : [],
        )
      : [],
  );
  const stages = [...outline(parse(text)).stages, ...shared];
  const names = stages.map((stage) => stage.path.join(' / '));
  if (stages.some((stage) => stage.name === select.name) || names.includes(select.name)) return;
  throw new UserError(`${path} has no stage "${select.name}".`, {
    advice: names.length > 0 ? `Its stages: ${names.join(', ')}` : 'It has no stages at all.',
  });
}
