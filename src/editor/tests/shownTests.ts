import type { FailedTest } from '../../jenkins/run';
import { plain } from '../look/plain';

/** Failing tests of one class, package or file. */
export interface TestGroup {
  readonly id: string;
  /** Empty where only the tests' names are known. */
  readonly label: string;
  readonly tests: readonly ShownTest[];
}

export interface ShownTest {
  /** Unique in the run, and the same in the next one. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly test: FailedTest;
}

/** More would only be scrolled over. */
export const MOST_TESTS = 1000;

/** The first `MOST_TESTS` of a run's failing tests as the Test Explorer shows them, in their order. */
export function groupsOf(tests: readonly FailedTest[]): TestGroup[] {
  const groups = new Map<string, ShownTest[]>();
  const ids = new Set<string>();
  for (const test of tests.slice(0, MOST_TESTS)) {
    const group = groups.get(test.group) ?? [];
    groups.set(test.group, group);
    const id = unlike(ids, `${test.group}\n${test.name}`);
    ids.add(id);
    group.push({ id, label: plain(test.name), description: ageOfFailure(test), test });
  }
  return [...groups].map(([name, inside]) => ({
    id: `group ${name}`,
    label: plain(name),
    tests: inside,
  }));
}

/** `new`, or `failing since #37, 5 runs`; empty where Jenkins does not tell. */
export function ageOfFailure({ age, failedSince }: FailedTest): string {
  if (age === 1) return 'new';
  const runs = age === undefined ? '' : `, ${age} runs`;
  return failedSince === undefined ? '' : `failing since #${failedSince}${runs}`;
}

/** A test that is run twice with other parameters may have the same name. */
function unlike(taken: ReadonlySet<string>, id: string): string {
  let other = id;
  for (let copy = 2; taken.has(other); copy++) other = `${id}\n${copy}`;
  return other;
}
