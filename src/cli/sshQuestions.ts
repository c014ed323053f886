import { stateDirectory } from '../base/stateDirectory';
import type { Surroundings } from '../machines/lenders/open';
import { onePerson } from '../machines/ssh/onePerson';
import type { SshQuestions } from '../machines/ssh/surroundings';
import type { Terminal } from './terminal';

/** Asks at the terminal what `ssh` would ask; where nobody can be asked the answer is no. */
export function sshQuestions(terminal: Terminal): SshQuestions {
  return onePerson({
    hostKey: async ({ host, type, fingerprint }, signal) => {
      const question = `${host} is not known yet. Its key is ${type} ${fingerprint}. Is that right? [y/N] `;
      const answer = await terminal.ask(question, false, signal);
      return /^\s*(y|yes)\s*$/i.test(answer ?? '');
    },
    passphrase: ({ keyFile, again }, signal) => {
      const words = `${again ? 'That is wrong. ' : ''}Passphrase of ${keyFile}: `;
      return terminal.ask(words, true, signal);
    },
  });
}

/** Logs in at hosts, as whoever sits at the terminal would, unless somebody else is to be asked. */
export function opener(terminal: Terminal, ask = sshQuestions(terminal)): Surroundings['open'] {
  return async (address, signal) => {
    // Most commands need nothing of it.
    const { openSshMachine } = await import('../machines/ssh/sshMachine');
    const say = (words: string): void => terminal.say(words);
    return openSshMachine(address, { stateDirectory: stateDirectory(), ask, say }, signal);
  };
}
