import type { Range } from '../pipeline/syntax';
import { placeText, type Scope, type Unknown, type Ways } from '../pipeline/effects';
import { outline } from '../pipeline/outline';
import { parse } from '../pipeline/parser';
import { decisionKey, type Recipe } from '../recipe/recipe';

/** Which way a condition goes, and why, in words for people. */
export interface Decision {
  readonly way: boolean;
  readonly why: string;
}

/**
 * Which way CI went, as far as its record tells: a stage that stands in one way only and was run,
 * or the command that failed. Undefined if it does not tell.
 */
export function decideByRecord(recipe: Recipe, ways: Ways | undefined): Decision | undefined {
  const { run, jenkinsfile } = recipe;
  if (!run || !ways) return undefined;
  const stages = outline(parse(jenkinsfile.text)).stages;
  const ran = new Set(
    run.stages.filter(({ state }) => state !== 'skipped').map(({ path }) => path.at(-1)),
  );
  const inWay = (way: Range | undefined) =>
    stages.filter(({ line, endLine }) => way && way.line <= line && endLine <= way.endLine);
  const [then, otherwise] = [inWay(ways.then), inWay(ways.otherwise)];
  const only = (some: typeof stages, others: typeof stages) =>
    some.find(
      ({ name }) => ran.has(name) && !others.some((other) => other.name === name && ran.has(name)),
    )?.name;
  const [first, second] = [only(then, otherwise), only(otherwise, then)];
  if (first !== undefined && second === undefined)
    return { way: true, why: `#${run.number} ran ${first}` };
  if (second !== undefined && first === undefined)
    return { way: false, why: `#${run.number} ran ${second}` };
  const { command } = run.failure ?? {};
  if (command !== undefined) {
    const text = (way: Range | undefined): string =>
      way ? jenkinsfile.text.slice(way.start, way.end) : '';
    const [inThen, inOther] = [
      text(ways.then).includes(command),
      text(ways.otherwise).includes(command),
    ];
    if (inThen !== inOther) return { way: inThen, why: `#${run.number} ran ${command}` };
  }
  // A run that came to its end would have run the stages of this way.
  const whole = run.result === 'SUCCESS' || run.result === 'UNSTABLE';
  if (whole && run.stages.length > 0 && first === undefined && second === undefined) {
    if (then.length > 0 && otherwise.length === 0)
      return { way: false, why: `#${run.number} did not run ${then[0]?.name ?? ''}` };
    if (otherwise.length > 0 && then.length === 0)
      return { way: true, why: `#${run.number} did not run ${otherwise[0]?.name ?? ''}` };
  }
  return undefined;
}

/** Asks the person; without one the way is no. */
export async function decideWith(
  recipe: Recipe,
  condition: Unknown,
  at: Pick<Scope, 'range' | 'source'>,
  ways: Ways | undefined,
  ask: (question: string) => Promise<string | undefined>,
): Promise<Decision> {
  const key = decisionKey(at);
  const told = recipe.answers?.decide?.[key];
  if (told !== undefined) return { way: told, why: '--decide' };
  const recorded = decideByRecord(recipe, ways);
  if (recorded) return recorded;
  const answer = await ask(
    `${placeText(at.range.line, at.source).replace('line', 'Line')} depends on ${condition.origin}, which is not known here. Did it hold in CI? [y/N] `,
  );
  if (answer === undefined)
    return {
      way: false,
      why: `nobody can be asked whether it held; say --decide ${key}=yes or ${key}=no`,
    };
  return { way: /^\s*(y|yes|true|1)\s*$/i.test(answer), why: 'you said so' };
}
