import { join } from 'node:path';
import { isUserError } from '../../base/errors';
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
  const { files } = bench.machine;
  const found = await files.find(directory, patterns, at.signal);
  if (found.length === 0 && !isOn(call, 'allowEmpty'))
    throw new StepError(`No files included in stash '${name}'`);
  const into = stashOf(name, bench);
  await files.remove(into, at.signal);
  await files.makeFolder(into, 0o700, at.signal);
  const paths = found.map(({ path }) => path);
  await files.copy(directory, into, paths, at.signal);
  await bench.print(`Stashed ${found.length} file(s)\n`, at);
  return null;
};

export const unstash: StepEffect = async (call, at, bench) => {
  const name = neededText(call, 'name');
  const from = stashOf(name, bench);
  const { files } = bench.machine;
  if (!(await files.stat(from, at.signal))) throw new StepError(`No such saved stash '${name}'`);
  const directory = directoryOf(at);
  await files.makeFolder(directory, 0o777, at.signal);
  const paths = (await files.find(from, {}, at.signal)).map(({ path }) => path);
  try {
    await files.copy(from, directory, paths, at.signal);
  } catch (error) {
    if (!isUserError(error)) throw error;
    throw new StepError(
      `The stash '${name}' would be written outside of the workspace: ${error.message}`,
    );
  }
  return null;
};

function stashOf(name: string, bench: Bench): string {
  const folder = Buffer.from(name).toString('hex');
  return join(temporaryOf(bench.workspace), 'stashes', folder || 'empty');
}
