import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { PersonQuestion } from '../../machines/leases/talk';
import { plain } from '../look/plain';

/**
 * What `ci-parity attend` has to know of the person, asked in the window. Passphrases are kept in memory for as
 * long as the window is open; where it is `quiet`, the answer is what is known already.
 */
export class Questions {
  readonly #passphrases = new Map<string, string>();

  /** Null where the person gave no answer. */
  async answer(
    question: PersonQuestion,
    quiet: boolean,
    signal: AbortSignal,
  ): Promise<string | boolean | null> {
    switch (question.kind) {
      case 'passphrase':
        return this.#passphrase(question, quiet, signal);
      case 'host key':
        return quiet ? null : await trusts(question);
      case 'install':
        return quiet ? null : await mayInstall(question);
    }
  }

  async #passphrase(
    { keyFile, again }: Extract<PersonQuestion, { kind: 'passphrase' }>,
    quiet: boolean,
    signal: AbortSignal,
  ): Promise<string | null> {
    if (again) this.#passphrases.delete(keyFile);
    const known = this.#passphrases.get(keyFile);
    if (known !== undefined || quiet) return known ?? null;
    const stop = new vscode.CancellationTokenSource();
    const cancel = (): void => stop.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const home = `${homedir()}/`;
      const path = keyFile.startsWith(home) ? `~/${keyFile.slice(home.length)}` : keyFile;
      const typed = await vscode.window.showInputBox(
        {
          title: `Passphrase of ${plain(path)}`,
          prompt: `${again ? 'That was wrong. ' : ''}It unlocks the key by which a machine lets you in, and is kept in memory until this window is closed.`,
          password: true,
          ignoreFocusOut: true,
        },
        stop.token,
      );
      if (typed !== undefined) this.#passphrases.set(keyFile, typed);
      return typed ?? null;
    } finally {
      signal.removeEventListener('abort', cancel);
      stop.dispose();
    }
  }
}

/** A no is an answer, too: the host is not asked again by itself. */
async function trusts({
  host,
  type,
  fingerprint,
}: Extract<PersonQuestion, { kind: 'host key' }>): Promise<boolean | null> {
  const answer = await vscode.window.showWarningMessage(
    `Is this the key of ${plain(host)}?`,
    {
      modal: true,
      detail: `The host is not known yet. It shows the ${plain(type)} key\n\n${plain(fingerprint)}\n\nThis is right if the host itself says the same:\nssh-keygen -lf /etc/ssh/ssh_host_${fileOf(type)}_key.pub\n\nOnce you trust it, no other key is accepted.`,
    },
    TRUST,
  );
  return answer === TRUST;
}

const TRUST = 'Trust';

function fileOf(type: string): string {
  return /ed25519/.test(type) ? 'ed25519' : /ecdsa/.test(type) ? 'ecdsa' : 'rsa';
}

async function mayInstall({
  host,
  lacks,
}: Extract<PersonQuestion, { kind: 'install' }>): Promise<boolean | null> {
  const answer = await vscode.window.showWarningMessage(
    `Install what is missing on ${plain(host)}?`,
    {
      modal: true,
      detail: `It lacks ${plain(lacks)}.\nIt would come from the system's packages, and stay there after the machine is given back. The answer is remembered for this host.`,
    },
    INSTALL,
    DO_NOT,
  );
  return answer === undefined ? null : answer === INSTALL;
}

const INSTALL = 'Install';
const DO_NOT = 'Do Not Install';
