import { fields, list, text } from './json';
import { rebase } from './url';

/** Where a pull request comes from. */
export interface ChangeSource {
  readonly branch: string;
  readonly fork: boolean;
}

/** What to ask a project: a pull request's branch is only told by the variables of its runs (*recorded*). */
export const SOURCE_FIELDS = 'jobs[url,lastBuild[actions[environment]]]';

/** Where the pull requests of a project come from, by the address of their job. */
export function sourcesOf(json: unknown, server: string): Map<string, ChangeSource> {
  const sources = new Map<string, ChangeSource>();
  for (const job of list(fields(json)['jobs']).map(fields)) {
    const url = text(job['url']);
    const environment = list(fields(job['lastBuild'])['actions'])
      .map((action) => fields(action)['environment'])
      .find((each) => each !== undefined);
    const branch = text(fields(environment)['CHANGE_BRANCH']);
    // Jenkins sets CHANGE_FORK only for forks.
    const fork = text(fields(environment)['CHANGE_FORK']) !== undefined;
    if (url !== undefined && branch !== undefined)
      sources.set(rebase(url, server), { branch, fork });
  }
  return sources;
}
