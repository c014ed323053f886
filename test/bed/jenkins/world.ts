import type { PostedFile } from './posted';
import type { Result, StageState } from '../../../src/jenkins/run';

/** What a Jenkins server holds, as plain data. */
export interface World {
  readonly jobs: readonly JobSpec[];
  /** What runs carry out their steps on. */
  readonly agents?: readonly AgentSpec[];
}

export interface AgentSpec {
  readonly name: string;
  readonly executors: number;
  readonly offline?: boolean;
}

export interface JobSpec {
  /** Jenkins' own name: a branch `feature/x` is `feature%2Fx`. */
  readonly name: string;
  /** `job` unless told. */
  readonly kind?: 'job' | 'freestyle' | 'folder' | 'multibranch' | 'organization' | 'template';
  readonly jobs?: readonly JobSpec[];
  /** In any order. */
  readonly runs?: readonly RunSpec[];
  /** Instead of `runs`: made when they are asked for. */
  readonly madeRuns?: MadeRuns;
  readonly disabled?: boolean;
  readonly description?: string;
  /** The pull request that a branch project's job builds. */
  readonly change?: ChangeSpec;
  /** Whether it builds the repository's main branch. */
  readonly isMain?: boolean;
  /** The parameters that it asks for; without them it asks for none. */
  readonly definitions?: readonly DefinitionSpec[];
}

export interface ChangeSpec {
  readonly title: string;
  readonly author: string;
  readonly url: string;
  readonly target: string;
  /** The fork's owner. */
  readonly fork?: string;
}

/** The runs 1 to `newest`, none missing. */
export interface MadeRuns {
  readonly newest: number;
  make(number: number): RunSpec;
}

