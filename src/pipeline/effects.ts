import type { Range } from './syntax';

/** Jenkins' results as a pipeline sees them in `currentBuild.result`. */
export type Outcome = 'SUCCESS' | 'UNSTABLE' | 'FAILURE' | 'NOT_BUILT' | 'ABORTED';

/** A value that only the real world can give; it says where it would come from. */
export class Unknown {
  /** For people: `the output of sh`, `credentials('x')`. */
  readonly origin: string;
  /** The line in the Jenkinsfile, counted from 1. */
  readonly line: number;

  constructor(origin: string, line: number) {
    this.origin = origin;
    this.line = line;
  }
}

/** What the interpreter computes with. A closure or another object of the language is opaque to effects. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Unknown
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | { readonly opaque: string };

/** One variable of a step's environment, with where its value came from. */
export interface Variable {
  readonly name: string;
  readonly value: string | Unknown;
  /** For people: `the run`, `parameter`, `environment of the pipeline`, `environment of stage Build`, `withEnv`, `env.X =`. */
  readonly origin: string;
  /** The line in the Jenkinsfile that set it; undefined for what the run brings. */
  readonly line: number | undefined;
}

export type Environment = ReadonlyMap<string, Variable>;

/** What `agent` says: where a stage wants to run. */
export interface Agent {
  readonly kind:
    'any' | 'none' | 'label' | 'node' | 'docker' | 'dockerfile' | 'kubernetes' | 'other';
  /** The label, image or other text that distinguishes it. */
  readonly text: string | Unknown | undefined;
  /** What else its block says: `args`, `reuseNode`, `registryUrl`, `dir` …; undefined if nothing. */
  readonly settings?: ReadonlyMap<string, Value>;
  readonly line: number;
}

/** Where a step stands. */
export interface Scope {
  /** Stage names from the outermost one; empty outside of all stages (pipeline `post`). */
  readonly stage: readonly string[];
  /** As `stage`, with the names of scripted `parallel` branches: where CI's record has it. */
  readonly path: readonly string[];
  /** Names of the parallel branches and matrix cells around, from the outermost. */
  readonly branches: readonly string[];
  readonly environment: Environment;
  /** The current directory by `dir`, relative to the workspace (`.`), or absolute. */
  readonly directory: string;
  /** The agent it runs on; undefined under `agent none`. */
  readonly agent: Agent | undefined;
  /** In the Jenkinsfile, or in the file that `source` names. */
  readonly range: Range;
  /** For people: `vars/deploy.groovy of library x`, where a shared library's file is interpreted. */
  readonly source?: string;
  /** Aborted when the person cancels, or an enclosing `timeout` or `failFast` ends this step. */
  readonly signal: AbortSignal;
  /** Makes the run's result worse (`junit` marks a run UNSTABLE); never better. */
  worsen(outcome: Outcome): void;
}

export interface ShCall {
  readonly script: string | Unknown;
  readonly returnStatus: boolean;
  readonly returnStdout: boolean;
  readonly label: string | undefined;
}

/** `status` is Unknown when nothing was run. `stdout` is there if it was asked for. */
export interface ShResult {
  readonly status: number | Unknown;
  readonly stdout: string | Unknown | undefined;
}

/** Any step that the interpreter does not carry out by itself. */
export interface StepCall {
  readonly name: string;
  /** Named arguments; a single positional one has the key `''`, further ones `'1'`, `'2'`… */
  readonly args: ReadonlyMap<string, Value>;
  /** True for the checkout that Declarative does by itself at the start of an agent. */
  readonly implicit: boolean;
  /** True if the step had a body. The interpreter runs the body after the effect has settled, unless that rejects. */
  readonly hasBody: boolean;
  /** Of which library that could not be had it may be a step, if nobody knows it: `the library x`. */
  readonly library?: string;
}

/** What a step with a body gives to it. */
export interface Inside {
  readonly variables?: readonly Variable[];
  /** The steps inside run on this agent; the same workspace, unless `variables` name another. */
  readonly agent?: Agent;
  /** Like `dir`: relative to the workspace, or absolute. */
  readonly directory?: string;
  /** The arguments of the body's closure. */
  readonly values?: readonly Value[];
}

/** A shared library that the Jenkinsfile wants. */
export interface LibraryCall {
  readonly name: string;
  /** What stands after `@`; undefined for the server's default. */
  readonly version: string | undefined;
}

