import * as vscode from 'vscode';
import type { Credential, Secrets } from '../base/secretChannel';
import { plain } from './plain';

/**
 * The credentials that Jenkinsfiles ask for by their Jenkins ids. Each is asked for once for a
 * server and kept in the secret storage; the memento knows only the ids, for forgetting them.
 */
export class Credentials {
  readonly #secrets: vscode.SecretStorage;
  readonly #memento: vscode.Memento;

  constructor(secrets: vscode.SecretStorage, memento: vscode.Memento) {
    this.#secrets = secrets;
    this.#memento = memento;
  }

  /** Those of a server, or of a folder where there is no server; undefined when the person cancelled. */
  async get(ids: readonly string[], owner: string): Promise<Secrets | undefined> {
    const secrets: Record<string, Credential> = {};
    for (const id of ids) {
      const known = await this.#secrets.get(keyOf(owner, id));
      const credential = known === undefined ? await ask(id) : (JSON.parse(known) as Credential);
      if (credential === undefined) return undefined;
      if (credential === 'without') continue;
      if (known === undefined) await this.#keep(owner, id, credential);
      secrets[id] = credential;
    }
    return secrets;
  }

  async forget(owner: string): Promise<void> {
    for (const id of this.#ids(owner)) await this.#secrets.delete(keyOf(owner, id));
    await this.#memento.update(indexOf(owner), undefined);
  }

  async #keep(owner: string, id: string, credential: Credential): Promise<void> {
    // The index comes first: what is not in it could not be forgotten.
    await this.#memento.update(indexOf(owner), [...new Set([...this.#ids(owner), id])]);
    await this.#secrets.store(keyOf(owner, id), JSON.stringify(credential));
  }

  #ids(owner: string): readonly string[] {
    return this.#memento.get<readonly string[]>(indexOf(owner), []);
  }
}

function keyOf(owner: string, id: string): string {
  return `credential:${owner}:${id}`;
}

function indexOf(owner: string): string {
  return `credentials:${owner}`;
}

async function ask(id: string): Promise<Credential | 'without' | undefined> {
  const name = plain(id);
  const title = `Credential "${name}" of the Jenkinsfile`;
  const kinds = [
    { label: 'Secret text', is: 'text' },
    { label: 'User name and password', is: 'login' },
    { label: 'Go on without it', is: 'without', detail: 'Steps that need it will fail.' },
  ] as const;
  const choice = await vscode.window.showQuickPick<(typeof kinds)[number]>(kinds, {
    title,
    placeHolder: 'Jenkins does not tell it. What is it? It is kept where VS Code keeps secrets.',
    ignoreFocusOut: true,
  });
  switch (choice?.is) {
    case undefined:
      return undefined;
    case 'without':
      return 'without';
    case 'text': {
      const text = await secret(title, 'The secret text');
      return text === undefined ? undefined : { kind: 'text', text };
    }
    case 'login': {
      const username = await vscode.window.showInputBox({
        title,
        prompt: 'The user name',
        ignoreFocusOut: true,
      });
      if (username === undefined) return undefined;
      const password = await secret(title, `The password of ${username}`);
      return password === undefined ? undefined : { kind: 'login', username, password };
    }
  }
}

function secret(title: string, prompt: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title, prompt, password: true, ignoreFocusOut: true });
}
