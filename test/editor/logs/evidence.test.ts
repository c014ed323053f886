import assert from 'node:assert/strict';
import { evidenceIn } from '../../../src/editor/logs/evidence';
import type { Explanation } from '../../../src/jenkins/failure';
import { openText } from './openText';

const { signal } = new AbortController();
const text = '+ make\n+ ./test.sh\nok\n\u001b[31mwant 1, got 2\u001b[0m\nexit 1\n';

function explanation(rest: Partial<Explanation['diagnosis']>): Explanation {
  const command = './test.sh';
  const said = { stage: ['Test'], command, exitCode: 1 };
  return {
    failure: { ...said, tests: [], lines: ['want 1, got 2'] },
    diagnosis: { ...said, kind: 'command', step: 'sh', message: undefined, evidence: [], ...rest },
    excerpt: [],
  };
}

describe('where a log tells what broke a run', () => {
  const evidence = ['+ ./test.sh', 'want 1, got 2'].map((words, at) => ({
    ...{ line: at + 2, offset: 7 + 15 * at, text: words },
  }));

  it('is where the diagnosis has it, and best at the line that says why', async () => {
    await using log = await openText(text);
    const told = explanation({ evidence, message: 'want 1' });
    assert.deepEqual(await evidenceIn(log, told, true, signal), { lines: [7, 22], place: 22 });
  });

  it('is found by its words in the log of a stage', async () => {
    await using log = await openText(text.slice(7));
    const told = explanation({ evidence });
    assert.deepEqual(await evidenceIn(log, told, false, signal), { lines: [0, 15], place: 0 });
  });

  it('is the failing command where there is no diagnosis, and undefined where that is not there', async () => {
    await using log = await openText(text);
    assert.equal((await evidenceIn(log, explanation({}), true, signal))?.place, 7);
    await using other = await openText('nothing\n');
    assert.equal(await evidenceIn(other, explanation({ evidence }), false, signal), undefined);
  });
});
