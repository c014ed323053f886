import assert from 'node:assert/strict';
import { fitted } from '../../../src/editor/tools/fitted';
import { listInput, reproduceInput, runInput } from '../../../src/editor/tools/inputs';
import { MOST_FACTS } from '../../../src/jenkins/facts';

const RUN = 'https://ci.example.org/job/cilium/42/';

describe('what a language model gives to the tools', () => {
  it('has its defaults', () => {
    assert.deepEqual(listInput({}), { url: undefined, limit: 15 });
    assert.deepEqual(reproduceInput({ url: RUN }), { url: RUN, branches: 'all', wait: false });
  });

  it('may be any address below a run; that of a job means its last run that did not succeed', () => {
    assert.equal(runInput({ url: `${RUN}console` }).url, RUN);
    const job = 'https://ci.example.org/job/cilium/';
    assert.equal(runInput({ url: job }).url, `${job}lastUnsuccessfulBuild/`);
    assert.equal(listInput({ url: `${RUN}console` }).url, job);
    assert.equal(listInput({ url: 'https://ci.example.org' }).url, 'https://ci.example.org/');
  });

  for (const [what, read, words] of [
    ['no object', () => runInput(null), /must be an object/],
    ['a list', () => runInput([RUN]), /must be an object/],
    ['no address', () => runInput({}), /"url" must be the address of a Jenkins run/],
    ['an address of no run', () => runInput({ url: 'file:///etc/passwd' }), /"url" must be/],
    [
      'a name that nobody knows',
      () => runInput({ url: RUN, shell: 'x' }),
      /unknown property "shell"/,
    ],
    ['a limit beyond the bound', () => listInput({ limit: 51 }), /from 1 to 50/],
    ['half a run', () => listInput({ limit: 1.5 }), /whole number/],
    ['an address of another kind', () => listInput({ url: 'ssh://x' }), /"url" must be/],
    ['other branches', () => reproduceInput({ url: RUN, branches: 'x' }), /"all" or "failed"/],
    ['a word for a truth', () => reproduceInput({ url: RUN, wait: 'yes' }), /true or false/],
  ] as const)
    it(`is refused with a clear word: ${what}`, () => assert.throws(read, words));
});

describe('what a tool says', () => {
  it('is made shorter until it fits, in bytes', () => {
    const json = fitted((most) => ({ text: 'ü'.repeat(most) }), 1_000_000);
    const size = Buffer.byteLength(json);
    assert.ok(size <= MOST_FACTS && size > MOST_FACTS / 4, String(size));
  });

  it('is whole where it is short', () => {
    assert.equal(
      fitted((most) => ({ most }), 3),
      '{"most":3}',
    );
  });
});
