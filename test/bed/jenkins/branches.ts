/** What the branch sources of multibranch projects add to their jobs and runs (scm-api, branch-api). */
import type { Model } from './tree';
import type { ChangeSpec, JobSpec } from './world';

/** A job's actions: the metadata of its branch; one that is not exported is an empty object. */
export function metadataOf({ change, isMain }: JobSpec): Model[] {
  return [
    {},
    ...(isMain === true
      ? [{ _class: 'jenkins.scm.api.metadata.PrimaryInstanceMetadataAction' }]
      : []),
    ...(change === undefined
      ? []
      : [
          {
            _class: 'jenkins.scm.api.metadata.ObjectMetadataAction',
            objectDescription: null,
            objectDisplayName: change.title,
            objectUrl: change.url,
          },
          {
            _class: 'jenkins.scm.api.metadata.ContributorMetadataAction',
            contributor: change.author,
            contributorDisplayName: null,
            contributorEmail: null,
          },
        ]),
  ];
}

/** A head's `id` and `target` are not exported, since the branch sources override both. */
export function propertyOf({ name, change }: JobSpec): Model[] {
  if (change === undefined) return [];
  const head = {
    _class: 'org.jenkinsci.plugins.github_branch_source.PullRequestSCMHead',
    name,
    origin: originOf(change),
  };
  const branch = { head };
  const property = 'org.jenkinsci.plugins.workflow.multibranch.BranchJobProperty';
  return [{ _class: property, branch }];
}

function originOf({ fork }: ChangeSpec): Model {
  return fork === undefined
    ? { _class: 'jenkins.scm.api.SCMHeadOrigin$Default' }
    : { _class: 'jenkins.scm.api.SCMHeadOrigin$Fork', name: fork };
}

/** What a pull request's revision tells besides its hashes. */
export function revisionOf({ change }: JobSpec): Model {
  if (change === undefined) return {};
  const head = {
    _class: 'org.jenkinsci.plugins.github_branch_source.BranchSCMHead',
    name: change.target,
  };
  return { target: { _class: 'jenkins.plugins.git.AbstractGitSCMSource$SCMRevisionImpl', head } };
}
