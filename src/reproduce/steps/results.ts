import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../base/json';
import { parseJUnit } from '../../jenkins/junit';
import type { Got } from '../../machines/machine';
import { StepError } from '../../pipeline/effects';
import { directoryOf, isOn, textOf, type Bench, type StepEffect } from './bench';

export const archiveArtifacts: StepEffect = async (call, at, bench) => {
  const { machine, files } = bench;
  const includes = textOf(call, 'artifacts') ?? '';
  const given = call.args.get('excludes');
  const excludes = typeof given === 'string' ? given : undefined;
  const defaultExcludes = isOn(call, 'defaultExcludes', true);
  const patterns = { includes, excludes, defaultExcludes };
  const got = await machine.get(patterns, directoryOf(at), files.artifacts, at.signal);
  const found = whole(got, bench);
  if (found.length === 0 && !isOn(call, 'allowEmptyArchive'))
    throw new StepError(`No artifacts found that match "${includes}".`);
  bench.say(`kept ${found.length} artifacts in ${files.artifacts}`);
  return null;
};

export const junit: StepEffect = async (call, at, bench) => {
  const { machine, files } = bench;
  const includes = textOf(call, 'testResults') ?? '';
  const into = join(files.artifacts, 'junit');
  const found = whole(await machine.get({ includes }, directoryOf(at), into, at.signal), bench);
  if (found.length === 0 && !isOn(call, 'allowEmptyResults'))
    throw new StepError('No test report files were found. Configuration error?');
  let failed = 0;
  for (const path of found) {
    const report = parseJUnit(await readFile(join(into, path), 'utf8'));
    bench.noteTests(report.failed);
    failed += report.failed.length;
  }
  if (failed > 0) at.worsen('UNSTABLE');
  return null;
};

/** What was copied; what was not is said. */
function whole({ copied, leftOut }: Got, bench: Bench): readonly string[] {
  if (leftOut.length > 0) {
    const named = leftOut.slice(0, 5).map((path) => printable(path, 200));
    const more = leftOut.length > named.length ? ` and ${leftOut.length - named.length} more` : '';
    bench.say(
      `left out ${named.join(', ')}${more}: no file of the folder that can be read, or no name in UTF-8`,
    );
  }
  return copied;
}
