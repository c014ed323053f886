import type { Unknown } from '../pipeline/effects';
import type { Scope, Ways } from '../pipeline/effects';

/** A condition on what is not known before the run; the Plan goes both ways. */
export interface Condition {
  readonly line: number;
  readonly origin: string;
  readonly way: boolean;
}

/** Conditions that are not known, by their place in the Jenkinsfile. */
export function createConditions() {
  const all = new Map<string, { origin: string; line: number; ways: Ways }>();
  const holds = (way: Ways['then'], { range }: Scope): boolean =>
    way !== undefined && way.start <= range.start && range.end <= way.end;
  return {
    note: (condition: Unknown, at: Scope, ways: Ways | undefined): void => {
      if (!ways || at.source !== undefined) return;
      const { line, start } = at.range;
      all.set(`${start}`, { origin: condition.origin, line, ways });
    },
    around: (at: Scope): Condition[] =>
      at.source !== undefined
        ? []
        : [...all.values()].flatMap(({ origin, line, ways }): Condition[] => {
            if (holds(ways.then, at)) return [{ line, origin, way: true }];
            return holds(ways.otherwise, at) ? [{ line, origin, way: false }] : [];
          }),
  };
}