/** The files of a shared library at one version, by their paths: `vars/deploy.groovy`, `src/org/x/Y.groovy`, `resources/z.txt`. */
export interface Library {
  readonly name: string;
  readonly version: string;
  readonly files: ReadonlyMap<string, string>;
  /** Paths of files that are not in `files`, since they are no text or too large. */
  readonly omitted?: readonly string[];
}

/** Where the two ways of an `if`, a ternary or a loop stand; undefined for a way that is empty. */
export interface Ways {
  readonly then: Range | undefined;
  readonly otherwise: Range | undefined;
}

export interface StageCall {
  readonly path: readonly string[];
  readonly range: Range;
  /** The file of a shared library that it stands in, as in `Scope`. */
  readonly source?: string;
  /** True if it has `when`; CI's record decides where it can. */
  readonly conditional: boolean;
  /** True for a stage with stages, branches or cells and no steps of its own. */
  readonly parent: boolean;
  /**
   * What the stage's `when` says, by the file and what is known; undefined if it has none. It is
   * computed on call, and may run steps (`expression { sh … }`). Rejects with `StepError` if the
   * condition itself fails: let that through, and the stage fails.
   */
  readonly when: (() => Promise<boolean | Unknown>) | undefined;
}

/**
 * What a pipeline does to the world. `reproduce/` supplies the real effects, `recipe/` the dry
 * ones. A rejection with `StepError` fails the step as Jenkins would; an abort of `at.signal`
 * aborts it; anything else is a defect and ends the interpretation.
 */
export interface Effects {
  /** Takes a node and a workspace; `body` gets what they add to the environment (WORKSPACE, NODE_NAME …). Not called for `agent none`. */
  agent(agent: Agent, at: Scope, body: (adds: readonly Variable[]) => Promise<void>): Promise<void>;
  /** Not calling `body` skips the stage, as a false `when` does. `body` resolves after the stage's own post, with its outcome, and never rejects for a failing step. */
  stage(stage: StageCall, at: Scope, body: () => Promise<Outcome>): Promise<void>;
  /** Called once for a `post` block before its first condition is tested; `body` runs the conditions. */
  post(at: Scope, body: () => Promise<void>): Promise<void>;
  sh(call: ShCall, at: Scope): Promise<ShResult>;
  step(call: StepCall, at: Scope): Promise<Value>;
  /**
   * A step with a body that is none of the language's own: `withCredentials`, `sshagent`,
   * `docker.inside`. It calls `body` at most once, and takes away what it made when that has
   * resolved, with the outcome; `body` never rejects for a failing step. Without this method
   * `step` is asked, and then the body runs.
   */
  block?(call: StepCall, at: Scope, body: (inside: Inside) => Promise<Outcome>): Promise<void>;
  /** The files of a shared library; undefined, or no such method, leaves its steps unknown ones. */
  library?(library: LibraryCall, at: Scope): Promise<Library | undefined>;
  /** Which branches of a `parallel`, or cells of a matrix, are run; without this method all. */
  branches?(names: readonly string[], at: Scope): readonly string[];
  /** A stage that Jenkins does not enter, because something failed before; also for each stage inside of it. */
  skipped?(stage: StageCall, why: string): void;
  /**
   * Which way to go at a condition that is Unknown. `both` goes both ways, one after the other,
   * and an error or a `return` on the way ends that way only: for a dry interpretation. Without
   * this the way is `false`, and there is a notice.
   */
  decide?(condition: Unknown, at: Scope, ways?: Ways): Promise<boolean | 'both'>;
  /**
   * The value of a name that nothing in the file or the environment defines. `undefined`, or no
   * such method, is Jenkins' own answer: the step fails with a MissingPropertyException. (In
   * `environment` and other directives an undefined name is null, without asking.)
   */
  missing?(name: string, at: Scope): Value | undefined;
  /** Something a person should know about how the file was understood, one sentence. */
  notice?(message: string, at: Scope): void;
}

/** `line 12`, or `line 12 of vars/deploy.groovy of library x`, for people. */
export function placeText(line: number, source: string | undefined): string {
  return source === undefined ? `line ${line}` : `line ${line} of ${source}`;
}

/** A step failed as Jenkins would fail it. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly outcome: Outcome;
  /** The exit code if it was `sh`. */
  readonly exitCode: number | undefined;

  constructor(message: string, outcome: Outcome = 'FAILURE', exitCode?: number) {
    super(message);
    this.outcome = outcome;
    this.exitCode = exitCode;
  }
}
