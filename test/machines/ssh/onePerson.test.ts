import assert from 'node:assert/strict';
import { onePerson } from '../../../src/machines/ssh/onePerson';
import type { HostKeyQuestion, SshQuestions } from '../../../src/machines/ssh/surroundings';

const { signal } = new AbortController();
const key = (host: string): HostKeyQuestion => ({
  ...{ host, type: 'ssh-ed25519', fingerprint: `SHA256:${host}` },
});
const locked = { keyFile: '/k', again: false };

describe('Somebody who is asked about several hosts', () => {
  /** What is asked, with how to answer it. */
  let asked: { readonly words: string; answer(value: string | boolean | undefined): void }[];
  let person: SshQuestions;

  beforeEach(() => {
    asked = [];
    const ask = (words: string) =>
      new Promise<string | boolean | undefined>((answer) => asked.push({ words, answer }));
    person = onePerson({
      hostKey: async ({ host }) => (await ask(host)) === true,
      passphrase: async ({ keyFile, again }) =>
        (await ask(again ? `${keyFile} again` : keyFile)) as string | undefined,
    });
  });
  const words = () => asked.map((one) => one.words);
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('answers one question at a time', async () => {
    const [a, b] = [person.hostKey(key('a'), signal), person.hostKey(key('b'), signal)];
    await settled();
    assert.deepEqual(words(), ['a']);
    asked[0]?.answer(true);
    assert.equal(await a, true);
    await settled();
    assert.deepEqual(words(), ['a', 'b']);
    asked[1]?.answer(false);
    assert.equal(await b, false);
  });

  it('judges a key once for all who wait for that, and anew for those who come later', async () => {
    const both = [person.hostKey(key('a'), signal), person.hostKey(key('a'), signal)];
    await settled();
    asked[0]?.answer(false);
    assert.deepEqual(await Promise.all(both), [false, false]);
    const later = person.hostKey(key('a'), signal);
    await settled();
    asked[1]?.answer(true);
    assert.equal(await later, true);
    assert.equal(asked.length, 2);
  });

  it('tells a passphrase once, until a key does not take it', async () => {
    const both = [person.passphrase(locked, signal), person.passphrase(locked, signal)];
    await settled();
    asked[0]?.answer('wrong');
    assert.deepEqual(await Promise.all(both), ['wrong', 'wrong']);
    const again = person.passphrase({ ...locked, again: true }, signal);
    await settled();
    asked[1]?.answer('right');
    assert.equal(await again, 'right');
    assert.equal(await person.passphrase(locked, signal), 'right');
    assert.deepEqual(words(), ['/k', '/k again']);
  });

  it('is asked again what they did not answer, and not about what nobody waits for any more', async () => {
    const cancel = new AbortController();
    const first = person.passphrase(locked, signal);
    const second = person.hostKey(key('a'), cancel.signal);
    cancel.abort();
    await settled();
    asked[0]?.answer(undefined);
    assert.equal(await first, undefined);
    await assert.rejects(second, { name: 'AbortError' });
    void person.passphrase(locked, signal);
    await settled();
    assert.deepEqual(words(), ['/k', '/k']);
  });
});
