import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import { parseRunUrl, runUrl } from '../../jenkins/url';
import type { Selection } from '../../recipe/recipe';
import type { Commands } from '../frame/commands';
import { isJenkinsfile, JENKINSFILE_GLOB } from '../jenkinsfiles/jenkinsfiles';
import type { Launcher } from '../reproductions/launcher';
import { FAILURE, kitchen, readingRun, type Reproduce } from '../reproductions/reproduceRun';
import type { Machines } from '../machines/machines';
import type { LogDocuments } from '../logs/logDocuments';
import type { Wanted } from '../logs/main';
import type { Choices } from './pickRun';
import { plain } from '../look/plain';
import type { PlanDocuments } from '../reproductions/planDocuments';
import { withProgress } from '../frame/progress';
import type { Kitchen } from '../reproductions/recipes';
import { checkedOut } from './repositories';
import type { ReproductionNode } from '../reproductions/reproductionRows';
import type { RunStore } from './runStore';
import type { RunsView } from './runsView';
import { runOf, type RunNode, type RunsNode } from './runsNodes';
import type { Tests } from '../tests/tests';
import { placesOf } from '../servers/servers';
import { mustBeAbleToReproduce, mustBeTrusted } from '../frame/trust';
import { newestRuns } from './workspaceRuns';

export interface RunCommandParts extends Kitchen {
  readonly view: RunsView;
  readonly store: RunStore;
  readonly launcher: Launcher;
  readonly reproduce: Reproduce;
  readonly tests: Tests;
  readonly logs: LogDocuments;
  readonly plans: PlanDocuments;
  readonly machines: Pick<Machines, 'choose'>;
}

/** The commands about runs; from the palette each lets the person pick one first. */
export function runCommands(parts: RunCommandParts): Commands {
  const { servers, details, store, view, launcher, logs, plans } = parts;

  async function chosen(title: string, node: RunsNode | undefined): Promise<RunNode | undefined> {
    if (node) return runOf(node);
    const { pickRun } = await import('./pickRun');
    return pickRun(title, choices, details);
  }

  async function choices(signal: AbortSignal): Promise<Choices> {
    const [places, branch] = await Promise.all([placesOf(servers), checkedOut(undefined, signal)]);
    if (places.length === 0) throw noJob(servers.list().length > 0);
    const runs = await Promise.all(
      places.map((place) => newestRuns(store, place, branch, 'all', signal)),
    );
    return { runs: runs.flat(), branch };
  }

  /** The run at an address that somebody gave us, on a server that the person has connected to. */
  async function runAt(url: string, signal: AbortSignal): Promise<RunNode> {
    const page = parseRunUrl(url);
    if (!page) throw notARun();
    const server = servers.at(page.jobUrl);
    const client = await servers.client(server);
    const wanted = runUrl({ jobUrl: page.jobUrl, run: page.run ?? 'lastUnsuccessfulBuild' });
    return { kind: 'run', server, run: await client.run(wanted, signal) };
  }

  function lookedUp(url: string): Promise<RunNode> {
    return withProgress('Looking for the run', (signal) => runAt(url, signal));
  }

  return {
    'ciParity.reproduce': async (node?: RunsNode) => {
      mustBeAbleToReproduce();
      const run = await chosen('Reproduce which failure?', node);
      if (run) await parts.reproduce(run);
    },

    'ciParity.reproduceBorrowed': async (node?: RunsNode) => {
      mustBeAbleToReproduce();
      const run = await chosen('Reproduce which failure on a borrowed machine?', node);
      if (run) await parts.reproduce(run, () => parts.machines.choose());
    },

    'ciParity.reproduceUrl': async (given?: string) => {
      mustBeAbleToReproduce();
      const url = typeof given === 'string' ? given : await askForUrl();
      if (url === undefined) return;
      await parts.reproduce(await lookedUp(url));
    },

    'ciParity.runStage': async (file?: vscode.Uri, stage?: string) => {
      mustBeAbleToReproduce();
      const document = await jenkinsfile(file);
      if (!document) return;
      const name = typeof stage === 'string' ? stage : await pickStage(document);
      if (name === undefined) return;
      const folder = vscode.workspace.getWorkspaceFolder(document.uri);
      if (!folder) throw new UserError('The Jenkinsfile lies in no folder of this workspace.');
      // The recipe is made from the disk, and the person means what is on the screen.
      if (document.isDirty) await document.save();
      const select: Selection = { kind: 'stage', name };
      const { recipeOfFile } = await kitchen();
      const recipe = await withProgress('Reading the Jenkinsfile', (signal, report) =>
        recipeOfFile(document.uri, folder, select, signal, report),
      );
      await launcher.start(recipe);
    },

    'ciParity.showPlan': async (node?: RunsNode | ReproductionNode) => {
      mustBeTrusted();
      if (node?.kind === 'reproduction') {
        const { recipe } = node.reproduction;
        return withProgress('Making the plan', (signal) => plans.show(recipe, signal));
      }
      const run = await chosen('Show the plan of which run?', node as RunsNode | undefined);
      if (!run) return;
      await readingRun(run, async (signal, report) => {
        const { recipeOfRun } = await kitchen();
        const recipe = await recipeOfRun(parts, run.run, FAILURE, signal, report);
        if (recipe) await plans.show(recipe, signal);
      });
    },

    'ciParity.openLog': async (node?: RunsNode) => {
      const run = await chosen('Open the log of which run?', node);
      if (!run) return;
      await readingRun(run, (signal) =>
        node?.kind === 'stage'
          ? logs.showStage(run.run, node.stage, signal)
          : logs.showRun(run.run, wantedInLog(node), signal),
      );
    },

    /** Of a run, or of the one at an address; a stage of it is better shown in the log. */
    'ciParity.showRun': async (which: RunNode | string, stage?: string) => {
      const node = typeof which === 'string' ? await lookedUp(which) : which;
      const { url } = node.run;
      if (await (stage === undefined ? view.revealUnread(url) : view.reveal(url))) return;
      const wanted = stage === undefined ? [] : [stageMark(stage)];
      await readingRun(node, (signal) => logs.showRun(node.run, wanted, signal));
    },

    'ciParity.showTests': async (node?: RunsNode) => {
      const run = await chosen('Show the failing tests of which run?', node);
      if (!run) return;
      const found = await readingRun(run, (signal) => parts.tests.show(run, signal));
      const name = plain(`${run.run.job} #${run.run.number}`);
      if (found > 0) await vscode.commands.executeCommand('workbench.view.testing.focus');
      else void vscode.window.showInformationMessage(`No failing test of ${name} is known.`);
    },

    'ciParity.openInBrowser': async (node?: RunsNode | ReproductionNode) => {
      const url = node ? addressOf(node) : (await chosen('Open which run?', undefined))?.run.url;
      if (url !== undefined) await vscode.env.openExternal(vscode.Uri.parse(url, true));
    },

    'ciParity.showMore': async (node?: RunsNode) => {
      if (node?.kind === 'more') await view.tree.showMore(node.job);
    },
  };
}

