import { sentenceOf } from '../../jenkins/diagnosis';
import { flakeOf, type Flake } from '../../jenkins/flaky';
import type { QueueItem } from '../../jenkins/queue';
import type { Run } from '../../jenkins/run';
import { ageOf, spanOf } from '../look/age';
import { isBroken, markOf, stateOf, wordOf } from '../look/marks';
import { plain } from '../look/plain';
import { progressOf } from '../look/progressBar';
import type { Row } from '../look/row';
import { stageName } from '../look/stageName';
import { serverName } from '../servers/serverAddress';
import { nameOf } from './jobFinder';
import { jobRow } from './jobRows';
import { problemRow, troubleRow } from './problemRow';
import { brokenStage } from './runDetails';
import {
  idOf,
  type DiagnosisNode,
  type RunNode,
  type RunsNode,
  type StageNode,
  type TestNode,
} from './runsNodes';
import type { JobRuns, Trouble } from './runStore';
import { streakOf, wordsOfStreak } from '../../jenkins/streak';

/** What is known besides of what the lines of the view are about. */
export interface Known {
  /** In which stage a run broke. */
  brokenIn(run: Run): string | undefined;
  /** The runs of a job. */
  runs(jobUrl: string): JobRuns | undefined;
  /** Why a server answers nobody. */
  trouble(server: string): Trouble | undefined;
}

