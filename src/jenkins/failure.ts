import { createConsoleScanner, isSynthetic, type ConsoleFindings } from './consoleLog';
import { diagnose, isOpen } from './diagnose';
import type { Diagnosis, Evidence } from './diagnosis';
import { excerptOf } from './excerpt';
import { createStepReader, type LogSteps } from './logSteps';
import { createLogScanner, type LogFindings } from './logTests';
import type { AskRecord, RecordedStep } from './recordedSteps';
import type { FailedTest, Failure, Stage } from './run';
import { failedStage } from './stages';

export { readFindings, stagesOfLog } from './consoleLog';
export { recordOf } from './recordedSteps';

/** What a log tells of a failure; plain data, of a few megabytes at most. */
export interface Clues {
  readonly findings: ConsoleFindings;
  readonly tests: LogFindings;
  readonly steps: LogSteps;
}

/** Where a run broke, and what broke it first. */
export interface Explanation {
  readonly failure: Failure;
  readonly diagnosis: Diagnosis;
  /** What the log says around the evidence, with gaps; at most 100 lines. */
  readonly excerpt: readonly Evidence[];
}

const MOST_TEST_LINES = 10;
const PIECE = 128 * 1024;

/** Reads off a log what tells where its run broke, once and in constant memory. */
export async function readClues(
  log: AsyncIterable<Buffer>,
  stages: readonly Stage[],
): Promise<Clues> {
  const reader = createStepReader(brokenPart(stages));
  const commands = createConsoleScanner(reader.companion);
  const scanner = createLogScanner();
  for await (const bytes of evenly(log)) {
    commands.push(bytes);
    scanner.push(bytes);
  }
  return { findings: commands.end(), tests: scanner.end(), steps: reader.end() };
}

/**
 * Where a run broke. `report` are the failed tests of its test report, which knows more than the log;
 * the server's record is only asked for what the log leaves open.
 */
export async function explainClues(
  { findings, tests: { failedTests, exitCode, lines }, steps }: Clues,
  stages: readonly Stage[],
  report: readonly FailedTest[] | undefined,
  askRecord: AskRecord = () => Promise.resolve(undefined),
): Promise<Explanation> {
  const tests = report !== undefined && report.length > 0 ? report : failedTests;
  const known = { stages, log: steps, tests };
  let diagnosis = diagnose(known);
  if (isOpen(diagnosis, known.log)) {
    const recorded = await askFor(diagnosis, stages, askRecord, diagnosis.kind === 'unknown');
    if (recorded !== undefined) diagnosis = diagnose({ ...known, recorded });
  }
  const stage = diagnosis.stage ?? failedStage(stages)?.path;
  const command = commandOf(findings, stage);
  const lastError = findings.errors.at(-1);
  const failure: Failure = {
    stage,
    command: command?.text,
    // An exit code that was caught earlier does not explain another error.
    exitCode: lastError === undefined || lastError.includes('exit code') ? exitCode : undefined,
    tests,
    lines: tellingLines(lines, command?.output ?? [], findings.errors),
  };
  return { failure, diagnosis, excerpt: excerptOf(known.log, diagnosis.evidence) };
}

/** The same where the log may not be read: what the record alone says. */
export async function readRecord(
  stages: readonly Stage[],
  report: readonly FailedTest[] | undefined,
  askRecord: AskRecord,
): Promise<Explanation> {
  const known = { stages, log: undefined, tests: report ?? [] };
  const recorded = await askFor(diagnose(known), stages, askRecord, true);
  const diagnosis = diagnose({ ...known, recorded });
  const { stage, command, exitCode } = diagnosis;
  const failure = { stage, command, exitCode, tests: known.tests, lines: [] };
  return { failure, diagnosis, excerpt: [] };
}

async function askFor(
  { stage: path }: Diagnosis,
  stages: readonly Stage[],
  askRecord: AskRecord,
  wholly: boolean,
): Promise<RecordedStep | undefined> {
  const stage = path && stageAt(stages, path);
  return stage && (await askRecord(stage, wholly));
}

function stageAt(stages: readonly Stage[], path: readonly string[]): Stage | undefined {
  for (const stage of stages) {
    const found = stage.path.join('\n') === path.join('\n') ? stage : stageAt(stage.children, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Steps of stages that did not break, nor lie in one that did, are no use; where none is known, all may be. */
function brokenPart(stages: readonly Stage[]): (path: readonly string[]) => boolean {
  const broken = new Set<string>();
  const add = (some: readonly Stage[]): void => {
    for (const { name, state, children } of some) {
      if (state !== 'passed' && state !== 'skipped') broken.add(name);
      add(children);
    }
  };
  add(stages);
  return (path) => path.length === 0 || broken.size === 0 || path.some((name) => broken.has(name));
}

/** The same bytes in pieces of one size, so that what is found does not depend on how they came. A piece is only good until the next. */
async function* evenly(log: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE);
  let size = 0;
  for await (const bytes of log) {
    for (let from = 0; from < bytes.length;) {
      const copied = bytes.copy(piece, size, from);
      from += copied;
      size += copied;
      if (size < PIECE) continue;
      yield piece;
      size = 0;
    }
  }
  yield piece.subarray(0, size);
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
