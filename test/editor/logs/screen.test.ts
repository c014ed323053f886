import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LONGEST_LINE, Screen, shownText } from '../../../src/editor/logs/screen';
import { clockOf, timed } from '../../../src/editor/logs/timestamps';

const ESC = '\u001b';
const one = (raw: string) => new Screen().line(raw);

describe('what a terminal would show of a line', () => {
  it('turns colours and attributes into spans', () => {
    const { text, spans } = one(`a${ESC}[1;31mred${ESC}[22m thin${ESC}[39m no ${ESC}[4mu${ESC}[m.`);
    assert.equal(text, 'ared thin no u.');
    assert.deepEqual(spans, [
      { from: 1, to: 4, style: { color: 1, bold: true } },
      { from: 4, to: 9, style: { color: 1 } },
      { from: 13, to: 14, style: { underline: true } },
    ]);
  });

  it('knows bright, 256 and true colours, also of the background, with ; and with :', () => {
    const styles = [
      [`${ESC}[92m`, { color: 10 }],
      [`${ESC}[103m`, { background: 11 }],
      [`${ESC}[38;5;208m`, { color: 208 }],
      [`${ESC}[48;2;1;2;255m`, { background: '#0102ff' }],
      [`${ESC}[38:2::10:20:30m`, { color: '#0a141e' }],
      [`${ESC}[38;5;999;1m`, { bold: true }],
    ] as const;
    for (const [escape, style] of styles)
      assert.deepEqual(one(`${escape}x`).spans, [{ from: 0, to: 1, style }], escape);
  });

  it('leaves of a progress bar its last state', () => {
    assert.equal(one('10 %\r50 %\r100 % done').text, '100 % done');
    assert.equal(one('downloading 10 of 200\rdone\u001b[K').text, 'done');
    assert.equal(one('abc\rX').text, 'Xbc');
    assert.equal(one('abc\b\bX').text, 'aXc');
    assert.equal(one(`10${ESC}[2K${ESC}[1Gend`).text, 'end');
    assert.equal(one('a line of Windows\r').text, 'a line of Windows');
  });

  it('leaves out titles, links and whatever else controls a terminal', () => {
    assert.equal(
      one(`${ESC}]0;title\u0007a${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\${ESC}[2Jb\u0007`)
        .text,
      'alinkb',
    );
  });

  it('never has more than a line, nor more than an editor shows, whatever comes', () => {
    const odd = fc
      .array(
        fc.constantFrom(...Array.from(`${ESC}${ESC}[[[];:019mmKGCDab\r\b\u2028\u0085\u0000 é😀`)),
      )
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(odd, (raw) => {
        const { text, spans } = one(raw);
        assert.doesNotMatch(text, /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/);
        for (const { from, to } of spans) assert.ok(from < to);
        assert.equal(shownText(raw), text);
      }),
    );
    assert.ok(one(`${ESC}[1m${'x'.repeat(3 * LONGEST_LINE)}`).text.length <= LONGEST_LINE);
    assert.doesNotMatch(one('😀'.repeat(LONGEST_LINE)).text, /\ufffd|[\ud800-\udbff]$/);
  });
});

describe('the times of lines', () => {
  it('are told from the beginning of a log, and not from what a program prints', () => {
    assert.equal(clockOf('Started\n10:00:00 my program\n'), undefined);
    assert.deepEqual(clockOf('Started\n10:00:01 [Pipeline] sh\n'), {
      kind: 'clock',
      first: 36_001_000,
    });
    assert.equal(clockOf('[2026-02-01T10:00:00.000Z] x\n')?.kind, 'iso');
  });

  it('go on over midnight', () => {
    const clock = { kind: 'clock', first: 23 * 3_600_000 } as const;
    assert.equal(timed('00:30:00 x', clock, 'elapsed'), '+1:30:00 x');
    assert.equal(timed('00:30:00  x', clock, 'hide'), 'x');
  });
});
