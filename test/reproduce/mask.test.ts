import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMask } from '../../src/reproduce/mask';

describe('The mask', () => {
  const through = (secrets: string[], chunks: Buffer[]): string => {
    const mask = createMask(secrets).stream();
    return Buffer.concat([...chunks.map((chunk) => mask.push(chunk)), mask.flush()]).toString();
  };

  it('hides a secret however the stream is cut', () => {
    const text = Buffer.from('+ curl -H s3cr3t-value https://x\ns3cr3t-values3cr3t-value s3cr3t');
    for (let cut = 0; cut <= text.length; cut++)
      assert.equal(
        through(['s3cr3t-value'], [text.subarray(0, cut), text.subarray(cut)]),
        '+ curl -H **** https://x\n******** s3cr3t',
      );
  });

  it('hides the forms that sh -x prints', () => {
    assert.equal(
      through([`it's`], [Buffer.from(`+ echo 'it'\\''s' it's 'it'"'"'s'`)]),
      `+ echo **** **** ****`,
    );
  });

  it('hides the forms that Jenkins hides: quoted, with doubled dollars, in Base64 at any offset', () => {
    const secret = `pa$$ it's "x"`;
    const shown = (text: string): string => through([secret], [Buffer.from(text)]);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    assert.equal(shown(secret), '****');
    assert.equal(shown(secret.replaceAll('$', '$$$$')), '****');
    assert.equal(shown(`'${secret.replaceAll("'", `'"'"'`)}'`), '****');
    for (const before of ['', 'x', 'xy', 'xyz'])
      for (const after of ['', 'x', 'xy', 'xyz']) {
        const found = shown(base64(before + secret + after));
        assert.match(found, /\*{4}/, `${before}|${after}`);
        // No more than the characters that it shares with its neighbours.
        assert.ok(
          found.replace('****', '').length <= base64(before).length + base64(after).length + 4,
        );
      }
    assert.equal(shown(base64(secret).replaceAll('+', '-').replaceAll('/', '_')), '****');
  });

  it('hides a secret of several lines line by line, but no line that is hardly any', () => {
    const secret = 'first line of it\r\n{\n  second line\n}\n';
    assert.equal(
      through([secret], [Buffer.from('a first line of it b\n{ second line }\n')]),
      'a **** b\n{ **** }\n',
    );
  });

  it('hides a text for a while, in streams that run already too', () => {
    const mask = createMask([]);
    const stream = mask.stream();
    assert.equal(stream.push(Buffer.from('/ws@tmp/f ')).toString(), '/ws@tmp/f ');
    const hidden = mask.hide('/ws@tmp/f');
    assert.equal(stream.push(Buffer.from('/ws@tmp/f ')).toString(), '**** ');
    assert.equal(mask.text('at /ws@tmp/f'), 'at ****');
    hidden[Symbol.dispose]();
    assert.equal(stream.push(Buffer.from('/ws@tmp/f')).toString(), '/ws@tmp/f');
  });

  it('leaves no rest of a secret that holds another', () => {
    assert.equal(through(['key', 'keykeykey'], [Buffer.from('keykeykey key')]), '**** ****');
  });

  it('changes nothing without secrets', () => {
    const chunk = Buffer.from('anything');
    assert.equal(createMask(['']).stream().push(chunk), chunk);
  });

  it('leaves no rest of a secret that begins with another, however the stream is cut', () => {
    const text = Buffer.from('a hunter2-prod-9f b hunter2 c');
    for (let cut = 0; cut <= text.length; cut++)
      assert.equal(
        through(['hunter2', 'hunter2-prod-9f'], [text.subarray(0, cut), text.subarray(cut)]),
        'a **** b **** c',
      );
  });

  it('leaves no end of a secret in Base64, however the stream is cut', () => {
    for (const secret of ['s3cr3t-value', 's3cr3t-value1', 's3cr3t-value12']) {
      const text = Buffer.from(`<${Buffer.from(secret).toString('base64')}>`);
      for (let cut = 0; cut <= text.length; cut++)
        assert.equal(through([secret], [text.subarray(0, cut), text.subarray(cut)]), '<****>');
    }
  });

  it('hides a long secret in the lines that the program base64 prints', () => {
    const secret = Array.from({ length: 90 }, (_, at) => String.fromCharCode(33 + at)).join('');
    const lines =
      Buffer.from(secret)
        .toString('base64')
        .match(/.{1,76}/g) ?? [];
    assert.equal(through([secret], [Buffer.from(lines.join('\n'))]), '****\n****');
  });

  it('hides as one what overlaps', () => {
    assert.equal(through(['abcd', 'cdef', 'bab'], [Buffer.from('xabcdefx babab')]), 'x****x ****');
    assert.equal(through(['aa'], Array(1000).fill(Buffer.from('aaaaa')) as Buffer[]), '****');
  });

  it('keeps hidden what was found while it was hidden, and finds in what is held back', () => {
    const mask = createMask(['abcdefgh']);
    const stream = mask.stream();
    const hidden = mask.hide('cde');
    assert.equal(stream.push(Buffer.from('_abcde')).toString(), '_');
    hidden[Symbol.dispose]();
    assert.equal(stream.push(Buffer.from('f')).toString(), '');
    mask.hide('bc');
    assert.equal(stream.push(Buffer.from('_')).toString(), 'a****f_');
    assert.equal(stream.flush().toString(), '');
  });

  /** What a mask must give: all bytes of all occurrences hidden, what overlaps as one. */
  const expected = (text: Buffer, secrets: readonly string[]): string => {
    const found: [number, number][] = [];
    for (const needle of secrets.map((secret) => Buffer.from(secret)))
      for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
        found.push([at, at + needle.length]);
    found.sort(([a], [b]) => a - b);
    const parts: Buffer[] = [];
    let end = 0;
    for (const [from, to] of found) {
      if (from >= end || parts.length === 0)
        parts.push(text.subarray(end, from), Buffer.from('****'));
      end = Math.max(end, to);
    }
    return Buffer.concat([...parts, text.subarray(end)]).toString();
  };

  it('hides all occurrences of plain secrets, in any cutting of any text', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 4 }),
        fc.array(word, { maxLength: 12 }),
        (secrets, pieces) => {
          const chunks = pieces.map((piece) => Buffer.from(piece));
          // In Base64 they would be no letters of these three.
          assert.equal(through(secrets, chunks), expected(Buffer.concat(chunks), secrets));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('lets no secret of four or more characters through in any of its forms, however the stream is cut', () => {
    const unit = fc.constantFrom('a', 'b', "'", '"', '$', '\\', '%', ' ', '\n', 'ä', '€', '😀');
    const secret = fc.string({ unit, minLength: 1, maxLength: 12 });
    const form = fc.constantFrom<(text: string, before: string) => string>(
      (text) => text,
      (text) => text.replaceAll('$', '$$$$'),
      (text) => encodeURIComponent(text.trim()),
      (text, before) => Buffer.from(before + text).toString('base64'),
      (text, before) => Buffer.from(before + text).toString('base64url'),
      (text) => text.slice(0, 2),
    );
    const piece = fc.tuple(fc.nat(3), form, fc.constantFrom('', 'x', 'xy'));
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.nat(200), { maxLength: 20 }),
        (secrets, pieces, cuts) => {
          // One that is the beginning of another, too.
          const all = [...secrets, (secrets[0] ?? '') + 'ab'];
          const text = pieces.map(([which, as, before]) => as(all[which] ?? 'ab', before)).join('');
          const bytes = Buffer.from(text);
          const places = [0, ...cuts, bytes.length].sort((a, b) => a - b);
          const chunks = places.map((at, index) => bytes.subarray(at, places[index + 1] ?? at));
          const seen = through(all, chunks);
          assert.equal(seen, createMask(all).text(bytes.toString()));
          for (const one of all) {
            const whole = one.trim();
            if (whole.length < 4) continue;
            assert.ok(!seen.includes(whole), `${JSON.stringify(whole)} in ${seen}`);
            const encoded = Buffer.from(whole).toString('base64').replace(/=+$/, '');
            assert.ok(!seen.includes(encoded.slice(0, -1)), `${encoded} in ${seen}`);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
