import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import * as vscode from 'vscode';
import { isAbort, isUserError, messageOf, UserError } from '../../base/errors';
import { failedRuns, factsOf, mustHaveFailed, NOTICE, type FailedRun } from '../../jenkins/facts';
import { sentenceOf } from '../../jenkins/diagnosis';
import type { Run } from '../../jenkins/run';
import type { Recipe, Selection } from '../../recipe/recipe';
import type { Reproduction } from '../../reproduce/store';
import { readJobs } from '../frame/settings';
import { mustBeAbleToReproduce, mustBeTrusted } from '../frame/trust';
import type { Launcher } from '../reproductions/launcher';
import type { Planner } from '../reproductions/planner';
import type { Kitchen } from '../reproductions/recipes';
import type { kitchen } from '../reproductions/reproduceRun';
import type { Reproductions } from '../reproductions/reproductions';
import { folderOf } from '../runs/repositories';
import { fitted } from './fitted';
import { listInput, reproduceInput, runInput } from './inputs';
import type { ToolName } from './tools';

export interface ToolParts extends Kitchen {
  readonly plan: Planner;
  readonly launcher: Launcher;
  readonly reproductions: Reproductions;
  readonly output: vscode.LogOutputChannel;
  /** The way to what makes recipes, which is in another bundle. */
  readonly kitchen: typeof kitchen;
}

/** What a tool does with whatever it is given. Rejects with an error whose words are for the model. */
export interface Work {
  prepare(input: object, token: vscode.CancellationToken): Promise<vscode.PreparedToolInvocation>;
  invoke(input: object, token: vscode.CancellationToken): Promise<vscode.LanguageModelToolResult>;
}

const FAILURE: Selection = { kind: 'failure' };
/** Bytes of a reproduction's output that are told, from its end. */
const TAIL = 4096;

export function works(parts: ToolParts): Readonly<Record<ToolName, Work>> {
  const { servers, details, plan, launcher, reproductions, output } = parts;

  async function runAt(url: string, signal: AbortSignal): Promise<Run> {
    return (await servers.client(servers.at(url))).run(url, signal);
  }

  async function recipeOf(run: Run, signal: AbortSignal): Promise<Recipe> {
    const { recipeOfRun } = await parts.kitchen();
    const announce = (line: string): void => output.info(line);
    const recipe = await recipeOfRun(parts, run, FAILURE, signal, announce);
    if (recipe === undefined) throw new vscode.CancellationError();
    return recipe;
  }

  async function list(input: object, signal: AbortSignal): Promise<string> {
    const { url, limit } = listInput(input);
    const places = url === undefined ? readJobs().map((job) => job.url) : [url];
    if (places.length === 0) throw noJob();
    const runs: FailedRun[] = [];
    const cut: string[] = [];
    const problems: string[] = [];
    for (const place of places) {
      try {
        const client = await servers.client(servers.at(place));
        const found = await failedRuns(client, place, limit, signal);
        runs.push(...found.runs);
        cut.push(...found.cut.map((left) => `${place}: ${left}`));
      } catch (error) {
        // One of several servers may be down; that the only one is, is an error.
        if (places.length === 1 || !isUserError(error)) throw error;
        problems.push(wordsOf(error));
      }
    }
    return fitted((most) => {
      const left = runs.length > most ? [`runs: ${most} of ${runs.length}`] : [];
      return { notice: NOTICE, runs: runs.slice(0, most), problems, cut: [...cut, ...left] };
    }, limit);
  }

  async function explain(input: object, signal: AbortSignal): Promise<string> {
    const run = await runAt(runInput(input).url, signal);
    mustHaveFailed(run);
    const stages = await details.stages(run, signal);
    return JSON.stringify(factsOf(run, stages, await details.explain(run, signal)));
  }

  async function showPlan(input: object, signal: AbortSignal): Promise<string> {
    mustBeTrusted();
    const run = await runAt(runInput(input).url, signal);
    const { document } = await plan(await recipeOf(run, signal), signal);
    const { url, job, number } = run;
    return fitted(
      (most) => ({
        ...{ notice: NOTICE, run: { url, job, number }, plan: document.slice(0, most) },
        cut: document.length > most ? [`plan: ${most} of ${document.length} characters`] : [],
      }),
      document.length,
    );
  }

  async function reproduce(input: object, signal: AbortSignal): Promise<string> {
    mustBeAbleToReproduce();
    const { url, branches, wait } = reproduceInput(input);
    const recipe = await recipeOf(await runAt(url, signal), signal);
    const id = await launcher.start(
      branches === 'failed' ? { ...recipe, branches: { kind: 'failed' } } : recipe,
    );
    if (id === undefined) throw new UserError('The person said no: nothing was run.');
    if (!wait) return JSON.stringify({ id, state: 'started', verdict: null });
    return outcomeOf(await ended(id, reproductions, signal));
  }

  async function confirm(
    input: object,
    signal: AbortSignal,
  ): Promise<vscode.PreparedToolInvocation> {
    mustBeAbleToReproduce();
    const run = await runAt(reproduceInput(input).url, signal);
    const folder = await folderOf(run, signal);
    if (folder === undefined) throw new vscode.CancellationError();
    const { diagnosis } = await details.explain(run, signal);
    return {
      invocationMessage: text(`Reproducing ${run.job} #${run.number}`),
      confirmationMessages: {
        title: 'Reproduce a Jenkins run on this machine?',
        message: text(...whatWouldRun(run, sentenceOf(diagnosis), folder.uri.fsPath)),
      },
    };
  }

  const saying = (words: string) => (): Promise<vscode.PreparedToolInvocation> =>
    Promise.resolve({ invocationMessage: words });

  return {
    ciParity_listFailedRuns: work(list, saying('Looking what fails in Jenkins'), output),
    ciParity_explainFailure: work(explain, saying('Reading why a Jenkins run failed'), output),
    ciParity_plan: work(showPlan, saying('Making the plan of a Jenkins run'), output),
    ciParity_reproduce: work(reproduce, confirm, output),
  };
}

