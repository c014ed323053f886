import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { antFiles } from '../../machines/antFiles';
import { machinesOf, vagrantFolders } from '../../machines/vagrant';
import { StepError, Unknown, type Value } from '../../pipeline/effects';
import { showFile } from '../../recipe/git';
import { directoryOf, isOn, neededText, pathOf, temporaryOf, textOf, workspaceOf } from './bench';
import type { Bench, StepEffect } from './bench';

export const readFileStep: StepEffect = async (call, at) => {
  const bytes = await bytesOf(pathOf(neededText(call, 'file'), at));
  return bytes.toString(encodingOf(textOf({ ...call, args: named(call.args) }, 'encoding')));
};

export const writeFileStep: StepEffect = async (call, at) => {
  const path = pathOf(neededText(call, 'file'), at);
  const text = call.args.get('text');
  if (typeof text !== 'string') throw new StepError('writeFile wants a text that is known here.');
  const encoding = encodingOf(textOf({ ...call, args: named(call.args) }, 'encoding'));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.from(text, encoding));
  return null;
};

export const fileExists: StepEffect = async (call, at) =>
  (await statOf(pathOf(neededText(call, 'file'), at))) !== undefined;

export const touch: StepEffect = async (call, at) => {
  const path = pathOf(neededText(call, 'file'), at);
  const stamp = call.args.get('timestamp');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '', { flag: 'a' });
  const time = typeof stamp === 'number' ? new Date(stamp) : new Date();
  await utimes(path, time, time);
  return null;
};

/** What Jenkins gives of each: `name`, `path`, `directory`, `length`, `lastModified`. */
export const findFiles: StepEffect = async (call, at) => {
  const directory = directoryOf(at);
  const patterns = {
    includes: textOf(call, 'glob'),
    excludes: optional(call.args.get('excludes')),
  };
  const found = await antFiles(directory, { ...patterns, defaultExcludes: true }, at.signal);
  return Promise.all(
    found.map(async (path): Promise<Value> => {
      const info = await statOf(join(directory, path));
      return new Map<string, Value>([
        ['name', basename(path)],
        ['path', path],
        ['directory', false],
        ['length', info?.size ?? 0],
        ['lastModified', Math.round(info?.mtimeMs ?? 0)],
      ]);
    }),
  );
};

export const readJson: StepEffect = async (call, at) => {
  const text = call.args.get('text');
  const source = typeof text === 'string' ? text : await readText(call, at);
  try {
    return valueOfJson(JSON.parse(source));
  } catch (error) {
    throw new StepError(`readJSON: ${(error as Error).message}`);
  }
};

export const writeJson: StepEffect = async (call, at) => {
  const json = call.args.get('json');
  if (json === undefined || json instanceof Unknown)
    throw new StepError('writeJSON wants a value that is known here.');
  const indent = call.args.get('pretty');
  const text = JSON.stringify(jsonOf(json), null, typeof indent === 'number' ? indent : undefined);
  if (isOn(call, 'returnText')) return text;
  const path = pathOf(neededText(call, 'file'), at);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return null;
};

/** Java's properties, without its continuation lines and Unicode escapes. */
export const readProperties: StepEffect = async (call, at) => {
  const found = new Map<string, Value>();
  const defaults = call.args.get('defaults');
  if (defaults instanceof Map)
    for (const [key, value] of defaults as ReadonlyMap<string, Value>) found.set(key, value);
  const text = call.args.get('text');
  const read = (source: string): void => {
    for (const line of source.split('\n')) {
      const [, key, value] = /^\s*([^#!\s=:][^=:\s]*)\s*[=:\s]\s*(.*?)\s*$/.exec(line) ?? [];
      if (key !== undefined && value !== undefined) found.set(key, value);
    }
  };
  if (textOf(call, 'file') !== undefined) read(await readText(call, at));
  if (typeof text === 'string') read(text);
  return found;
};

const digest =
  (algorithm: string): StepEffect =>
  async (call, at) =>
    createHash(algorithm)
      .update(await bytesOf(pathOf(neededText(call, 'file'), at)))
      .digest('hex');
export const sha1 = digest('sha1');
export const sha256 = digest('sha256');

/** From the repository: as it is at the run's commit, or in the working tree if that is what is run. */
export const readTrusted: StepEffect = async (call, at, { recipe }) => {
  const path = neededText(call, 'path');
  const { directory } = recipe.repository;
  if (recipe.jenkinsfile.source !== 'working tree')
    return (await showFile(directory, recipe.commit, path, at.signal)).text;
  return (await bytesOf(join(directory, path))).toString('utf8');
};

export const pwd: StepEffect = (call, at) =>
  Promise.resolve(isOn(call, 'tmp') ? temporaryOf(workspaceOf(at)) : directoryOf(at));

export const isUnix: StepEffect = () => Promise.resolve(true);

export const deleteDir: StepEffect = async (_call, at, bench) => {
  const directory = directoryOf(at);
  if (holdsMachine(directory, bench)) return null;
  await emptied(directory);
  if (directory !== workspaceOf(at)) await rm(directory, { recursive: true, force: true });
  return null;
};

/** The whole workspace; what patterns and conditions would spare goes too, as the step's plain form does. */
export const cleanWs: StepEffect = async (_call, at, bench) => {
  const workspace = workspaceOf(at);
  if (!holdsMachine(workspace, bench)) await emptied(workspace);
  return null;
};

/** Without Vagrant's notes nobody could destroy the machine any more. */
function holdsMachine(directory: string, bench: Bench): boolean {
  const folder = vagrantFolders(directory).find((path) => machinesOf(path).length > 0);
  if (folder !== undefined)
    bench.say(
      `${directory} is not emptied: Vagrant's machine in ${folder} has to be put away first`,
    );
  return folder !== undefined;
}

async function emptied(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
}

async function readText(call: Parameters<StepEffect>[0], at: Parameters<StepEffect>[1]) {
  return (await bytesOf(pathOf(neededText(call, 'file'), at))).toString('utf8');
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new StepError(`java.nio.file.NoSuchFileException: ${path}: ${(error as Error).message}`);
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
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
