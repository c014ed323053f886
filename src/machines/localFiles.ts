import { constants, type Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, UserError } from '../base/errors';
import { printable } from '../base/json';
import { antFiles } from './antFiles';
import type { FileStat, MachineFiles } from './machine';
import { removeHere } from './removal';

/** The files of the machine that this program runs on. */
export const localFiles: MachineFiles = {
  read: async (path, most, signal) => {
    // To open a named pipe would wait for one who writes to it, in a thread that nothing can stop.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = await file.stat();
    // Reading a folder fails with the system's own error.
    if (!info.isFile() && !info.isDirectory()) throw notRegular(path);
    const chunks: Buffer[] = [];
    let bytes = 0;
    // Read, not measured: it may grow meanwhile, and files of the kernel have no size.
    for await (const chunk of file.createReadStream({ end: most, signal })) {
      bytes += (chunk as Buffer).length;
      if (bytes > most) throw new UserError(`${path} is longer than ${most} bytes.`);
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks);
  },
  write: async (path, content, { mode, exclusive = false }, signal) => {
    await refusePipe(path);
    await writeFile(path, content, {
      flag: exclusive ? 'wx' : 'w',
      signal,
      ...(mode !== undefined && { mode }),
    });
    if (mode !== undefined) await chmod(path, mode);
  },
  stat: async (path, signal) => {
    signal.throwIfAborted();
    const info = await statOf(path);
    return info && factsOf(info);
  },
  makeFolder: async (path, mode, signal) => {
    signal.throwIfAborted();
    await mkdir(path, { recursive: true, mode });
  },
  remove: (path, signal, options = {}) => removeHere(path, options, signal),
  list: async (path, signal) => {
    signal.throwIfAborted();
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  find: async (directory, patterns, signal) =>
    Promise.all(
      (await antFiles(directory, patterns, signal)).map(async (path) => {
        // A link may lead round in a circle, or to where nobody may look.
        const info = await stat(join(directory, path)).catch(() => undefined);
        const { size, changedAt } = info ? factsOf(info) : { size: 0, changedAt: 0 };
        return { path, size, changedAt };
      }),
    ),
  copy: async (from, to, paths, signal) => {
    await mkdir(to, { recursive: true });
    const root = await realpath(to);
    for (const path of paths) {
      signal.throwIfAborted();
      const target = join(to, path);
      await makeInside(root, dirname(target));
      await unlinkIfThere(target);
      await copyOne(join(from, path), target);
    }
  },
  touch: async (path, time, signal) => {
    signal.throwIfAborted();
    await refusePipe(path);
    await writeFile(path, '', { flag: 'a' });
    await utimes(path, time / 1000, time / 1000);
  },
};

/** To write to a named pipe would wait for one who reads it, in a thread that nothing can stop. */
async function refusePipe(path: string): Promise<void> {
  if ((await statOf(path))?.isFIFO() === true) throw notRegular(path);
}

function notRegular(path: string): UserError {
  return new UserError(`${printable(path, 500)} is not a regular file.`);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Something above the path may also be no folder. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

function factsOf(info: Stats): FileStat {
  return {
    kind: info.isFile() ? 'file' : info.isDirectory() ? 'folder' : 'other',
    size: info.size,
    changedAt: Math.round(info.mtimeMs),
  };
}

/** A folder on the way may be a link to somewhere else. */
async function makeInside(root: string, folder: string): Promise<void> {
  let above = folder;
  while (!(await statOf(above))) above = dirname(above);
  const real = await realpath(above);
  if (real !== root && !real.startsWith(`${root}/`))
    throw new UserError(`${folder} leads out of ${root}: nothing is written there.`);
  await mkdir(folder, { recursive: true });
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

async function copyOne(from: string, to: string): Promise<void> {
  const info = await lstat(from);
  if (info.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (info.isFile()) {
    await copyFile(from, to);
    await chmod(to, info.mode & 0o777);
  }
}
