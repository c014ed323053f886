import * as vscode from 'vscode';
import { isUserError } from '../../base/errors';
import type { Client } from '../../jenkins/client';
import { isOffered, type ParameterDefinition } from '../../jenkins/parameters';
import type { Run } from '../../jenkins/run';
import { decodeName, jobUrl } from '../../jenkins/url';
import { markOf, stateOf } from '../look/marks';
import { plain } from '../look/plain';
import { themeIcon } from '../look/treeItem';
import { describeRun } from '../runs/runRows';
import { pickOne, type PickItem } from './pickOne';

/** The newest runs of a job, by its full name. */
export type RunsOf = (project: string, signal: AbortSignal) => Promise<readonly Run[]>;

/** The newest runs of the jobs of a server. */
export function runsOf(client: Client): RunsOf {
  return (project, signal) => client.runs(jobUrl(client.base, project), { limit: MOST }, signal);
}

type RunParameter = Extract<ParameterDefinition, { readonly kind: 'run' }>;

/** What is answered; `undefined` as the value means the server's default. */
interface Answer {
  readonly value: string | undefined;
}

/** Runs that are offered at most. */
const MOST = 30;

/**
 * Lets the person pick a run of the parameter's job, as Jenkins offers them, or type any.
 * @returns undefined when the person cancelled.
 */
export async function askRun(
  { project, offered }: RunParameter,
  before: string,
  words: { readonly title: string; readonly prompt: string; readonly runsOf: RunsOf },
): Promise<Answer | undefined> {
  const { title, prompt, runsOf } = words;
  const placeholder = prompt === '' ? 'A run' : prompt;
  const picked =
    project === undefined
      ? 'typed'
      : await pickOne(
          { title, placeholder },
          async (signal): Promise<PickItem<Answer | 'typed'>[]> => {
            const runs = await offeredRuns(runsOf, project, signal);
            return [
              ...runs
                .filter((run) => isOffered(run, offered))
                .map((run) => itemOf(run, project, before)),
              { label: 'Type Another…', description: 'as folder/job#12', value: 'typed' as const },
              { label: "The Server's Default", value: { value: undefined } },
            ];
          },
        );
  return picked === 'typed' ? typeRun(project, before, title, prompt) : picked;
}

/** None where they are not to be had: any can still be typed. */
async function offeredRuns(
  runsOf: RunsOf,
  project: string,
  signal: AbortSignal,
): Promise<readonly Run[]> {
  try {
    return await runsOf(project, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isUserError(error)) return [];
    throw error;
  }
}

function itemOf(run: Run, project: string, before: string): PickItem<Answer> {
  const value = `${project}#${run.number}`;
  return {
    label: plain(decodeName(value)),
    description: describeRun(run, undefined, Date.now()),
    iconPath: themeIcon(markOf(stateOf(run))),
    picked: value === before,
    value: { value },
  };
}

async function typeRun(
  project: string | undefined,
  before: string,
  title: string,
  prompt: string,
): Promise<Answer | undefined> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt:
      `${prompt} A run, as ${plain(project ?? 'folder/job')}#12. Left empty, it has the server's default.`.trim(),
    value: before,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text === '' || /^[^#]+#\d+$/.test(text) ? undefined : 'It looks like folder/job#12.',
  });
  return typed === undefined ? undefined : { value: typed === '' ? undefined : typed };
}
