import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { isUserError, messageOf, messageWithAdvice } from '../../base/errors';
import { localFiles } from '../../machines/localFiles';
import { vagrantFolders } from '../../machines/vagrant';
import { StepError, Unknown, type Scope, type StepCall, type Value } from '../../pipeline/effects';
import { showFile } from '../../recipe/git';
import {
  checkedName,
  directoryOf,
  isOn,
  neededText,
  pathOf,
  temporaryOf,
  textOf,
  workspaceOf,
} from './bench';
import type { Bench, StepEffect } from './bench';

export const readFileStep: StepEffect = async (call, at, bench) => {
  const bytes = await bytesOf(pathOf(neededText(call, 'file'), at), at, bench);
  return bytes.toString(encodingOf(textOf({ ...call, args: named(call.args) }, 'encoding')));
};

export const writeFileStep: StepEffect = async (call, at, bench) => {
  const path = pathOf(neededText(call, 'file'), at);
  const text = call.args.get('text');
  if (typeof text !== 'string') throw new StepError('writeFile wants a text that is known here.');
  const encoding = encodingOf(textOf({ ...call, args: named(call.args) }, 'encoding'));
  await write(path, Buffer.from(text, encoding), at, bench);
  return null;
};

export const fileExists: StepEffect = async (call, at, { machine }) => {
  const path = pathOf(neededText(call, 'file'), at);
  try {
    return (await machine.files.stat(path, at.signal)) !== undefined;
  } catch {
    at.signal.throwIfAborted();
    // Java too takes what it may not look at for absent.
    return false;
  }
};

export const touch: StepEffect = async (call, at, { machine }) => {
  const path = pathOf(neededText(call, 'file'), at);
  const stamp = call.args.get('timestamp');
  await machine.files.makeFolder(dirname(path), 0o777, at.signal);
  await machine.files.touch(path, typeof stamp === 'number' ? stamp : Date.now(), at.signal);
  return null;
};

/** What Jenkins gives of each: `name`, `path`, `directory`, `length`, `lastModified`. */
export const findFiles: StepEffect = async (call, at, { machine }) => {
  const patterns = {
    includes: textOf(call, 'glob'),
    excludes: optional(call.args.get('excludes')),
    defaultExcludes: true,
  };
  const found = await machine.files.find(directoryOf(at), patterns, at.signal);
  return found.map(
    ({ path, size, changedAt }): Value =>
      new Map<string, Value>([
        ['name', basename(path)],
        ['path', path],
        ['directory', false],
        ['length', size],
        ['lastModified', changedAt],
      ]),
  );
};

export const readJson: StepEffect = async (call, at, bench) => {
  const text = call.args.get('text');
  const source = typeof text === 'string' ? text : await readText(call, at, bench);
  try {
    return valueOfJson(JSON.parse(source));
  } catch (error) {
    throw new StepError(`readJSON: ${(error as Error).message}`);
  }
};

export const writeJson: StepEffect = async (call, at, bench) => {
  const json = call.args.get('json');
  if (json === undefined || json instanceof Unknown)
    throw new StepError('writeJSON wants a value that is known here.');
  const indent = call.args.get('pretty');
  const text = JSON.stringify(jsonOf(json), null, typeof indent === 'number' ? indent : undefined);
  if (isOn(call, 'returnText')) return text;
  await write(pathOf(neededText(call, 'file'), at), text, at, bench);
  return null;
};

