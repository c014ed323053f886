import * as vscode from 'vscode';
import { isUserError, UserError } from '../../base/errors';
import { replayed } from '../../jenkins/replay';
import type { Run } from '../../jenkins/run';
import { runUrl } from '../../jenkins/url';
import { showFile } from '../../recipe/git';
import { mustBeTrusted } from '../frame/trust';
import { JENKINSFILE_GLOB } from '../jenkinsfiles/jenkinsfiles';
import { plain } from '../look/plain';
import { folderOf, remoteUrls } from '../runs/repositories';
import type { RunNode } from '../runs/runsNodes';
import { targetOf } from './choose';
import type { Open, Place } from './doingParts';
import { putAndFollow } from './following';
import { pickOne } from './pickOne';
import type { ScriptDocuments } from './scriptDocuments';

/** A script, and in a few words where it is from. */
interface Script {
  readonly name: string;
  readonly text: string;
  /** Where it lies in the repository, if that is told. */
  readonly path?: string | undefined;
}

/** The scripts of a run: the main one, and by the names that Jenkins gives them those that it loaded. */
interface Scripts {
  readonly main: Script;
  readonly loaded: ReadonlyMap<string, string>;
}

/** Files that are compared at once at most. */
const MOST_FILES = 40;

/**
 * Shows what is different about a run's scripts: of a replay what was changed for it, against the
 * Jenkinsfile at its commit and what the replayed run loaded; of another run what has changed since the
 * run before.
 */
export async function showReplayDiff(
  open: Open,
  documents: ScriptDocuments,
  { server, run }: RunNode,
): Promise<void> {
  const place = await open(server);
  const [before, after] = await place.doing(`Reading ${run.job} #${run.number}`, async (signal) => {
    const own = await scriptsOf(place, run, signal);
    return [await comparable(place, run, signal), own] as const;
  });
  const { name } = after.main;
  if (before === undefined)
    throw new UserError(`There is nothing to compare the script of ${name} with.`, {
      advice: 'It is the first run, or Jenkins tells nothing of the one before.',
    });
  const changes = changesBetween(before, after);
  const [first, ...more] = changes;
  if (!first) {
    void vscode.window.showInformationMessage(
      plain(`The script of ${name} is the same as that of ${before.main.name}.`),
    );
    return;
  }
  if (more.length === 0) {
    const [left, right] = first;
    await showDiff(
      documentOf(documents, left),
      left.name,
      documentOf(documents, right),
      right.name,
    );
    return;
  }
  const files = changes.slice(0, MOST_FILES).map(([left, right]) => {
    const uri = documentOf(documents, right);
    return [uri, documentOf(documents, left), uri];
  });
  const title = plain(`${before.main.name} ↔ ${name}`);
  await vscode.commands.executeCommand('vscode.changes', title, files);
}

type Pair<T> = readonly [before: T, after: T];

/** The scripts that differ, the main one first; what is not there has no text. */
function changesBetween(before: Scripts, after: Scripts): Pair<Script>[] {
  const names = [...new Set([...before.loaded.keys(), ...after.loaded.keys()])].sort();
  const loaded = ({ main, loaded }: Scripts, name: string): Script => {
    return { name: `${name} of ${main.name}`, text: loaded.get(name) ?? '' };
  };
  const pairs: Pair<Script>[] = [
    [before.main, after.main],
    ...names.map((name): Pair<Script> => [loaded(before, name), loaded(after, name)]),
  ];
  return pairs.filter(([left, right]) => left.text !== right.text);
}

/**
 * Runs a run again with the Jenkinsfile of the working tree, as it is on the screen, after it was
 * shown what that changes.
 */
export async function replay(
  open: Open,
  documents: ScriptDocuments,
  { server, run }: RunNode,
): Promise<void> {
  // Whoever wrote it would run it on the server, with the person's permissions.
  mustBeTrusted();
  const place = await open(server);
  const target = targetOf(server, run.jobUrl);
  const found = await place.doing(`Reading ${run.job} #${run.number}`, async (signal) => {
    const own = await scriptOf(place, run, signal);
    const folder = await folderOf(run, signal);
    if (!folder) return undefined;
    const origin = await originOf(place, run, signal);
    const { path = 'Jenkinsfile' } = origin === run ? own : await scriptOf(place, origin, signal);
    return { own, folder, path };
  });
  const document = found && (await jenkinsfileIn(found.folder, found.path));
  if (!document) return;
  const { own } = found;
  const file = vscode.workspace.asRelativePath(document.uri);
  await showDiff(documentOf(documents, own), own.name, document.uri, file);
  const answer = await pickOne(
    {
      title: plain(`Replay #${run.number} of ${target.name} with this Jenkinsfile?`),
      placeholder: 'The changes are shown below',
    },
    () =>
      Promise.resolve([
        {
          label: 'Replay',
          description: plain(`on ${server.name} (${server.url})`),
          detail: plain(
            `A new run has the commit and the parameters of #${run.number}, and ${file} as it is here in place of its script.`,
          ),
          value: true,
        },
        { label: 'Cancel', value: false },
      ]),
  );
  if (answer !== true) return;
  await putAndFollow(place, target, (signal) =>
    place.client.doing.replay(run, document.getText(), signal),
  );
}

