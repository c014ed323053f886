/** What Jenkins' own linter says of a Jenkinsfile. */
export type LintAnswer =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly errors: readonly [LintError, ...LintError[]] }
  /** It has no `pipeline { }`; the linter knows only these. */
  | { readonly kind: 'scripted' }
  /** Something else, in its own words. */
  | { readonly kind: 'unclear'; readonly text: string };

export interface LintError {
  readonly message: string;
  /** Counted from 1; undefined where the error is about the whole file. */
  readonly line: number | undefined;
  /** Counted from 1; undefined where Jenkins only tells the line. */
  readonly column: number | undefined;
}

/**
 * Reads the text that `pipeline-model-converter/validate` answers with: that the file is valid, or
 * for each error a line `WorkflowScript: 3: Missing … @ line 3, column 1.` with the source below it.
 */
export function parseLint(text: string): LintAnswer {
  const lines = text.slice(0, LONGEST).split(/\r?\n/);
  if (lines.some((line) => line.startsWith('Jenkinsfile successfully validated')))
    return { kind: 'valid' };
  const [first, ...others] = lines.flatMap((line, at) => errorAt(lines, line, at) ?? []);
  if (first !== undefined) return { kind: 'invalid', errors: [first, ...others] };
  if (/did not contain the 'pipeline' step/.test(text.slice(0, LONGEST)))
    return { kind: 'scripted' };
  return { kind: 'unclear', text: text.slice(0, 2000).trim() };
}

const LONGEST = 1024 * 1024;
/** Lines over which one message may go on before it names its place. */
const MOST_LINES = 20;
const BEGIN = /^WorkflowScript: (?:(\d{1,9}): )?/;
const PLACE = /(?<!\s)\s*@ line (\d{1,9}), column (\d{1,9})\.\s*$/;

function errorAt(lines: readonly string[], line: string, at: number): LintError | undefined {
  const begin = BEGIN.exec(line);
  if (begin === null) return undefined;
  const above = begin[1] === undefined ? undefined : Number(begin[1]);
  const own = line.slice(begin[0].length);
  // A message of several lines, such as a list of what there may be, has its place at its end.
  const parts = [own];
  for (let next = at + 1; next < at + MOST_LINES; next++) {
    if (PLACE.test(parts.at(-1) ?? '')) break;
    const more = lines[next];
    if (more === undefined || BEGIN.test(more)) break;
    parts.push(more);
  }
  const place = PLACE.exec(parts.at(-1) ?? '');
  if (place === null) return { message: own.trim(), line: above, column: undefined };
  const message = parts.join('\n').replace(PLACE, '').trim();
  return { message, line: Number(place[1]), column: Number(place[2]) };
}
