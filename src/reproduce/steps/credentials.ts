import { basename, join } from 'node:path';
import { Cleanups } from '../../base/cleanups';
import { UserError } from '../../base/errors';
import type { Credential } from '../../base/secretChannel';
import { shellLine } from '../../machines/quote';
import { StepError, Unknown, type Scope, type Variable } from '../../pipeline/effects';
import { bindingsOf, type Binding } from '../../recipe/bindings';
import type { Bench, BlockEffect } from './bench';
import { makeSecretFolder, type SecretFolder } from './secretFiles';

/** `withCredentials`, and `credentials('id')` in an `environment`: the variables are there for the body, and files with them. */
export const withCredentials: BlockEffect = async (call, at, body, bench) => {
  const bindings = bindingsOf(call);
  // Taken away in the reverse order, whatever happens.
  await using cleanups = new Cleanups();
  const newFolder = async (): Promise<SecretFolder> => {
    const folder = await makeSecretFolder(at, bench);
    cleanups.defer(async () => folder[Symbol.asyncDispose]());
    return folder;
  };
  const variables: Variable[] = [];
  for (const binding of bindings) {
    const values = await valuesOf(binding, at, bench, newFolder);
    const origin = `the credential ${shownId(binding)}`;
    for (const [name, value] of values)
      variables.push({ name, value, origin, line: at.range.line });
  }
  await body({ variables });
};

type Values = readonly (readonly [name: string, value: string])[];

async function valuesOf(
  binding: Binding,
  at: Scope,
  bench: Bench,
  newFolder: () => Promise<SecretFolder>,
): Promise<Values> {
  const credential = credentialOf(binding, bench);
  const { variables } = binding;
  const wrong = (): StepError =>
    new StepError(
      `The credential ${shownId(binding)} was given as ${kindNames[credential.kind]}, and the Jenkinsfile uses it as something else.`,
    );
  const named = (part: string, value: string): Values => {
    const name = variables.get(part);
    return name === undefined ? [] : [[name, value]];
  };
  switch (binding.form) {
    case 'environment':
      return environmentValues(variables.get('variable') ?? '', credential, newFolder);
    case 'text':
      if (credential.kind !== 'text') throw wrong();
      return named('variable', credential.text);
    case 'login':
      if (credential.kind !== 'login') throw wrong();
      return [
        ...named('usernameVariable', credential.username),
        ...named('passwordVariable', credential.password),
        ...named('accessKeyVariable', credential.username),
        ...named('secretKeyVariable', credential.password),
      ];
    case 'pair':
      if (credential.kind !== 'login') throw wrong();
      return named('variable', `${credential.username}:${credential.password}`);
    case 'file': {
      if (credential.kind !== 'file') throw wrong();
      return named('variable', await fileIn(await newFolder(), credential));
    }
    case 'zip': {
      if (credential.kind !== 'file') throw wrong();
      return named('variable', await unzipped(credential, await newFolder(), at, bench));
    }
    case 'ssh': {
      if (credential.kind !== 'ssh') throw wrong();
      const name = `ssh-key-${variables.get('keyFileVariable') ?? 'key'}`;
      return [
        ...named('keyFileVariable', await (await newFolder()).write(name, keyText(credential))),
        ...named('usernameVariable', credential.username),
        ...named('passphraseVariable', credential.passphrase ?? ''),
      ];
    }
    case 'certificate': {
      if (credential.kind !== 'certificate') throw wrong();
      const name = `keystore-${variables.get('keystoreVariable') ?? 'store'}`;
      const content = Buffer.from(credential.content, 'base64');
      return [
        ...named('keystoreVariable', await (await newFolder()).write(name, content)),
        ...named('passwordVariable', credential.password),
        ...named('aliasVariable', credential.alias ?? ''),
      ];
    }
    case 'unknown':
      throw new UserError(
        `The Jenkinsfile takes the credential ${shownId(binding)} in a way that CI Parity does not know.`,
      );
  }
}

