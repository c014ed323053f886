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
