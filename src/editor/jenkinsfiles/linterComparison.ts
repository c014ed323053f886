import type { LintAnswer, LintError } from '../../jenkins/lint';

/** An error that we found in a Jenkinsfile ourselves. */
export interface OwnFinding {
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What Jenkins' linter and we say of one Jenkinsfile. */
export interface Comparison {
  readonly both: readonly { readonly jenkins: LintError; readonly own: OwnFinding }[];
  readonly onlyJenkins: readonly LintError[];
  readonly onlyOwn: readonly OwnFinding[];
}

/**
 * Pairs the errors of both sides: those of one line, first those whose words are most alike, since
 * the sentences differ. An error of Jenkins without a line is paired with none.
 */
export function compare(answer: LintAnswer, own: readonly OwnFinding[]): Comparison {
  const theirs = answer.kind === 'invalid' ? answer.errors : [];
  const byLine = new Map<number, OwnFinding[]>();
  for (const finding of own) {
    const same = byLine.get(finding.line);
    if (same) same.push(finding);
    else byLine.set(finding.line, [finding]);
  }
  const both: { jenkins: LintError; own: OwnFinding }[] = [];
  const onlyJenkins: LintError[] = [];
  for (const jenkins of theirs) {
    const candidates = byLine.get(jenkins.line ?? -1) ?? [];
    const words = wordsOf(jenkins.message);
    const likeness = (finding: OwnFinding): number =>
      [...wordsOf(finding.message)].filter((word) => words.has(word)).length;
    const best = candidates.reduce<OwnFinding | undefined>(
      (most, each) => (most && likeness(most) >= likeness(each) ? most : each),
      undefined,
    );
    if (best === undefined) onlyJenkins.push(jenkins);
    else {
      candidates.splice(candidates.indexOf(best), 1);
      both.push({ jenkins, own: best });
    }
  }
  const paired = new Set(both.map((pair) => pair.own));
  return { both, onlyJenkins, onlyOwn: own.filter((finding) => !paired.has(finding)) };
}

/** The outcome in one sentence, for a notification. */
export function summaryOf(answer: LintAnswer, comparison: Comparison): string {
  const { both, onlyJenkins, onlyOwn } = comparison;
  switch (answer.kind) {
    case 'scripted':
      return "Jenkins' linter only knows Declarative Pipelines: it finds no `pipeline { }` here.";
    case 'unclear':
      return `Jenkins' linter gave an answer that says neither yes nor no: ${answer.text.slice(0, 200)}`;
    case 'valid':
      return onlyOwn.length === 0
        ? 'Jenkins accepts this Jenkinsfile, and so do we.'
        : `Jenkins accepts this Jenkinsfile; we find ${count(onlyOwn.length)}.`;
    case 'invalid':
      return onlyJenkins.length === 0 && onlyOwn.length === 0
        ? `Jenkins and we find the same ${count(both.length)}.`
        : `Jenkins finds ${count(answer.errors.length)}: ${both.length} we find too, ${onlyJenkins.length} only Jenkins; ${onlyOwn.length} only we.`;
  }
}

/** The comparison as a page of plain text. What Jenkins says stands behind `>` and is not interpreted. */
export function comparisonPage(
  at: { readonly file: string; readonly server: string },
  answer: LintAnswer,
  comparison: Comparison,
): string {
  const { both, onlyJenkins, onlyOwn } = comparison;
  const sections = [
    section(
      'Both say',
      both.map(
        ({ jenkins, own }) =>
          `${placeOf(jenkins)}\n${quoted(jenkins.message)}\n  CI Parity: ${own.message}`,
      ),
    ),
    section(
      'Only Jenkins says',
      onlyJenkins.map((error) => `${placeOf(error)}\n${quoted(error.message)}`),
    ),
    section(
      'Only CI Parity says',
      onlyOwn.map(({ line, message }) => `Line ${line}\n  ${message}`),
    ),
  ];
  const parts = [
    `${at.file}, by the linter of ${at.server} and by CI Parity`,
    summaryOf(answer, comparison),
    ...sections.filter((text) => text !== ''),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Words that say nothing about which error it is. */
const COMMON: ReadonlySet<string> = new Set(
  'a an the is in of to be must for not this that'.split(' '),
);

function wordsOf(message: string): Set<string> {
  const words =
    message
      .slice(0, 2000)
      .toLowerCase()
      .match(/[a-z_]\w*/g) ?? [];
  return new Set(words.filter((word) => !COMMON.has(word)));
}

function count(errors: number): string {
  return errors === 1 ? 'one error' : `${errors} errors`;
}

function section(title: string, entries: readonly string[]): string {
  return entries.length === 0 ? '' : [`## ${title}`, ...entries].join('\n\n');
}

function placeOf({ line, column }: LintError): string {
  if (line === undefined) return 'The whole file';
  return column === undefined ? `Line ${line}` : `Line ${line}, column ${column}`;
}

function quoted(message: string): string {
  return message
    .slice(0, 2000)
    .split('\n')
    .map((line) => `  > ${line}`)
    .join('\n');
}