/** What Declarative makes of `VAR = credentials('id')`. */
async function environmentValues(
  name: string,
  credential: Credential,
  newFolder: () => Promise<SecretFolder>,
): Promise<Values> {
  switch (credential.kind) {
    case 'text':
      return [[name, credential.text]];
    case 'login':
      return [
        [name, `${credential.username}:${credential.password}`],
        [`${name}_USR`, credential.username],
        [`${name}_PSW`, credential.password],
      ];
    case 'file':
      return [[name, await fileIn(await newFolder(), credential)]];
    case 'ssh':
      return [
        [name, await (await newFolder()).write(`ssh-key-${name}`, keyText(credential))],
        [`${name}_USR`, credential.username],
        [`${name}_PSW`, credential.passphrase ?? ''],
      ];
    case 'certificate': {
      const content = Buffer.from(credential.content, 'base64');
      return [
        [name, await (await newFolder()).write(`keystore-${name}`, content)],
        [`${name}_PSW`, credential.password],
      ];
    }
  }
}

/** @throws UserError when it was not given. */
export function credentialOf({ id }: Pick<Binding, 'id'>, { secrets }: Bench): Credential {
  if (id instanceof Unknown)
    throw new UserError(
      `A credential's id would come from ${id.origin}, which cannot be had here.`,
    );
  const credential = secrets[id];
  if (credential) return credential;
  throw new UserError(`The Jenkinsfile asks for the credential "${id}", and it was not given.`, {
    advice: 'Give it when the editor asks, or in the environment: see ci-parity help reproduce.',
  });
}

/** What must not be shown. A user name is no secret of its own, as in Jenkins, unless it was declared one. */
export function secretTexts(credential: Credential): string[] {
  switch (credential.kind) {
    case 'text':
      return [credential.text];
    case 'login':
      return [
        `${credential.username}:${credential.password}`,
        credential.password,
        ...userOf(credential),
      ];
    case 'file':
      return [linesThatTell(Buffer.from(credential.content, 'base64'))];
    case 'ssh':
      return [
        credential.privateKey.replace(/^-----.*$/gm, ''),
        credential.passphrase ?? '',
        ...userOf(credential),
      ];
    case 'certificate':
      return [credential.password];
  }
}

function userOf(credential: { username: string; secretUsername?: boolean }): string[] {
  return credential.secretUsername === true ? [credential.username] : [];
}

/** The longest file whose lines are hidden, and the shortest line: in a large or ordinary file they are no secrets. */
const HIDDEN_FILE = 64 << 10;
const HIDDEN_LINE = 12;

/** Jenkins hides a secret file's path only; its lines are hidden here as well, where they are text. */
function linesThatTell(content: Buffer): string {
  if (content.length > HIDDEN_FILE || content.includes(0)) return '';
  const lines = content.toString('utf8').split(/\r?\n/);
  if (lines.filter((line) => line !== '').length <= 1) return content.toString('utf8').trim();
  return lines
    .filter((line) => line.trim().length >= HIDDEN_LINE && !/^-----/.test(line))
    .join('\n');
}

/** OpenSSH takes no key without a line's end, nor one with Windows' ends. */
export function keyText({ privateKey }: { privateKey: string }): string {
  return `${privateKey.replace(/\r\n/g, '\n').trimEnd()}\n`;
}

function fileIn(folder: SecretFolder, { name, content }: { name: string; content: string }) {
  const safe = basename(name.replaceAll('\\', '/')).replace(/^\.*$/, 'secret');
  return folder.write(safe, Buffer.from(content, 'base64'));
}

async function unzipped(
  credential: Extract<Credential, { kind: 'file' }>,
  folder: SecretFolder,
  at: Scope,
  bench: Bench,
): Promise<string> {
  const archive = await folder.write('archive.zip', Buffer.from(credential.content, 'base64'));
  const into = join(folder.path, 'files');
  await bench.machine.files.makeFolder(into, 0o700, at.signal);
  const line = shellLine(['unzip', '-q', '-o', archive, '-d', into]);
  const exit = await bench.run(`#!/bin/sh\numask 077\nexec ${line}\n`, at);
  if (exit.code !== 0)
    throw new StepError(
      `The secret zip file could not be unpacked (unzip: ${exit.code ?? 'killed'}).`,
    );
  return into;
}

export function shownId({ id }: Pick<Binding, 'id'>): string {
  return typeof id === 'string' ? id : `‹${id.origin}›`;
}

const kindNames: Record<Credential['kind'], string> = {
  text: 'a secret text',
  login: 'a user name and password',
  file: 'a secret file',
  ssh: 'an SSH key',
  certificate: 'a certificate',
};
