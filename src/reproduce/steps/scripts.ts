import { UserError } from '../../base/errors';
import { findPrograms } from '../../machines/programs';
import { StepError } from '../../pipeline/effects';
import { isOn, neededText, type StepEffect } from './bench';

/** PowerShell for all systems, where it is installed. */
export const pwsh: StepEffect = async (call, at, bench) => {
  const script = neededText(call, 'script');
  const { machine, base } = bench;
  if (!(await findPrograms(machine, ['pwsh'], base['PATH'] ?? '', at.signal)).has('pwsh'))
    throw new UserError(
      `Line ${at.range.line} wants PowerShell, and pwsh is not on ${machine.name}.`,
      {
        advice: 'Install PowerShell, then reproduce again.',
      },
    );
  const captureStdout = isOn(call, 'returnStdout');
  const exit = await bench.run(`#!/usr/bin/env pwsh\n${script}\n`, at, { captureStdout });
  at.signal.throwIfAborted();
  const code = exit.code ?? 143;
  if (isOn(call, 'returnStatus')) return code;
  if (code !== 0) throw new StepError(`script returned exit code ${code}`, 'FAILURE', code);
  return exit.stdout ?? null;
};
