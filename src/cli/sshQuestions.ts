import { stateDirectory } from '../base/stateDirectory';
import type { Surroundings } from '../machines/lenders/open';
import type { SshQuestions } from '../machines/ssh/surroundings';
import { printable, type Terminal } from './terminal';

/** Asks at the terminal what `ssh` would ask; where nobody can be asked the answer is no. */
export function sshQuestions(terminal: Terminal): SshQuestions {
  return {
    hostKey: async ({ host, type, fingerprint }, signal) => {
      const question = `${host} is not known yet. Its key is ${type} ${fingerprint}. Is that right? [y/N] `;
      const answer = await terminal.ask(printable(question), false, signal);
      return /^\s*(y|yes)\s*$/i.test(answer ?? '');
    },
    passphrase: (keyFile, signal) =>
      terminal.ask(printable(`Passphrase of ${keyFile}: `), true, signal),
  };
}

/** Logs in at hosts, as whoever sits at the terminal would. */
export function opener(terminal: Terminal): Surroundings['open'] {
  return async (address, signal) => {
    // Most commands need nothing of it.
    const { openSshMachine } = await import('../machines/ssh/sshMachine');
    const say = (words: string): void => terminal.say(words);
    const ask = sshQuestions(terminal);
    return openSshMachine(address, { stateDirectory: stateDirectory(), ask, say }, signal);
  };
}
