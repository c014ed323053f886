import { createConsoleScanner, isSynthetic, type ConsoleFindings } from './consoleLog';
import { createLogScanner } from './logTests';
import type { Diagnosis } from './diagnosis';
import type { FailedTest, Failure, Stage } from './run';
import { failedStage } from './stages';

/** Where a run broke, and what broke it first. */
export interface Explanation {
  readonly failure: Failure;
  readonly diagnosis: Diagnosis;
}

const MOST_TEST_LINES = 10;

/**
 * Reads off a log where a run broke. `report` are the failed tests of its test report, which knows
 * more than the log; the log is read once, in constant memory.
 */
export async function readFailure(
  log: AsyncIterable<Buffer>,
  stages: readonly Stage[],
  report: readonly FailedTest[] | undefined,
): Promise<Explanation> {
  const commands = createConsoleScanner();
  const scanner = createLogScanner();
  for await (const bytes of log) {
    commands.push(bytes);
    scanner.push(bytes);
  }
  const findings = commands.end();
  const { failedTests, exitCode, lines } = scanner.end();
  const lastError = findings.errors.at(-1);
  const stage = failedStage(stages)?.path;
  const command = commandOf(findings, stage);
  const tests = report !== undefined && report.length > 0 ? report : failedTests;
  const failure: Failure = {
    stage,
    command: command?.text,
    // An exit code that was caught earlier does not explain another error.
    exitCode: lastError === undefined || lastError.includes('exit code') ? exitCode : undefined,
    tests,
    lines: tellingLines(lines, command?.output ?? [], findings.errors),
  };
  const diagnosis: Diagnosis = {
    kind: failure.command === undefined ? 'unknown' : 'command',
    stage,
    step: failure.command === undefined ? undefined : 'sh',
    command: failure.command,
    exitCode: failure.exitCode,
    message: failure.lines.at(-1),
    evidence: [],
  };
  return { failure, diagnosis };
}

/** At most 30: of the tests what is not in the step's last lines anyhow, those, and the errors at the end. */
function tellingLines(
  tests: readonly string[],
  output: readonly string[],
  errors: readonly string[],
): string[] {
  const last = [...new Set([...output, ...errors.slice(-3)])].slice(-20);
  const known = new Set(last);
  return [...tests.filter((line) => !known.has(line)).slice(0, MOST_TEST_LINES), ...last];
}

/** Branches are interleaved in the log, so that a stage may only be known there by its own name. */
function commandOf(findings: ConsoleFindings, stage: readonly string[] | undefined) {
  const { commands } = findings;
  if (stage === undefined) {
    return commands.findLast((command) => !isSynthetic(command.stage.at(-1) ?? ''));
  }
  return (
    commands.findLast((command) => command.stage.join('\n') === stage.join('\n')) ??
    commands.findLast((command) => command.stage.at(-1) === stage.at(-1))
  );
}
