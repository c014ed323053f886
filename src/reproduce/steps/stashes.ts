import {
  copyFile,
  lstat,
  mkdir,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  chmod,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { antFiles } from '../../machines/antFiles';
import { StepError } from '../../pipeline/effects';
import { directoryOf, isOn, neededText, temporaryOf, type Bench, type StepEffect } from './bench';

/**
 * Keeps files for other agents of the reproduction. Each stash lies in a folder of its own beside
 * the first workspace, and goes with it.
 */
export const stash: StepEffect = async (call, at, bench) => {
  const name = neededText(call, 'name');
  const directory = directoryOf(at);
  const text = (key: string): string | undefined => {
    const value = call.args.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const defaultExcludes = isOn(call, 'useDefaultExcludes', true);
  const patterns = { includes: text('includes'), excludes: text('excludes'), defaultExcludes };
  const found = await antFiles(directory, patterns, at.signal);
  if (found.length === 0 && !isOn(call, 'allowEmpty'))
    throw new StepError(`No files included in stash '${name}'`);
  const into = stashOf(name, bench);
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true, mode: 0o700 });
  for (const path of found) {
    at.signal.throwIfAborted();
    await copyOne(join(directory, path), join(into, path));
  }
  await bench.print(`Stashed ${found.length} file(s)\n`, at);
  return null;
};

export const unstash: StepEffect = async (call, at, bench) => {
  const name = neededText(call, 'name');
  const from = stashOf(name, bench);
  if (!(await exists(from))) throw new StepError(`No such saved stash '${name}'`);
  const directory = directoryOf(at);
  await mkdir(directory, { recursive: true });
  const root = await realpath(directory);
  for (const path of await antFiles(from, {}, at.signal)) {
    at.signal.throwIfAborted();
    const to = join(directory, path);
    await mkdirInside(root, dirname(to), name);
    await rm(to, { recursive: true, force: true });
    await copyOne(join(from, path), to);
  }
  return null;
};

/** A folder of the workspace may be a link to somewhere else by now. */
async function mkdirInside(root: string, folder: string, name: string): Promise<void> {
  let above = folder;
  while (!(await exists(above))) above = dirname(above);
  const real = await realpath(above);
  if (real !== root && !real.startsWith(`${root}/`))
    throw new StepError(`The stash '${name}' would be written outside of the workspace: ${folder}`);
  await mkdir(folder, { recursive: true });
}

/** Links stay links. */
async function copyOne(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const info = await lstat(from);
  if (info.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (info.isFile()) {
    await copyFile(from, to);
    await chmod(to, info.mode & 0o777);
  }
}

function stashOf(name: string, bench: Bench): string {
  const folder = Buffer.from(name).toString('hex');
  return join(temporaryOf(bench.files.workspace), 'stashes', folder || 'empty');
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