/** What to look for in a log to stand at the node's place. */
function wantedInLog(node: RunsNode | undefined): Wanted {
  switch (node?.kind) {
    case 'test':
      return [`FAIL: ${node.test.name}`, node.test.name];
    case 'evidence':
      return { offset: node.evidence.offset };
    default:
      return [];
  }
}

function stageMark(name: string): string {
  return `{ (${name})`;
}

function addressOf(node: RunsNode | ReproductionNode): string | undefined {
  switch (node.kind) {
    case 'server':
      return node.server.url;
    case 'job':
      return node.url;
    case 'reproduction':
      return node.reproduction.recipe.run?.url;
    case 'part':
      return node.of.recipe.run?.url;
    default:
      return runOf(node)?.run.url;
  }
}

function askForUrl(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Reproduce from URL',
    prompt:
      "The address of a failed run, as your browser or a mail has it. A job's means its last failure.",
    placeHolder: 'https://ci.example.org/job/cilium/42/',
    ignoreFocusOut: true,
    validateInput: (value) => (value === '' || parseRunUrl(value) ? undefined : notARun().message),
  });
}

async function jenkinsfile(file: vscode.Uri | undefined): Promise<vscode.TextDocument | undefined> {
  if (file instanceof vscode.Uri) return vscode.workspace.openTextDocument(file);
  const active = vscode.window.activeTextEditor?.document;
  if (active && isJenkinsfile(active)) return active;
  const found = await vscode.workspace.findFiles(JENKINSFILE_GLOB, undefined, 50);
  if (found.length === 0) throw new UserError('There is no Jenkinsfile in this workspace.');
  const [only] = found;
  if (only && found.length === 1) return vscode.workspace.openTextDocument(only);
  const choice = await vscode.window.showQuickPick(
    found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })),
    { placeHolder: 'A stage of which Jenkinsfile?' },
  );
  return choice && vscode.workspace.openTextDocument(choice.uri);
}

async function pickStage(document: vscode.TextDocument): Promise<string | undefined> {
  const { stagesOf } = await kitchen();
  const stages = stagesOf(document.getText());
  if (stages.length === 0) throw new UserError('This Jenkinsfile has no stages.');
  const choice = await vscode.window.showQuickPick(
    stages.map(({ path, line }) => ({
      label: plain(path.join(' / ')),
      description: `line ${line}`,
      path,
    })),
    { placeHolder: 'Run which stage here, as it is in the working tree?' },
  );
  return choice?.path.join(' / ');
}

function notARun(): UserError {
  return new UserError('That is not the address of a Jenkins run.', {
    advice: 'It looks like https://ci.example.org/job/cilium/42/.',
  });
}

function noJob(connected: boolean): UserError {
  return connected
    ? new UserError('No job of this workspace is known.', {
        advice: 'Run: CI Parity: Choose Job for This Workspace…',
      })
    : new UserError('You are not connected to a Jenkins server.', {
        advice: 'Run: CI Parity: Connect to Jenkins…',
      });
}
