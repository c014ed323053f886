import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type {
  Credential,
  CredentialKind,
  Secrets,
  WantedCredential,
} from '../../base/secretChannel';
import { plain } from '../look/plain';

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
      const credential = known ?? (await ask(one));
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

/** Asks for the kind that the Jenkinsfile wants; where it does not tell, which kind it is comes first. */
async function ask({ id, kind }: WantedCredential): Promise<Credential | 'without' | undefined> {
  const title = `Credential "${plain(id)}" of the Jenkinsfile`;
  switch (kind ?? (await pickKind(title))) {
    case undefined:
      return undefined;
    case 'without':
      return 'without';
    case 'text': {
      const text = await secret(title, `The secret text${ORNONE}`);
      return text === undefined ? undefined : text === '' ? 'without' : { kind: 'text', text };
    }
    case 'login': {
      const username = await shown(title, `The user name${ORNONE}`);
      if (username === undefined) return undefined;
      if (username === '') return 'without';
      const password = await secret(title, `The password of ${username}`);
      return password === undefined ? undefined : { kind: 'login', username, password };
    }
    case 'file': {
      const file = await pickFile('Use as Secret File');
      return file && { kind: 'file', name: file.name, content: file.bytes.toString('base64') };
    }
    case 'ssh': {
      const file = await pickFile('Use as Private Key');
      if (!file) return undefined;
      const username = await shown(title, 'The user name of the key');
      if (username === undefined) return undefined;
      const passphrase = await secret(title, 'The passphrase of the key; empty if it has none');
      if (passphrase === undefined) return undefined;
      const privateKey = file.bytes.toString('utf8');
      return { kind: 'ssh', username, privateKey, ...(passphrase === '' ? {} : { passphrase }) };
    }
    case 'certificate': {
      const file = await pickFile('Use as Key Store');
      if (!file) return undefined;
      const password = await secret(title, 'The password of the key store');
      const content = file.bytes.toString('base64');
      return password === undefined ? undefined : { kind: 'certificate', content, password };
    }
  }
}

const ORNONE = '; empty to go on without it: steps that need it will fail';

async function pickKind(title: string): Promise<CredentialKind | 'without' | undefined> {
  const choice = await vscode.window.showQuickPick<(typeof KINDS)[number]>(KINDS, {
    title,
    placeHolder: 'Jenkins does not tell it. What is it? It is kept where VS Code keeps secrets.',
    ignoreFocusOut: true,
  });
  return choice?.is;
}

const KINDS = [
  { label: 'Secret text', is: 'text' },
  { label: 'User name and password', is: 'login' },
  { label: 'Secret file…', is: 'file' },
  { label: 'SSH key…', is: 'ssh' },
  { label: 'Certificate…', is: 'certificate' },
  { label: 'Go on without it', is: 'without', detail: 'Steps that need it will fail.' },
] as const;

function shown(title: string, prompt: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title, prompt, ignoreFocusOut: true });
}

function secret(title: string, prompt: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ title, prompt, password: true, ignoreFocusOut: true });
}

/** A larger file is no secret, and the secret storage is no place for it. */
const LARGEST = 1 << 20;

async function pickFile(openLabel: string): Promise<{ name: string; bytes: Buffer } | undefined> {
  const [uri] = (await vscode.window.showOpenDialog({ openLabel, title: openLabel })) ?? [];
  if (!uri) return undefined;
  const bytes = Buffer.from(await vscode.workspace.fs.readFile(uri));
  if (bytes.length > LARGEST)
    throw new UserError(`${plain(uri.path)} is larger than a secret file may be (1 MiB).`);
  return { name: uri.path.split('/').at(-1) ?? 'secret', bytes };
}
