import { outline } from '../../pipeline/outline';
import { parse } from '../../pipeline/parser';

/** A value that a Jenkinsfile gives to the steps of a stage. */
export interface StageVariable {
  readonly name: string;
  readonly value: string;
  /** `environment of the pipeline`, `environment of stage Build`. */
  readonly from: string;
}

/** Characters; a Jenkinsfile of more is none that somebody wrote. */
const LONGEST = 200_000;

/**
 * What the `environment` blocks of the pipeline and of the stages around a place say, the innermost
 * of each name, as far as the text alone tells. Credentials are never among it: they are calls.
 */
export function stageEnvironment(jenkinsfile: string, path: readonly string[]): StageVariable[] {
  if (jenkinsfile.length > LONGEST) return [];
  const scopes = ['pipeline', ...path.map((_, at) => path.slice(0, at + 1).join(' / '))];
  const { environment } = outline(parse(jenkinsfile));
  const found = new Map<string, StageVariable | undefined>();
  for (const scope of scopes) {
    const from = `environment of ${scope === 'pipeline' ? 'the pipeline' : `stage ${scope}`}`;
    for (const { name, value } of environment.filter((each) => each.scope === scope))
      // What is only known at run time hides what stands around it.
      found.set(name, value === undefined ? undefined : { name, value, from });
  }
  return [...found.values()].filter((variable) => variable !== undefined);
}
