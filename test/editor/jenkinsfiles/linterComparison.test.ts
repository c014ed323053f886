import assert from 'node:assert/strict';
import {
  compare,
  comparisonPage,
  summaryOf,
  type OwnFinding,
} from '../../../src/editor/jenkinsfiles/linterComparison';
import type { LintAnswer, LintError } from '../../../src/jenkins/lint';

const at = (line: number | undefined, message: string): LintError => ({ line, message, column: 1 });
const own = (line: number, message: string): OwnFinding => ({ line, message });

function invalid(first: LintError, ...errors: LintError[]): LintAnswer {
  return { kind: 'invalid', errors: [first, ...errors] };
}

const AGENT = 'Missing required section "agent"';

describe("the comparison with Jenkins' linter", () => {
  it('pairs what both say of a line, in whatever words', () => {
    const answer = invalid(at(1, AGENT));
    const comparison = compare(answer, [own(1, '`pipeline` lacks its `agent`.')]);
    assert.equal(comparison.both.length, 1);
    assert.equal(summaryOf(answer, comparison), 'Jenkins and we find the same one error.');
  });

  it('pairs those of one line whose words are alike', () => {
    const comparison = compare(invalid(at(1, 'Missing required section "stages"'), at(1, AGENT)), [
      own(1, 'There is no agent.'),
      own(1, 'There are no stages.'),
    ]);
    assert.deepEqual(
      comparison.both.map((pair) => [pair.jenkins.message.includes('agent'), pair.own.message]),
      [
        [false, 'There are no stages.'],
        [true, 'There is no agent.'],
      ],
    );
  });

  it('pairs each finding once only', () => {
    const comparison = compare(invalid(at(4, AGENT), at(4, AGENT)), [own(4, 'no agent')]);
    assert.deepEqual([comparison.both.length, comparison.onlyJenkins.length], [1, 1]);
  });

  it('keeps what stands on different lines apart', () => {
    const answer = invalid(at(3, AGENT), at(undefined, 'wrong as a whole'));
    const comparison = compare(answer, [own(5, 'no agent')]);
    assert.deepEqual(
      [comparison.both.length, comparison.onlyJenkins.length, comparison.onlyOwn.length],
      [0, 2, 1],
    );
    assert.equal(
      summaryOf(answer, comparison),
      'Jenkins finds 2 errors: 0 we find too, 2 only Jenkins; 1 only we.',
    );
  });

  it('says in one sentence that both are content, or that only we are not', () => {
    const answer: LintAnswer = { kind: 'valid' };
    const content = 'Jenkins accepts this Jenkinsfile, and so do we.';
    assert.equal(summaryOf(answer, compare(answer, [])), content);
    assert.equal(
      summaryOf(answer, compare(answer, [own(1, 'x')])),
      'Jenkins accepts this Jenkinsfile; we find one error.',
    );
  });

  it('says why a scripted pipeline cannot be compared', () => {
    const answer: LintAnswer = { kind: 'scripted' };
    assert.match(summaryOf(answer, compare(answer, [])), /only knows Declarative/);
  });

  it('is a page of what both, only Jenkins and only we say', () => {
    const answer = invalid(at(1, AGENT), at(7, 'Unknown stage section\n[x](command:y)'));
    const page = comparisonPage(
      { file: 'Jenkinsfile', server: 'ci.example' },
      answer,
      compare(answer, [own(1, 'No agent.'), own(9, 'Twice.')]),
    );
    assert.match(page, /^Jenkinsfile, by the linter of ci\.example/);
    assert.match(
      page,
      /## Both say\n\nLine 1, column 1\n {2}> Missing .*\n {2}CI Parity: No agent\./,
    );
    assert.match(page, /## Only Jenkins says\n\nLine 7, .*\n {2}> Unknown .*\n {2}> \[x\]/);
    assert.match(page, /## Only CI Parity says\n\nLine 9\n {2}Twice\.\n$/);
  });

  it('is a page without empty sections', () => {
    const answer: LintAnswer = { kind: 'valid' };
    const page = comparisonPage({ file: 'a', server: 'b' }, answer, compare(answer, []));
    assert.doesNotMatch(page, /##/);
  });
});
