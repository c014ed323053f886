import type { Evidence, FailureKind } from './diagnosis';

/** What Jenkins itself says of how a run, or a step that was caught, ended. */
export interface Ending {
  readonly kind: FailureKind;
  readonly message: string;
  /** Undefined where it was no script that ended. */
  readonly exitCode: number | undefined;
  /** The line that says so. */
  readonly at: Evidence;
}

/** Reads the lines after a pipeline's end, or the last ones of a log, for what ended the run. */
export function endingOf(lines: readonly Evidence[]): Ending | undefined {
  for (const [at, line] of lines.entries()) {
    const known = KNOWN.find(({ says }) => says.test(line.text));
    if (known !== undefined) {
      const message = known.message?.(lines, at) ?? withoutClass(line.text);
      return { kind: known.kind, message, exitCode: exitCodeIn(line.text), at: line };
    }
  }
  return undefined;
}

/** What kind of trouble a line speaks of, whoever wrote it. */
export function kindOfLine(text: string): FailureKind | undefined {
  return SYSTEM.find(({ says }) => says.test(text))?.kind;
}

interface Words {
  readonly kind: FailureKind;
  readonly says: RegExp;
  readonly message?: (lines: readonly Evidence[], at: number) => string;
}

/** What breaks below a pipeline shows in the output of steps as well as at the end. */
const SYSTEM: readonly Words[] = [
  {
    kind: 'no-space',
    says: /No space left on device|ENOSPC\b|Disk quota exceeded|There is not enough space on the disk/,
  },
  {
    kind: 'agent-lost',
    says: /^Cannot contact \S.*: |Agent was removed|Node is being removed|was marked offline|(?:Closed|ChannelClosed)(?:Channel)?Exception|Unexpected termination of the channel|RequestAbortedException|cancelling node body|Unable to create live FilePath|^ERROR: .* is offline/,
  },
];

const KNOWN: readonly Words[] = [
  { kind: 'timeout', says: /^Timeout has been exceeded|^Build timed out \(after/ },
  {
    kind: 'aborted',
    says: /^(?:Aborted by|Superseded by|Rejected by) |^Build was aborted|^Calling Pipeline was cancelled|^Aborted$/,
  },
  ...SYSTEM,
  {
    kind: 'configuration',
    says: /Could not find credentials (?:entry|matching)|CredentialNotFoundException|^ERROR: No tool named |^(?:ERROR: )?Tool type ".*" does not have an install|There are no nodes with the label|No such (?:agent|label)|^ERROR: .*\bno such job\b|No item named /i,
  },
  {
    kind: 'command',
    says: /^(?:ERROR: |hudson\.AbortException: )?script returned exit code -?\d+/,
    message: () => '',
  },
  {
    kind: 'pipeline',
    says: /MultipleCompilationErrorsException/,
    message: (lines, at) =>
      lines.slice(at).find(({ text }) => /^[\w./:-]+: \d+: /.test(text))?.text ??
      'The Jenkinsfile does not compile',
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
    says: /^ERROR: (?:Error (?:fetching|cloning) remote repo|Couldn't find any revision to build|Maximum checkout retry attempts|Checkout failed|Unable to find \S+ from |Could not (?:do lightweight checkout|determine exact tip revision)|.*\bFailed to fetch\b)|GitException|SVNException|Could not read from remote repository/,
    message: checkoutMessage,
  },
  { kind: 'pipeline', says: /^ERROR: (?!script apparently)/ },
  {
    kind: 'pipeline',
    says: /^(?:FATAL: )?[a-z][\w.$]*\.[A-Z][\w$]*(?:Exception|Error)\b(?!\$ErrorId)/,
    message: (lines, at) => withPlace(withoutClass(lines[at]?.text ?? ''), lines, at),
  },
  { kind: 'unknown', says: /^FATAL: / },
];

/** What git said says more than what Jenkins says of it. */
function checkoutMessage(lines: readonly Evidence[], at: number): string {
  const near = lines.slice(Math.max(0, at - 60), at + 60).map(({ text }) => text);
  const git = near.find(
    (text) =>
      /^(?:stderr: )?(?:fatal|error|remote: .*error|ERROR): (?!Error (?:fetching|cloning))/i.test(
        text,
      ) && /fatal|error: /.test(text),
  );
  return (git ?? withoutClass(lines[at]?.text ?? '')).replace(/^stderr: /, '');
}

/** Names the Jenkinsfile's line, which a stack trace tells below. */
function withPlace(message: string, lines: readonly Evidence[], at: number): string {
  const frame = lines
    .slice(at, at + 80)
    .map(({ text }) => /^\s+at (?:WorkflowScript|Script\d+)\.\S*\((\w+):(\d+)\)/.exec(text))
    .find((found) => found !== null);
  return frame ? `${frame[1]}: ${frame[2]}: ${message}` : message;
}

function withoutClass(text: string): string {
  return text
    .replace(/^(?:ERROR|FATAL): /, '')
    .replace(/^(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?:: |$)/, (name) => (name.endsWith(': ') ? '' : name))
    .trim();
}

function exitCodeIn(text: string): number | undefined {
  const code = /script returned exit code (-?\d{1,10})/.exec(text)?.[1];
  return code === undefined ? undefined : Number(code);
}
