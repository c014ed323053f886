import { parseGitAddress, repositoryOf } from '../../base/gitAddress';

/** The parts of a job that a suggestion is made from. */
export interface Candidate {
  readonly url: string;
  /** The job's full name, decoded: `team/cilium`. */
  readonly name: string;
}

/**
 * The jobs that most likely build the repository with these remotes, the likeliest first: those
 * named as owner and repository are, then those named as the repository, then those whose name
 * holds the repository's.
 */
export function suggestJobs<Job extends Candidate>(
  jobs: readonly Job[],
  remoteUrls: readonly string[],
): Job[] {
  const repositories = remoteUrls.flatMap((url) => {
    const address = parseGitAddress(url);
    return address === undefined ? [] : [repositoryOf(address).split('/')];
  });
  const score = (job: Job): number =>
    Math.max(0, ...repositories.map((repository) => likeness(job.name, repository)));
  return jobs
    .map((job) => ({ job, score: score(job) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.job.name.length - b.job.name.length)
    .map(({ job }) => job);
}

function likeness(jobName: string, repository: readonly string[]): number {
  const name = repository.at(-1);
  if (name === undefined || name === '') return 0;
  const [last, parent] = jobName.toLowerCase().split('/').reverse();
  if (last === name) return parent !== undefined && parent === repository.at(-2) ? 3 : 2;
  return last?.includes(name) === true ? 1 : 0;
}
