/** Jenkins' own results, from best to worst as `hudson.model.Result` orders them. */
export type Result = 'SUCCESS' | 'UNSTABLE' | 'FAILURE' | 'NOT_BUILT' | 'ABORTED';

/** One Jenkins build of a job. Every URL stands on the address the user typed, not on the root URL that the server was configured with. */
export interface Run {
  /** Ends with `/`. */
  readonly url: string;
  /** The server's base URL with its path prefix; ends with `/`. */
  readonly server: string;
  /** The job's full name, decoded: `folder/cilium/feature/x`. */
  readonly job: string;
  /** Ends with `/`. */
  readonly jobUrl: string;
  readonly number: number;
  readonly displayName: string;
  readonly building: boolean;
  /** Undefined as long as `building`. */
  readonly result: Result | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds; 0 while building. */
  readonly duration: number;
  readonly estimatedDuration: number | undefined;
  readonly parameters: readonly Parameter[];
  readonly commit: Commit | undefined;
  /** The branch's name when the job is one of a multibranch project, or the one the commit was found on. */
  readonly branch: string | undefined;
  readonly change: Change | undefined;
  /** Short descriptions: "Started by user Ada". */
  readonly causes: readonly string[];
  /** The agent's name, where Jenkins tells. */
  readonly node: string | undefined;
}

/** `value` is undefined for passwords, files and others that Jenkins does not tell. */
export interface Parameter {
  readonly name: string;
  readonly value: string | boolean | undefined;
  /** Jenkins' class without its package: `StringParameterValue`. */
  readonly kind: string;
}

export interface Commit {
  /** 40 lower-case hexadecimal digits. For a pull request the head of the pull request. */
  readonly sha: string;
  readonly remoteUrls: readonly string[];
}

/** A pull request, as Jenkins' CHANGE_* variables tell it. */
export interface Change {
  readonly id: string;
  readonly url: string | undefined;
  readonly title: string | undefined;
  readonly author: string | undefined;
  readonly target: string | undefined;
  readonly branch: string | undefined;
  /** Whether it comes from a fork; undefined where Jenkins does not tell. */
  readonly fork: boolean | undefined;
}

export type StageState =
  'passed' | 'failed' | 'unstable' | 'aborted' | 'skipped' | 'running' | 'waiting';

/** One stage of a run as the server recorded it. */
export interface Stage {
  /** The server's id of it; only unique within the run and the source. */
  readonly id: string;
  readonly name: string;
  /** Names from the outermost stage to this one. */
  readonly path: readonly string[];
  readonly state: StageState;
  /** Milliseconds since the epoch; undefined where the source does not tell (the console log). */
  readonly startedAt: number | undefined;
  /** Milliseconds. */
  readonly duration: number | undefined;
  readonly children: readonly Stage[];
}

/** A test that failed, from a test report, a JUnit file or lines of a log. */
export interface FailedTest {
  /** The class, package or file; empty where only the name is known. */
  readonly group: string;
  readonly name: string;
  /** The first lines of what it said. */
  readonly details: string | undefined;
  /** For how many runs it has failed, this one included; only test reports know. */
  readonly age?: number | undefined;
  /** The number of the run in which it began to fail. */
  readonly failedSince?: number | undefined;
  /** The beginning of its stack trace. */
  readonly stack?: string | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  readonly suite?: string | undefined;
  /** Names of the stages in which it was recorded, from the outermost. */
  readonly stage?: readonly string[] | undefined;
}

/** Where a run broke. */
export interface Failure {
  /** The innermost stage that failed. */
  readonly stage: readonly string[] | undefined;
  /** The command that failed, as the log shows it after `+ `. */
  readonly command: string | undefined;
  readonly exitCode: number | undefined;
  readonly tests: readonly FailedTest[];
  /** The lines of the log that say so, at most 30. */
  readonly lines: readonly string[];
}
