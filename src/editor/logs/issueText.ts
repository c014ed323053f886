import type { Diagnosis } from '../../jenkins/diagnosis';
import type { FailedTest, Run } from '../../jenkins/run';

/** What an issue about a failed run tells. */
export interface Report {
  readonly run: Run;
  readonly diagnosis: Diagnosis | undefined;
  readonly tests: readonly FailedTest[];
  /** Lines of the log as they are shown. */
  readonly lines: readonly string[];
  /** The number of the first of them, counted from 1; undefined where they do not follow each other. */
  readonly firstLine: number | undefined;
}

const MOST_TESTS = 20;
const LONGEST = 1000;

/**
 * The text of an issue in Markdown. All that comes from the server stands in code, where nothing of it
 * can be read as Markdown; Jenkins has masked secrets in logs, and does not tell those in parameters.
 */
export function issueText({ run, diagnosis, tests, lines, firstLine }: Report): string {
  const facts = [
    [
      'Run',
      `${code(`${run.job} #${run.number}`)}: <${run.url.replace(/[<>\s]/g, encodeURIComponent)}>`,
    ],
    ['Result', code(run.building ? 'running' : (run.result ?? 'unknown'))],
    ['Commit', run.commit && code(run.commit.sha)],
    ['Branch', run.branch && code(run.branch)],
    ['Agent', run.node && code(run.node)],
    ['Stage', diagnosis?.stage && code(diagnosis.stage.join(' / '))],
    ['First failing command', diagnosis?.command && code(diagnosis.command)],
    ['Exit code', diagnosis?.exitCode !== undefined && code(String(diagnosis.exitCode))],
    ['Message', diagnosis?.message && code(diagnosis.message)],
  ].flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [`- ${name}: ${value}`] : [],
  );
  const failing = tests
    .slice(0, MOST_TESTS)
    .map(({ group, name }) => `- ${code(group === '' ? name : `${group}: ${name}`)}`);
  if (tests.length > MOST_TESTS) failing.push(`- and ${tests.length - MOST_TESTS} more`);
  const parameters = run.parameters
    .filter(({ kind, value }) => value !== undefined && !/password|credential/i.test(kind))
    .map(({ name, value }) => `- ${code(`${name}=${value}`)}`);
  return [
    facts.join('\n'),
    section('Failing tests', failing),
    section('Parameters', parameters),
    section(
      firstLine === undefined ? 'Log' : `Log, from line ${firstLine}`,
      lines.length > 0 ? [fenced(lines)] : [],
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `### ${title}\n\n${lines.join('\n')}`;
}

/** A code span, its fence longer than any in the text. */
function code(text: string): string {
  const line = text.replace(CONTROLS, ' ').trim().slice(0, LONGEST);
  if (line === '') return '';
  const fence = '`'.repeat(longestRun(line) + 1);
  return fence.length === 1 ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

function fenced(lines: readonly string[]): string {
  const text = lines.map((line) => line.replace(CONTROLS, '').slice(0, LONGEST)).join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}

/** All but the tab, and what turns the direction of text. */
const CONTROLS =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
