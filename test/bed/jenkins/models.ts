/** The model behind `api/json`. */
import {
  type Context,
  type LiveJob,
  type LiveRun,
  colorOf,
  isBuilding,
  startOf,
  urlOf,
} from './live';
import { definitionsModel, waysOn } from './doing';
import { parameterModel, waitingModel } from './queue';
import type { Model } from './tree';
import { metadataOf, propertyOf, revisionOf } from './branches';
import type { JobSpec, RunSpec } from './world';
export function rootModel(context: Context): Model {
  return {
    _class: 'hudson.model.Hudson',
    mode: 'NORMAL',
    url: context.root,
    jobs: () => context.roots.map((job) => jobModel(job, context)),
  };
}

export function jobModel(job: LiveJob, context: Context): Model {
  const { spec } = job;
  const common = {
    _class: CLASSES[spec.kind ?? 'job'],
    name: spec.name,
    fullName: job.fullName,
    displayName: decodeURIComponent(spec.name),
    url: urlOf(job, context),
    description: spec.description ?? null,
    actions: metadataOf(spec),
  };
  if (spec.kind === 'template') return common;
  if (spec.kind === 'folder' || spec.kind === 'multibranch' || spec.kind === 'organization') {
    return { ...common, jobs: () => job.jobs.map((child) => jobModel(child, context)) };
  }
  const runs = () => job.runs.map((run) => runModel(job, run, context));
  const newest = (which: (run: LiveRun) => boolean) => () => {
    const run = job.runs.find(which);
    return run === undefined ? null : runModel(job, run, context);
  };
  return {
    ...common,
    color: () => colorOf(job),
    property: [...propertyOf(spec), ...definitionsModel(spec.definitions)],
    buildable: spec.disabled !== true,
    inQueue: () => waitingModel(job, context) !== null,
    queueItem: () => waitingModel(job, context),
    builds: () => runs().slice(0, 100),
    allBuilds: runs,
    lastBuild: newest(() => true),
    lastCompletedBuild: newest((run) => !isBuilding(run.spec)),
    lastFailedBuild: newest((run) => !isBuilding(run.spec) && run.spec.result === 'FAILURE'),
    lastSuccessfulBuild: newest((run) => !isBuilding(run.spec) && run.spec.result === 'SUCCESS'),
    nextBuildNumber: () => (job.runs[0]?.number ?? 0) + 1,
  };
}

export const CLASSES = {
  job: 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
  freestyle: 'hudson.model.FreeStyleProject',
  folder: 'com.cloudbees.hudson.plugins.folder.Folder',
  multibranch: 'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject',
  organization: 'jenkins.branch.OrganizationFolder',
  template: 'com.cloudbees.tiger.plugins.palace.templates.DockerSlaveTemplate',
} as const;

export function jobDefaults(job: LiveJob): string {
  return job.spec.jobs === undefined
    ? 'name,fullName,url,color,buildable,builds[number,url],lastBuild[number,url],nextBuildNumber'
    : 'name,fullName,url,jobs[name,url,color]';
}

export const RUN_DEFAULTS =
  'actions[causes[*],parameters[*],buildsByBranchName,lastBuiltRevision[*],remoteUrls],building,displayName,duration,estimatedDuration,fullDisplayName,id,keepLog,number,result,timestamp,url,inProgress,nextBuild[number,url],previousBuild[number,url]';

export function runModel(job: LiveJob, run: LiveRun, context: Context): Model {
  const { spec } = run;
  const at = job.runs.indexOf(run);
  const neighbour = (run: LiveRun | undefined) => () =>
    run === undefined ? null : runModel(job, run, context);
  const building = isBuilding(spec);
  return {
    _class:
      job.spec.kind === 'freestyle'
        ? 'hudson.model.FreeStyleBuild'
        : 'org.jenkinsci.plugins.workflow.job.WorkflowRun',
    actions: [...actionsOf(spec, job.spec), ...waysOn({ spec }, context)],
    artifacts: Object.keys(spec.artifacts ?? {}).map((path) => ({
      displayPath: path,
      fileName: path.split('/').at(-1),
      relativePath: path,
    })),
    building,
    description: null,
    displayName: `#${spec.number}`,
    duration: building ? 0 : (spec.duration ?? 60_000),
    estimatedDuration: spec.duration ?? 60_000,
    fullDisplayName: `${job.fullName.split('/').map(decodeURIComponent).join(' » ')} #${spec.number}`,
    id: String(spec.number),
    keepLog: false,
    number: spec.number,
    queueId: 1000 + spec.number,
    result: spec.result ?? null,
    timestamp: startOf(spec),
    url: `${urlOf(job, context)}${spec.number}/`,
    ...(job.spec.kind === 'freestyle' && { builtOn: spec.builtOn ?? '' }),
    inProgress: building,
    nextBuild: neighbour(job.runs[at - 1]),
    previousBuild: neighbour(job.runs[at + 1]),
  };
}

export function actionsOf(spec: RunSpec, job: JobSpec): Model[] {
  const actions: Model[] = [
    {
      _class: 'hudson.model.CauseAction',
      causes: (spec.causes ?? ['Started by user Ada']).map((shortDescription) => ({
        _class: 'hudson.model.Cause$UserIdCause',
        shortDescription,
      })),
    },
  ];
  if (spec.parameters !== undefined) {
    actions.push({
      _class: 'hudson.model.ParametersAction',
      parameters: spec.parameters.map(parameterModel),
    });
  }
  if (spec.revision !== undefined) {
    actions.push({
      _class: 'jenkins.scm.api.SCMRevisionAction',
      revision: {
        _class:
          'pullHash' in spec.revision
            ? 'org.jenkinsci.plugins.github_branch_source.PullRequestSCMRevision'
            : 'jenkins.plugins.git.AbstractGitSCMSource$SCMRevisionImpl',
        ...spec.revision,
        ...revisionOf(job),
      },
    });
  }
  // Actions that export nothing are told as empty objects.
  actions.push({});
  for (const { sha, remoteUrls, branch } of spec.checkouts ?? []) {
    actions.push({
      _class: 'hudson.plugins.git.util.BuildData',
      lastBuiltRevision: { SHA1: sha, branch: [{ SHA1: sha, name: branch ?? 'detached' }] },
      remoteUrls,
      scmName: '',
    });
  }
  if (spec.environment !== undefined) {
    actions.push({
      _class: 'org.jenkinsci.plugins.workflow.cps.EnvActionImpl',
      environment: spec.environment,
    });
  }
  actions.push({ _class: 'org.jenkinsci.plugins.workflow.job.views.FlowGraphAction' });
  return actions;
}