/** How a node of the view "Runs" is shown. */
export function rowOf(node: RunsNode, known: Known, now: number): Row {
  const id = idOf(node);
  switch (node.kind) {
    case 'section':
      return {
        id,
        label: node.section === 'workspace' ? 'This workspace' : 'Favourites',
        mark: {
          icon: node.section === 'workspace' ? 'root-folder' : 'star-full',
          color: undefined,
        },
        context: `section.${node.section}`,
        fold: 'open',
      };
    case 'server': {
      const { name, url, user } = node.server;
      return {
        id,
        label: plain(name),
        description: user === undefined ? 'anonymous' : plain(user),
        // What is wrong may be folded away below it.
        mark: {
          icon: 'server-environment',
          color: known.trouble(url) && 'testing.iconErrored',
        },
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
    case 'suggestion':
      return node.job
        ? {
            id,
            label: `Use ${plain(nameOf(node.job.fullName))}?`,
            description: 'seems to build this workspace',
            mark: { icon: 'lightbulb', color: undefined },
            tooltip: [nameOf(node.job.fullName), node.job.url],
            fold: 'leaf',
            command: 'ciParity.useJob',
          }
        : {
            id,
            label: 'Choose another job…',
            mark: { icon: 'list-tree', color: undefined },
            fold: 'leaf',
            command: 'ciParity.chooseJob',
          };
    case 'job':
      return jobRow(node, id, known.runs(node.url));
    case 'changes': {
      const failing = node.jobs.filter(({ job }) => job?.state === 'failed').length;
      const count = node.jobs.length;
      return {
        id,
        label: 'Pull requests',
        description: [`${count}`, ...(failing > 0 ? [`${failing} failed`] : [])].join(' · '),
        mark: { icon: 'git-pull-request', color: undefined },
        context: 'changes',
        spoken: `${count} pull requests, ${failing} failed`,
        fold: 'closed',
      };
    }
    case 'run':
      return runRow(node, id, known, now);
    case 'stage':
      return stageRow(node, id, now);
    case 'diagnosis':
      return diagnosisRow(node, id);
    case 'evidence': {
      const { line, text } = node.evidence;
      return {
        id,
        label: plain(text),
        description: `line ${line}`,
        mark: { icon: 'output', color: undefined },
        context: 'evidence',
        tooltip: [text],
        spoken: `Line ${line} of the log: ${text}`,
        fold: 'leaf',
        command: 'ciParity.openLog',
      };
    }
    case 'test':
      return testRow(node, id);
    case 'artifacts':
      return {
        id,
        label: 'Artifacts',
        description: `${node.artifacts.length}`,
        mark: { icon: 'package', color: undefined },
        context: 'artifacts',
        fold: 'closed',
      };
    case 'artifact': {
      const { name, path } = node.artifact;
      const folder = path.slice(0, -name.length - 1);
      return {
        id,
        label: plain(name),
        description: plain(folder),
        mark: { icon: 'file', color: undefined },
        context: 'artifact',
        tooltip: [path],
        spoken: `Artifact ${name}${folder === '' ? '' : ` in ${folder}`}`,
        fold: 'leaf',
        command: 'ciParity.openArtifact',
      };
    }
    case 'input':
      return {
        id,
        label: plain(node.input.message),
        description: 'waits for an answer',
        mark: { icon: 'question', color: 'testing.iconQueued' },
        context: 'input',
        tooltip: [node.input.message, ...node.input.parameters.map(({ name }) => name)],
        spoken: `Waits for an answer: ${node.input.message}`,
        fold: 'leaf',
        command: 'ciParity.answerInput',
      };
    case 'queued':
      return queuedRow(node.item, id, now);
    case 'agent':
      return {
        id,
        label: `running on ${plain(node.agent)}`,
        mark: { icon: 'vm-running', color: undefined },
        context: 'agent',
        fold: 'leaf',
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
    case 'trouble': {
      const trouble = known.trouble(node.server.url);
      return trouble ? troubleRow(trouble, id, now) : { id, label: '', fold: 'leaf' };
    }
    case 'problem':
      return problemRow(node.error, id);
  }
}

/** `failed in Build · 2 h ago · 3 min`. */
export function describeRun(run: Run, brokenIn: string | undefined, now: number): string {
  return [howItEnded(run, brokenIn), ...whenItRan(run, now)].join(' · ');
}

function howItEnded(run: Run, brokenIn: string | undefined): string {
  const word = wordOf(stateOf(run));
  return isBroken(run) && brokenIn !== undefined ? `${word} in ${plain(brokenIn)}` : word;
}

function whenItRan({ startedAt, building, duration }: Run, now: number): string[] {
  return [ageOf(startedAt, now), ...(building ? [] : [spanOf(duration)])];
}

function runRow({ run }: RunNode, id: string, known: Known, now: number): Row {
  const state = stateOf(run);
  const name = run.displayName === `#${run.number}` ? '' : ` ${run.displayName}`;
  const list = known.runs(run.jobUrl);
  const streak = list && streakOf(run, list.runs, list.more);
  const flake = list && flakeOf(run, list.runs);
  const news = [
    // What passes by itself was not mended.
    ...(streak && !(flake && streak.kind === 'mended') ? [wordsOfStreak(streak)] : []),
    ...(flake ? [`flaky: passed in #${flake.passed}`] : []),
  ];
  const progress = run.building ? progressOf(run.startedAt, run.estimatedDuration, now) : undefined;
  const how = howItEnded(run, known.brokenIn(run));
  const when = whenItRan(run, now);
  // A view is narrow: what is news comes first.
  const words = [...news, how, ...when].join(' · ');
  const facts = [
    ...(flake ? [sentenceOfFlake(flake)] : []),
    ...(run.commit ? [`commit ${run.commit.sha.slice(0, 12)}`] : []),
    ...(run.branch === undefined ? [] : [`branch ${run.branch}`]),
    ...(run.change ? [`change ${run.change.id} ${run.change.title ?? ''}`] : []),
    ...(run.node === undefined ? [] : [`on ${run.node}`]),
    ...run.parameters.map(({ name, value }) => `${name} = ${value ?? '(not told)'}`),
    ...run.causes,
  ];
  const spoken = [
    `Run ${run.number}${name}`,
    how,
    ...news,
    ...when,
    ...(progress ? [progress.spoken] : []),
  ];
  return {
    id,
    label: plain(`#${run.number}${name}`),
    description: progress?.shown ?? words,
    mark: markOf(state),
    context: `run.${state}`,
    tooltip: [`${run.job} #${run.number}`, words, ...facts],
    spoken: spoken.join(', '),
    fold: 'closed',
  };
}

function stageRow({ of, stage }: StageNode, id: string, now: number): Row {
  const name = stageName(stage.name);
  const runs = stage.state === 'running' && stage.startedAt !== undefined;
  const span = runs ? now - stage.startedAt : stage.duration;
  const took = span === undefined ? [] : [spanOf(Math.max(0, span))];
  const broke = brokenStage([stage]) !== undefined && !of.run.building;
  const inner = stage.children.length > 0;
  return {
    id,
    label: plain(name),
    description: [...(stage.state === 'passed' ? [] : [stage.state]), ...took].join(' · '),
    mark: markOf(stage.state),
    context: `stage.${stage.state}`,
    ...(name !== stage.name && { tooltip: [stage.name] }),
    spoken: `Stage ${name}, ${[stage.state, ...took].join(', ')}`,
    fold: !inner ? 'leaf' : broke || runs ? 'open' : 'closed',
  };
}

/** Lines of the log that are shown without being asked for. */
const FEW = 4;

function diagnosisRow({ diagnosis }: DiagnosisNode, id: string): Row {
  if (!diagnosis)
    return { id, label: '', description: 'looking for what failed first…', fold: 'leaf' };
  const { stage = [], evidence } = diagnosis;
  const sentence = sentenceOf({ ...diagnosis, stage: stage.map(stageName) });
  // A view is narrow: the stages around the innermost one are seen below.
  const short = sentenceOf({ ...diagnosis, stage: stage.slice(-1).map(stageName) });
  return {
    id,
    label: plain(short),
    mark: { icon: 'bug', color: 'testing.iconFailed' },
    context: 'diagnosis',
    tooltip: [sentence, ...evidence.map(({ text }) => text)],
    spoken: `What failed first: ${sentence}`,
    fold: evidence.length === 0 ? 'leaf' : evidence.length > FEW ? 'closed' : 'open',
    command: 'ciParity.openLog',
  };
}

function testRow({ test, flake }: TestNode, id: string): Row {
  const { group, name, details, age, failedSince, duration, stage, stack } = test;
  const since =
    age === undefined || failedSince === undefined
      ? []
      : [age === 1 ? 'new' : `failing since #${failedSince}, ${age} runs`];
  const message = details?.split('\n').find((line) => line.trim() !== '');
  const flaky = flake ? [`flaky: passed in #${flake.passed}`] : [];
  const told = [...since, ...flaky, ...(message === undefined ? [] : [plain(message)])];
  const where = [
    ...(group === '' ? [] : [group]),
    ...(stage ? [`in ${stage.join(' / ')}`] : []),
    ...(duration === undefined ? [] : [`took ${spanOf(duration)}`]),
  ];
  return {
    id,
    label: plain(name),
    description: [...told, ...(group === '' ? [] : [plain(group)])].join(' · '),
    mark: { icon: 'beaker', color: flake ? 'testing.iconQueued' : 'testing.iconFailed' },
    context: 'test',
    tooltip: [
      name,
      ...where,
      ...since,
      ...(flake ? [sentenceOfFlake(flake)] : []),
      ...(details?.split('\n') ?? []),
      ...(stack !== undefined && stack !== details ? stack.split('\n') : []),
    ],
    spoken: ['Failed test ' + name, ...told, group].filter((part) => part !== '').join(', '),
    fold: 'leaf',
    command: 'ciParity.openLog',
  };
}

function queuedRow({ why, since, name, partOf, stuck }: QueueItem, id: string, now: number): Row {
  const waited = since === undefined ? [] : [spanOf(Math.max(0, now - since))];
  const reason = plain(why ?? 'for its turn');
  return {
    id,
    label: partOf === undefined ? 'waiting to begin' : 'waiting for an agent',
    description: [reason, ...waited].join(' · '),
    mark: { icon: 'watch', color: stuck ? 'testing.iconFailed' : 'testing.iconQueued' },
    context: 'queued',
    tooltip: [why ?? '', ...(name === undefined ? [] : [name])],
    spoken: `Waiting: ${[reason, ...waited].join(', ')}`,
    fold: 'leaf',
  };
}

function sentenceOfFlake({ failed, passed }: Flake): string {
  return `flaky: failed in #${failed} and passed in #${passed} on the same commit`;
}
