import * as vscode from 'vscode';
import { UserError } from '../../base/errors';
import type { Credential, CredentialKind, WantedCredential } from '../../base/secretChannel';
import { plain } from '../look/plain';

/**
 * Asks for a credential of the kind that the Jenkinsfile wants; where it does not tell, which kind it is
 * comes first. Undefined when the person cancelled.
 */
export async function askCredential({
  id,
  kind,
}: WantedCredential): Promise<Credential | 'without' | undefined> {
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
