import type { StepCall, Value } from '../pipeline/effects';

/** What becomes of a step that is no `sh`. */
export type Disposition =
  | { readonly kind: 'runs' }
  /** It changes nothing about what the steps do: its body, if it has one, runs. */
  | { readonly kind: 'harmless' }
  /** It would publish something: left out on purpose. */
  | { readonly kind: 'left out'; readonly reason: string }
  | { readonly kind: 'cannot be repeated'; readonly reason: string };

/** The one place that says which steps a reproduction carries out; the Plan and the real effects both ask it. */
export function dispositionOf(call: StepCall): Disposition {
  if (call.name === 'checkout') return checkoutDisposition(call);
  if (carriedOut.has(call.name)) return { kind: 'runs' };
  if (harmless.has(call.name)) return { kind: 'harmless' };
  const publishes = publishing.get(call.name);
  if (publishes !== undefined) return { kind: 'left out', reason: publishes };
  const reason = impossible.get(call.name) ?? 'CI Parity does not know this step';
  return { kind: 'cannot be repeated', reason };
}

/** `checkout scm` and Declarative's own; any other source is another repository. */
function checkoutDisposition(call: StepCall): Disposition {
  const argument = call.args.get('') ?? call.args.get('scm');
  return call.implicit || isScm(argument)
    ? { kind: 'runs' }
    : {
        kind: 'cannot be repeated',
        reason: 'it checks out something else than the run’s own commit',
      };
}

function isScm(value: Value | undefined): boolean {
  return typeof value === 'object' && value !== null && 'opaque' in value && value.opaque === 'scm';
}

/** One line for people: `archiveArtifacts '*.xml'`. */
export function stepText(call: StepCall): string {
  const args = [...call.args].map(([name, value]) =>
    /^\d*$/.test(name) ? valueText(value) : `${name}: ${valueText(value)}`,
  );
  return [call.name, args.join(', ')].filter((part) => part !== '').join(' ');
}

function valueText(value: Value): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(valueText).join(', ')}]`;
  if (value instanceof Map)
    return `[${[...(value as ReadonlyMap<string, Value>)].map(([key, item]) => `${key}: ${valueText(item)}`).join(', ')}]`;
  if ('origin' in value) return `‹${value.origin}›`;
  return 'opaque' in value ? value.opaque : '';
}

const carriedOut = new Set([
  'echo',
  'sleep',
  'junit',
  'archiveArtifacts',
  'credentials',
  'pwd',
  'isUnix',
]);

const harmless = new Set([
  'timestamps',
  'ansiColor',
  'buildDiscarder',
  'disableConcurrentBuilds',
  'lock',
  'milestone',
  'properties',
  'preserveStashes',
  'quietPeriod',
  'rateLimitBuilds',
  'wrap',
]);

const publishing = new Map([
  ['mail', 'it would send mail'],
  ['emailext', 'it would send mail'],
  ['slackSend', 'it would send a message'],
  ['hipchatSend', 'it would send a message'],
  ['mattermostSend', 'it would send a message'],
  ['rocketSend', 'it would send a message'],
  ['build', 'it would start another job'],
  ['publishHTML', 'it would publish a report'],
  ['publishChecks', 'it would publish a report'],
  ['publishCoverage', 'it would publish a report'],
  ['recordIssues', 'it would publish a report'],
  ['cobertura', 'it would publish a report'],
  ['githubNotify', 'it would set a status at GitHub'],
  ['setGitHubPullRequestStatus', 'it would set a status at GitHub'],
  ['pullRequest', 'it would write to a pull request'],
  ['updateGitlabCommitStatus', 'it would set a status at GitLab'],
  ['s3Upload', 'it would upload files'],
  ['rtUpload', 'it would upload files'],
  ['nexusArtifactUploader', 'it would upload files'],
  ['fingerprint', 'it would record fingerprints at the server'],
]);

const impossible = new Map([
  ['input', 'somebody answered it in CI'],
  ['withCredentials', 'its credentials are not read yet'],
  ['git', 'it checks out something else than the run’s own commit'],
  ['stash', 'stashes are not kept yet'],
  ['unstash', 'stashes are not kept yet'],
  ['bat', 'it wants Windows'],
  ['powershell', 'it wants Windows'],
  ['library', 'shared libraries are not read yet'],
]);
