import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { UserError } from '../../base/errors';
import { StepError } from '../../pipeline/effects';
import { isOn, neededText, type StepEffect } from './bench';

/** PowerShell for all systems, where it is installed. */
export const pwsh: StepEffect = async (call, at, bench) => {
  const script = neededText(call, 'script');
  if (!(await inPath('pwsh', bench.base)))
    throw new UserError(
      `Line ${at.range.line} wants PowerShell, and pwsh is not on this machine.`,
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

async function inPath(name: string, base: Readonly<Record<string, string>>): Promise<boolean> {
  for (const folder of (base['PATH'] ?? '').split(delimiter)) {
    try {
      await access(join(folder, name), constants.X_OK);
      return true;
    } catch {
      // The next folder may have it.
    }
  }
  return false;
}
