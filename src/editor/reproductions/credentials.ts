import type * as vscode from 'vscode';
import type { Credential, Secrets, WantedCredential } from '../../base/secretChannel';

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
  async get(wanted: readonly WantedCredential[], owner: string): Promise<Secrets | undefined> {
    const secrets: Record<string, Credential> = {};
    for (const one of wanted) {
      const { id } = one;
      const known = await this.#known(owner, one);
      const credential = known ?? (await (await import('./askCredential')).askCredential(one));
      if (credential === undefined) return undefined;
      if (credential === 'without') continue;
      if (known === undefined) await this.#keep(owner, id, credential);
      secrets[id] = credential;
    }
    return secrets;
  }

  /** The ids of all that are kept, whoever's; not the secrets. */
  ids(): string[] {
    const owners = this.#memento.keys().filter((key) => key.startsWith(indexOf('')));
    return [...new Set(owners.flatMap((key) => this.#memento.get<readonly string[]>(key, [])))];
  }

  async forget(owner: string): Promise<void> {
    for (const id of this.#ids(owner)) await this.#secrets.delete(keyOf(owner, id));
    await this.#memento.update(indexOf(owner), undefined);
  }

  /** One of another kind than the Jenkinsfile wants was a mistake, or has changed at Jenkins: it is asked for again. */
  async #known(owner: string, { id, kind }: WantedCredential): Promise<Credential | undefined> {
    const kept = await this.#secrets.get(keyOf(owner, id));
    if (kept === undefined) return undefined;
    const credential = JSON.parse(kept) as Credential;
    return kind === undefined || kind === credential.kind ? credential : undefined;
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
