import { messageOf, UserError } from '../../base/errors';
import { JenkinsError, type JenkinsErrorKind } from '../../jenkins/http';
import type { Job, JobState } from '../../jenkins/jobs';
import type { Run, StageState } from '../../jenkins/run';
import { decodeName, fullNameOf } from '../../jenkins/url';
import { ageOf, spanOf } from '../look/age';
import { isBroken, markOf, stateOf, type Mark } from '../look/marks';
import { plain } from '../look/plain';
import type { Row } from '../look/row';
import { brokenStage } from './runDetails';
import { serverName } from '../servers/serverAddress';
import type { JobNode, RunNode, RunsNode } from './runsTree';

/** How a node of the view "Runs" is shown. `brokenIn` tells in which stage a run broke, if that is known. */
export function rowOf(
  node: RunsNode,
  brokenIn: (run: Run) => string | undefined,
  now: number,
): Row {
  const id = idOf(node);
  switch (node.kind) {
    case 'server': {
      const { name, url, user } = node.server;
      return {
        id,
        label: plain(name),
        description: user === undefined ? 'anonymous' : plain(user),
        mark: { icon: 'server-environment', color: undefined },
        context: 'server',
        tooltip: [name, url],
        fold: 'open',
      };
    }
    case 'stranger':
      return {
        id,
        label: `Connect to ${plain(serverName(node.url))}…`,
        description: 'has a job of this workspace',
        mark: { icon: 'plug', color: undefined },
        fold: 'leaf',
        command: 'ciParity.connect',
      };
    case 'job':
      return jobRow(node, id);
    case 'run':
      return runRow(node, id, brokenIn(node.run), now);
    case 'stage': {
      const { stage } = node;
      const took = stage.duration === undefined ? [] : [spanOf(stage.duration)];
      const broke = brokenStage([stage]) !== undefined && !node.of.run.building;
      const why = broke && brokenStage([stage]) === stage;
      return {
        id,
        label: plain(stage.name),
        description: [...(stage.state === 'passed' ? [] : [stage.state]), ...took].join(' · '),
        mark: markOf(stage.state),
        context: `stage.${stage.state}`,
        spoken: `Stage ${stage.name}, ${[stage.state, ...took].join(', ')}`,
        fold: broke ? 'open' : stage.children.length > 0 || why ? 'closed' : 'leaf',
      };
    }
    case 'test': {
      const { group, name, details } = node.test;
      return {
        id,
        label: plain(name),
        description: plain(group),
        mark: { icon: 'beaker', color: 'testing.iconFailed' },
        context: 'test',
        tooltip: [name, ...(group === '' ? [] : [group]), ...(details?.split('\n') ?? [])],
        spoken: `Failed test ${name} ${group}`,
        fold: 'leaf',
        command: 'ciParity.openLog',
      };
    }
    case 'line':
      return {
        id,
        label: plain(node.text),
        description: node.note,
        mark: { icon: node.note === undefined ? 'output' : 'terminal', color: undefined },
        context: 'line',
        tooltip: [node.text],
        fold: 'leaf',
        command: 'ciParity.openLog',
      };
    case 'more':
      return {
        id,
        label: 'Show more runs…',
        mark: { icon: 'ellipsis', color: undefined },
        fold: 'leaf',
        command: 'ciParity.showMore',
      };
    case 'nothing':
      return { id, label: '', description: node.text, fold: 'leaf' };
    case 'problem':
      return problemRow(node.error, id);
  }
}

/** The same for the same thing in every reading of the tree. */
export function idOf(node: RunsNode): string {
  switch (node.kind) {
    case 'server':
      return `server ${node.server.url}`;
    case 'stranger':
      return `stranger ${node.url}`;
    case 'job':
      return `job ${node.url}`;
    case 'run':
      return `run ${node.run.url}`;
    case 'stage':
      return `stage ${node.of.run.url} ${node.stage.id} ${node.stage.path.join(' / ')}`;
    case 'test':
      return `test ${node.of.run.url} ${node.test.group} ${node.test.name}`;
    case 'line':
      return `line ${node.of.run.url} ${node.note ?? ''} ${node.text}`;
    case 'more':
      return `more ${node.job.url}`;
    case 'nothing':
      return `nothing ${idOf(node.below)}`;
    case 'problem':
      return `problem ${idOf(node.below)}`;
  }
}

/** `failed in Build · 2 h ago · 3 min`. */
export function describeRun(run: Run, brokenIn: string | undefined, now: number): string {
  const state = stateOf(run);
  const word = wordOf(state);
  const broke = isBroken(run) && brokenIn !== undefined ? `${word} in ${plain(brokenIn)}` : word;
  const took = run.building ? [] : [spanOf(run.duration)];
  return [broke, ageOf(run.startedAt, now), ...took].join(' · ');
}

