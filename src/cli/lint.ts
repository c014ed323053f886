import { readFileSync } from 'node:fs';
import { UserError } from '../base/errors';
import { parse } from '../pipeline/parser';
import type { Problem, Script } from '../pipeline/syntax';
import { problemsOf } from '../pipeline/validate';
import type { Terminal } from './terminal';

/** Says what is wrong with Jenkinsfiles; false if there is anything. */
export function lintFiles(files: readonly string[], terminal: Terminal): boolean {
  let clean = true;
  for (const file of files) {
    const pipeline = parse(textOf(file));
    const problems = problemsOf(pipeline).map((problem) => place(problem, pipeline));
    terminal.emit({ file, problems });
    clean &&= problems.length === 0;
    if (terminal.json) continue;
    for (const { line, column, message } of problems)
      terminal.print(`${file}:${line}:${column}: ${message}`);
    if (problems.length === 0) terminal.print(`${file}: nothing is wrong`);
  }
  return clean;
}

interface PlacedProblem {
  readonly line: number;
  /** Counted from 1, in UTF-16 code units; the end is exclusive. */
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly message: string;
}

function place({ range, message }: Problem, { lines }: Script): PlacedProblem {
  const column = (at: number, line: number): number => at - (lines[line - 1] ?? 0) + 1;
  const { line, endLine, start, end } = range;
  return { line, column: column(start, line), endLine, endColumn: column(end, endLine), message };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError(`${file} cannot be read.`, { cause });
  }
}
