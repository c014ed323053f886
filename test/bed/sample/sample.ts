/** The sample repository that the tests reproduce failures of; `make.sh` tells its story. */
import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

export interface SampleCommits {
  /** The policy engine and its first tests; there is no Vagrantfile yet. */
  readonly initial: string;
  /** Adds the Vagrantfile and `contrib/vagrant/start.sh`; there is no Jenkinsfile yet. */
  readonly vagrant: string;
  /** Adds the Jenkinsfile. */
  readonly jenkins: string;
  /** Run 41: all five tests pass. */
  readonly before: string;
  /** Run 42: TestPolicyEgressDeny fails, and it alone. */
  readonly broken: string;
  /** Run 43, the head of `master`: all pass again. */
  readonly mended: string;
  /** The head of pull request 17 and of the branch `any-direction`, which left `master` at `before`. */
  readonly pull: string;
  /** The head of the branch `ginkgo`: `Jenkinsfile` is a symbolic link to `ginkgo.Jenkinsfile`. */
  readonly symlink: string;
}

export interface Sample {
  /** The clone, with `master` checked out. Worktrees may be added to it. */
  readonly dir: string;
  /** The bare repository that is the remote `origin`, by its path; it serves any commit by its id. */
  readonly origin: string;
  /** The ids are the same wherever and whenever the sample is made. */
  readonly commits: SampleCommits;
}

/**
 * Makes the sample at `dest` and `origin.git` beside it; the caller removes both. What is there
 * already from an earlier call is left as it is.
 */
export async function makeSample(dest: string, signal: AbortSignal): Promise<Sample> {
  const script = join(import.meta.dirname, 'make.sh');
  const { stdout } = await promisify(execFile)('bash', [script, dest], { signal });
  const ids = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line): [string, string] => {
        const [name = '', id = ''] = line.split(' ');
        return [name, id];
      }),
  );
  const id = (name: keyof SampleCommits): string => {
    const found = ids.get(name);
    if (found === undefined) throw new Error(`make.sh made no commit '${name}':\n${stdout}`);
    return found;
  };
  const dir = resolve(dest);
  return {
    dir,
    origin: join(dirname(dir), 'origin.git'),
    commits: {
      initial: id('initial'),
      vagrant: id('vagrant'),
      jenkins: id('jenkins'),
      before: id('before'),
      broken: id('broken'),
      mended: id('mended'),
      pull: id('pull'),
      symlink: id('symlink'),
    },
  };
}
