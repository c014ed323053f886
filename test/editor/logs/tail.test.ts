import assert from 'node:assert/strict';
import { findInLog } from '../../../src/editor/logs/findInLog';
import { Tail } from '../../../src/editor/logs/tail';

describe('the tail of a log', () => {
  it('keeps all of a short one', () => {
    const tail = new Tail(100);
    tail.push(Buffer.from('a\nb'));
    tail.push(Buffer.from('c\n'));
    assert.equal(tail.text(), 'a\nbc\n');
  });

  it('keeps the last whole lines of a long one, and says how much is left out', () => {
    const tail = new Tail(10);
    for (let line = 0; line < 1000; line++) tail.push(Buffer.from(`line ${line}\n`));
    assert.equal(tail.text(), '… 8881 bytes before this are left out …\nline 999\n');
  });

  it('begins with a whole line, also where the cut falls into a long one', () => {
    const tail = new Tail(1000);
    for (let n = 0; n < 100; n++) tail.push(Buffer.alloc(700, 'x'));
    tail.push(Buffer.from('\nend\n'));
    assert.match(tail.text(), /^… .* left out …\nend\n$/);
  });

  it('leaves out the colours of terminals', () => {
    const tail = new Tail(100);
    tail.push(Buffer.from('\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\n'));
    assert.equal(tail.text(), 'red plain\n');
  });
});

describe('finding a place in a log', () => {
  const log = '+ make\nok\n+ make\nFAIL: TestX\n';

  it('takes the last place of the first words that are there', () => {
    assert.equal(findInLog(log, ['+ make test', '+ make']), log.lastIndexOf('+ make'));
  });

  it('is the end where no words are there', () => {
    assert.equal(findInLog(log, ['nowhere', '  ']), log.length);
  });
});
