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

  it('never lets a secret through, in any cutting of any text', () => {
    const alphabet = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(alphabet, fc.array(alphabet, { maxLength: 12 }), (secret, pieces) => {
        const seen = through(
          [secret],
          pieces.map((piece) => Buffer.from(piece)),
        );
        const whole = pieces.join('').split(secret).join('****');
        assert.equal(seen, whole);
      }),
    );
  });
});
