import { Readable } from 'node:stream';
import { createConsoleScanner, stagesOfLog } from '../../../src/jenkins/consoleLog';
import type { Diagnosis, FailureKind } from '../../../src/jenkins/diagnosis';
import { explainClues, readClues } from '../../../src/jenkins/failure';
import type { FailedTest, Result, Stage } from '../../../src/jenkins/run';

/** A run that broke, and what is to be said of it. */
export interface Case {
  readonly name: string;
  readonly log: string;
  readonly says: string;
  /** `command` unless told. */
  readonly kind?: FailureKind;
  /** `FAILURE` unless told. */
  readonly result?: Result;
  /** As a plugin tells them; read off the log unless told. */
  readonly stages?: readonly Stage[];
  /** Of the test report. */
  readonly tests?: readonly FailedTest[];
}

/** The log of a Declarative pipeline with the one stage Build, in which one `sh` wrote something and ended with an exit code. */
export function build(output: string, exitCode = 1): string {
  return pipeline([stage('Build', sh(output))], `ERROR: script returned exit code ${exitCode}`);
}

/** What a step wrote. */
export function sh(output: string): string {
  return `[Pipeline] sh\n${output.trim()}`;
}

export function stage(name: string, ...inside: readonly string[]): string {
  return [
    '[Pipeline] stage',
    `[Pipeline] { (${name})`,
    ...inside,
    '[Pipeline] }',
    '[Pipeline] // stage',
  ].join('\n');
}

/** `end` is what Jenkins says of the error that ended the run. */
export function pipeline(
  inside: readonly string[],
  end?: string,
  result: Result = 'FAILURE',
): string {
  return [
    'Started by user Ada',
    '[Pipeline] Start of Pipeline',
    '[Pipeline] node',
    'Running on agent-1 in /var/jenkins/workspace/job',
    '[Pipeline] {',
    ...inside,
    '[Pipeline] }',
    '[Pipeline] // node',
    '[Pipeline] End of Pipeline',
    ...(end === undefined ? [] : [end]),
    `Finished: ${result}`,
    '',
  ].join('\n');
}

/** A stage as a plugin tells it; `name/inner` lies in another. */
export function told(path: string, state: Stage['state'], children: readonly Stage[] = []): Stage {
  const names = path.split('/');
  return {
    ...{ id: path, name: names.at(-1) ?? '', path: names, state, children },
    ...{ startedAt: undefined, duration: undefined },
  };
}

/** Reads a log that comes in pieces of `size` bytes. */
export async function diagnosisOf(
  { log, result = 'FAILURE', stages, tests }: Pick<Case, 'log' | 'result' | 'stages' | 'tests'>,
  size = 1 << 16,
): Promise<Diagnosis> {
  const bytes = Buffer.from(log);
  const scanner = createConsoleScanner();
  scanner.push(bytes);
  const found = stages ?? stagesOfLog(scanner.end(), { building: false, result });
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return (await explainClues(await readClues(Readable.from(pieces), found), found, tests))
    .diagnosis;
}
