import type { Pipeline } from '../pipeline/declarative';
import { parse } from '../pipeline/parser';
import type { Problem } from '../pipeline/syntax';
import { problemsOf } from '../pipeline/validate';
import type { Recipe } from './recipe';

/**
 * What Jenkins makes of a problem. `taken`: it ran the file all the same, so that our reading may
 * be wrong. `perhaps refused`: unless a plugin that is not known here allows it.
 */
export type Consequence = 'refused' | 'perhaps refused' | 'taken';

export interface JudgedProblem extends Problem {
  readonly consequence: Consequence;
}

/** What is wrong with the recipe's Jenkinsfile, in the order of the text. */
export function judgedProblems(
  { run, jenkinsfile }: Recipe,
  pipeline: Pipeline = parse(jenkinsfile.text),
): readonly JudgedProblem[] {
  const taken = jenkinsfile.source === 'recorded commands' || (run && wasTaken(run));
  return problemsOf(pipeline).map((problem) => ({
    ...problem,
    consequence: taken ? 'taken' : problem.certain ? 'refused' : 'perhaps refused',
  }));
}

/** Jenkins reads the whole file, and holds it to Declarative's rules, before it begins anything. */
function wasTaken({ result, stages, failure }: NonNullable<Recipe['run']>): boolean {
  return result !== 'FAILURE' || stages.length > 0 || failure?.command !== undefined;
}

/** That Jenkins would refuse a Jenkinsfile, and run nothing of it. */
export interface Refusal {
  /** Where the first of the reasons stands. */
  readonly line: number;
  readonly message: string;
  /** The other reasons, a line for each. */
  readonly advice: string | undefined;
}

const MOST_REASONS = 10;

export function refusalOf(problems: readonly JudgedProblem[]): Refusal | undefined {
  const [first, ...others] = problems.filter(({ consequence }) => consequence === 'refused');
  if (first === undefined) return undefined;
  const told = others.slice(0, MOST_REASONS).map(atItsLine);
  const left = others.length - told.length;
  if (left > 0) told.push(`and ${left} more`);
  return {
    line: first.line,
    message: `Jenkins would refuse this Jenkinsfile: ${atItsLine(first)}`,
    advice: told.length === 0 ? undefined : told.join('\n'),
  };
}

/** The other problems, which do not keep it from being run: sentences. */
export function doubtsAbout(problems: readonly JudgedProblem[]): readonly string[] {
  return problems.flatMap((problem) => {
    switch (problem.consequence) {
      case 'refused':
        return [];
      case 'perhaps refused':
        return [`Jenkins refuses this Jenkinsfile if no plugin allows it: ${atItsLine(problem)}`];
      case 'taken':
        return [
          `Jenkins took this Jenkinsfile, so our reading of it may be wrong: ${atItsLine(problem)}`,
        ];
    }
  });
}

function atItsLine({ line, message }: Problem): string {
  return `line ${line}: ${message}`;
}
