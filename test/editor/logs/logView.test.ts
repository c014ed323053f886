import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineIndex } from '../../../src/editor/logs/lineIndex';
import { LogView } from '../../../src/editor/logs/logView';
import { fits, windowAround } from '../../../src/editor/logs/window';
import { openText } from './openText';

const never = new AbortController().signal;
const lines = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => `line ${from + at}\n`).join('');

describe('the text of a log', () => {
  it('knows where each line begins, and in which one a byte lies', async () => {
    const text = lines(1000);
    await using log = await openText(text);
    for (const line of [0, 1, 63, 64, 65, 500, 999]) {
      const offset = text.indexOf(`line ${line}\n`);
      assert.deepEqual(await log.line(line), { line, offset });
      assert.deepEqual(await log.lineAt(offset + 3), { line, offset });
    }
    assert.deepEqual(await log.line(5000), { line: 1000, offset: text.length });
  });

  it('forgets places when there are many, and still finds all lines', () => {
    const index = new LineIndex();
    const chunk = Buffer.from('x\n'.repeat(100_000));
    for (let at = 0; at < 50; at++) index.push(chunk);
    assert.equal(index.lines, 5_000_000);
    const { line, offset } = index.beforeLine(4_999_999);
    assert.equal(offset, line * 2);
    assert.ok(4_999_999 - line < 500);
    assert.deepEqual(index.beforeOffset(offset + 1), { line, offset });
  });

  it('finds the last place of a text, also across the seams of its pieces', async () => {
    const filler = 'x'.repeat(256 * 1024 - 3);
    await using log = await openText(`needle${filler}needle${filler}`);
    assert.equal(await log.lastIndexOf('needle', log.size, never), filler.length + 6);
    assert.equal(await log.lastIndexOf('needle', filler.length, never), 0);
    assert.equal(await log.lastIndexOf('nowhere', log.size, never), -1);
  });
});

describe('a window of a log', () => {
  const window = { bytes: 200, lines: 10 };
  const bounds = { whole: { bytes: 300, lines: 15 }, window };

  it('is the whole of a short log', async () => {
    await using log = await openText('a\nb\n');
    const view = new LogView(log, 'hide', bounds);
    await view.show(3);
    assert.equal(view.shown.text, 'a\nb\n');
  });

  it('has whole lines around the place, and no more than its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ maxLength: 30 }).map((text) => text.replace(/[\n\r]/g, ' ')),
          {
            maxLength: 100,
          },
        ),
        fc.nat(),
        fc.boolean(),
        async (texts, at, ended) => {
          const text = texts.join('\n') + (ended ? '\n' : '');
          await using log = await openText(text);
          const offset = log.size === 0 ? 0 : at % log.size;
          const bytes = Buffer.from(text);
          const { part } = new LogView(log, 'hide');
          const { from, to } = await windowAround(log, offset, part, bounds);
          assert.ok(from.offset <= offset && offset <= to.offset);
          assert.ok(log.size === 0 || offset < to.offset);
          assert.ok(from.offset === 0 || bytes[from.offset - 1] === 10);
          assert.ok(to.offset === log.size || bytes[to.offset - 1] === 10);
          assert.equal(from.line, bytes.subarray(0, from.offset).filter((b) => b === 10).length);
          const { bytes: most, lines: mostLines } = fits(part, bounds.whole)
            ? bounds.whole
            : window;
          assert.ok(to.line - from.line <= mostLines);
          assert.ok(to.offset - from.offset <= most);
          // Nothing is left out that would have had room.
          if (to.line < part.to.line && from.line > 0)
            assert.ok(to.line - from.line >= window.lines / 2 || to.offset - from.offset >= 100);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('moves on by half of itself, and its lines stay those of the log', async () => {
    await using log = await openText(lines(100));
    const view = new LogView(log, 'hide', bounds);
    await view.show(0);
    assert.equal(view.shown.text, lines(10).trimEnd());
    await view.move('later');
    assert.equal(view.shown.window.from.line, 5);
    assert.equal(view.shown.text, lines(10, 5).trimEnd());
    await view.move('earlier');
    assert.equal(view.shown.window.from.line, 0);
    await view.show(log.size);
    assert.equal(view.shown.text, lines(10, 90));
  });

  it('shows a line that is longer than itself, shortened', async () => {
    await using log = await openText(`before\n${'x'.repeat(1_000_000)}\nafter\n`);
    const view = new LogView(log, 'hide', bounds);
    await view.show(500_000);
    assert.match(view.shown.text, /^before\nx+ … and more$/);
    assert.ok(view.shown.text.length < 10_010);
    await view.move('later');
    assert.equal(view.shown.text, 'after\n');
  });

  it('grows with the log where its end is shown, and stays elsewhere', async () => {
    await using log = await openText('one\ntw');
    const view = new LogView(log, 'hide', bounds);
    await view.show(log.size);
    assert.equal(view.shown.text, 'one\ntw');
    await log.append(Buffer.from('o\nthree'));
    await view.grow();
    assert.equal(view.shown.text, 'one\ntwo\nthree');
    await log.append(Buffer.from(`\n${lines(100)}`));
    await view.grow();
    assert.equal(view.shown.text, 'one\ntwo\nthree');
    assert.equal(view.shown.atEnd, false);
    await view.show(log.size);
    assert.equal(view.shown.text, lines(10, 90));
  });

  it('shows what has come since, where that is wanted', async () => {
    await using log = await openText('one\n');
    const view = new LogView(log, 'hide', bounds);
    await view.show(0);
    await log.append(Buffer.from(lines(100)));
    await view.show(log.size - 3);
    assert.equal(view.shown.text, lines(10, 90));
  });

  it('gives the colours of lines, also of those that an earlier line began', async () => {
    await using log = await openText('a\n\u001b[31mred\nstill\u001b[0m not\nplain\n');
    const view = new LogView(log, 'hide', bounds);
    await view.show(0);
    assert.equal(view.shown.text, 'a\nred\nstill not\nplain\n');
    const [still, plain] = await view.coloured(2, 3);
    assert.deepEqual(still?.spans, [{ from: 0, to: 5, style: { color: 1 } }]);
    assert.deepEqual(plain, { text: 'plain', spans: [] });
  });

  it('shows times as they are wanted', async () => {
    const text =
      '[2026-02-01T10:00:00.000Z] begin\n[2026-02-01T11:02:03.500Z] \u001b[1mon\u001b[0m\nnone\n';
    await using log = await openText(text);
    const view = new LogView(log, 'hide', bounds);
    await view.show(0);
    assert.equal(view.shown.text, 'begin\non\nnone\n');
    await view.setTimestamps('elapsed');
    assert.equal(view.shown.text, '+0:00:00 begin\n+1:02:03 on\nnone\n');
    await view.setTimestamps('show');
    assert.match(view.shown.text, /^\[2026-02-01T10:00:00.000Z\] begin\n/);
  });
});
