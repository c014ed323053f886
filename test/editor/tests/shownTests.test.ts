import assert from 'node:assert/strict';
import { ageOfFailure, groupsOf, MOST_TESTS } from '../../../src/editor/tests/shownTests';
import type { FailedTest } from '../../../src/jenkins/run';

const test = (group: string, name: string, more: Partial<FailedTest> = {}): FailedTest => ({
  group,
  name,
  details: undefined,
  ...more,
});

describe('failing tests in the Test Explorer', () => {
  it('stand below their class, package or file, in the order of the report', () => {
    const groups = groupsOf([test('b', 'x'), test('a', 'y'), test('b', 'z')]);
    assert.deepEqual(
      groups.map(({ label, tests }) => [label, ...tests.map((each) => each.label)]),
      [
        ['b', 'x', 'z'],
        ['a', 'y'],
      ],
    );
  });

  it('have ids of their own, also where two have one name, and the same ones in the next run', () => {
    const ids = (tests: FailedTest[]) => groupsOf(tests).flatMap((group) => group.tests);
    const twice = ids([test('a', 'x'), test('a', 'x'), test('b', 'x')]).map(({ id }) => id);
    assert.equal(new Set(twice).size, 3);
    assert.equal(ids([test('a', 'x')])[0]?.id, twice[0]);
  });

  it('say since when they fail, where Jenkins tells', () => {
    assert.equal(ageOfFailure(test('a', 'x', { age: 1, failedSince: 42 })), 'new');
    assert.equal(
      ageOfFailure(test('a', 'x', { age: 5, failedSince: 37 })),
      'failing since #37, 5 runs',
    );
    assert.equal(ageOfFailure(test('a', 'x')), '');
  });

  it('are bounded, and their words can do nothing', () => {
    const many = Array.from({ length: MOST_TESTS + 5 }, (_, at) => test('a', `t${at}`));
    assert.equal(groupsOf(many)[0]?.tests.length, MOST_TESTS);
    const [group] = groupsOf([test('$(error)', '[x](command:y)\u202e')]);
    assert.doesNotMatch(group?.label ?? '', /\$\(/);
    assert.doesNotMatch(group?.tests[0]?.label ?? '', /\]\(|\u202e/);
  });
});
