import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Job } from '../../jenkins/jobs';
import type { Server } from '../frame/settings';
import { plain } from '../look/plain';
import { themeIcon } from '../look/treeItem';
import { favouriteOf, type Favourites } from './favourites';
import { createJobFinder, nameOf, type JobFinder } from './jobFinder';
import { markOfJob } from './jobRows';
import type { JobNode } from './runsNodes';
import type { RunStore } from './runStore';

export interface FindJobParts {
  readonly servers: readonly Server[];
  readonly store: RunStore;
  readonly favourites: Favourites;
}

/** What the person wants with a job that was found. */
export interface Found {
  readonly job: JobNode;
  readonly wish: 'show' | 'build' | 'browse';
}

type JobItem = vscode.QuickPickItem & { readonly job: JobNode };

/** Jobs that are shown at once. */
const MOST = 50;
/** Milliseconds for which an index is good enough to find jobs in. */
const FRESH = 10 * 60_000;

/**
 * Lets the person find a job among all of the servers by typing some of its name. `starred` is
 * called when one was made a favourite, or is none any more.
 * @returns undefined when the person cancelled.
 */
export async function findJob(
  parts: FindJobParts,
  starred: () => void,
): Promise<Found | undefined> {
  const pick = vscode.window.createQuickPick<JobItem>();
  const cancel = new AbortController();
  pick.title = 'Find Job';
  pick.placeholder = 'Some of its name, or its address';
  pick.busy = true;
  let find: JobFinder = () => [];
  const show = (): void => {
    pick.items = find(pick.value, MOST).map((job) => itemOf(job, parts));
  };
  try {
    return await new Promise<Found | undefined>((resolve, reject) => {
      pick.onDidChangeValue(show);
      pick.onDidHide(() => resolve(undefined));
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        if (item) resolve({ job: item.job, wish: 'show' });
      });
      pick.onDidTriggerItemButton(({ item: { job }, button }) => {
        if (button === BUILD) resolve({ job, wish: 'build' });
        else if (button === BROWSE) resolve({ job, wish: 'browse' });
        else
          star(parts.favourites, job).then(() => {
            show();
            starred();
          }, reject);
      });
      pick.show();
      jobsOf(parts, cancel.signal).then((jobs) => {
        find = createJobFinder(jobs);
        pick.busy = false;
        show();
      }, reject);
    });
  } finally {
    cancel.abort();
    pick.dispose();
  }
}

const BUILD: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('play'),
  tooltip: 'Build…',
};
const BROWSE: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('link-external'),
  tooltip: 'Open in Browser',
};
const STAR: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('star-empty'),
  tooltip: 'Add to Favourites',
};
const UNSTAR: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('star-full'),
  tooltip: 'Remove from Favourites',
};

/** The jobs of all servers that can be asked. Rejects when none can. */
async function jobsOf({ servers, store }: FindJobParts, signal: AbortSignal): Promise<Job[]> {
  const told = await Promise.allSettled(servers.map(({ url }) => store.index(url, signal, FRESH)));
  const jobs = told.flatMap((each) => (each.status === 'fulfilled' ? each.value.jobs : []));
  const failed = told.find((each) => each.status === 'rejected');
  if (jobs.length === 0 && failed) throw failed.reason;
  if (jobs.length === 0) throw new UserError('The servers have no jobs, or none that you may see.');
  return jobs;
}

function itemOf(job: Job, { servers, favourites }: FindJobParts): JobItem {
  const server = servers.find(({ url }) => job.url.startsWith(url));
  const folder = nameOf(job.fullName).slice(0, -job.name.length - 1);
  const favourite = favourites.has(job.url);
  return {
    label: plain(job.name),
    description: plain([folder, ...(servers.length > 1 ? [server?.name] : [])].join('  ')),
    iconPath: themeIcon(markOfJob(job.kind, job.state)),
    // What was found is shown, although VS Code may find the letters nowhere in it.
    alwaysShow: true,
    buttons: [...(job.kind === 'job' ? [BUILD] : []), BROWSE, favourite ? UNSTAR : STAR],
    job: nodeOf(job, server ?? { url: '', name: '', user: undefined }, favourite),
  };
}

function nodeOf(job: Job, server: Server, favourite: boolean): JobNode {
  const place = { section: 'all', top: false, current: false, grouped: false } as const;
  return { kind: 'job', ...place, server, url: job.url, job, favourite };
}

async function star(favourites: Favourites, node: JobNode): Promise<void> {
  if (node.favourite) await favourites.remove(node.url);
  else await favourites.add(favouriteOf(node));
}
