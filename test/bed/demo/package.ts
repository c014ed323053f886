import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';

export interface Packaged {
  /** What a user installs. */
  readonly vsix: string;
  /** The command line program out of the same build, in a place where no later build takes it away. */
  readonly cli: string;
}

/** The top folder of this project. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the extension and packages it as `npm run package` does, into an existing folder. */
export async function packageExtension(into: string): Promise<Packaged> {
  const vsix = join(into, 'ci-parity.vsix');
  const packaging = { allowMissingRepository: true, skipLicense: true, dependencies: false };
  await createVSIX({ cwd: projectRoot, packagePath: vsix, ...packaging });
  const cli = join(into, 'program', 'dist', 'cli.js');
  await mkdir(join(into, 'program', 'dist'), { recursive: true });
  await cp(join(projectRoot, 'dist', 'cli.js'), cli);
  // It reads its version from there.
  await cp(join(projectRoot, 'package.json'), join(into, 'program', 'package.json'));
  return { vsix, cli };
}
