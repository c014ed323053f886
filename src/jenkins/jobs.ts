import { className, fields, list, text } from './json';
import type { Change } from './run';
import { decodeName, fullNameOf, rebase } from './url';

export type JobState = 'passed' | 'failed' | 'unstable' | 'aborted' | 'not-built' | 'disabled';

/** Something that has runs, or that holds others. */
export interface Job {
  /** As people write it: `feature/x`. */
  readonly name: string;
  /** Jenkins' own full name: `folder/cilium/feature%2Fx`. */
  readonly fullName: string;
  /** Below the address the user typed; ends with `/`. */
  readonly url: string;
  readonly kind: 'job' | 'folder' | 'organization' | 'multibranch';
  /** How its last run ended; undefined for what holds others. */
  readonly state: JobState | undefined;
  /** Whether it runs right now. */
  readonly running: boolean;
  /** The beginning of what its owners say of it, without markup. */
  readonly description?: string | undefined;
  /** The pull request that it builds. Its branch is only told by its runs. */
  readonly change?: Change | undefined;
  /** Whether it builds the repository's main branch; servers tell so since 2024. */
  readonly isMain?: boolean;
}

/** What to ask of a job in a list of a whole server, in Jenkins' `tree` language. */
export const JOB_FIELDS = 'name,url,color';

const METADATA = 'objectDisplayName,objectUrl,contributor,contributorDisplayName';

/**
 * What to ask besides of what a folder or project holds, beside its newest run. The head of a pull
 * request exports where it comes from but not where it goes to, which the revision of that run does
 * (scm-api's SCMHead and ChangeRequestSCMRevision).
 */
export const JOB_METADATA = `${JOB_FIELDS},description,actions[${METADATA}],property[branch[head[origin[name]]]]`;

export const JOB_DETAILS = `${JOB_METADATA},lastBuild[actions[revision[target[head[name]]]]]`;

/** The jobs of an answer to `tree=jobs[…]`, without those inside them. `each` is told what was said of it. */
export function jobsOf(
  json: unknown,
  server: string,
  each?: (job: Job, said: Readonly<Record<string, unknown>>) => void,
): Job[] {
  return list(fields(json)['jobs']).flatMap((item) => {
    const job = jobOf(item, server);
    if (job === undefined) return [];
    each?.(job, fields(item));
    return [job];
  });
}

/** How deep a server's folders are looked into for all its jobs. */
const DEPTH = 6;

/** What to ask for all jobs of a server at once. Addresses follow from the names. */
export const INDEX_FIELDS = Array.from({ length: DEPTH }).reduce<string>(
  (inside) => `jobs[name,color${inside === '' ? '' : `,${inside}`}]`,
  '',
);

/** All jobs of a server, each folder before what it holds. */
export function indexOf(json: unknown, server: string): Job[] {
  const index: Job[] = [];
  addAll(json, { url: server, fullName: '' }, DEPTH, index);
  return index;
}

/** Tens of thousands of jobs: no address is taken apart, and no list is made for a folder. */
function addAll(
  json: unknown,
  above: Pick<Job, 'url' | 'fullName'>,
  depth: number,
  index: Job[],
): void {
  for (const item of list(fields(json)['jobs'])) {
    const said = fields(item);
    const own = text(said['name']);
    if (own === undefined) continue;
    const job = jobAt(said, {
      url: `${above.url}job/${encodeURIComponent(own)}/`,
      fullName: above.fullName === '' ? own : `${above.fullName}/${own}`,
    });
    if (job === undefined) continue;
    index.push(job);
    if (job.kind !== 'job' && depth > 1) addAll(said, job, depth - 1, index);
  }
}

/** Undefined for what is no job. */
export function jobOf(json: unknown, server: string): Job | undefined {
  const item = fields(json);
  const address = text(item['url']);
  if (address === undefined) return undefined;
  const url = rebase(address, server);
  return jobAt(item, { url, fullName: fullNameOf(url) });
}

function jobAt(
  item: Readonly<Record<string, unknown>>,
  { url, fullName }: Pick<Job, 'url' | 'fullName'>,
): Job | undefined {
  const color = text(item['color']);
  const kind = kindOf(className(item), color);
  if (kind === undefined) return undefined;
  const name = decodeName(text(item['name']) ?? '');
  const description = describe(text(item['description']));
  const change = kind === 'job' ? changeOf(item, name) : undefined;
  return {
    name,
    fullName,
    url,
    kind,
    state: stateOf(color),
    running: color?.endsWith('_anime') ?? false,
    ...(description !== undefined && { description }),
    ...(change !== undefined && { change }),
    ...(list(item['actions']).some((action) => className(action) === MAIN) && { isMain: true }),
  };
}

const MAIN = 'PrimaryInstanceMetadataAction';
const MOST_DESCRIPTION = 300;

/** Undefined for what neither holds jobs nor runs, such as templates. */
function kindOf(type: string, color: string | undefined): Job['kind'] | undefined {
  if (type.endsWith('MultiBranchProject')) return 'multibranch';
  if (type === 'OrganizationFolder') return 'organization';
  if (type.endsWith('Folder')) return 'folder';
  return color !== undefined || /(?:Job|Project|ModuleSet)$/.test(type) ? 'job' : undefined;
}

/** Descriptions are HTML on some servers and plain text on others. */
function describe(html: string | undefined): string | undefined {
  const words = html
    ?.slice(0, 4 * MOST_DESCRIPTION)
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return words === '' ? undefined : words?.slice(0, MOST_DESCRIPTION);
}

/**
 * The pull request of a branch project's job. Its head has a class of its own, whose name differs
 * between GitHub, GitLab, Bitbucket and others; without one the job's name tells.
 */
function changeOf(item: Readonly<Record<string, unknown>>, name: string): Change | undefined {
  const head = list(item['property'])
    .map((property) => fields(fields(property)['branch'])['head'])
    .find((each) => each !== undefined);
  const id = /^[A-Z]+-(\d+)(?:-(?:head|merge))?$/.exec(name)?.[1];
  const type = className(head);
  const isChange = type === '' ? /^(?:PR|MR)-/.test(name) : /(?:Pull|Merge|Change)/.test(type);
  if (id === undefined || !isChange) return undefined;
  const told = (key: string): string | undefined =>
    list(item['actions'])
      .map((action) => text(fields(action)[key]))
      .find((value) => value !== undefined);
  const origin = fields(head)['origin'];
  const revisions = list(fields(item['lastBuild'])['actions']).map((action) =>
    fields(fields(action)['revision']),
  );
  return {
    id,
    url: told('objectUrl'),
    title: told('objectDisplayName'),
    author: told('contributor') ?? told('contributorDisplayName'),
    target: revisions.flatMap((revision) => targetOf(revision) ?? [])[0],
    branch: undefined,
    fork: origin === undefined ? undefined : className(origin) === 'Fork',
  };
}

/** The branch that a pull request goes to, by the revision of a run. */
export function targetOf(revision: Readonly<Record<string, unknown>>): string | undefined {
  return text(fields(fields(revision['target'])['head'])['name']);
}

function stateOf(color: string | undefined): JobState | undefined {
  switch (color?.replace('_anime', '')) {
    case 'blue':
    case 'green':
      return 'passed';
    case 'red':
      return 'failed';
    case 'yellow':
      return 'unstable';
    case 'aborted':
      return 'aborted';
    case 'disabled':
      return 'disabled';
    case 'notbuilt':
    case 'grey':
      return 'not-built';
    default:
      return undefined;
  }
}
