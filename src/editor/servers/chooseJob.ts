import * as vscode from 'vscode';
import type { Client } from '../../jenkins/client';
import type { Job } from '../../jenkins/jobs';
import { decodeName } from '../../jenkins/url';
import { suggestJobs } from './jobSuggestion';
import { plain } from '../look/plain';

/** Folders that are looked into for a suggestion; a server may have thousands. */
const MOST_FOLDERS = 30;

type JobItem = vscode.QuickPickItem & { readonly job?: Job; readonly up?: true };

/**
 * Lets the person walk through a server's folders to the job that builds the workspace. The jobs
 * named as the repository is come first.
 * @returns the job's URL; undefined when the person cancelled.
 */
export async function chooseJob(
  client: Client,
  serverName: string,
  remoteUrls: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const way: Job[] = [];
  for (;;) {
    const folder = way.at(-1);
    const items = folder ? itemsIn(client, folder, signal) : rootItems(client, remoteUrls, signal);
    const choice = await vscode.window.showQuickPick<JobItem>(items, {
      title: 'Choose the job that builds this workspace',
      placeHolder: folder ? plain(nameOf(folder)) : `Jobs of ${plain(serverName)}`,
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    if (!choice) return undefined;
    if (choice.up) way.pop();
    else if (choice.job && isFolder(choice.job)) way.push(choice.job);
    else return choice.job?.url;
  }
}

async function rootItems(
  client: Client,
  remoteUrls: readonly string[],
  signal: AbortSignal,
): Promise<JobItem[]> {
  const jobs = await client.jobs(client.base, signal);
  const suggested = await suggestions(client, jobs, remoteUrls, signal);
  if (suggested.length === 0) return jobs.map(itemOf);
  return [
    separator('named as your repository'),
    ...suggested.map((job) => ({ ...itemOf(job), description: plain(nameOf(job)) })),
    separator('all jobs'),
    ...jobs.map(itemOf),
  ];
}

async function itemsIn(client: Client, folder: Job, signal: AbortSignal): Promise<JobItem[]> {
  const jobs = await client.jobs(folder.url, signal);
  return [{ label: '$(arrow-left) Back', up: true }, ...jobs.map(itemOf)];
}

/** Looks through the folders level by level, as far as the bound allows. */
async function suggestions(
  client: Client,
  roots: readonly Job[],
  remoteUrls: readonly string[],
  signal: AbortSignal,
): Promise<Job[]> {
  if (remoteUrls.length === 0) return [];
  const found = [...roots];
  let level = roots.filter(isFolder);
  for (let left = MOST_FOLDERS; level.length > 0 && left > 0; left -= level.length) {
    const inside = await Promise.all(
      level.slice(0, left).map(async ({ url }) => client.jobs(url, signal).catch(() => [])),
    );
    found.push(...inside.flat());
    level = inside.flat().filter(isFolder);
  }
  const candidates = found
    .filter((job) => !isFolder(job))
    .map((job) => ({ job, url: job.url, name: nameOf(job) }));
  return suggestJobs(candidates, remoteUrls)
    .map(({ job }) => job)
    .slice(0, 5);
}

function itemOf(job: Job): JobItem {
  return { label: `$(${ICONS[job.kind]}) ${plain(job.name)}`, job };
}

const ICONS = {
  folder: 'folder',
  organization: 'organization',
  multibranch: 'repo',
  job: 'circle-outline',
} as const;

/** Whether it holds projects rather than branches. */
function isFolder({ kind }: Job): boolean {
  return kind === 'folder' || kind === 'organization';
}

function nameOf({ fullName }: Job): string {
  return fullName.split('/').map(decodeName).join('/');
}

function separator(label: string): JobItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
