import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJUnit } from '../../jenkins/junit';
import { StepError } from '../../pipeline/effects';
import { directoryOf, isOn, textOf, type StepEffect } from './bench';

export const archiveArtifacts: StepEffect = async (call, at, bench) => {
  const { machine, files } = bench;
  const includes = textOf(call, 'artifacts') ?? '';
  const given = call.args.get('excludes');
  const excludes = typeof given === 'string' ? given : undefined;
  const defaultExcludes = isOn(call, 'defaultExcludes', true);
  const patterns = { includes, excludes, defaultExcludes };
  const found = await machine.get(patterns, directoryOf(at), files.artifacts, at.signal);
  if (found.length === 0 && !isOn(call, 'allowEmptyArchive'))
    throw new StepError(`No artifacts found that match "${includes}".`);
  bench.say(`kept ${found.length} artifacts in ${files.artifacts}`);
  return null;
};

export const junit: StepEffect = async (call, at, bench) => {
  const { machine, files } = bench;
  const includes = textOf(call, 'testResults') ?? '';
  const into = join(files.artifacts, 'junit');
  const found = await machine.get({ includes }, directoryOf(at), into, at.signal);
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
