import type { Diagnosis } from '../../jenkins/diagnosis';
import type { FailedTest, Run } from '../../jenkins/run';
import type { StageVariable } from './stageEnvironment';

/** What an issue about a failed run tells. */
export interface Report {
  readonly run: Run;
  readonly diagnosis: Diagnosis | undefined;
  readonly tests: readonly FailedTest[];
  /** What the Jenkinsfile gave to the steps of the stage. */
  readonly environment: readonly StageVariable[];
  /** Lines of the log as they are shown. */
  readonly lines: readonly string[];
  /** The number of the first of them, counted from 1; undefined where they do not follow each other. */
  readonly firstLine: number | undefined;
}

const MOST_TESTS = 20;
const MOST_VARIABLES = 40;
const LONGEST = 1000;

/**
 * The text of an issue in Markdown. All that comes from the server stands in code, where nothing of it
 * can be read as Markdown; Jenkins has masked secrets in logs, and does not tell those in parameters. What is called like a secret
 * is masked, too.
 */
export function issueText(report: Report): string {
  const { run, diagnosis, tests, lines, firstLine } = report;
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
  return [
    facts.join('\n'),
    section('Failing tests', failing),
    section('What CI had', table(report)),
    section(
      firstLine === undefined ? 'Log' : `Log, from line ${firstLine}`,
      lines.length > 0 ? [fenced(lines)] : [],
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

/** The values that the steps had, as far as they are known: parameters, and what beats them. */
function table({ run, environment }: Report): string[] {
  const parameters = run.parameters.flatMap(({ name, value, kind }) => {
    const secret = /password|credential/i.test(kind);
    return value === undefined && !secret
      ? []
      : [{ name, value: secret ? MASK : String(value), from: 'parameter' }];
  });
  const rows = [...parameters, ...environment].map(({ name, value, from }) => {
    const shown = SECRET.test(name) ? MASK : value;
    return `| ${[name, shown, from].map((cell) => code(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  });
  if (rows.length === 0) return [];
  const head = ['| Name | Value | From |', '| --- | --- | --- |'];
  const rest = rows.length - MOST_VARIABLES;
  return [
    ...[...head, ...rows.slice(0, MOST_VARIABLES)],
    ...(rest > 0 ? ['', `and ${rest} more`] : []),
  ];
}

const MASK = '****';
const SECRET = /passw|secret|token|credential|api_?key|private_?key/i;

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
