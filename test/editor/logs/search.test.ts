import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LogView } from '../../../src/editor/logs/logView';
import { shownText } from '../../../src/editor/logs/screen';
import { MOST_HITS, queryOf, search, type Hit } from '../../../src/editor/logs/search';
import { clockOf } from '../../../src/editor/logs/timestamps';
import { openText } from './openText';

const { signal } = new AbortController();

async function found(text: string, typed: string, matchCase = false): Promise<Hit[]> {
  await using log = await openText(text);
  const hits: Hit[] = [];
  const clock = clockOf(text);
  await search(log, queryOf(typed, matchCase), {
    part: new LogView(log, 'hide').part,
    showing: { clock, timestamps: 'hide' },
    signal,
    progress: (more) => hits.push(...more),
  });
  return hits;
}

const lines = (hits: readonly Hit[]): number[] => hits.map(({ line }) => line);

describe('a search in a whole log', () => {
  it('tells each line with its number, place and columns', async () => {
    const text = 'one\nnone at all\nONE\n';
    assert.deepEqual(await found(text, 'one', true), [
      { line: 0, offset: 0, text: 'one', from: 0, to: 3 },
      { line: 1, offset: 4, text: 'none at all', from: 1, to: 4 },
    ]);
    assert.deepEqual(lines(await found(text, 'one')), [0, 1, 2]);
  });

  it('takes what is between slashes for an expression, and else all as it is', async () => {
    const text = 'a.c\nabc\n/a.c\n';
    assert.deepEqual(lines(await found(text, 'a.c')), [0, 2]);
    assert.deepEqual(lines(await found(text, '/^a.c$/')), [0, 1]);
    await assert.rejects(found(text, '/a(/'), /not a regular expression/);
  });

  it('sees lines as they are shown: without colours, times and what was overwritten', async () => {
    const text =
      '[2026-02-01T10:00:00Z] FA\u001b[1mIL\u001b[0m x\n\u001b[31mFAIL\u001b[0m y\n10%\rFAIL\n';
    assert.deepEqual(lines(await found(text, 'FAIL', true)), [0, 1, 2]);
    assert.deepEqual(lines(await found(text, 'fail')), [0, 1, 2]);
    assert.deepEqual(lines(await found(text, '/^FAIL/')), [0, 1, 2]);
    assert.deepEqual(lines(await found(text, '2026')), []);
    assert.deepEqual(lines(await found(text, '10%')), []);
  });

  it('knows letters beyond ASCII, and counts them as one', async () => {
    const text = 'Größe\nGRÖSSE ÉTÉ\n✓ ok\n';
    assert.deepEqual(lines(await found(text, 'größe')), [0]);
    assert.deepEqual(lines(await found(text, 'été')), [1]);
    assert.deepEqual(lines(await found(text, '/^gr.ss/')), [1]);
    assert.deepEqual(lines(await found(text, '/^. ok$/')), [2]);
    assert.deepEqual(lines(await found(text, '/✓|\\u00d6/', true)), [1, 2]);
  });

  it('never joins lines, and looks at each by itself for what must not follow', async () => {
    const text = 'foo\nbar\nfoobar\n';
    assert.deepEqual(lines(await found(text, '/foo\\s*bar/')), [2]);
    assert.deepEqual(lines(await found(text, '/foo(?!\\s*bar)/')), [0]);
    assert.deepEqual(lines(await found(text, '/o$[^]*b/')), []);
  });

  it('finds what a search line by line would find', async () => {
    const piece = fc.constantFrom('a', 'b', 'é', '\u001b[1m', '\u001b[0m', '\n', ' ', 'A');
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => `${pieces.join('')}\n`);
    const typed = fc.constantFrom(
      'ab',
      'a',
      'é',
      '/^a/',
      '/b$/',
      '/a.b/',
      '/[^a]b/',
      '/a*b/',
      '/^$/',
    );
    await fc.assert(
      fc.asyncProperty(text, typed, fc.boolean(), async (log, query, matchCase) => {
        const { kind, text: words } = queryOf(query, matchCase);
        const expression = new RegExp(words, matchCase ? '' : 'i');
        const slowly = log
          .split('\n')
          .slice(0, -1)
          .flatMap((line, at) => (expression.test(shownText(line)) ? [at] : []));
        assert.ok(kind === 'expression' || /^\w+|é$/.test(words));
        assert.deepEqual(lines(await found(log, query, matchCase)), slowly);
      }),
      { numRuns: 300 },
    );
  });

  it('finds across the seams of what is read at once', async () => {
    const filler = `${'x'.repeat(99)}\n`.repeat(10_485);
    const text = `${filler}${'y'.repeat(70)} needle\n${filler}`;
    assert.deepEqual(lines(await found(text, 'needle')), [10_485]);
    assert.deepEqual(lines(await found(text, '/need.e$/')), [10_485]);
  });

  it('stops at many hits, and says so', async () => {
    const hits = await found('hit\n'.repeat(MOST_HITS + 10), 'hit');
    assert.equal(hits.length, MOST_HITS);
  });

  it('ends an expression that would never end', async () => {
    const text = `${'a'.repeat(40)}!\n`;
    await assert.rejects(found(text, '/^(a+)+$/'), /takes too long/);
  });

  it('is cancelled at once', async () => {
    await using log = await openText('x\n'.repeat(1_000_000));
    const cancel = new AbortController();
    const searching = search(log, queryOf('y', true), {
      part: new LogView(log, 'hide').part,
      ...{ showing: { clock: undefined, timestamps: 'show' }, signal: cancel.signal },
      progress: () => cancel.abort(),
    });
    await assert.rejects(searching, { name: 'AbortError' });
  });
});
