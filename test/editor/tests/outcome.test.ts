import assert from 'node:assert/strict';
import { outcomeHere } from '../../../src/editor/tests/outcome';
import type { FailedTest } from '../../../src/jenkins/run';
import type { Verdict, VerdictKind } from '../../../src/reproduce/journal';

const moat: FailedTest = { group: 'pkg/policy', name: 'TestMoat', details: 'in CI' };
const other: FailedTest = { group: 'pkg/policy', name: 'TestOther', details: undefined };

describe('a test of CI after a reproduction', () => {
  const after = (kind: VerdictKind, failedTests: readonly FailedTest[] = []) =>
    outcomeHere(moat, verdict(kind, failedTests)).kind;

  it('failed with the words that it had here, also where the log named no group', () => {
    const here = { group: '', name: 'TestMoat', details: 'here' };
    assert.deepEqual(outcomeHere(moat, verdict('reproduced', [here])), {
      kind: 'failed',
      test: here,
    });
    assert.equal(after('another failure', [here]), 'failed');
  });

  it('passed where all passed, and where only others of them failed again', () => {
    assert.equal(after('passed here'), 'passed');
    assert.equal(after('reproduced', [other]), 'passed');
  });

  it('is skipped where nobody knows whether it was run', () => {
    assert.equal(after('another failure', [other]), 'skipped');
    assert.equal(after('reproduced'), 'skipped');
    assert.equal(after('cancelled'), 'skipped');
  });

  it('is in error where nothing could be run, with the reason and the advice', () => {
    const outcome = outcomeHere(moat, { ...verdict('could not run'), details: ['Install it.'] });
    assert.deepEqual(outcome, { kind: 'errored', why: 'could not run: so it was\nInstall it.' });
    assert.equal(outcomeHere(moat, undefined).kind, 'errored');
  });
});

function verdict(kind: VerdictKind, failedTests: readonly FailedTest[] = []): Verdict {
  return { kind, sentence: `${kind}: so it was`, details: [], failedTests };
}
