import { sameRepository } from '../base/gitAddress';
import { Unknown, type Scope, type StepCall, type Value } from '../pipeline/effects';
import type { Recipe } from './recipe';

/** What becomes of a step that is no `sh`. */
export type Disposition =
  /** `note`: how it is not quite as in CI. */
  | { readonly kind: 'runs'; readonly note?: string }
  /** It changes nothing about what the steps do: its body, if it has one, runs. */
  | { readonly kind: 'harmless' }
  /** It would publish something: left out on purpose. */
  | { readonly kind: 'left out'; readonly reason: string }
  | { readonly kind: 'cannot be repeated'; readonly reason: string };

/** Steps that a reproduction carries out; `reproduce/steps` has a function for each of them, and the compiler sees to it. */
export const CARRIED_OUT = [
  'archiveArtifacts',
  'checkout',
  'cleanWs',
  'deleteDir',
  'docker.build',
  'docker.pull',
  'docker.run',
  'docker.stop',
  'docker.tag',
  'echo',
  'fileExists',
  'findFiles',
  'git',
  'input',
  'isUnix',
  'junit',
  'pwd',
  'pwsh',
  'readFile',
  'readJSON',
  'readProperties',
  'readTrusted',
  'sha1',
  'sha256',
  'sleep',
  'stash',
  'touch',
  'unstash',
  'writeFile',
  'writeJSON',
] as const;
export type CarriedOut = (typeof CARRIED_OUT)[number];

/** Likewise those with a body. */
export const CARRIED_OUT_AROUND = [
  'credentials',
  'docker.inside',
  'docker.withRegistry',
  'docker.withRun',
  'lock',
  'sshagent',
  'withCredentials',
  'ws',
] as const;
export type CarriedOutAround = (typeof CARRIED_OUT_AROUND)[number];

export function isCarriedOut(name: string): name is CarriedOut {
  return (CARRIED_OUT as readonly string[]).includes(name);
}

export function isCarriedOutAround(name: string): name is CarriedOutAround {
  return (CARRIED_OUT_AROUND as readonly string[]).includes(name);
}

/** The one place that says which steps a reproduction carries out; the Plan and the real effects both ask it. */
export function dispositionOf(call: StepCall, recipe?: Origin): Disposition {
  if (call.name === 'checkout' || call.name === 'git') return sourceDisposition(call, recipe);
  if (isCarriedOut(call.name) || isCarriedOutAround(call.name)) return { kind: 'runs' };
  if (harmless.has(call.name)) return { kind: 'harmless' };
  const publishes = publishing.get(call.name);
  if (publishes !== undefined) return { kind: 'left out', reason: publishes };
  const reason = impossible.get(call.name) ?? unknownStep(call);
  return { kind: 'cannot be repeated', reason };
}

/** What a step would give, where nothing was done; it says which step, and of which library that may be. */
export function unknownResult({ name, library }: StepCall, { range, source }: Scope): Unknown {
  const step = library === undefined ? name : `${name} of ${library}`;
  return new Unknown(source === undefined ? step : `${step} (${source})`, range.line);
}

function unknownStep({ library }: StepCall): string {
  return library === undefined
    ? 'CI Parity does not know this step'
    : `it may be a step of ${library}, which is not to be had`;
}

/** What tells which repository is the run's own. */
type Origin = Pick<Recipe, 'repository' | 'environment'>;

/** Where a `checkout` or `git` step takes its files from. */
export type Source =
  /** The run's own commit. */
  | { readonly kind: 'own' }
  | { readonly kind: 'git'; readonly url: string; readonly branch: string | undefined }
  | { readonly kind: 'unknown'; readonly reason: string };

