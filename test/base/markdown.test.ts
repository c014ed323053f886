import assert from 'node:assert/strict';
import fc from 'fast-check';
import { code, codeBlock, link, words } from '../../src/base/markdown';

describe('Text of others in Markdown', () => {
  const hostile = fc
    .array(fc.constantFrom(...Array.from('`\\|<>[]()!#*_~&$@/:-= \r\n\t\u2028\u202e\u009bax1')), {
      maxLength: 40,
    })
    .map((parts) => parts.join(''));

  it('is one line without control characters', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const shown of [code(text), words(text), link(text), ...codeBlock(text, 'sh')])
          assert.doesNotMatch(shown, /[^\P{Cc}\t]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      }),
      { numRuns: 2000 },
    );
  });

  it('ends a code span nowhere but at its end, and a block nowhere but at its last line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = code(text);
        if (text === '') return;
        const [ticks = ''] = /^`+/.exec(shown) ?? [];
        const inner = shown.slice(ticks.length, -ticks.length);
        assert.ok(ticks !== '' && shown.endsWith(ticks), shown);
        assert.doesNotMatch(inner, /\||^`|`$/);
        for (const [run] of inner.matchAll(/`+/g)) assert.notEqual(run, ticks);
        const [first = '', ...rest] = codeBlock(text, 'sh');
        const fence = first.slice(0, -2);
        assert.ok(rest.slice(0, -1).every((line) => !line.includes(fence)));
        assert.equal(rest.at(-1), fence);
      }),
      { numRuns: 2000 },
    );
  });

  it('shows what is meant', () => {
    assert.equal(code('a|b'), '`a\u2223b`');
    assert.equal(code(''), '(empty)');
    assert.equal(code('`'), '`` ` ``');
    assert.equal(words('the step `sh` of run #42 has --env'), 'the step `sh` of run #42 has --env');
    assert.equal(words('# a'), '\\# a');
    assert.equal(words('1. a'), '1\\. a');
    assert.equal(words('a\r![x](y)'), 'a␍!\\[x\\](y)');
    assert.equal(words('at ada@example.org'), 'at `ada@example.org`');
  });

  it('is a link only where it is the plain address of a page', () => {
    const url = 'https://ci.example.org:8443/job/a%20b/42/';
    assert.equal(link(url), `<${url}>`);
    for (const other of ['command:x', `${url}?a`, 'https://a@b/', `${url}>`, 'javascript://a/'])
      assert.equal(link(other), code(other));
  });
});
