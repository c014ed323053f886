import { cp, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnv, runToEnd } from '../host/host';

export interface Packaged {
  /** What a user installs. */
  readonly vsix: string;
  /** The command line program out of the same build, in a place where no later build takes it away. */
  readonly cli: string;
}

/** The top folder of this project. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the extension and packages it as `npm run package` does, into an existing folder. */
export async function packageExtension(into: string, signal: AbortSignal): Promise<Packaged> {
  const vsix = join(into, 'ci-parity.vsix');
  const vsce = join(
    dirname(createRequire(import.meta.url).resolve('@vscode/vsce/package.json')),
    'vsce',
  );
  const flags = [
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--skip-license',
  ];
  const program = `process.chdir(${JSON.stringify(projectRoot)}); require(${JSON.stringify(vsce)});`;
  const args = ['-e', program, 'vsce', 'package', ...flags, '--out', vsix];
  const { code, output } = await runToEnd(process.execPath, args, cleanEnv({}), signal);
  if (code !== 0) throw new Error(`vsce package exited ${code}:\n${output}`);
  const cli = join(into, 'program', 'dist', 'cli.js');
  await mkdir(join(into, 'program', 'dist'), { recursive: true });
  await cp(join(projectRoot, 'dist', 'cli.js'), cli);
  // It reads its version from there.
  await cp(join(projectRoot, 'package.json'), join(into, 'program', 'package.json'));
  return { vsix, cli };
}