/** What a run's script is to be compared with; undefined where there is nothing. */
async function comparable(
  place: Place,
  run: Run,
  signal: AbortSignal,
): Promise<Scripts | undefined> {
  if (replayed(run) === undefined) {
    const [previous] = await place.client.runs(
      run.jobUrl,
      { limit: 1, olderThan: run.number },
      signal,
    );
    return previous && scriptsOf(place, previous, signal);
  }
  const origin = await originOf(place, run, signal);
  if (origin === run) return undefined;
  const { main, loaded } = await scriptsOf(place, origin, signal);
  return { main: (await inClone(place, run, main.path, signal)) ?? main, loaded };
}

/** The run whose script a replay, or a replay of one, was made from; itself where that is gone. */
async function originOf({ client }: Place, run: Run, signal: AbortSignal): Promise<Run> {
  let origin = run;
  for (let before = replayed(run); before !== undefined && before < origin.number;) {
    try {
      origin = await client.run(runUrl({ jobUrl: run.jobUrl, run: before }), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isUserError(error)) throw error;
      break;
    }
    before = replayed(origin);
  }
  return origin;
}

async function scriptsOf(place: Place, run: Run, signal: AbortSignal): Promise<Scripts> {
  const main = await scriptOf(place, run, signal);
  try {
    return { main, loaded: await place.client.doing.loadedScripts(run, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isUserError(error)) throw error;
    // The main script may be remembered where the server tells nothing more.
    return { main, loaded: new Map() };
  }
}

async function scriptOf({ client }: Place, run: Run, signal: AbortSignal): Promise<Script> {
  const { text, path } = await client.jenkinsfile(run, signal);
  const name = `${run.job} #${run.number}`;
  if (text !== undefined) return { name, text, path };
  throw new UserError(`Jenkins does not show the script of ${name}.`, {
    advice: 'It takes a Pipeline, and the permission Run/Replay.',
  });
}

/** The Jenkinsfile at the run's commit; undefined where that is not to be had here. */
async function inClone(
  { client }: Place,
  listed: Run,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Script | undefined> {
  if (path === undefined || !vscode.workspace.isTrusted) return undefined;
  try {
    const folder = await folderOf(listed, signal);
    if (!folder) return undefined;
    // A list does not tell which repository's commit is meant.
    const run = await client.run(listed.url, signal, await remoteUrls(folder, signal));
    if (run.commit === undefined) return undefined;
    const { sha } = run.commit;
    const { text } = await showFile(folder.uri.fsPath, sha, path, signal);
    return { name: `${path} at ${sha.slice(0, 12)}`, text };
  } catch (error) {
    signal.throwIfAborted();
    if (isUserError(error)) return undefined;
    throw error;
  }
}

/** The file that the job reads, else one that the person picks. */
async function jenkinsfileIn(
  folder: vscode.WorkspaceFolder,
  path: string,
): Promise<vscode.TextDocument | undefined> {
  const told = vscode.Uri.joinPath(folder.uri, path);
  // The path is a server's word, and must not lead out of the folder.
  if (told.path.startsWith(`${folder.uri.path}/`) && (await exists(told)))
    return vscode.workspace.openTextDocument(told);
  const glob = new vscode.RelativePattern(folder, JENKINSFILE_GLOB);
  const files = await vscode.workspace.findFiles(glob, undefined, 50);
  if (files.length === 0)
    throw new UserError(`There is no Jenkinsfile in ${folder.name}.`, {
      advice: `The job reads ${path}.`,
    });
  const items = files.map((value) => ({ label: vscode.workspace.asRelativePath(value), value }));
  const words = { title: 'Replay', placeholder: 'With which Jenkinsfile?' };
  const chosen = await pickOne(words, () => Promise.resolve(items));
  return chosen && vscode.workspace.openTextDocument(chosen);
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(file)).type !== vscode.FileType.Directory;
  } catch {
    return false;
  }
}

function documentOf(documents: ScriptDocuments, { name, text }: Script): vscode.Uri {
  return documents.document(name, text);
}

async function showDiff(
  left: vscode.Uri,
  before: string,
  right: vscode.Uri,
  after: string,
): Promise<void> {
  const title = plain(`${before} ↔ ${after}`);
  await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true });
}
