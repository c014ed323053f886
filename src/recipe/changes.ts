import type { Environment, Scope, Variable } from '../pipeline/effects';
import type { Recipe } from './recipe';

/** Where the variables come from that the machine adds. */
export const MACHINE = 'the machine';

/** A variable of a step, with the values that it stands above, the nearest first. */
export interface Change extends Variable {
  readonly overrides: readonly Variable[];
}

/** What a step's environment has beside the run's, and what it overrides of what lies around. */
export interface Layers {
  /** The run's own variables. */
  readonly run: readonly Variable[];
  /** Those that were met, with the Jenkinsfile's defaults. */
  parameters(): readonly Variable[];
  /** To be called where a stage or an agent is entered: what is there already may be overridden inside. */
  enter(at: Scope): void;
  changes(at: Scope): Change[];
}

export function createLayers(recipe: Recipe): Layers {
  const run: Variable[] = Object.entries(recipe.environment).map(([name, value]) => ({
    name,
    value,
    origin: recipe.run ? `run #${recipe.run.number}` : 'this working tree',
    line: undefined,
  }));
  const entered = new Map<string, Environment>();
  let outermost: Environment | undefined;

  /** From the nearest to the outermost. */
  const around = (at: Scope): Environment[] => {
    const found: Environment[] = [];
    for (let length = at.path.length; length >= 0; length--) {
      const one = entered.get(JSON.stringify(at.path.slice(0, length)));
      if (one) found.push(one);
    }
    return outermost ? [...found, outermost] : found;
  };

  return {
    run,
    parameters: () =>
      [...(outermost?.values() ?? [])].filter(({ origin }) => origin === 'parameter'),
    enter: (at) => {
      outermost ??= at.environment;
      entered.set(JSON.stringify(at.path), at.environment);
    },
    changes: (at) => {
      const layers = around(at);
      const losersOf = (name: string, winner: Variable): Variable[] => {
        const losers: Variable[] = [];
        for (const layer of layers) {
          const loser = layer.get(name);
          const known = [winner, ...losers];
          if (loser && loser.origin !== MACHINE && !known.some((one) => isSame(one, loser)))
            losers.push(loser);
        }
        const own = run.find((variable) => variable.name === name);
        if (own && ![winner, ...losers].some((one) => isSame(one, own))) losers.push(own);
        return losers;
      };
      const changes = [...at.environment.values()]
        .filter(
          ({ name, value, origin }) =>
            origin !== MACHINE &&
            origin !== 'parameter' &&
            recipe.environment[name] !== value &&
            !(name in recipe.overrides),
        )
        .map((variable) => ({ ...variable, overrides: losersOf(variable.name, variable) }));
      const overrides = Object.entries(recipe.overrides).map(([name, value]) => {
        const winner: Variable = { name, value, origin: '--env', line: undefined };
        const before = at.environment.get(name);
        const losers = losersOf(name, winner);
        const first = before && !losers.some((one) => isSame(one, before)) ? [before] : [];
        return { ...winner, overrides: [...first, ...losers] };
      });
      return [...changes, ...overrides];
    },
  };
}

function isSame(a: Variable, b: Variable): boolean {
  return a.origin === b.origin && a.line === b.line && a.name === b.name;
}
