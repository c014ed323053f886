import type { Run } from '../jenkins/run';
import { decodeName, fullNameOf } from '../jenkins/url';

/**
 * What of its own environment a machine lets a Jenkinsfile see, as `env.PATH` and in `PATH+X`. In Jenkins it is all
 * that the agent's process has (ExecutorStepExecution: `Computer.getEnvironment`); here that would be all that the
 * person's own has.
 */
export const MACHINE_VARIABLES: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'JAVA_HOME'],
];

/**
 * The variables that Jenkins itself gives every step of the run. WORKSPACE, NODE_NAME and
 * EXECUTOR_NUMBER belong to the machine and come with it. Undefined names are left out.
 * Source: `hudson.model.Run#getEnvironment`, `CoreEnvironmentContributor`, branch-api's
 * `BranchNameContributor`, and the git plugin for GIT_*.
 */
export function runEnvironment(
  run: Run,
  commit: string,
  remoteUrl: string | undefined,
): Record<string, string> {
  const jobName = fullNameOf(run.jobUrl);
  const baseName = jobName.split('/').at(-1) ?? jobName;
  const ofMultibranch = run.change !== undefined || decodeName(baseName) === run.branch;
  return defined({
    CI: 'true',
    BUILD_NUMBER: String(run.number),
    BUILD_ID: String(run.number),
    BUILD_DISPLAY_NAME: `#${run.number}`,
    BUILD_TAG: `jenkins-${jobName.replaceAll('/', '-')}-${run.number}`,
    BUILD_URL: run.url,
    JOB_NAME: jobName,
    JOB_BASE_NAME: baseName,
    JOB_URL: run.jobUrl,
    RUN_DISPLAY_URL: `${run.url}display/redirect`,
    JENKINS_URL: run.server,
    // The server does not tell; this is its place in the official images.
    JENKINS_HOME: '/var/jenkins_home',
    GIT_COMMIT: commit,
    GIT_URL: remoteUrl,
    GIT_BRANCH: ofMultibranch || run.branch === undefined ? run.branch : `origin/${run.branch}`,
    BRANCH_NAME: ofMultibranch ? (run.change ? `PR-${run.change.id}` : run.branch) : undefined,
    CHANGE_ID: run.change?.id,
    CHANGE_URL: run.change?.url,
    CHANGE_TITLE: run.change?.title,
    CHANGE_AUTHOR: run.change?.author,
    CHANGE_TARGET: run.change?.target,
    CHANGE_BRANCH: run.change?.branch,
  });
}

/** What can be said without a run: a pipeline started from the working tree. */
export function localEnvironment(
  directory: string,
  commit: string,
  branch: string | undefined,
  remoteUrl: string | undefined,
): Record<string, string> {
  const name = directory.split('/').at(-1);
  return defined({
    CI: 'true',
    BUILD_NUMBER: '0',
    BUILD_ID: '0',
    BUILD_DISPLAY_NAME: '#0',
    BUILD_TAG: `jenkins-${name ?? 'job'}-0`,
    JOB_NAME: name,
    JOB_BASE_NAME: name,
    GIT_COMMIT: commit,
    GIT_URL: remoteUrl,
    GIT_BRANCH: branch,
    BRANCH_NAME: branch,
  });
}

function defined(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
