/** What broke a run, as far as its record tells. */
export type FailureKind =
  | 'command' // a script ended with an exit code
  | 'tests' // the steps ended well, and tests did not
  | 'timeout'
  | 'aborted' // by a person, or by a newer run
  | 'agent-lost'
  | 'out-of-memory'
  | 'no-space'
  | 'checkout'
  | 'pipeline' // the Jenkinsfile itself: it does not compile, or throws
  | 'unknown';

/** A line of the clean log (as `Client.log` gives it) that tells something. */
export interface Evidence {
  /** Counted from 1. */
  readonly line: number;
  /** Where the line begins, in bytes of the clean log. */
  readonly offset: number;
  /** Without colours and timestamps. */
  readonly text: string;
}

/** The first thing that broke a run: what a person wants to know before anything else. */
export interface Diagnosis {
  readonly kind: FailureKind;
  /** The innermost stage that broke. */
  readonly stage: readonly string[] | undefined;
  /** The step that ran there, such as `sh`. */
  readonly step: string | undefined;
  /** The command that failed, as the log shows it after `+ `. */
  readonly command: string | undefined;
  readonly exitCode: number | undefined;
  /** The line that says why, such as `policy_test.sh:53: want DENIED, got ALLOWED`. */
  readonly message: string | undefined;
  /** Where the log says so, in its order: the command, the error, the exit. At most 10. */
  readonly evidence: readonly Evidence[];
}
