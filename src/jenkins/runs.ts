import { sameRepository } from '../base/gitAddress';
import { targetOf } from './jobs';
import { className, fields, list, number, text } from './json';
import type { Change, Commit, Parameter, Result, Run } from './run';
import { decodeName, fullNameOf } from './url';

const ACTIONS =
  'causes[shortDescription],parameters[name,value],revision[hash,pullHash,target[head[name]]],lastBuiltRevision[SHA1,branch[name]],remoteUrls';

/** What to ask of a run in a list, in Jenkins' `tree` language. */
export const RUN_FIELDS = `number,displayName,result,building,inProgress,timestamp,duration,estimatedDuration,builtOn,actions[${ACTIONS}]`;

/** What to ask of one run: also its environment, which tells of a pull request. */
export const FULL_RUN_FIELDS = RUN_FIELDS.replace(ACTIONS, `${ACTIONS},environment`);

/** A repository that a run checked out, the job's own or a shared library's. */
export interface Checkout extends Commit {
  readonly branch: string | undefined;
}

/**
 * Which of a run's checkouts is the one that matters: of the first of `remoteUrls` that any of them
 * has, else the first. Addresses are compared as people mean them: without scheme, user and `.git`.
 */
export function chooseCommit<C extends Commit>(
  candidates: readonly C[],
  remoteUrls: readonly string[],
): C | undefined {
  for (const wanted of remoteUrls) {
    const found = candidates.find((candidate) =>
      candidate.remoteUrls.some((url) => sameRepository(url, wanted)),
    );
    if (found !== undefined) return found;
  }
  return candidates[0];
}

/** The commits of all repositories that a run checked out. */
export function checkoutsOf(json: unknown): Checkout[] {
  const checkouts: Checkout[] = [];
  for (const action of list(fields(json)['actions'])) {
    const revision = fields(fields(action)['lastBuiltRevision']);
    const sha = shaOf(revision['SHA1']);
    if (sha === undefined) continue;
    const remoteUrls = list(fields(action)['remoteUrls']).flatMap((url) => text(url) ?? []);
    const branch = text(fields(list(revision['branch'])[0])['name']);
    checkouts.push({
      sha,
      remoteUrls,
      branch: branch === undefined ? undefined : branchName(branch),
    });
  }
  return checkouts;
}

/** A run from what Jenkins says of it under `FULL_RUN_FIELDS`; undefined when it has no number. */
export function parseRun(
  json: unknown,
  at: { server: string; jobUrl: string; remoteUrls: readonly string[] },
): Run | undefined {
  const run = fields(json);
  const id = number(run['number']);
  if (id === undefined) return undefined;
  const actions = list(run['actions']).map(fields);
  // WorkflowRun has a result as soon as something failed, long before it ends.
  const building = run['building'] === true || run['inProgress'] === true;
  const revision = fields(actions.find((action) => 'revision' in action)?.['revision']);
  const checkouts = checkoutsOf(json);
  const environment = fields(actions.find((action) => 'environment' in action)?.['environment']);
  const jobName = fullNameOf(at.jobUrl);
  const shortName = decodeName(jobName.split('/').at(-1) ?? '');
  const checkout = chooseCommit(checkouts, at.remoteUrls);
  const hash = shaOf(revision['pullHash']) ?? shaOf(revision['hash']);
  const ofBranch = hash !== undefined || text(environment['BRANCH_NAME']) !== undefined;
  return {
    url: `${at.jobUrl}${id}/`,
    server: at.server,
    job: decodeName(jobName),
    jobUrl: at.jobUrl,
    number: id,
    displayName: text(run['displayName']) ?? `#${id}`,
    building,
    result: building ? undefined : resultOf(run['result']),
    startedAt: number(run['timestamp']) ?? 0,
    duration: building ? 0 : (number(run['duration']) ?? 0),
    estimatedDuration: positive(number(run['estimatedDuration'])),
    parameters: parametersOf(json),
    commit: commitOf(hash, checkouts, checkout),
    branch: ofBranch ? (text(environment['BRANCH_NAME']) ?? shortName) : checkout?.branch,
    change: changeOf(
      environment,
      text(revision['pullHash']) === undefined ? undefined : shortName,
      targetOf(revision),
    ),
    causes: causesOf(json),
    node: text(run['builtOn']),
  };
}

/** The parameters of a run, or of what waits to become one. */
export function parametersOf(json: unknown): Parameter[] {
  return list(fields(json)['actions']).flatMap((action) =>
    list(fields(action)['parameters']).flatMap(parameter),
  );
}

/** Short descriptions: "Started by user Ada". */
export function causesOf(json: unknown): string[] {
  return list(fields(json)['actions']).flatMap((action) =>
    list(fields(action)['causes']).flatMap(
      (cause) => text(fields(cause)['shortDescription']) ?? [],
    ),
  );
}

function commitOf(
  hash: string | undefined,
  checkouts: readonly Checkout[],
  checkout: Checkout | undefined,
): Commit | undefined {
  if (hash === undefined) {
    return checkout && { sha: checkout.sha, remoteUrls: checkout.remoteUrls };
  }
  // A pull request is built merged with its target, so that its head is in no checkout.
  const same = checkouts.find(({ sha }) => sha === hash) ?? checkout;
  return { sha: hash, remoteUrls: same?.remoteUrls ?? [] };
}

function changeOf(
  environment: Readonly<Record<string, unknown>>,
  job: string | undefined,
  target: string | undefined,
): Change | undefined {
  const id = text(environment['CHANGE_ID']) ?? /^[A-Z]+-(\d+)\b/.exec(job ?? '')?.[1];
  if (id === undefined) return undefined;
  const fork = text(environment['CHANGE_FORK']);
  return {
    id,
    url: text(environment['CHANGE_URL']),
    title: text(environment['CHANGE_TITLE']),
    author: text(environment['CHANGE_AUTHOR']),
    target: text(environment['CHANGE_TARGET']) ?? target,
    branch: text(environment['CHANGE_BRANCH']),
    // Jenkins sets CHANGE_FORK only for forks; without an environment we cannot know.
    fork: fork !== undefined ? true : 'CHANGE_ID' in environment ? false : undefined,
  };
}

function parameter(json: unknown): Parameter[] {
  const { name, value } = fields(json);
  const known = text(name);
  if (known === undefined) return [];
  const told = typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
  return [{ name: known, value: told ?? number(value)?.toString(), kind: className(json) }];
}

export function resultOf(value: unknown): Result | undefined {
  switch (value) {
    case 'SUCCESS':
    case 'UNSTABLE':
    case 'FAILURE':
    case 'NOT_BUILT':
    case 'ABORTED':
      return value;
    default:
      return undefined;
  }
}

function shaOf(value: unknown): string | undefined {
  const sha = text(value)?.toLowerCase();
  return sha !== undefined && /^[0-9a-f]{40}$/.test(sha) ? sha : undefined;
}

/** `main` of `refs/remotes/origin/main` and `origin/main`. */
function branchName(name: string): string | undefined {
  const short = name.replace(/^refs\/(remotes|heads)\//, '').replace(/^origin\//, '');
  return short === 'detached' ? undefined : short;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