/** The last name of a job and those it lies in: `cilium` in `team`. */
export function jobName(url: string): { readonly name: string; readonly folder: string } {
  const names = fullNameOf(url).split('/').map(decodeName);
  return { name: names.at(-1) ?? '', folder: names.slice(0, -1).join(' / ') };
}

function jobRow({ url, job, current }: JobNode, id: string): Row {
  const { name, folder } = jobName(url);
  const chosen = job === undefined;
  return {
    id,
    label: plain(job?.name ?? name),
    description: current ? 'checked out' : chosen ? plain(folder) : undefined,
    mark: markOfJob(job?.kind, job?.state, job?.running === true),
    context: 'job',
    tooltip: [job?.name ?? name, url],
    spoken: `${job?.kind ?? 'job'} ${job?.name ?? name}${job?.state ? `, ${job.state}` : ''}`,
    fold: chosen || current ? 'open' : 'closed',
  };
}

function runRow({ run }: RunNode, id: string, brokenIn: string | undefined, now: number): Row {
  const state = stateOf(run);
  const name = run.displayName === `#${run.number}` ? '' : ` ${run.displayName}`;
  const description = describeRun(run, brokenIn, now);
  const facts = [
    ...(run.commit ? [`commit ${run.commit.sha.slice(0, 12)}`] : []),
    ...(run.branch === undefined ? [] : [`branch ${run.branch}`]),
    ...(run.change ? [`change ${run.change.id} ${run.change.title ?? ''}`] : []),
    ...(run.node === undefined ? [] : [`on ${run.node}`]),
    ...run.parameters.map(({ name, value }) => `${name} = ${value ?? '(not told)'}`),
    ...run.causes,
  ];
  return {
    id,
    label: plain(`#${run.number}${name}`),
    description,
    mark: markOf(state),
    context: `run.${state}`,
    tooltip: [`${run.job} #${run.number}`, description, ...facts],
    spoken: `Run ${run.number}, ${description.replaceAll(' · ', ', ')}`,
    fold: 'closed',
  };
}

function problemRow(error: unknown, id: string): Row {
  const kind = error instanceof JenkinsError ? error.kind : undefined;
  const advice = error instanceof UserError ? (error.advice ?? '') : '';
  const action = kind && SIGN_IN[kind];
  return {
    id,
    label: action ?? 'Try again',
    // The whole sentence begins with an address, of which a narrow view shows nothing else.
    description: kind ? SHORT[kind] : plain(messageOf(error)),
    mark: { icon: action === undefined ? 'warning' : 'key', color: 'testing.iconErrored' },
    context: action === undefined ? 'problem' : 'problem.signIn',
    tooltip: [messageOf(error), ...advice.split('\n')],
    spoken: `${messageOf(error)} ${advice}`,
    fold: 'leaf',
    command: action === undefined ? 'ciParity.refresh' : 'ciParity.connect',
  };
}

/** What helps where the server does not know us, or not as somebody who may see this. */
const SIGN_IN: Readonly<Partial<Record<JenkinsErrorKind, string>>> = {
  'sign-in': 'Sign in…',
  unauthorized: 'Sign in again…',
  forbidden: 'Sign in again…',
};

const SHORT: Readonly<Record<JenkinsErrorKind, string>> = {
  unauthorized: 'wrong user name or token',
  'sign-in': 'it wants to know you',
  forbidden: 'you may not see this',
  'not-found': 'it is not there',
  busy: 'the server has too much to do',
  'server-error': 'the server has a problem',
  redirect: 'it points elsewhere',
  'not-jenkins': 'no Jenkins answers',
  malformed: 'no data came back',
  truncated: 'the answer broke off',
  'too-large': 'the answer is too large',
  timeout: 'no answer in time',
  refused: 'nothing answers there',
  dns: 'no server of that name',
  tls: 'no secure connection',
  network: 'it cannot be reached',
};

function wordOf(state: StageState): string {
  return state === 'skipped' ? 'not built' : state;
}

function markOfJob(
  kind: Job['kind'] | undefined,
  state: JobState | undefined,
  running: boolean,
): Mark {
  if (running) return markOf('running');
  if (kind === 'folder') return { icon: 'folder', color: undefined };
  if (kind === 'organization') return { icon: 'organization', color: undefined };
  if (kind === 'multibranch') return { icon: 'repo', color: undefined };
  switch (state) {
    case undefined:
      return { icon: 'repo', color: undefined };
    case 'disabled':
    case 'not-built':
      return { icon: 'circle-outline', color: 'testing.iconSkipped' };
    default:
      return markOf(state);
  }
}