/** `checkout scm`, Declarative's own, `git '…'` and `checkout([$class: 'GitSCM', …])`. */
export function sourceOf(call: StepCall, recipe: Origin | undefined): Source {
  const first = call.args.get('') ?? call.args.get('scm');
  if (call.implicit || isScm(first)) return { kind: 'own' };
  const { url, branch } =
    call.name === 'git'
      ? { url: call.args.get('url') ?? first, branch: call.args.get('branch') ?? 'master' }
      : gitScm(isMap(first) ? first : call.args);
  if (url instanceof Unknown) return { kind: 'unknown', reason: `it depends on ${url.origin}` };
  if (typeof url !== 'string')
    return { kind: 'unknown', reason: 'it takes its files from something else than git' };
  if (ownUrls(recipe).some((own) => own === url || sameRepository(own, url)))
    return { kind: 'own' };
  if (branch instanceof Unknown)
    return { kind: 'unknown', reason: `its branch depends on ${branch.origin}` };
  return { kind: 'git', url, branch: typeof branch === 'string' ? branch : undefined };
}

function sourceDisposition(call: StepCall, recipe: Origin | undefined): Disposition {
  const source = sourceOf(call, recipe);
  switch (source.kind) {
    case 'own':
      return { kind: 'runs' };
    case 'git':
      return {
        kind: 'runs',
        note: `not pinned: the commit of today at ${source.branch ?? 'its default branch'}`,
      };
    case 'unknown':
      return { kind: 'cannot be repeated', reason: source.reason };
  }
}

function ownUrls(recipe: Origin | undefined): string[] {
  return [recipe?.repository.remoteUrl, recipe?.environment['GIT_URL']].filter(
    (url) => url !== undefined,
  );
}

function gitScm(scm: ReadonlyMap<string, Value>): { url: Value; branch: Value | undefined } {
  const kind = scm.get('$class') ?? scm.get('$symbol');
  if (kind !== 'GitSCM' && kind !== 'scmGit') return { url: null, branch: undefined };
  return {
    url: firstOf(scm.get('userRemoteConfigs'))?.get('url') ?? null,
    branch: firstOf(scm.get('branches'))?.get('name'),
  };
}

function firstOf(list: Value | undefined): ReadonlyMap<string, Value> | undefined {
  const [first] = Array.isArray(list) ? (list as readonly Value[]) : [];
  return isMap(first) ? first : undefined;
}

function isMap(value: Value | undefined): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
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

/** A value as a Jenkinsfile has it; what is unknown shows where it would come from. */
export function valueText(value: Value): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(valueText).join(', ')}]`;
  if (isMap(value)) {
    const symbol = value.get('$symbol');
    const entries = [...value].filter(([key]) => key !== '$symbol');
    const text = entries.map(([key, item]) => `${key}: ${valueText(item)}`).join(', ');
    return typeof symbol === 'string' ? `${symbol}(${text})` : `[${text}]`;
  }
  if ('origin' in value) return `‹${value.origin}›`;
  return 'opaque' in value ? value.opaque : '';
}

const harmless = new Set([
  'ansiColor',
  'buildDiscarder',
  'disableConcurrentBuilds',
  'milestone',
  'preserveStashes',
  'properties',
  'quietPeriod',
  'rateLimitBuilds',
  'timestamps',
  'withChecks',
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
  ['docker.push', 'it would publish an image'],
  ['publishHTML', 'it would publish a report'],
  ['publishChecks', 'it would publish a report'],
  ['publishCoverage', 'it would publish a report'],
  ['recordCoverage', 'it would publish a report'],
  ['recordIssues', 'it would publish a report'],
  ['cobertura', 'it would publish a report'],
  ['jacoco', 'it would publish a report'],
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
  ['bat', 'it wants Windows'],
  ['powershell', 'it wants Windows'],
  ['container', 'there is no pod here: its steps run on this machine'],
  ['podTemplate', 'there is no pod here: its steps run on this machine'],
  ['readYaml', 'CI Parity reads no YAML'],
  ['tool', 'Jenkins installs it on its agents; here is what this machine has'],
  ['copyArtifacts', 'it wants artifacts of another run'],
  ['configFileProvider', 'its files lie in Jenkins’ own configuration'],
  ['library', 'the library is not to be had: map it with `ciParity.libraries`'],
]);
