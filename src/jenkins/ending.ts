import type { Evidence, FailureKind } from './diagnosis';

/** What Jenkins itself says of how a run, or a step whose error was caught, ended. */
export interface Ending {
  readonly kind: FailureKind;
  /** Empty where it only gives the exit code. */
  readonly message: string;
  /** Undefined where it was no script that ended. */
  readonly exitCode: number | undefined;
  /** A freestyle job's build step, as Jenkins calls it. */
  readonly step: string | undefined;
  /** Whether it is an exception of the Jenkinsfile's own code, and not one that a step reports. */
  readonly thrown: boolean;
  /** The line that says so; undefined where no log does. */
  readonly at: Evidence | undefined;
}

/** Reads the lines after a pipeline's end, or the last ones of a log, for what ended the run. */
export function endingOf(lines: readonly Evidence[]): Ending | undefined {
  for (const [at, line] of lines.entries()) {
    const words = KNOWN.find(({ says }) => says.test(line.text));
    if (words === undefined) continue;
    return {
      kind: words.kind,
      message: words.message?.(lines, at) ?? withoutClass(line.text),
      exitCode: exitCodeIn(line.text),
      step: /^Build step '(.*)' (?:marked|changed) /.exec(line.text)?.[1],
      thrown: THROWN.test(line.text),
      at: line,
    };
  }
  return undefined;
}

/** What kind of trouble below the pipeline a line speaks of, whoever wrote it. */
export function troubleIn(text: string): FailureKind | undefined {
  return SYSTEM.find(({ says }) => says.test(text))?.kind;
}

interface Words {
  readonly kind: FailureKind;
  readonly says: RegExp;
  readonly message?: (lines: readonly Evidence[], at: number) => string;
}

/** These show in the output of steps as well as at the end of a run. */
const SYSTEM: readonly Words[] = [
  {
    kind: 'no-space',
    says: /No space left on device|\bENOSPC\b|Disk quota exceeded|There is not enough space on the disk/,
  },
  {
    kind: 'agent-lost',
    says: /^Cannot contact \S.*: |^Agent .* was deleted; |Agent was removed|Node is being removed|\S was marked offline: |AgentOfflineException|Closed(?:Channel)?Exception\b|Unexpected termination of the channel|RequestAbortedException|Unable to create live FilePath|assuming it is not coming back|^Timeout waiting for agent to come back|^ERROR: missing workspace |^ERROR: No workspace currently accessible|does not seem to be touching the log file|^process apparently never started|^Slave went offline|^Could not connect to .* to send interrupt signal/,
  },
];

const THROWN = /^(?:FATAL: )?(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)\b/;
const STATES_CODE = /script returned exit code (-?\d{1,10})/;

const KNOWN: readonly Words[] = [
  {
    kind: 'timeout',
    says: /^(?:Timeout has been exceeded|Cancelling nested steps due to timeout|Build timed out \()/,
  },
  {
    kind: 'aborted',
    says: /^(?:(?:Aborted|Superseded|Rejected) by |Build was aborted|Calling Pipeline was cancelled|Queue task was cancelled|Build started too long ago)/,
  },
  ...SYSTEM,
  {
    kind: 'configuration',
    says: /Could not find credentials |CredentialNotFoundException|^ERROR: No tool named |does not have an install of|^ERROR: .*no such (?:agent|label|tool)|^ERROR: No item named |No such library |^ERROR: Library \S+ (?:expected|not found)|^ERROR: Could not find any definition of libraries/i,
  },
  {
    kind: 'command',
    says: /^(?:ERROR: |hudson\.AbortException: )?script returned exit code -?\d|^Build step '.*' (?:marked build as failure|changed build result to)/,
    message: () => '',
  },
  {
    kind: 'pipeline',
    says: /MultipleCompilationErrorsException/,
    message: (lines, at) =>
      lines.slice(at, at + 40).find(({ text }) => /^[\w./:-]+: \d+: /.test(text))?.text ??
      'it does not compile',
  },
  {
    kind: 'pipeline',
    says: /No such DSL method '/,
    message: (lines, at) =>
      withPlace(
        /No such DSL method '[^']*' found/.exec(lines[at]?.text ?? '')?.[0] ?? '',
        lines,
        at,
      ),
  },
  {
    kind: 'checkout',
    says: /^ERROR: (?:Error (?:fetching|cloning) remote repo|Couldn't find any revision to build|Maximum checkout retry attempts|Checkout failed|Unable to find \S+ from |Could not (?:do lightweight checkout|determine exact tip revision)|Unable to determine exact tip|.*\bFailed to fetch\b|Cannot retrieve Git metadata)|^(?:\S+\.)?(?:GitException|SVNException): /,
  },
  { kind: 'pipeline', says: /^ERROR: (?!$)/ },
  {
    kind: 'pipeline',
    says: new RegExp(`${THROWN.source}(?!\\$ErrorId)`),
    message: (lines, at) => withPlace(withoutClass(lines[at]?.text ?? ''), lines, at),
  },
  { kind: 'unknown', says: /^FATAL: / },
];

/** Names the line of the Jenkinsfile, which a stack trace tells below. */
function withPlace(message: string, lines: readonly Evidence[], at: number): string {
  const frame = lines
    .slice(at, at + 80)
    .map(({ text }) =>
      /^\s+at (?:WorkflowScript|\w+)\.[^(]*\((WorkflowScript|\w+\.groovy):(\d+)\)/.exec(text),
    )
    .find((found) => found !== null);
  return frame ? `${frame[1]}: ${frame[2]}: ${message}` : message;
}

/** Without what Java puts before a message; the class's own name where it has none. */
function withoutClass(text: string): string {
  const told = text.replace(/^(?:ERROR|FATAL): /, '').trim();
  const [, name = '', message = ''] =
    /^(?:[a-z][\w$]*\.)+([A-Z][\w$]*(?:Exception|Error))(?:: (.*))?$/.exec(told) ?? [];
  return name === '' ? told : message || name;
}

function exitCodeIn(text: string): number | undefined {
  const code = STATES_CODE.exec(text)?.[1];
  return code === undefined ? undefined : Number(code);
}
