import type { Job, JobState } from '../../jenkins/jobs';
import type { Run } from '../../jenkins/run';
import { decodeName, fullNameOf } from '../../jenkins/url';
import { markOf, stateOf, type Mark } from '../look/marks';
import { plain } from '../look/plain';
import type { Row } from '../look/row';
import type { JobNode } from './runsNodes';
import type { JobRuns } from './runStore';

/** How a job is shown, of whose runs `list` is known. */
export function jobRow(node: JobNode, id: string, list: JobRuns | undefined): Row {
  const { url, job, current } = node;
  const state = job?.state === 'disabled' ? 'disabled' : (stateIn(list?.runs ?? []) ?? job?.state);
  const running = list?.runs[0]?.building ?? job?.running ?? false;
  const change = job?.change;
  const title = jobTitle(node);
  const target = change?.target ?? list?.runs.find((run) => run.change?.target)?.change?.target;
  const facts = [
    ...(current ? ['checked out'] : []),
    ...(job?.isMain === true ? ['main branch'] : []),
    ...(change?.author === undefined ? [] : [`by ${plain(change.author)}`]),
    ...(target === undefined ? [] : [`into ${plain(target)}`]),
    ...(change?.fork === true ? ['from a fork'] : []),
    ...(state === 'disabled' ? ['disabled'] : []),
    ...(node.top && node.section !== 'all' ? [plain(jobName(url).folder)] : []),
  ].filter((fact) => fact !== '');
  const kind = change ? 'pull request' : WORDS[job?.kind ?? 'job'];
  const how = [...(running ? ['running'] : []), ...(state && !running ? [state] : [])];
  return {
    id,
    label: plain(title),
    description: facts.join(' · '),
    mark: running ? markOf('running') : markOfJob(job?.kind, state),
    context: `job.${CONTEXTS[job?.kind ?? 'unknown']}${node.favourite ? '.favourite' : ''}`,
    tooltip: [
      title,
      ...(job?.description === undefined ? [] : [job.description]),
      ...facts,
      ...(change?.url === undefined ? [] : [change.url]),
      url,
    ],
    spoken: [`${kind} ${title}`, ...how, ...facts].join(', '),
    fold: (node.section === 'workspace' && node.top) || current ? 'open' : 'closed',
  };
}

/** What a job is called: `cilium`, or `#17 policy: a line may be about both directions`. */
export function jobTitle({ url, job }: JobNode): string {
  if (!job?.change) return job?.name ?? jobName(url).name;
  const { id, title } = job.change;
  return [`#${id}`, ...(title === undefined ? [] : [title])].join(' ');
}

/** The last name of a job and those it lies in: `cilium` in `team`. */
export function jobName(url: string): { readonly name: string; readonly folder: string } {
  const names = fullNameOf(url).split('/').map(decodeName);
  return { name: names.at(-1) ?? '', folder: names.slice(0, -1).join(' / ') };
}

/** How a job looks by what it is, or how it is. */
export function markOfJob(kind: Job['kind'] | undefined, state: JobState | undefined): Mark {
  if (kind === 'folder') return { icon: 'folder', color: undefined };
  if (kind === 'organization') return { icon: 'organization', color: undefined };
  if (kind === 'multibranch') return { icon: 'repo', color: undefined };
  switch (state) {
    case undefined:
      return { icon: 'repo', color: undefined };
    case 'disabled':
    case 'not-built':
      return { icon: 'circle-outline', color: 'testing.iconSkipped' };
    default:
      return markOf(state);
  }
}

const WORDS = {
  job: 'job',
  folder: 'folder',
  organization: 'organization',
  multibranch: 'project',
} as const;

/** What menus tell apart: whether it can be built. */
const CONTEXTS = {
  job: 'runs',
  folder: 'holder',
  organization: 'holder',
  multibranch: 'holder',
  unknown: 'unknown',
} as const;

const STATES = {
  passed: 'passed',
  failed: 'failed',
  unstable: 'unstable',
  aborted: 'aborted',
  skipped: 'not-built',
} as const;

/** How the newest run that ended did. */
function stateIn(runs: readonly Run[]): JobState | undefined {
  const ended = runs.find(({ building }) => !building);
  if (!ended) return undefined;
  const state = stateOf(ended);
  return state === 'running' || state === 'waiting' ? undefined : STATES[state];
}