/** Java's properties, without its continuation lines and Unicode escapes. */
export const readProperties: StepEffect = async (call, at, bench) => {
  const found = new Map<string, Value>();
  const defaults = call.args.get('defaults');
  if (defaults instanceof Map)
    for (const [key, value] of defaults as ReadonlyMap<string, Value>) found.set(key, value);
  const text = call.args.get('text');
  const read = (source: string): void => {
    for (const line of source.split('\n')) {
      const [before = '', key] = /^\s*([^#!\s=:][^=:\s]*)/.exec(line) ?? [];
      if (key !== undefined)
        found.set(
          key,
          line
            .slice(before.length)
            .replace(/^\s*[=:]?/, '')
            .trim(),
        );
    }
  };
  if (textOf(call, 'file') !== undefined) read(await readText(call, at, bench));
  if (typeof text === 'string') read(text);
  return found;
};

const digest =
  (algorithm: string): StepEffect =>
  async (call, at, bench) =>
    createHash(algorithm)
      .update(await bytesOf(pathOf(neededText(call, 'file'), at), at, bench))
      .digest('hex');
export const sha1 = digest('sha1');
export const sha256 = digest('sha256');

/** From the repository: as it is at the run's commit, or in the working tree if that is what is run. */
export const readTrusted: StepEffect = async (call, at, { recipe }) => {
  const path = checkedName(neededText(call, 'path'));
  const { directory } = recipe.repository;
  if (recipe.jenkinsfile.source !== 'working tree')
    return (await showFile(directory, recipe.commit, path, at.signal)).text;
  try {
    const bytes = await localFiles.read(join(directory, path), LONGEST, at.signal);
    return bytes.toString();
  } catch (error) {
    at.signal.throwIfAborted();
    throw isUserError(error) ? error : noSuchFile(path, error);
  }
};

export const pwd: StepEffect = (call, at) =>
  Promise.resolve(isOn(call, 'tmp') ? temporaryOf(workspaceOf(at)) : directoryOf(at));

export const isUnix: StepEffect = () => Promise.resolve(true);

export const deleteDir: StepEffect = async (_call, at, bench) => {
  const directory = directoryOf(at);
  // The workspace itself stays: steps stand in it.
  await removeFor('deleteDir', directory, { contents: directory === workspaceOf(at) }, at, bench);
  return null;
};

/** The whole workspace; what patterns and conditions would spare goes too, as the step's plain form does. */
export const cleanWs: StepEffect = async (_call, at, bench) => {
  await removeFor('cleanWs', workspaceOf(at), { contents: true }, at, bench);
  return null;
};

/** In CI the agent has only its own workspaces; here the person's files are beside them. */
async function removeFor(
  step: string,
  directory: string,
  { contents }: { readonly contents: boolean },
  at: Scope,
  bench: Bench,
): Promise<void> {
  if (await holdsMachine(directory, at, bench)) return;
  try {
    const options = { contents, within: bench.workspace };
    await bench.machine.files.remove(directory, at.signal, options);
  } catch (error) {
    if (!isUserError(error)) throw error;
    bench.say(messageWithAdvice(error));
    bench.caveat(`${step} was left out: ${error.message}`);
  }
}

/** Without Vagrant's notes nobody could destroy the machine any more. */
async function holdsMachine(directory: string, at: Scope, bench: Bench): Promise<boolean> {
  const folders = await vagrantFolders(bench.machine.files, directory, at.signal);
  const folder = folders.find(({ machines }) => machines.length > 0);
  if (folder !== undefined)
    bench.say(
      `${directory} is not emptied: Vagrant's machine in ${folder.directory} has to be put away first`,
    );
  return folder !== undefined;
}

async function write(
  path: string,
  content: Buffer | string,
  at: Scope,
  { machine }: Bench,
): Promise<void> {
  await machine.files.makeFolder(dirname(path), 0o777, at.signal);
  await machine.files.write(path, content, {}, at.signal);
}

async function readText(call: StepCall, at: Scope, bench: Bench): Promise<string> {
  return (await bytesOf(pathOf(neededText(call, 'file'), at), at, bench)).toString('utf8');
}

/** The longest file that a step reads into memory, in bytes. */
const LONGEST = 1 << 30;

async function bytesOf(path: string, at: Scope, { machine }: Bench): Promise<Buffer> {
  try {
    return await machine.files.read(path, LONGEST, at.signal);
  } catch (error) {
    at.signal.throwIfAborted();
    throw isUserError(error) ? error : noSuchFile(path, error);
  }
}

function noSuchFile(path: string, error: unknown): StepError {
  return new StepError(`java.nio.file.NoSuchFileException: ${path}: ${messageOf(error)}`);
}

/** Java's names of encodings; what is not known is read as UTF-8, Jenkins' own default. */
function encodingOf(name: string | undefined): BufferEncoding {
  switch (name?.toLowerCase()) {
    case 'base64':
      return 'base64';
    case 'iso-8859-1':
    case 'latin1':
      return 'latin1';
    case 'us-ascii':
      return 'ascii';
    case 'utf-16le':
      return 'utf16le';
    default:
      return 'utf8';
  }
}

/** Without the one that has no name, which would stand in for any. */
function named(args: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...args].filter(([name]) => name !== ''));
}

function optional(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function valueOfJson(json: unknown): Value {
  if (Array.isArray(json)) return json.map(valueOfJson);
  if (typeof json === 'object' && json !== null)
    return new Map(Object.entries(json).map(([key, value]) => [key, valueOfJson(value)]));
  return json as string | number | boolean | null;
}

function jsonOf(value: Value): unknown {
  if (Array.isArray(value)) return (value as readonly Value[]).map(jsonOf);
  if (value instanceof Map)
    return Object.fromEntries(
      [...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, jsonOf(item)]),
    );
  if (value instanceof Unknown)
    throw new StepError(`writeJSON: ${value.origin} is not known here.`);
  return value;
}
