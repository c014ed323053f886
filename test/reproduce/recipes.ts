import type { Failure } from '../../src/jenkins/run';
import type { Recipe, RunFacts } from '../../src/recipe/recipe';

/** The recipe of a failed run #42, to be varied. */
export function recipeFor(changes: Partial<Recipe> = {}): Recipe {
  return {
    version: 1,
    run: runFacts(),
    repository: { directory: '/nowhere', remoteUrl: undefined },
    commit: 'a'.repeat(40),
    withChanges: false,
    jenkinsfile: { path: 'Jenkinsfile', text: '', source: 'commit' },
    select: { kind: 'failure' },
    environment: {},
    parameters: [],
    overrides: {},
    keep: 'never',
    timeout: undefined,
    ...changes,
  };
}

export function runFacts(
  failure: Partial<Failure> = {},
  changes: Partial<RunFacts> = {},
): RunFacts {
  return {
    url: 'http://localhost/job/cilium/42/',
    job: 'cilium',
    number: 42,
    result: 'FAILURE',
    branch: 'master',
    change: undefined,
    node: undefined,
    stages: [{ path: ['Build'], state: 'failed' }],
    failure: {
      stage: ['Build'],
      command: './contrib/vagrant/start.sh',
      exitCode: 1,
      tests: [{ group: '', name: 'TestPolicyEgressDeny', details: undefined }],
      lines: [],
      ...failure,
    },
    previous: undefined,
    ...changes,
  };
}