/** Joins the tool to VS Code's token, its kind of result, and errors that are worth their words alone. */
function work(
  invoke: (input: object, signal: AbortSignal) => Promise<string>,
  prepare: (input: object, signal: AbortSignal) => Promise<vscode.PreparedToolInvocation>,
  output: vscode.LogOutputChannel,
): Work {
  const guarded = async <T>(
    token: vscode.CancellationToken,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const controller = new AbortController();
    if (token.isCancellationRequested) controller.abort();
    const listening = token.onCancellationRequested(() => controller.abort());
    try {
      controller.signal.throwIfAborted();
      return await act(controller.signal);
    } catch (error) {
      if (isAbort(error) || error instanceof vscode.CancellationError)
        throw new vscode.CancellationError();
      if (isUserError(error)) throw new Error(wordsOf(error), { cause: error });
      output.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      throw new Error(`CI Parity did something wrong: ${messageOf(error)}`, { cause: error });
    } finally {
      listening.dispose();
    }
  };
  return {
    prepare: (input, token) => guarded(token, (signal) => prepare(input, signal)),
    invoke: (input, token) =>
      guarded(token, async (signal) => {
        const json = new vscode.LanguageModelTextPart(await invoke(input, signal));
        return new vscode.LanguageModelToolResult([json]);
      }),
  };
}

/** What a person must know before saying yes: whose code, from where, would be run where. */
function whatWouldRun({ job, number, commit, change }: Run, why: string, folder: string): string[] {
  const whose =
    change === undefined || change.fork === false
      ? []
      : [
          `The commit is of change ${change.id} by ${change.author ?? 'somebody'}, which ${change.fork === true ? 'comes' : 'may come'} from a fork.`,
        ];
  return [
    `The commands of the Jenkinsfile at commit ${commit?.sha.slice(0, 12) ?? '(not told)'} would run on this machine as you, with all that you may do: those that ${job} #${number} ran, up to the stage that failed.`,
    ...whose,
    `They run in a worktree of ${folder}, apart from your own files, and everything is put away at the end.`,
    `The run failed so: ${why}`,
  ];
}

/** Paragraphs of plain text: nothing of a server's words is read as Markdown. */
function text(...paragraphs: readonly string[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  for (const [at, paragraph] of paragraphs.entries()) {
    if (at > 0) markdown.appendMarkdown('\n\n');
    markdown.appendText(paragraph);
  }
  return markdown;
}

/** Resolves when a reproduction has a verdict, or has ended without one. A cancel ends the waiting, and not the reproduction. */
async function ended(
  id: string,
  reproductions: Reproductions,
  signal: AbortSignal,
): Promise<Reproduction> {
  // A cancel may have come while the reproduction was started.
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = reproductions.all().find(({ files }) => files.id === id);
      const state = found?.status.state;
      if (!found || !(found.verdict || state === 'ended' || state === 'interrupted')) return;
      leave();
      resolve(found);
    };
    const stop = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    const listening = reproductions.onDidChange(look);
    const leave = (): void => {
      listening.dispose();
      signal.removeEventListener('abort', stop);
    };
    signal.addEventListener('abort', stop, { once: true });
    look();
  });
}

function outcomeOf({ files, status, verdict }: Reproduction): string {
  const tail = tailOf(files.output);
  return fitted((most) => {
    const { kind, sentence, details = [], failedTests = [] } = verdict ?? {};
    return {
      ...{ notice: NOTICE, id: files.id, state: status.state },
      verdict: verdict === undefined ? null : { kind, sentence, details: details.slice(0, most) },
      failedTests: failedTests.slice(0, most).map(({ group, name }) => ({ group, name })),
      output: tail.slice(-most * 100),
      cut: failedTests.length > most ? [`failedTests: ${most} of ${failedTests.length}`] : [],
    };
  }, 50);
}

function tailOf(path: string): string {
  // It may have been stopped before any step printed something.
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.toString();
  } finally {
    closeSync(file);
  }
}

function wordsOf(error: UserError): string {
  return [error.message, error.advice ?? ''].join(' ').trim();
}

function noJob(): UserError {
  return new UserError('No job of this workspace is known.', {
    advice: 'Give the address of a job, or run: CI Parity: Choose Job for This Workspace…',
  });
}
