import type { SshQuestions } from './surroundings';

/**
 * Asks somebody who answers one question at a time: several hosts may want to know something at once. A
 * passphrase is asked for once, until a key does not take it; and whoever waits while a host key is judged
 * takes the answer for its own. `passphrases` are by the files of keys, and may be shared.
 */
export function onePerson(
  ask: SshQuestions,
  passphrases: Map<string, string> = new Map(),
): SshQuestions {
  let turn: Promise<unknown> = Promise.resolve();
  let asked = 0;
  const judged = new Map<string, { readonly at: number; readonly fits: boolean }>();

  function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const mine = turn.then(() => {
      signal.throwIfAborted();
      return work();
    });
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    hostKey: (question, signal) => {
      const since = asked;
      const key = `${question.host} ${question.fingerprint}`;
      return inTurn(signal, async () => {
        const before = judged.get(key);
        if (before && before.at > since) return before.fits;
        const fits = await ask.hostKey(question, signal);
        judged.set(key, { at: ++asked, fits });
        return fits;
      });
    },
    passphrase: ({ keyFile, again }, signal) =>
      inTurn(signal, async () => {
        if (again) passphrases.delete(keyFile);
        const known = passphrases.get(keyFile);
        if (known !== undefined) return known;
        const passphrase = await ask.passphrase({ keyFile, again }, signal);
        if (passphrase !== undefined) passphrases.set(keyFile, passphrase);
        return passphrase;
      }),
  };
}
