import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../base/errors';
import {
  takeSecrets,
  type Credential,
  type CredentialKind,
  type Secrets,
  type WantedCredential,
} from '../base/secretChannel';
import type { Terminal } from './terminal';

/** From the editor if it started us, else from the environment, else asked for. */
export async function credentialsFor(
  wanted: readonly WantedCredential[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Secrets> {
  const offered = process.env['CI_PARITY_SECRETS'];
  const known = offered === undefined ? {} : await takeSecrets(offered, signal);
  const found: Record<string, Credential> = { ...known };
  for (const one of wanted) {
    const credential =
      found[one.id] ??
      credentialFromEnvironment(one, process.env) ??
      // Whoever said in the editor to go on without it is not asked again.
      (offered === undefined ? await askCredential(one, terminal, signal) : undefined);
    if (credential) found[one.id] = credential;
  }
  return found;
}

/**
 * `CI_PARITY_CREDENTIAL_<ID>` is a text, `…_USR` and `…_PSW` a login, `…_FILE` the path of a file;
 * with a file, `…_USR` and `…_PSW` are an SSH key's user and passphrase, or a key store's password.
 * `…_USR_SECRET=1` hides the user name too.
 * @throws UserError when the file cannot be read.
 */
export function credentialFromEnvironment(
  { id, kind }: WantedCredential,
  environment: NodeJS.ProcessEnv,
): Credential | undefined {
  const name = `CI_PARITY_CREDENTIAL_${id.replace(/[^A-Za-z0-9]/g, '_').toUpperCase()}`;
  const {
    [name]: text,
    [`${name}_USR`]: username,
    [`${name}_PSW`]: password,
    [`${name}_FILE`]: path,
    [`${name}_USR_SECRET`]: hidden,
  } = environment;
  const user = hidden === undefined || hidden === '' ? {} : { secretUsername: true };
  if (path !== undefined) {
    const content = readSecretFile(path, id);
    switch (kind ?? kindOf(content, username)) {
      case 'ssh':
        return {
          ...{ kind: 'ssh', username: username ?? '', privateKey: content.toString('utf8') },
          ...(password === undefined ? {} : { passphrase: password }),
          ...user,
        };
      case 'certificate':
        return {
          kind: 'certificate',
          content: content.toString('base64'),
          password: password ?? '',
        };
      case 'text':
        return { kind: 'text', text: content.toString('utf8').trimEnd() };
      default:
        return { kind: 'file', name: basename(path), content: content.toString('base64') };
    }
  }
  if (username !== undefined && password !== undefined)
    return { kind: 'login', username, password, ...user };
  return text === undefined ? undefined : { kind: 'text', text };
}

function kindOf(content: Buffer, username: string | undefined): CredentialKind {
  return username !== undefined && /^-----BEGIN .*PRIVATE KEY-----/.test(content.toString('latin1'))
    ? 'ssh'
    : 'file';
}

function readSecretFile(path: string, id: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UserError(`The file of the credential "${id}" cannot be read: ${path}`, { cause });
  }
}

async function askCredential(
  { id, kind }: WantedCredential,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Credential | undefined> {
  const name = id;
  const shown = (question: string) => terminal.ask(question, false, signal);
  const hidden = (question: string) => terminal.ask(question, true, signal);
  switch (kind) {
    case 'text': {
      const text = await hidden(`Secret text of the credential ${name}: `);
      return text === undefined ? undefined : { kind, text };
    }
    case 'file': {
      const path = await shown(`Path of the secret file ${name}: `);
      if (path === undefined) return undefined;
      const content = readSecretFile(path, id).toString('base64');
      return { kind, name: basename(path), content };
    }
    case 'ssh': {
      const path = await shown(`Path of the private key ${name}: `);
      if (path === undefined) return undefined;
      const privateKey = readSecretFile(path, id).toString('utf8');
      const username = (await shown('Its user name: ')) ?? '';
      const passphrase = (await hidden('Its passphrase (empty if it has none): ')) ?? '';
      return { kind, username, privateKey, ...(passphrase === '' ? {} : { passphrase }) };
    }
    case 'certificate': {
      const path = await shown(`Path of the key store ${name}: `);
      if (path === undefined) return undefined;
      const content = readSecretFile(path, id).toString('base64');
      return { kind, content, password: (await hidden('Its password: ')) ?? '' };
    }
    case 'login':
    case undefined: {
      const unless = kind === undefined ? ' (empty if it is a secret text)' : '';
      const username = await shown(`User name of the credential ${name}${unless}: `);
      if (username === undefined) return undefined;
      const isText = kind === undefined && username === '';
      const secret = await hidden(isText ? 'Secret text: ' : 'Password: ');
      if (secret === undefined) return undefined;
      return isText
        ? { kind: 'text', text: secret }
        : { kind: 'login', username, password: secret };
    }
  }
}
