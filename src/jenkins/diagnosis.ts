/** What broke a run, as far as its record tells. */
export type FailureKind =
  | 'command' // a script ended with an exit code
  | 'tests' // the steps ended well, and tests did not
  | 'timeout'
  | 'aborted' // by a person, a newer run, or an input that was rejected
  | 'agent-lost'
  | 'out-of-memory'
  | 'killed' // by a signal that nobody tells the sender of; most often memory ran out
  | 'no-space'
  | 'checkout'
  | 'configuration' // the server lacks something: credentials, a tool, an agent
  | 'pipeline' // the Jenkinsfile itself: it does not compile, throws, or says that it failed
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

/**
 * The whole diagnosis in one line:
 * `Build: ./contrib/vagrant/start.sh → exit 1 — policy_test.sh:53: want DENIED, got ALLOWED`.
 * Plain text of a server: control characters are taken out, nothing else.
 */
export function sentenceOf(diagnosis: Diagnosis): string {
  const { kind, stage, step, command, message } = diagnosis;
  const where = stage === undefined || stage.length === 0 ? undefined : stage.join(' / ');
  const isSaid = kind === 'checkout' || kind === 'tests';
  const what = command ?? (step === undefined || isSaid ? undefined : `${step} step`);
  const did = [what === undefined ? undefined : short(what, 100), outcomeOf(diagnosis)]
    .filter((part) => part !== undefined)
    .join(' → ');
  const head = [where === undefined ? undefined : short(where, 80), did]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
  return [head, message === undefined ? '' : short(message, 200)]
    .filter((part) => part !== '')
    .join(' — ');
}

function outcomeOf({ kind, exitCode, step, command, message }: Diagnosis): string | undefined {
  const code = exitCode === undefined ? undefined : `exit ${exitCode}`;
  switch (kind) {
    case 'command':
      return code ?? 'failed';
    case 'tests':
      return 'tests failed';
    case 'timeout':
      return 'timed out';
    case 'aborted':
      return 'aborted';
    case 'agent-lost':
      return 'agent lost';
    case 'out-of-memory':
      return code === undefined ? 'out of memory' : `out of memory, ${code}`;
    case 'killed':
      return code === undefined ? 'killed' : `killed, ${code}`;
    case 'no-space':
      return 'no space left';
    case 'checkout':
      return 'checkout failed';
    case 'configuration':
      return step === undefined ? 'not set up' : undefined;
    case 'pipeline':
      return step === undefined ? 'Jenkinsfile' : undefined;
    case 'unknown':
      return (step ?? command ?? message) === undefined ? 'nothing says why' : 'failed';
  }
}

function short(text: string, most: number): string {
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}
