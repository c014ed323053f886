import { cp, mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnv, runToEnd } from '../host/host';

export interface Packaged {
  /** What a user installs. */
  readonly vsix: string;
  /** The command line program out of the same build. */
  readonly cli: string;
}

/** The top folder of this project. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** What the package is built from; the rest of the project stays out of it. */
const sources = [
  'src',
  'media',
  'package.json',
  'tsconfig.json',
  'esbuild.mjs',
  '.vscodeignore',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/**
 * Builds the extension and packages it as `npm run package` does, into an existing folder. It is
 * built there too, so that a build that goes on in the project meanwhile does not take it away.
 */
export async function packageExtension(into: string, signal: AbortSignal): Promise<Packaged> {
  const build = join(into, 'build');
  await mkdir(build);
  for (const source of sources)
    await cp(join(projectRoot, source), join(build, source), { recursive: true });
  await symlink(join(projectRoot, 'node_modules'), join(build, 'node_modules'));
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
  const program = `process.chdir(${JSON.stringify(build)}); require(${JSON.stringify(vsce)});`;
  const args = ['-e', program, 'vsce', 'package', ...flags, '--out', vsix];
  const { code, output } = await runToEnd(process.execPath, args, cleanEnv({}), signal);
  if (code !== 0) throw new Error(`vsce package exited ${code}:\n${output}`);
  return { vsix, cli: join(build, 'dist', 'cli.js') };
}