export interface RunSpec {
  readonly number: number;
  /** Undefined while it runs, but may be told while it does. */
  readonly result?: Result | undefined;
  readonly building?: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
  /** Milliseconds. */
  readonly duration?: number;
  readonly causes?: readonly string[];
  readonly parameters?: readonly ParameterSpec[];
  /** The revision of a multibranch project's run. */
  readonly revision?:
    { readonly hash: string } | { readonly hash: string; readonly pullHash: string };
  readonly checkouts?: readonly CheckoutSpec[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly builtOn?: string;
  /** The name of the agent that carries out its steps, while it runs. */
  readonly agent?: string;
  /** Texts by their paths. */
  readonly artifacts?: Readonly<Record<string, string>>;
  readonly stages?: readonly StageSpec[];
  /** As it lies on the server's disk; written out of the stages when it is not told. */
  readonly log?: string | Buffer | MadeLog;
  /** Lines before the first stage of a log that is written out of the stages. */
  readonly preamble?: readonly string[];
  /** The `ERROR: …` at the end of a log that is written out of the stages. */
  readonly error?: string;
  readonly tests?: readonly TestSpec[];
  readonly script?: string;
  /** Scripts on the replay page besides, by the names of their classes: files of untrusted libraries. */
  readonly loadedScripts?: Readonly<Record<string, string>>;
  /** The questions that it waits with. */
  readonly inputs?: readonly InputSpec[];
  /** What was answered to its questions, by their ids: `proceeded`, `aborted`, or the form that was posted. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** The stages that it can be restarted from; undefined where it is not Declarative. */
  readonly restartable?: readonly string[];
  /** What it takes to end it; `stop` unless told. */
  readonly endsBy?: 'stop' | 'term' | 'kill';
}

/** A parameter that a job or an input asks for. */
export type DefinitionSpec = { readonly name: string; readonly description?: string } & (
  | { readonly kind: 'String' | 'Text' | 'Password'; readonly default?: string }
  | { readonly kind: 'Boolean'; readonly default?: boolean }
  | { readonly kind: 'Choice'; readonly choices: readonly string[] }
  | {
      readonly kind: 'Run';
      readonly project: string;
      readonly default?: string;
      /** Which runs are offered; all unless told. */
      readonly filter?: 'COMPLETED' | 'SUCCESSFUL' | 'STABLE';
    }
  | { readonly kind: 'File' }
);

/** What the step `input` asks. */
export interface InputSpec {
  readonly id: string;
  readonly message: string;
  readonly ok?: string;
  readonly cancel?: string;
  readonly submitter?: string;
  readonly parameters?: readonly DefinitionSpec[];
}

/** A log of any size that is made as it is read. */
export interface MadeLog {
  /** Bytes. */
  readonly size: number;
  /** From that byte to the end, in pieces that end where a line does. */
  from(start: number): Iterable<Buffer>;
}

export interface ParameterSpec {
  readonly name: string;
  /** Of a run `job#12`. Those of passwords and files are not told. */
  readonly value?: string | boolean;
  readonly kind?: 'String' | 'Boolean' | 'Password' | 'Choice' | 'Text' | 'Run' | 'File';
  /** What was sent for a file. */
  readonly file?: PostedFile;
}

/** What the git plugin notes of each repository, those of shared libraries too. */
export interface CheckoutSpec {
  readonly sha: string;
  readonly remoteUrls: readonly string[];
  readonly branch?: string;
}

export interface StageSpec {
  readonly name: string;
  readonly state?: StageState;
  /** Why it was skipped: `when conditional` or `earlier failure(s)`. */
  readonly reason?: string;
  /** Milliseconds. */
  readonly duration?: number;
  readonly children?: readonly StageSpec[];
  /** Whether the children are the branches of a `parallel`. */
  readonly parallel?: boolean;
  /** What its steps wrote, `[Pipeline] sh` and the like included. */
  readonly log?: readonly string[];
  /** What the plugins know of its steps; at most three. */
  readonly steps?: readonly StepSpec[];
}

export interface StepSpec {
  /** As Jenkins speaks of it to people: `Shell Script`. */
  readonly title: string;
  /** What was given to it: of `sh` the script. */
  readonly given?: string;
  readonly error?: { readonly type: string; readonly message: string };
}

export interface TestSpec {
  readonly group: string;
  readonly name: string;
  readonly status?: 'PASSED' | 'FAILED' | 'REGRESSION' | 'FIXED' | 'SKIPPED';
  readonly details?: string;
  readonly stack?: string;
  /** The number of the run in which it began to fail; this one unless told. */
  readonly failedSince?: number;
  /** Milliseconds; 2 unless told. */
  readonly duration?: number;
  /** The stages in which it was recorded, from the outermost. */
  readonly stage?: readonly string[];
}

/** The console log of a run, as Pipeline would have written it. */
export function logOf(run: RunSpec): Buffer | MadeLog {
  if (typeof run.log === 'string') return Buffer.from(run.log);
  if (run.log !== undefined) return run.log;
  const ended = run.building !== true && run.result !== undefined;
  const lines = [
    ...(run.causes ?? ['Started by user Ada']),
    ...(run.preamble ?? []),
    '[Pipeline] Start of Pipeline',
    '[Pipeline] node',
    'Running on agent-1 in /var/lib/jenkins/workspace/job',
    '[Pipeline] {',
    ...(run.stages ?? []).flatMap(stageLines),
    ...(ended
      ? [
          '[Pipeline] }',
          '[Pipeline] // node',
          '[Pipeline] End of Pipeline',
          ...(run.error === undefined ? [] : [`ERROR: ${run.error}`]),
          `Finished: ${run.result}`,
        ]
      : []),
  ];
  return Buffer.from(lines.join('\n') + '\n');
}

function stageLines(stage: StageSpec): string[] {
  const skipped =
    stage.state === 'skipped'
      ? [
          `Stage "${stage.name}" skipped due to ${stage.reason ?? 'when conditional'}`,
          '[Pipeline] getContext',
        ]
      : [];
  const inner =
    stage.parallel === true
      ? branchLines(stage.children ?? [])
      : (stage.children ?? []).flatMap(stageLines);
  const open = stage.state === 'running' || stage.state === 'waiting';
  return [
    '[Pipeline] stage',
    `[Pipeline] { (${stage.name})`,
    ...skipped,
    ...(stage.log ?? []),
    ...inner,
    ...(open ? [] : ['[Pipeline] }', '[Pipeline] // stage']),
  ];
}

/** Declarative's branches: each a block of its own with the stage of the same name in it. */
function branchLines(branches: readonly StageSpec[]): string[] {
  return [
    '[Pipeline] parallel',
    ...branches.map(({ name }) => `[Pipeline] { (Branch: ${name})`),
    ...branches.flatMap((branch) => [
      ...stageLines(branch),
      ...(branch.state === 'running' ? [] : ['[Pipeline] }']),
      ...(branch.state === 'failed' ? [`Failed in branch ${branch.name}`] : []),
    ]),
    ...(branches.some(({ state }) => state === 'running') ? [] : ['[Pipeline] // parallel']),
  ];
}
