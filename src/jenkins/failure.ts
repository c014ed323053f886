import { createConsoleScanner, type ConsoleFindings } from './consoleLog';
import { createLogScanner } from './logTests';
import type { FailedTest, Failure, Stage } from './run';
import { failedStage } from './stages';

const MOST_LINES = 30;

/**
 * Reads off a log where a run broke. `report` are the failed tests of its test report, which knows
 * more than the log; the log is read once, in constant memory.
 */
export async function readFailure(
  log: AsyncIterable<Buffer>,
  stages: readonly Stage[],
  report: readonly FailedTest[] | undefined,
): Promise<Failure> {
  const console = createConsoleScanner();
  const scanner = createLogScanner();
  for await (const bytes of log) {
    console.push(bytes);
    scanner.push(bytes);
  }
  const findings = console.end();
  const { failedTests, exitCode } = scanner.end();
  const lastError = findings.errors.at(-1);
  const stage = failedStage(stages)?.path;
  const command = commandOf(findings, stage);
  const tests = report !== undefined && report.length > 0 ? report : failedTests;
  return {
    stage,
    command: command?.text,
    // An exit code that was caught earlier does not explain another error.
    exitCode: lastError === undefined || lastError.includes('exit code') ? exitCode : undefined,
    tests,
    lines: [...new Set([...(command?.output ?? []), ...findings.errors.slice(-5)])].slice(
      -MOST_LINES,
    ),
  };
}

/** Branches are interleaved in the log, so that a stage may only be known there by its own name. */
function commandOf(findings: ConsoleFindings, stage: readonly string[] | undefined) {
  const { commands } = findings;
  if (stage === undefined) return commands.at(-1);
  return (
    commands.findLast((command) => command.stage.join('\n') === stage.join('\n')) ??
    commands.findLast((command) => command.stage.at(-1) === stage.at(-1))
  );
}
