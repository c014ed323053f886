import type { Artifact } from '../../jenkins/artifacts';
import type { Diagnosis, Evidence } from '../../jenkins/diagnosis';
import type { PendingInput } from '../../jenkins/inputs';
import type { Job } from '../../jenkins/jobs';
import type { QueueItem } from '../../jenkins/queue';
import type { FailedTest, Run, Stage } from '../../jenkins/run';
import type { Flake } from '../../jenkins/flaky';
import type { Server } from '../frame/settings';

/**
 * The parts of the view "Runs": the workspace's jobs, those that the person likes best, and all of
 * the servers. A job may be in several.
 */
export type Section = 'workspace' | 'favourites' | 'all';

/** A line of the view "Runs". */
export type RunsNode =
  | SectionNode
  | ServerNode
  /** A server of the workspace's jobs that the person has not connected to; it is not asked. */
  | { readonly kind: 'stranger'; readonly url: string }
  | SuggestionNode
  | JobNode
  | ChangesNode
  | RunNode
  | StageNode
  | DiagnosisNode
  /** A line of the log that says why a run failed. */
  | { readonly kind: 'evidence'; readonly of: RunNode; readonly evidence: Evidence }
  | TestNode
  | ArtifactsNode
  | { readonly kind: 'artifact'; readonly of: RunNode; readonly artifact: Artifact }
  /** A question that a run waits with. */
  | { readonly kind: 'input'; readonly of: RunNode; readonly input: PendingInput }
  /** A run that waits to begin, or a part of a run that waits for an agent. */
  | { readonly kind: 'queued'; readonly below: JobNode | RunNode; readonly item: QueueItem }
  | { readonly kind: 'agent'; readonly of: RunNode; readonly agent: string }
  | { readonly kind: 'more'; readonly job: JobNode }
  | { readonly kind: 'nothing'; readonly below: Parent; readonly text: string }
  | TroubleNode
  | {
      readonly kind: 'problem';
      readonly error: unknown;
      readonly server: Server;
      readonly below: Parent;
    };

/** That a server answers nobody: told once, at the server or else where its jobs are. */
export interface TroubleNode {
  readonly kind: 'trouble';
  readonly server: Server;
  readonly below: ServerNode | SectionNode;
}

/** What may have something below it. */
export type Parent =
  | SectionNode
  | ServerNode
  | JobNode
  | ChangesNode
  | RunNode
  | StageNode
  | DiagnosisNode
  | ArtifactsNode;

export interface SectionNode {
  readonly kind: 'section';
  readonly section: 'workspace' | 'favourites';
}

export interface ServerNode {
  readonly kind: 'server';
  readonly server: Server;
}

/** A job that seems to build the workspace, which has none yet; undefined to choose another one. */
export interface SuggestionNode {
  readonly kind: 'suggestion';
  readonly server: Server;
  readonly job: Job | undefined;
}

export interface JobNode {
  readonly kind: 'job';
  readonly section: Section;
  readonly server: Server;
  readonly url: string;
  /** What the server says of it; undefined where only its address is known. */
  readonly job: Job | undefined;
  /** Whether it stands at the top of its part of the view. */
  readonly top: boolean;
  /** Whether it builds the branch that is checked out. */
  readonly current: boolean;
  readonly favourite: boolean;
  /** Whether it stands among the pull requests of its project. */
  readonly grouped: boolean;
}

/** The pull requests of a project. */
export interface ChangesNode {
  readonly kind: 'changes';
  readonly of: JobNode;
  readonly jobs: readonly JobNode[];
}

export interface RunNode {
  readonly kind: 'run';
  readonly server: Server;
  readonly run: Run;
  /** Undefined for a run that stands in no view. */
  readonly section?: Section;
}

export interface StageNode {
  readonly kind: 'stage';
  readonly of: RunNode;
  readonly stage: Stage;
  /** Tells it from others with its id and path, which there may be. */
  readonly turn?: string;
}

/** What broke a run first; undefined while that is being found out. */
export interface DiagnosisNode {
  readonly kind: 'diagnosis';
  readonly of: RunNode;
  readonly diagnosis: Diagnosis | undefined;
}

export interface TestNode {
  readonly kind: 'test';
  readonly of: RunNode;
  readonly test: FailedTest;
  readonly flake?: Flake | undefined;
}

export interface ArtifactsNode {
  readonly kind: 'artifacts';
  readonly of: RunNode;
  readonly artifacts: readonly Artifact[];
}

/** The run that a node belongs to. */
export function runOf(node: RunsNode): RunNode | undefined {
  if (node.kind === 'run') return node;
  if (node.kind === 'changes') return undefined;
  if ('of' in node) return node.of;
  return node.kind === 'queued' && node.below.kind === 'run' ? node.below : undefined;
}

/** Undefined for a node that is of no server, or of several. */
export function serverOf(node: RunsNode): Server | undefined {
  if ('server' in node) return node.server;
  if ('of' in node) return node.of.server;
  if ('below' in node) return serverOf(node.below);
  return node.kind === 'more' ? node.job.server : undefined;
}

/** The stages of a run, or those of them that lie in one; plugins record several with one id. */
export function stageNodes(
  of: RunNode,
  stages: readonly Stage[],
  { turn: outer = '' }: Pick<StageNode, 'turn'> = {},
): StageNode[] {
  const times = new Map<string, number>();
  return stages.map((stage) => {
    const before = times.get(keyOf(stage)) ?? 0;
    times.set(keyOf(stage), before + 1);
    const turn = before === 0 && outer === '' ? '' : `${outer}/${before}`;
    return { kind: 'stage', of, stage, ...(turn !== '' && { turn }) };
  });
}

function keyOf({ id, path }: Stage): string {
  return `stage ${id} ${path.join(' / ')}`;
}

/** The same for the same thing in every reading of the tree, and different for each line of it. */
export function idOf(node: RunsNode): string {
  switch (node.kind) {
    case 'section':
      return `section ${node.section}`;
    case 'server':
      return `server ${node.server.url}`;
    case 'stranger':
      return `stranger ${node.url}`;
    case 'suggestion':
      return `suggestion ${node.job?.url ?? 'other'}`;
    case 'job':
      return `${node.section} job ${node.url}`;
    case 'run':
      return `${node.section ?? ''} run ${node.run.url}`;
    case 'evidence':
      return `${idOf(node.of)} evidence ${node.evidence.offset}`;
    case 'stage':
      return `${idOf(node.of)} ${keyOf(node.stage)} ${node.turn ?? ''}`.trimEnd();
    case 'test':
      return `${idOf(node.of)} test ${node.test.group} ${node.test.name} ${node.test.suite ?? ''} ${node.test.stage?.join(' / ') ?? ''}`;
    case 'artifact':
      return `${idOf(node.of)} artifact ${node.artifact.path}`;
    case 'input':
      return `${idOf(node.of)} input ${node.input.id}`;
    case 'agent':
      return `${idOf(node.of)} agent ${node.agent}`;
    case 'queued':
      return `${idOf(node.below)} queued ${node.item.id}`;
    case 'changes':
    case 'diagnosis':
    case 'artifacts':
      return `${idOf(node.of)} ${node.kind}`;
    case 'trouble':
      return `${idOf(node.below)} trouble ${node.server.url}`;
    case 'more':
      return `${idOf(node.job)} more`;
    case 'nothing':
    case 'problem':
      return `${idOf(node.below)} ${node.kind}`;
  }
}
